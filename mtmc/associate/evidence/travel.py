"""How long people take from one camera to another, learned from who was recognised."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

# Seconds between two cameras; the first bin is for both at once.
EDGES = np.array([0.0, 1, 2, 4, 8, 16, 32, 64, 128, 256])
BINS = len(EDGES) + 1
DOUBT = 4.0  # recognised people who weigh as much as the guess that time says nothing
LIMIT = 2.0  # what was learned never speaks louder, log odds
IMPOSSIBLE = -6.0  # log odds of a time that the given topology rules out

# Camera of the last sighting and that of the new track, and the time between, s.
Passage = tuple[str, str, float]
Topology = Mapping[str, Mapping[str, tuple[float, float]]]


class TravelTimes:
    """Log odds by the time since a person was last seen, for each pair of cameras.

    The times of those who were recognised, as a histogram, against the times of everybody they
    could have been.

    Args:
        topology: ``topology[a][b]`` the least and greatest time in s from the last sighting in
            camera ``a`` to the first in ``b``, 0 or less where one person is seen in both at
            once; pairs that are not in it take any time.
    """

    def __init__(self, topology: Topology | None = None) -> None:
        self._topology = topology or {}
        self._rows: dict[str, int] = {}
        self._same = np.zeros((0, 0, BINS))
        self._all = np.zeros((0, 0, BINS))

    def learn(self, recognised: Passage, candidates: Sequence[Passage]) -> None:
        """Take in somebody recognised among candidates, who are one of them."""
        for passage, table in [(recognised, 0), *((c, 1) for c in candidates)]:
            before, after = self._row(passage[0]), self._row(passage[1])
            (self._same, self._all)[table][before, after, _bin(passage[2])] += 1

    def odds(self, passages: Sequence[Passage]) -> NDArray[np.float64]:
        """``(N,)`` log odds that a person seen last there is the one of the new track."""
        if not passages:
            return np.zeros(0)
        before = np.array([self._row(p[0]) for p in passages])
        after = np.array([self._row(p[1]) for p in passages])
        bins = np.searchsorted(EDGES, [p[2] for p in passages], side="left")
        same, every = self._same[before, after], self._all[before, after]
        share = (every + 1 / BINS) / (every.sum(axis=1, keepdims=True) + 1)
        likely = (same + DOUBT * share) / (same.sum(axis=1, keepdims=True) + DOUBT)
        rows = np.arange(len(bins))
        learned = np.clip(np.log(likely[rows, bins] / share[rows, bins]), -LIMIT, LIMIT)
        ruled_out = [not self._possible(p) for p in passages] if self._topology else False
        result: NDArray[np.float64] = np.where(ruled_out, IMPOSSIBLE, learned)
        return result

    def _possible(self, passage: Passage) -> bool:
        before, after, gap = passage
        least, most = self._topology.get(before, {}).get(after, (-math.inf, math.inf))
        return least <= max(gap, 0.0) <= most if least > 0 else gap <= most

    def _row(self, camera: str) -> int:
        if camera not in self._rows:
            self._rows[camera] = len(self._rows)
            more = [(0, 1), (0, 1), (0, 0)]
            self._same, self._all = np.pad(self._same, more), np.pad(self._all, more)
        return self._rows[camera]


def _bin(gap: float) -> int:
    return int(np.searchsorted(EDGES, gap, side="left"))
