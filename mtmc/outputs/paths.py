"""Where each person walked on the floor, from what all cameras saw of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from mtmc.calibration import Calibration
from mtmc.outputs.tracks import TrackTable
from mtmc.types import Doubles

SMOOTHING = 0.3  # s, standard deviation of the Gaussian that evens a path out
REACH = 1.0  # s that a path goes on without a sighting
SHARPEST = 1e-4  # m², least variance that is believed


@dataclass(frozen=True, slots=True, eq=False)
class FloorPath:
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
    people: Mapping[int, FloorPath]


def floor_paths(table: TrackTable, models: Sequence[Calibration | None], rate: float) -> FloorPaths:
    """Fuse all sightings of each person and smooth them over time.

    A position is the mean of the sightings around it, weighted by their certainty and by a
    Gaussian in time (the Nadaraya-Watson estimator), whichever cameras they are from.

    Args:
        table: of the run.
        models: each camera's calibration for images of its size, None where it has none.
        rate: positions per second.
    """
    times, ids, points, weights = _sightings(table, models)
    if len(times) == 0:
        return FloorPaths(0.0, rate, 0, {})
    start = float(times.min())
    ticks = np.round((times - start) * rate).astype(np.int64)
    order = np.argsort(ids, kind="stable")
    names, begins = np.unique(ids[order], return_index=True)
    people = {
        int(name): _path(ticks[mine], points[mine], weights[mine], rate)
        for name, mine in zip(names, np.split(order, begins[1:]), strict=True)
    }
    return FloorPaths(start, rate, int(ticks.max()) + 1, people)


def _sightings(
    table: TrackTable, models: Sequence[Calibration | None]
) -> tuple[Doubles, NDArray[np.int64], Doubles, Doubles]:
    """Times, global ids, positions and weights of all boxes that have a place on the floor."""
    parts = [(np.zeros(0), np.zeros(0, np.int64), np.zeros((0, 2)), np.zeros(0))]
    for number, model in enumerate(models):
        if model is None or model.size is None:
            continue
        for rows, ids in table.parts(number):
            points, covariances = model.locate(rows["box"], model.size)
            variances = np.trace(covariances, axis1=1, axis2=2)
            known = np.isfinite(points).all(axis=1) & np.isfinite(variances)
            weights = 1 / np.maximum(variances[known], SHARPEST)
            parts.append((rows["time"][known], ids[known], points[known], weights))
    times, ids, points, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    return times, ids, points, weights


def _path(ticks: NDArray[np.int64], points: Doubles, weights: Doubles, rate: float) -> FloorPath:
    first = int(ticks.min())
    place, length = ticks - first, int(ticks.max()) - first + 1
    sums = np.stack([np.bincount(place, weights * factor, length) for factor in (1.0, *points.T)])
    smooth = gaussian_filter1d(sums, SMOOTHING * rate, axis=1, mode="constant", truncate=8)
    reach = 2 * int(REACH * rate / 2) + 1
    near = maximum_filter1d(sums[0] > 0, reach, mode="constant") & (smooth[0] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(near, smooth[1:] / smooth[0], np.nan).T
    return FloorPath(first, found)
