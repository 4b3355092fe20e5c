"""The ways between cameras: which there are, and how long people take, as far as it is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mtmc.associate.evidence.times import BINS, EDGES, Topology, route_odds, smooth
from mtmc.types import Doubles, Ints, Mask

MOST_WITHOUT = 300  # cameras, all ways between which are learned where no topology is given
TOLERANCE = 1.0  # s by which a time may be off, since cameras look now and then


class Ways:
    """Which camera may have seen somebody before which, and when.

    With a topology, people come along its ways, of which each camera that has any has no others;
    without, from everywhere. How long they take is learned as ``passage_evidence`` does it, all the
    time.

    Args:
        cameras: names of all.
        topology: see ``EvidenceConfig``.
        limit: time never speaks louder than this, log odds; None for not at all.

    Attributes:
        longest: s after which nobody comes along a way any more.

    Raises:
        ValueError: there are too many cameras for no topology.
    """

    def __init__(
        self, cameras: Sequence[str], topology: Topology | None, limit: float | None
    ) -> None:
        places = {name: place for place, name in enumerate(cameras)}
        if not topology and len(cameras) > MOST_WITHOUT:
            raise ValueError(
                f"topology: {len(cameras)} cameras need one; without it, who went where is learned "
                f"among {MOST_WITHOUT} cameras at most"
            )
        times: dict[tuple[int, int], tuple[float, float]] = {}  # (after, before): least, greatest
        known: set[int] = set()
        for name, others in (topology or {}).items():
            for other, both in others.items():
                times[places[other], places[name]] = both
                known |= {places[other], places[name]}
        every = range(len(cameras))
        for after in every:
            times[after, after] = (0.0, np.inf)
            for before in every if after not in known else ():
                times.setdefault((after, before), (-np.inf, np.inf))
        ways = sorted(times)
        self._before = np.array([before for _, before in ways], np.int64)
        limits = np.array([times[way] for way in ways], np.float64).reshape(-1, 2)
        self._least, self._most = limits.T
        self._first = np.searchsorted([after for after, _ in ways], np.arange(len(cameras) + 1))
        self._every = np.zeros((len(ways), BINS))
        self._mine = np.zeros((len(ways), BINS))
        self._limit = limit
        self.longest = max(float(EDGES[-1]), float(self._least.max(initial=0))) + TOLERANCE

    def pairs(self, entries: Ints, exits: Ints) -> tuple[Ints, Ints, Ints]:
        """All that may follow each other.

        Args:
            entries: ``(V,)`` cameras that saw somebody.
            exits: ``(C,)`` cameras that saw somebody before.

        Returns:
            ``(P,)`` rows of the first, rows of the second, and ways.
        """
        order = np.argsort(exits, kind="stable")
        starts = np.searchsorted(exits[order], np.arange(len(self._first)))
        counts = self._first[entries + 1] - self._first[entries]
        later, way = _spread(self._first[entries], counts)
        begin = starts[self._before[way]]
        row, position = _spread(begin, starts[self._before[way] + 1] - begin)
        return later[row], order[position], way[row]

    def possible(self, way: Ints, gap: Doubles) -> Mask:
        """``(P,)`` whether there is a time between two sightings that the way may take."""
        most = np.minimum(self._most[way], np.maximum(EDGES[-1], self._least[way]))
        # Where two cameras see one place, somebody may long be in both.
        least = np.where(self._least[way] > 0, self._least[way] - TOLERANCE, -np.inf)
        return np.asarray((gap >= least) & (gap <= most + TOLERANCE))

    def odds(self, way: Ints, gap: Doubles) -> Doubles:
        """``(P,)`` log odds by the times."""
        if self._limit is None or not len(way):
            return np.zeros(len(way))
        ways, where = np.unique(way, return_inverse=True)
        known = route_odds(smooth(self._every[ways]), smooth(self._mine[ways]))
        found = known[where, np.searchsorted(EDGES, gap)]
        return np.asarray(np.clip(found, -self._limit, self._limit))

    def learn(self, way: Ints, gap: Doubles, chance: Doubles) -> None:
        """From pairs, and how probably each was one person."""
        place = way, np.searchsorted(EDGES, gap)
        np.add.at(self._every, place, 1.0)
        np.add.at(self._mine, place, chance)


def _spread(starts: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """``(P,)`` for the numbers that follow each start: whose they are, and they."""
    row = np.repeat(np.arange(len(starts)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    number: Any = starts[row] + within
    return row, number
