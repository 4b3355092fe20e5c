"""Where each person walked on the floor, moment by moment, to be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mtmc.outputs.tracks import TrackTable
from mtmc.types import Doubles, Floats, Ints

REACH = 1.0  # s that a path goes on without a place


@dataclass(frozen=True, slots=True, eq=False)
class PersonPath:
    """One person's positions, one per tick.

    Args:
        first: the tick of the first position.
        points: ``(T, 2)`` m, NaN while nobody sees the person.
    """

    first: int
    points: Doubles

    def between(self, first: int, last: int) -> Doubles:
        """``(K, 2)`` positions of the ticks ``first..last``, as far as there are any."""
        return self.points[max(0, first - self.first) : max(0, last + 1 - self.first)]


@dataclass(frozen=True, slots=True, eq=False)
class FloorPaths:
    """The paths of all people.

    Args:
        start: time of tick 0, s.
        rate: ticks per second.
        count: ticks of the whole run.
        people: by global id.
    """

    start: float
    rate: float
    count: int
    people: Mapping[int, PersonPath]


def floor_paths(table: TrackTable, rate: float) -> FloorPaths:
    """Everybody's places as the table has them; straight lines where nobody saw them for a moment.

    Args:
        table: of the run.
        rate: positions per second.
    """
    columns = [(np.zeros(0), np.zeros(0, np.int64), np.zeros((0, 2), np.float32))]
    for number in range(len(table.cameras)):
        for rows, names in table.parts(number):
            known = np.isfinite(rows["floor"]).all(axis=1)
            columns.append((rows["time"][known], names[known], rows["floor"][known]))
    times, ids, points = (np.concatenate(column) for column in zip(*columns, strict=True))
    return paths_of(times, ids, points, rate)


def paths_of(times: Doubles, ids: Ints, points: Floats, rate: float) -> FloorPaths:
    """Everybody's path through places, which may be those in one image; see ``floor_paths``.

    Args:
        times: ``(N,)`` s, in any order.
        ids: ``(N,)`` who.
        points: ``(N, D)`` where, and what else is to be averaged over a moment.
        rate: positions per second.
    """
    if not len(times):
        return FloorPaths(0.0, rate, 0, {})
    start = float(times.min())
    ticks = np.round((times - start) * rate).astype(np.int64)
    order = np.argsort(ids, kind="stable")
    names, begins = np.unique(ids[order], return_index=True)
    people = {
        int(name): _path(ticks[mine], points[mine], rate)
        for name, mine in zip(names, np.split(order, begins[1:]), strict=True)
    }
    return FloorPaths(start, rate, int(ticks.max()) + 1, people)


def _path(ticks: Ints, points: Floats, rate: float) -> PersonPath:
    first = int(ticks.min())
    place = ticks - first
    count = np.bincount(place)
    seen, every = np.flatnonzero(count), np.arange(len(count))
    means = [np.bincount(place, axis)[seen] / count[seen] for axis in points.T]
    path = np.column_stack([np.interp(every, seen, mean) for mean in means])
    before = seen[np.searchsorted(seen, every, "right") - 1]
    path[seen[np.searchsorted(seen, every)] - before > REACH * rate] = np.nan
    return PersonPath(first, path)
