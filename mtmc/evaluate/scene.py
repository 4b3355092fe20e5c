"""What is scored: ground truth and results on one time axis, and which of their boxes overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

EPS = float(np.finfo(float).eps)
SIMILAR = 0.5  # from here on two boxes may be one person


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The boxes of ground truth or of a result, ordered by time step.

    Args:
        steps: ``(N,) int64`` time step of each box, 0-based, ascending.
        ids: ``(N,) int64`` identity of each box, ``0 .. num_ids - 1``.
        num_ids: number of identities.
    """

    steps: Ints
    ids: Ints
    num_ids: int

    def __len__(self) -> int:
        return len(self.steps)

    @classmethod
    def make(cls, steps: Ints, ids: Ints) -> Side:
        """Boxes with any ids, which are renumbered without gaps."""
        names, compact = np.unique(ids, return_inverse=True)
        return cls(steps, compact.reshape(-1), len(names))

    def counts(self) -> Ints:
        """``(num_ids,) int64``: boxes of each identity."""
        return np.bincount(self.ids, minlength=self.num_ids)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Every ground-truth box and result box of one time step that are at all similar.

    Ordered by ``(truth, result)``, thus by time step. Pairs of similarity 0 are left out: no
    metric can tell them from absent ones.

    Args:
        truth: ``(P,) int64`` row of the ground truth.
        result: ``(P,) int64`` row of the result.
        similarity: ``(P,) float64`` in 0..1, for boxes the IoU.
    """

    truth: Ints
    result: Ints
    similarity: Floats

    def __len__(self) -> int:
        return len(self.truth)

    def __getitem__(self, index: Mask) -> Pairs:
        return Pairs(self.truth[index], self.result[index], self.similarity[index])


@dataclass(frozen=True, slots=True, eq=False)
class ScoredScene:
    """Ground truth and result of one sequence, ready to be scored.

    With several cameras the time axis is (camera, frame): the cameras one after the other.

    Args:
        truth: the ground truth.
        result: the tracks.
        pairs: what they have in common.
        cameras: ``(T,) int64`` camera of each time step, ascending; its length is the number of
            time steps.
    """

    truth: Side
    result: Side
    pairs: Pairs
    cameras: Ints

    def starts(self, side: Side) -> Ints:
        """``(T + 1,) int64``: the first row of each time step."""
        return np.searchsorted(side.steps, np.arange(len(self.cameras) + 1))

    def keep(self, truth: Mask, result: Mask) -> ScoredScene:
        """The scene of the given rows of ground truth and result, as ``bool`` masks."""
        pairs = self.pairs[truth[self.pairs.truth] & result[self.pairs.result]]
        truth_row, result_row = np.cumsum(truth) - 1, np.cumsum(result) - 1
        return ScoredScene(
            Side.make(self.truth.steps[truth], self.truth.ids[truth]),
            Side.make(self.result.steps[result], self.result.ids[result]),
            Pairs(truth_row[pairs.truth], result_row[pairs.result], pairs.similarity),
            self.cameras,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One time step in which at least one box could be matched to more than one other.

    Args:
        step: the time step.
        rows: where its pairs are in the pair arrays.
        truth: ``(p,) int64`` row of each pair in the time step's ``shape`` matrix.
        result: ``(p,) int64`` column of each pair.
        shape: boxes of ground truth, boxes of the result.
    """

    step: int
    rows: slice
    truth: Ints
    result: Ints
    shape: tuple[int, int]

    def matrix(self, values: Floats) -> Floats:
        """The dense matrix of the values of this block's pairs, 0 where there is no pair."""
        matrix = np.zeros(self.shape)
        matrix[self.truth, self.result] = values
        return matrix

    def assign(self, scores: Floats) -> Mask:
        """``(p,) bool``: the pairs of the one-to-one matching with the highest total score.

        The matrix is solved whole and in the order of the files, so that ties fall as they do in
        TrackEval.
        """
        rows, columns = linear_sum_assignment(self.matrix(scores), maximize=True)
        partner = np.full(self.shape[0], -1)
        partner[rows] = columns
        return np.asarray(partner[self.truth] == self.result)


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """Candidate pairs, split in those that need no choice and the time steps that do.

    Args:
        free: ``(P,) bool`` candidates of the time steps in which no box has two of them: all of
            them are matches.
        blocks: the other time steps, in order.
    """

    free: Mask
    blocks: Sequence[Block]

    @classmethod
    def among(cls, scene: ScoredScene, candidates: Mask) -> Contest:
        """Split the pairs of a scene that may be matched, given as a ``(P,) bool`` mask."""
        pairs, num_steps = scene.pairs, len(scene.cameras)
        steps = scene.truth.steps[pairs.truth]
        rivals = np.maximum(
            np.bincount(pairs.truth[candidates], minlength=len(scene.truth))[pairs.truth],
            np.bincount(pairs.result[candidates], minlength=len(scene.result))[pairs.result],
        )
        contested = np.zeros(num_steps, bool)
        contested[steps[candidates & (rivals > 1)]] = True

        truth_start, result_start = scene.starts(scene.truth), scene.starts(scene.result)
        truth = pairs.truth - truth_start[steps]
        result = pairs.result - result_start[steps]
        first_pair = np.searchsorted(steps, np.arange(num_steps + 1)).tolist()
        shapes = np.stack([np.diff(truth_start), np.diff(result_start)], axis=1).tolist()
        blocks = []
        for step in np.flatnonzero(contested).tolist():
            rows = slice(first_pair[step], first_pair[step + 1])
            blocks.append(Block(step, rows, truth[rows], result[rows], tuple(shapes[step])))
        return cls(candidates & ~contested[steps], blocks)

    def matches(self, scores: Floats) -> Mask:
        """``(P,) bool``: the one-to-one matching with the highest total score in each time step.

        Args:
            scores: ``(P,) float64``, 0 for pairs that are no candidates.
        """
        matched = self.free.copy()
        for block in self.blocks:
            matched[block.rows] = block.assign(scores[block.rows])
        return np.asarray(matched & (scores > 0))
