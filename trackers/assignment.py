"""Who belongs to whom: the best one-to-one assignment among the pairs that are allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indices = NDArray[np.intp]
    Pairs = tuple[Indices, Indices]

# Above this many entries it pays to set aside the pairs nobody else competes for.
_DENSE = 2500


def match(
    rows: Indices, cols: Indices, cost: NDArray[np.floating], limit: float, shape: tuple[int, int]
) -> Pairs:
    """Pairs rows with columns at the least total cost, among the pairs given.

    A pair that is not given, or costs more than the limit, weighs as much as leaving both sides
    alone, so it never pushes an allowed pair aside, and it is never chosen.

    Args:
        rows: ``(P,)`` row of every pair.
        cols: ``(P,)`` its column.
        cost: ``(P,)`` its cost.
        limit: highest cost of an allowed pair; a cost exactly at the limit is allowed.
        shape: number of rows and of columns.

    Returns:
        Row and column indices of the chosen pairs.
    """
    allowed = (cost <= limit).nonzero()[0]
    if not len(allowed):
        return rows[:0], cols[:0]
    return _assign(rows[allowed], cols[allowed], cost[allowed], limit, shape)


def _assign(
    rows: Indices, cols: Indices, cost: NDArray[np.floating], limit: float, shape: tuple[int, int]
) -> Pairs:
    per_row, per_col = np.bincount(rows), np.bincount(cols)
    if np.count_nonzero(per_row) == np.count_nonzero(per_col) == len(rows):
        return rows, cols  # nobody competes
    if shape[0] * shape[1] <= _DENSE:
        return _solve(rows, cols, cost, limit, shape)
    alone = (per_row[rows] == 1) & (per_col[cols] == 1)
    some_rows, sub_rows = np.unique(rows[~alone], return_inverse=True)
    some_cols, sub_cols = np.unique(cols[~alone], return_inverse=True)
    size = len(some_rows), len(some_cols)
    sub_rows, sub_cols = _solve(sub_rows, sub_cols, cost[~alone], limit, size)
    return (
        np.concatenate([rows[alone], some_rows[sub_rows]]),
        np.concatenate([cols[alone], some_cols[sub_cols]]),
    )


def _solve(
    rows: Indices, cols: Indices, cost: NDArray[np.floating], limit: float, shape: tuple[int, int]
) -> Pairs:
    # A hair above the limit: a pair exactly at it is still worth more than none.
    table = np.empty(shape)
    table.fill(limit + 1e-6)
    table[rows, cols] = cost
    chosen_rows, chosen_cols = linear_sum_assignment(table)
    allowed = table[chosen_rows, chosen_cols] <= limit
    return chosen_rows[allowed], chosen_cols[allowed]


class Rounds:
    """Several rounds of matching, each among what the rounds before left free.

    Args:
        rows: number of tracks.
        cols: number of detections.
    """

    def __init__(self, rows: int, cols: int) -> None:
        self.free_rows = ~np.zeros(rows, bool)
        self.free_cols = ~np.zeros(cols, bool)
        self._shape = rows, cols
        self._taken = np.empty(rows, np.intp)  # by each row

    def match(
        self,
        pairs: Pairs,
        cost: NDArray[np.floating],
        limit: float,
        *,
        tracks: NDArray[np.bool_] | None = None,
        detections: NDArray[np.bool_] | None = None,
    ) -> None:
        """Matches what is free.

        Args:
            pairs: row and column of every pair in question.
            cost: its cost.
            limit: highest cost of an allowed pair.
            tracks: mask of the tracks that take part; all where None.
            detections: mask of the detections that take part; all where None.
        """
        some_rows = self.free_rows if tracks is None else self.free_rows & tracks
        some_cols = self.free_cols if detections is None else self.free_cols & detections
        rows, cols = pairs
        here = (some_rows[rows] & some_cols[cols] & (cost <= limit)).nonzero()[0]
        if not len(here):
            return
        taken = _assign(rows[here], cols[here], cost[here], limit, self._shape)
        self.free_rows[taken[0]] = False
        self.free_cols[taken[1]] = False
        self._taken[taken[0]] = taken[1]

    def pairs(self) -> Pairs:
        """All pairs so far: rows, ascending, and columns."""
        rows = (~self.free_rows).nonzero()[0]
        return rows, self._taken[rows]
