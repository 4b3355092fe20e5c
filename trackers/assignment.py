"""Who belongs to whom: the best one-to-one assignment among the pairs that are allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]

# Above this many entries it pays to look for pairs nobody else competes for.
_DENSE = 2500


def match(cost: NDArray[np.floating], limit: float) -> Pairs:
    """Pairs rows with columns at the least total cost, leaving out pairs above ``limit``.

    Costs above the limit are clamped before solving, so that a forbidden pair weighs as much as
    leaving both sides alone and never pushes an allowed pair aside; they are dropped afterwards.

    Args:
        cost: ``(N, M)``, finite.
        limit: highest cost of an allowed pair; a cost exactly at the limit is allowed.

    Returns:
        Row and column indices of the pairs, rows ascending.
    """
    if cost.size <= _DENSE:
        return _solve(cost, limit)
    rows, cols = np.nonzero(cost <= limit)
    row_use, col_use = np.bincount(rows, minlength=1), np.bincount(cols, minlength=1)
    alone = (row_use[rows] == 1) & (col_use[cols] == 1)
    contested = ~alone
    if not contested.any():
        return rows, cols
    some_rows, some_cols = np.unique(rows[contested]), np.unique(cols[contested])
    sub_rows, sub_cols = _solve(cost[np.ix_(some_rows, some_cols)], limit)
    all_rows = np.concatenate([rows[alone], some_rows[sub_rows]])
    all_cols = np.concatenate([cols[alone], some_cols[sub_cols]])
    order = np.argsort(all_rows)
    return all_rows[order], all_cols[order]


def _solve(cost: NDArray[np.floating], limit: float) -> Pairs:
    # A hair above the limit: a pair exactly at it is still worth more than none.
    rows, cols = linear_sum_assignment(np.minimum(cost, limit + 1e-6))
    allowed = cost[rows, cols] <= limit
    return rows[allowed], cols[allowed]


class Rounds:
    """Several rounds of matching, each among what the rounds before left free.

    Args:
        rows: number of tracks.
        cols: number of detections.
    """

    def __init__(self, rows: int, cols: int) -> None:
        self.free_rows = np.ones(rows, bool)
        self.free_cols = np.ones(cols, bool)
        self._pairs: list[Pairs] = []

    def match(
        self,
        cost: NDArray[np.floating],
        limit: float,
        rows: NDArray[np.bool_] | None = None,
        cols: NDArray[np.bool_] | None = None,
    ) -> None:
        """Matches what is free.

        Args:
            cost: ``(rows, cols)`` over all tracks and detections.
            limit: highest cost of an allowed pair.
            rows: mask of the tracks that take part; all where None.
            cols: mask of the detections that take part; all where None.
        """
        some_rows = np.flatnonzero(self.free_rows if rows is None else self.free_rows & rows)
        some_cols = np.flatnonzero(self.free_cols if cols is None else self.free_cols & cols)
        if not len(some_rows) or not len(some_cols):
            return
        if cost.shape != (len(some_rows), len(some_cols)):
            cost = cost[some_rows[:, None], some_cols]
        sub_rows, sub_cols = match(cost, limit)
        taken = some_rows[sub_rows], some_cols[sub_cols]
        self.free_rows[taken[0]] = False
        self.free_cols[taken[1]] = False
        self._pairs.append(taken)

    def left(self, cols: NDArray[np.bool_]) -> bool:
        """Whether any track is free, and any of the detections in the mask ``cols``."""
        return bool(self.free_rows.any() and (self.free_cols & cols).any())

    def pairs(self) -> Pairs:
        """All pairs so far: rows and columns."""
        if len(self._pairs) == 1:
            return self._pairs[0]
        none = np.zeros(0, np.intp)
        rows, cols = zip((none, none), *self._pairs, strict=True)
        return np.concatenate(rows), np.concatenate(cols)
