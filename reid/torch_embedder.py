from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.devices import pick_device
from mtmc.reid.doubt import Doubt
from mtmc.reid.embedder import reported_even_distance
from mtmc.reid.errors import ReidError
from mtmc.reid.models.profile import profile
from mtmc.reid.models.staged import StagedNet, State, costs
from mtmc.reid.staged import Decide, Passage, embed_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mtmc.reid.models import Profile
    from mtmc.reid.models.base import EmbeddingNet
    from mtmc.reid.preprocess import Preprocess

CPU_BATCH, GPU_BATCH = 16, 128


class TorchEmbedder:
    """Serves a network with torch.

    Args:
        network: gives ``(N, dim)`` for images ``(N, 3, H, W)``; put into evaluation mode whenever
            it is used.
        preprocess: how crops become its input.
        device: where it is, and stays.
        name: shown to the user.
        batch_size: most crops per forward pass; what suits the device when None.
        even_distance: see `reid.Embedder`.
    """

    def __init__(
        self,
        network: EmbeddingNet,
        preprocess: Preprocess,
        device: torch.device,
        name: str,
        batch_size: int | None = None,
        even_distance: float | None = None,
    ) -> None:
        self.name = name
        self.dim = network.dim
        self.even_distance = even_distance
        self.preprocess = preprocess
        self.device = device
        self._batch_size = batch_size or (CPU_BATCH if device.type == "cpu" else GPU_BATCH)
        self._network = network
        self._doubt = Doubt(name)

    @classmethod
    def open(
        cls,
        path: Path,
        device: str | None = None,
        batch_size: int | None = None,
        threads: int | None = None,
        output: str | None = None,
    ) -> TorchEmbedder:
        """Serve a checkpoint; where it can be left early, a `StagedTorchEmbedder` does.

        Args:
            path: a file written by ``reid train``.
            device: torch device; the GPU when there is one.
            batch_size: most crops per forward pass.
            threads: CPU threads of torch, process-wide as torch has it; None leaves them.
            output: the exit to leave it at, always.

        Raises:
            ReidError: the file or the device cannot be used, or there is no such exit.
        """
        checkpoint = Checkpoint.open(path)
        chosen = pick_device(device)
        if threads is not None:
            torch.set_num_threads(threads)
        try:
            network = checkpoint.build(output)
        except ReidError as error:
            raise ReidError(f"{path}: {error}") from error
        network = network.to(chosen).to(memory_format=torch.channels_last)
        if output is not None:
            return cls(network, checkpoint.preprocess, chosen, f"{path.stem}@{output}", batch_size)
        even = reported_even_distance(checkpoint.metrics)
        kind = StagedTorchEmbedder if isinstance(network, StagedNet) else cls
        return kind(network, checkpoint.preprocess, chosen, path.stem, batch_size, even)

    def profile(self) -> Profile:
        """Size of the network, at the size of the crops it is given."""
        return profile(self._network, self.preprocess.size)

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Embed a batch of crops, see `reid.Embedder.embed`."""
        out = np.empty((len(crops), self.dim), np.float32)
        self._network.eval()
        for start in range(0, len(crops), self._batch_size):
            batch = self.preprocess.resize(crops[start : start + self._batch_size])
            out[start : start + len(batch)] = self._forward(batch).cpu().numpy()
        self._doubt.look(crops, out)
        return out

    @torch.inference_mode()
    def describe(
        self, crops: Sequence[NDArray[np.uint8]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What the metric loss compared in training, for evaluations.

        Args:
            crops: see `reid.Embedder.embed`.

        Returns:
            Vectors ``(N, D)`` of the images, not of unit length, and ``(N, H, C)`` of stripes.

        Raises:
            ReidError: the network has no local vectors.
        """
        if not self._network.local_dim:
            raise ReidError(
                f"{self.name}: has no local features to align; expected a checkpoint of an "
                "aligned:<trunk> whose local_dim is not 0"
            )
        self._network.eval()
        parts = []
        for start in range(0, len(crops), self._batch_size):
            batch = self.preprocess.resize(crops[start : start + self._batch_size])
            parts.append(self._network.training_outputs(self._normalised(batch)))
        assert parts[0].local is not None
        whole = torch.cat([torch.cat(part.metric, dim=1) for part in parts])
        local = torch.cat([part.local for part in parts if part.local is not None])
        return whole.cpu().numpy(), local.cpu().numpy()

    @torch.inference_mode()
    def _forward(self, batch: NDArray[np.uint8]) -> torch.Tensor:
        """``(N, H, W, 3) uint8`` -> ``(N, dim)`` unit rows."""
        return functional.normalize(self._network(self._normalised(batch)))

    def _normalised(self, batch: NDArray[np.uint8]) -> torch.Tensor:
        """``(N, H, W, 3) uint8`` -> ``(N, 3, H, W)``; a view in channels-last order."""
        pixels = torch.from_numpy(batch).to(self.device).permute(0, 3, 1, 2)
        return self.preprocess.normalize_tensor(pixels)


class StagedTorchEmbedder(TorchEmbedder):
    """Serves a `StagedNet`, see `reid.staged.StagedEmbedder` and `reid.staged.Stages`."""

    _network: StagedNet

    def __init__(self, network: StagedNet, *args: Any, **kwargs: Any) -> None:
        super().__init__(network, *args, **kwargs)
        self.count, self.batch_size = network.stages, self._batch_size
        self.reliability = network.reliability
        self.costs = costs(network.eval(), self.preprocess.size)

    def begin(self, crops: Sequence[NDArray[np.uint8]]) -> Passage:
        """See `StagedEmbedder`."""
        self._network.eval()
        return Passage(self, crops)

    def embed_until(
        self, crops: Sequence[NDArray[np.uint8]], decide: Decide
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """See `StagedEmbedder`."""
        return embed_until(self.begin(crops), self.count, decide)

    def first(self, crops: Sequence[NDArray[np.uint8]]) -> tuple[list[State], NDArray[np.float32]]:
        """See `Stages`."""
        return self._advance(0, (self._normalised(self.preprocess.resize(crops)),))

    def further(self, stage: int, states: list[State]) -> tuple[list[State], NDArray[np.float32]]:
        """See `Stages`."""
        return self._advance(stage, tuple(map(torch.stack, zip(*states, strict=True))))

    @torch.inference_mode()
    def _advance(self, stage: int, state: State) -> tuple[list[State], NDArray[np.float32]]:
        state, vectors = self._network.advance(stage, state)
        rows = functional.normalize(vectors).cpu().numpy()
        return list(zip(*state, strict=True)) if state else [()] * len(rows), rows
