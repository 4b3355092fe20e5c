"""Where everybody was on the floor, by all calibrated cameras together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mtmc.offline.completion.fusion import fuse
from mtmc.offline.completion.sightings import Sightings, told
from mtmc.trackers.offline import NOBODY
from mtmc.tracking.rows import Rows
from mtmc.tracking.view import View
from mtmc.types import Doubles, Ints

VAGUE = 1.0  # m, standard deviation from which on a place is not told
AT_ONCE = 1 << 18  # sightings that are looked at together, which bounds the memory


def floor_places(rows: Rows, views: Sequence[View]) -> Doubles:
    """``(N, 2)`` m where the people of all rows were; NaN of nobody and where that is not known.

    Args:
        rows: of all cameras, each with the person it shows.
        views: by number of the camera; those without a calibration tell nothing and are told
            nothing.
    """
    places = np.full((len(rows), 2), np.nan)
    for mine in _people(rows, np.flatnonzero(told(rows, views))):
        found = rows[mine]
        seen = found[found["detected"]]
        paths = fuse(Sightings.of(seen), views).paths
        for number, person in enumerate(np.unique(seen["person"])):
            theirs = found["person"] == person
            points, covariances, _ = paths.at(number, found["time"][theirs])
            variance = np.linalg.eigvalsh(covariances)[:, -1]
            points[variance > VAGUE**2] = np.nan
            places[mine[theirs]] = points
    return places


def _people(rows: Rows, known: Ints) -> Iterator[Ints]:
    """The rows of some people at a time."""
    order = known[np.argsort(rows["person"][known], kind="stable")]
    starts = np.flatnonzero(np.diff(rows["person"][order], prepend=NOBODY))
    begin = 0
    for end in [*starts[1:].tolist(), len(order)]:
        if end - begin >= AT_ONCE or end == len(order):
            if rows["detected"][order[begin:end]].any():
                yield order[begin:end]
            begin = end
