"""Where people were: paths on the floor, to be asked at any time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtmc.offline.completion.sightings import Sightings
from mtmc.trackers.floor.walk import Knots
from mtmc.types import Doubles, Ints, Mask

APART = 10.0  # s unseen by all cameras, after which a path begins anew
CLOCK = 1e-6  # s, what times may be off by


@dataclass(frozen=True, slots=True, eq=False)
class PeoplePaths:
    """The paths of all people.

    Args:
        person: ``(S,)`` whose each is; ascending, and of one person in order of time.
        knots: their moments.
        places: ``(K, 2)`` m.
        covariances: ``(K, 2, 2)`` m², None while these do not matter.
    """

    person: Ints
    knots: Knots
    places: Doubles
    covariances: Doubles | None = None

    def at(self, person: int, times: Doubles) -> tuple[Doubles, Doubles, Mask]:
        """Where somebody was.

        Args:
            person: who.
            times: ``(N,)`` s.

        Returns:
            ``(N, 2)`` m, ``(N, 2, 2)`` m², and ``(N,)`` whether a path covers that time.
        """
        first, last = np.searchsorted(self.person, [person, person + 1])
        path = np.searchsorted(self.knots.start[first:last], times + CLOCK, "right") - 1
        path = first + np.maximum(path, 0)
        covered = times >= self.knots.start[path] - CLOCK
        covered &= times <= self.knots.end[path] + CLOCK
        knot, share = self.knots.place(path, times)
        unsure = np.zeros((len(times), 2, 2))
        if self.covariances is not None:
            unsure = self.covariances[knot + (share > 0.5)]
        return between(self.places, knot, share), unsure, covered


def between(places: Doubles, knot: Ints, share: Doubles) -> Doubles:
    """``(N, 2)`` m, so far on the way from some knots to the next ones."""
    along: Doubles = (1 - share)[:, None] * places[knot] + share[:, None] * places[knot + 1]
    return along


def stretches(sightings: Sightings) -> tuple[Knots, Ints, Ints]:
    """Paths to be found: their knots, the path ``(N,)`` of each sighting, and whose they are."""
    order = np.lexsort((sightings.times, sightings.person))
    person, times = sightings.person[order], sightings.times[order]
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(person) > 0) | (np.diff(times) > APART)
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(order)) - 1
    path = np.empty(len(order), np.int64)
    path[order] = np.cumsum(new) - 1
    return Knots.covering(times[first], times[last]), path, person[first]
