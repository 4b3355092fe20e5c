"""An ONNX file of a network that can be left early, cut in memory into its stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mtmc.reid.errors import ReidError, one_line
from mtmc.reid.onnx_embedder import OnnxEmbedder
from mtmc.reid.onnx_session import open_session, providers_of, written
from mtmc.reid.staged import Decide, Passage, embed_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

STAGES_KEY = "reid.stages"
State = tuple["NDArray[np.float32]", ...]  # of one crop


def open_onnx(
    path: Path,
    device: str | None = None,
    batch_size: int | None = None,
    threads: int | None = None,
    output: str | None = None,
) -> OnnxEmbedder:
    """Serve an ONNX file; one with exits, which `reid export` wrote, by a `StagedOnnxEmbedder`.

    Args:
        path: the file.
        device: see `OnnxEmbedder`.
        batch_size: see there.
        threads: see there.
        output: see there; of a file with exits the number of one, to leave it there always.

    Raises:
        ReidError: the file cannot be used, or has no such exit or output.
    """
    if output is None:
        whole = OnnxEmbedder(path, device, batch_size, threads)
        about = written(path, whole._session, STAGES_KEY)
        if about is None:
            return whole
        return StagedOnnxEmbedder(path, Cut(path, about), device, batch_size, threads)
    session = open_session(path, str(path), ["CPUExecutionProvider"])
    about = written(path, session, STAGES_KEY)
    if about is None:
        return OnnxEmbedder(path, device, batch_size, threads, output)
    cut = Cut(path, about)
    if not output.isdecimal() or not 1 <= int(output) <= cut.count:
        raise ReidError(f"{path}: has the exits 1 to {cut.count}, not {output!r}")
    model = cut.model(["images"], [cut.exits[int(output) - 1]])
    return OnnxEmbedder(
        path, device, batch_size, threads, model=model, name=f"{path.stem}@{output}"
    )


class Cut:
    """What an exported file says about its stages, and its parts.

    Args:
        path: the file.
        about: its metadata.

    Attributes:
        exits: the name of each stage's unit embeddings.
        costs: see `StagedEmbedder`.
        reliability: see there.

    Raises:
        ReidError: the metadata is damaged.
    """

    def __init__(self, path: Path, about: Any) -> None:
        self._path = path
        try:
            self.exits = [str(name) for name in about["exits"]]
            self.costs = tuple(float(cost) for cost in about["costs"])
            self.reliability = tuple(float(share) for share in about["reliability"])
            # What stage s takes in, and in the end what the last one hands on, nothing.
            self._states = [["images"], *([str(n) for n in names] for names in about["states"])]
        except (KeyError, TypeError, ValueError) as error:
            raise ReidError(f"{path}: damaged metadata '{STAGES_KEY}' ({error})") from error
        self.count = len(self.exits)
        if not len(self.costs) == len(self._states) == self.count:
            raise ReidError(f"{path}: damaged metadata '{STAGES_KEY}' (lists of other lengths)")

    def inputs(self, stage: int) -> list[str]:
        """What a stage, 0-based, takes in."""
        return self._states[stage]

    def outputs(self, stage: int) -> list[str]:
        """What it gives: what the next takes in, and the embeddings last."""
        following = self._states[stage + 1] if stage + 1 < self.count else []
        return [*following, self.exits[stage]]

    def model(self, inputs: list[str], outputs: list[str]) -> bytes:
        """The part of the file between some tensors.

        Raises:
            ReidError: the file has no such tensors.
        """
        import onnx
        from onnx.utils import Extractor

        try:
            whole = onnx.load(self._path)
            model: bytes = Extractor(whole).extract_model(inputs, outputs).SerializeToString()
        except Exception as error:  # onnx raises many kinds
            raise ReidError(
                f"{self._path}: cannot be cut into stages ({one_line(error)})"
            ) from error
        return model


class StagedOnnxEmbedder(OnnxEmbedder):
    """Serves such a file, see `reid.staged.StagedEmbedder` and `reid.staged.Stages`.

    The sessions of its parts are made when crops are first embedded stage by stage: ONNX Runtime
    computes the whole graph whatever outputs are asked for.

    Args:
        path: the file.
        cut: its parts.
        device: see `OnnxEmbedder`.
        batch_size: see there.
        threads: see there.
    """

    def __init__(
        self,
        path: Path,
        cut: Cut,
        device: str | None = None,
        batch_size: int | None = None,
        threads: int | None = None,
    ) -> None:
        super().__init__(path, device, batch_size, threads)
        self._cut, self._providers = cut, providers_of(device)
        self._parts: list[Any] = []
        self.count, self.costs, self.reliability = cut.count, cut.costs, cut.reliability
        self.batch_size = self._batch_size * self._workers

    def begin(self, crops: Sequence[NDArray[np.uint8]]) -> Passage:
        """See `StagedEmbedder`."""
        if not self._parts:
            cut, stages = self._cut, range(self.count)
            models = [cut.model(cut.inputs(stage), cut.outputs(stage)) for stage in stages]
            self._parts = [open_session(self._path, model, self._providers) for model in models]
        return Passage(self, crops)

    def embed_until(
        self, crops: Sequence[NDArray[np.uint8]], decide: Decide
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """See `StagedEmbedder`."""
        return embed_until(self.begin(crops), self.count, decide)

    def first(self, crops: Sequence[NDArray[np.uint8]]) -> tuple[list[State], NDArray[np.float32]]:
        """See `Stages`."""
        return self._side_by_side(0, crops)

    def further(self, stage: int, states: list[State]) -> tuple[list[State], NDArray[np.float32]]:
        """See `Stages`."""
        return self._side_by_side(stage, states)

    def _side_by_side(
        self, stage: int, items: Sequence[Any]
    ) -> tuple[list[State], NDArray[np.float32]]:
        """A stage of crops or states, some on each worker."""
        step = -(-len(items) // self._workers)
        parts = [items[start : start + step] for start in range(0, len(items), step)]
        done = list(self._pool.map(lambda part: self._advance(stage, part), parts))
        states = [state for found, _ in done for state in found]
        return states, np.concatenate([rows for _, rows in done])

    def _advance(self, stage: int, items: Sequence[Any]) -> tuple[list[State], NDArray[np.float32]]:
        given = (self.preprocess(items),) if stage == 0 else map(np.stack, zip(*items, strict=True))
        named = dict(zip(self._cut.inputs(stage), given, strict=True))
        *state, rows = self._parts[stage].run(self._cut.outputs(stage), named)
        return list(zip(*state, strict=True)) if state else [()] * len(rows), rows
