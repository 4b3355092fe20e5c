from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from reid.checkpoint import Checkpoint
from reid.devices import pick_device
from reid.errors import ReidError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CPU_BATCH, GPU_BATCH = 16, 128


class TorchEmbedder:
    """Serves a checkpoint of this project with torch.

    Args:
        path: a file written by ``reid train``.
        device: torch device; the GPU when there is one.
        batch_size: most crops per forward pass.
        threads: CPU threads of torch, process-wide as torch has it; None leaves them as they are.

    Raises:
        ReidError: the file or the device cannot be used.
    """

    def __init__(
        self,
        path: Path,
        device: str | None = None,
        batch_size: int | None = None,
        threads: int | None = None,
    ) -> None:
        checkpoint = Checkpoint.open(path)
        self.name = path.stem
        self.dim = checkpoint.dim
        self.preprocess = checkpoint.preprocess
        self.device = pick_device(device)
        if threads is not None:
            torch.set_num_threads(threads)
        on_cpu = self.device.type == "cpu"
        self._batch_size = batch_size or (CPU_BATCH if on_cpu else GPU_BATCH)
        try:
            network = checkpoint.build()
        except ReidError as error:
            raise ReidError(f"{path}: {error}") from error
        self._network = network.to(self.device).to(memory_format=torch.channels_last)

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Embed a batch of crops, see `reid.Embedder.embed`."""
        out = np.empty((len(crops), self.dim), np.float32)
        for start in range(0, len(crops), self._batch_size):
            batch = self.preprocess.resize(crops[start : start + self._batch_size])
            out[start : start + len(batch)] = self._forward(batch).cpu().numpy()
        return out

    @torch.inference_mode()
    def _forward(self, batch: NDArray[np.uint8]) -> torch.Tensor:
        """``(N, H, W, 3) uint8`` -> ``(N, dim)`` unit rows; a view in channels-last order."""
        pixels = torch.from_numpy(batch).to(self.device).permute(0, 3, 1, 2)
        return functional.normalize(self._network(self.preprocess.normalize_tensor(pixels)))
