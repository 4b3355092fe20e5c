"""Embedders that stop early for some crops and go on for others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from mtmc.reid.embedder import Embedder

if TYPE_CHECKING:
    from numpy.typing import NDArray

# decide(stage, rows, vectors) -> leave: of the crops numbered ``rows (n,)``, whose unit embeddings
# after ``stage`` (1-based) are ``vectors (n, D)``, which go no further, ``(n,) bool``. Not asked
# after the last stage.
Decide = Callable[[int, "NDArray[np.int64]", "NDArray[np.float32]"], "NDArray[np.bool_]"]


@runtime_checkable
class StagedEmbedder(Embedder, Protocol):
    """An embedder whose network can be left after each of its stages; `embed` goes to the end.

    Attributes:
        costs: multiply-adds in 1e9 of one crop up to and including each stage; ascending.
        reliability: per stage, the mean squared cosine of its embedding to the last one's, on
            people that had no part in fitting it; the last is 1. Empty where the stages' embeddings
            lie in spaces of their own, so that only those of one stage can be compared.
    """

    costs: tuple[float, ...]
    reliability: tuple[float, ...]

    def begin(self, crops: Sequence[NDArray[np.uint8]]) -> Passage:
        """Take crops, as of `Embedder.embed`, through the first stage."""
        ...

    def embed_until(
        self, crops: Sequence[NDArray[np.uint8]], decide: Decide
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Embed each crop as deep as is decided.

        Args:
            crops: as of `Embedder.embed`.
            decide: asked after each stage but the last about the crops that got there, all at once.

        Returns:
            Unit rows ``(N, D)``, and the stage ``(N,)`` from 1 on that each was left at.
        """
        ...


class Stages(Protocol):
    """What computes the stages; a crop's state between two of them is whatever it needs."""

    count: int
    dim: int
    batch_size: int

    def first(self, crops: Sequence[NDArray[np.uint8]]) -> tuple[list[Any], NDArray[np.float32]]:
        """States and unit rows ``(n, D)`` after the first stage, of at most a batch."""
        ...

    def further(self, stage: int, states: list[Any]) -> tuple[list[Any], NDArray[np.float32]]:
        """The same after stage ``stage + 1``, of crops that are past ``stage``, 1-based."""
        ...


class Passage:
    """Crops on their way through the stages.

    Args:
        stages: what computes.
        crops: each is taken through the first stage.

    Attributes:
        rows: their present unit embeddings ``(N, D) float32``.
        exits: the stage ``(N,) int64``, from 1 on, that each is past.
    """

    def __init__(self, stages: Stages, crops: Sequence[NDArray[np.uint8]]) -> None:
        self._stages = stages
        self.rows = np.empty((len(crops), stages.dim), np.float32)
        self.exits = np.ones(len(crops), np.int64)
        self._states: list[Any] = []
        for start in range(0, len(crops), stages.batch_size):
            part = slice(start, start + stages.batch_size)
            states, self.rows[part] = stages.first(crops[part])
            self._states += states

    def deepen(self, which: NDArray[np.int64]) -> None:
        """Take some of the crops one stage further.

        Args:
            which: their numbers, each once; they may be at different stages, none at the last.

        Raises:
            ValueError: one is at the last stage.
        """
        at = self.exits[which]
        if (at >= self._stages.count).any():
            raise ValueError("a crop is at the last stage already")
        for stage in np.unique(at):
            group = which[at == stage]
            for start in range(0, len(group), self._stages.batch_size):
                self._step(int(stage), group[start : start + self._stages.batch_size])

    def _step(self, stage: int, which: NDArray[np.int64]) -> None:
        states, self.rows[which] = self._stages.further(stage, [self._states[i] for i in which])
        for crop, state in zip(which, states, strict=True):
            self._states[crop] = state
        self.exits[which] = stage + 1


def embed_until(
    passage: Passage, count: int, decide: Decide
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """See `StagedEmbedder.embed_until`.

    Args:
        passage: crops past the first of ``count`` stages.
        count: see above.
        decide: which go no further.
    """
    going = np.arange(len(passage.rows))
    for stage in range(1, count):
        if len(going) == 0:
            break
        going = going[~decide(stage, going, passage.rows[going])]
        passage.deepen(going)
    return passage.rows, passage.exits
