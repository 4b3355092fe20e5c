"""Who may be the same person as somebody: those next to them in time first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mtmc.corrections.boxes import TOGETHER
from mtmc.tracking.rows import Rows
from mtmc.types import Doubles, Ints

MOMENT = 0.2  # seconds, to which it is compared who was where
GAPS = (0.0, 2.0, 5.0, 15.0, 60.0, 300.0)  # seconds; within each step looks decide
AGREE = 1.0  # metres that two cameras may differ by about the place of one person
OVERLAP = 2.0  # seconds for which two cameras have shown somebody at once, if they overlap


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be the same.

    Args:
        person: global id.
        gap: seconds between the two; 0 where overlapping cameras see both at once.
        camera: where they are seen next.
        probability: of looking the same, where that was asked; else None.
    """

    person: int
    gap: float
    camera: str
    probability: float | None = None


@dataclass(slots=True, eq=False)
class Sightings:
    """When and where everybody is seen, to a moment.

    Args:
        rows: boxes of people.
        people: ``(N,)`` whom each shows, 0 for nobody.
        cameras: names, by number.
    """

    rows: Rows
    people: Ints
    cameras: Sequence[str]
    _moments: Ints = field(init=False)

    def __post_init__(self) -> None:
        known = self.people > 0
        self.rows, self.people = self.rows[known], self.people[known]
        moments = np.floor(self.rows["time"] / MOMENT + 1e-6).astype(np.int64)
        key = np.column_stack([self.people, self.rows["camera"].astype(np.int64), moments])
        key, first = np.unique(key, axis=0, return_index=True)
        self.rows, self.people, self._moments = self.rows[first], key[:, 0], key[:, 2]

    def candidates(
        self, person: int, time: float | None, likely: Mapping[int, float], most: int
    ) -> list[Candidate]:
        """See ``Edited.candidates``."""
        mine = np.flatnonzero(self.people == person)
        if not len(mine):
            return []
        out = self._elsewhere(mine) | {person}
        gaps = self._gaps(mine, time)
        order = np.lexsort((gaps, self.people))
        people, first = np.unique(self.people[order], return_index=True)
        found = []
        for other, row in zip(people.tolist(), order[first].tolist(), strict=True):
            if other not in out:
                gap = float(gaps[row])
                gap = 0.0 if gap <= MOMENT else round(gap, 2)
                camera = self.cameras[int(self.rows["camera"][row])]
                found.append(Candidate(other, gap, camera, likely.get(other)))
        return sorted(found, key=_order)[:most]

    def _gaps(self, mine: Ints, time: float | None) -> Doubles:
        """``(N,)`` seconds from each sighting to the nearest one of some, or to a time."""
        times = self.rows["time"]
        if time is not None:
            return np.asarray(np.abs(times - time))
        own = np.sort(times[mine])
        place = np.searchsorted(own, times)
        before, after = own[np.maximum(place - 1, 0)], own[np.minimum(place, len(own) - 1)]
        return np.asarray(np.minimum(np.abs(times - before), np.abs(times - after)))

    def _elsewhere(self, mine: Ints) -> set[int]:
        """Those who are seen somewhere else at the same time: they cannot be the same person."""
        a, b = self._at_once(mine)
        cameras = self.rows["camera"].astype(np.int64)
        same = cameras[a] == cameras[b]
        away = np.hypot(*(self.rows["floor"][a] - self.rows["floor"][b]).T)
        views = cameras[a] * len(self.cameras) + cameras[b]
        blind = ~same & ~np.isin(views, self._overlapping())
        result = set()
        for other in np.unique(self.people[b]).tolist():
            theirs = self.people[b] == other
            places = away[theirs & ~same & np.isfinite(away)]
            twice = np.count_nonzero(theirs & same) * MOMENT > TOGETHER
            if twice or (np.median(places) > AGREE if len(places) else (theirs & blind).any()):
                result.add(other)
        return result

    def _at_once(self, mine: Ints) -> tuple[Ints, Ints]:
        """Rows of some and of others that are of one moment, in pairs."""
        mine = mine[np.argsort(self._moments[mine], kind="stable")]
        others = np.flatnonzero(self.people != self.people[mine[0]])
        moments = self._moments[mine]
        first = np.searchsorted(moments, self._moments[others])
        count = np.searchsorted(moments, self._moments[others], side="right") - first
        b = np.repeat(np.arange(len(others)), count)
        a = np.arange(len(b)) - np.repeat(np.cumsum(count) - count, count) + first[b]
        return mine[a], others[b]

    def _overlapping(self) -> Ints:
        """Pairs of cameras that have shown one person at once for long enough, as numbers."""
        count = len(self.cameras)
        cameras = self.rows["camera"].astype(np.int64)
        order = np.lexsort((self._moments, self.people))
        seen = np.zeros(count * count, np.int64)
        for step in range(1, count):
            a, b = order[:-step], order[step:]
            one = (self.people[a] == self.people[b]) & (self._moments[a] == self._moments[b])
            if not one.any():
                break
            a, b = cameras[a[one]], cameras[b[one]]
            for views in (a * count + b, b * count + a):
                seen += np.bincount(views, minlength=count * count)
        return np.flatnonzero(seen * MOMENT >= OVERLAP)


def _order(candidate: Candidate) -> tuple[int, float, float]:
    """The nearest in time first; of about as near ones, the most alike."""
    step = sum(candidate.gap > limit for limit in GAPS)
    return step, -(candidate.probability or 0.0), candidate.gap
