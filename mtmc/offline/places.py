"""Where everybody was on the floor, by all calibrated cameras together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtmc.offline.completion.fusion import fuse
from mtmc.offline.completion.sightings import Sightings, told
from mtmc.tracking.rows import Rows
from mtmc.tracking.view import View
from mtmc.types import Doubles, Floats, Ints

VAGUE = 1.0  # m, standard deviation from which on a place is not told
AT_ONCE = 1 << 18  # boxes that are looked at together, which bounds the memory


def floor_places(rows: Rows, people: Ints, views: Sequence[View]) -> Floats:
    """``(N, 2)`` m where the people of all rows were; NaN of nobody and where that is not known.

    Args:
        rows: of all cameras.
        people: ``(N,)`` whom each shows, 0 for nobody.
        views: by number of the camera; those without a calibration tell nothing and are told
            nothing.
    """
    places = np.full((len(rows), 2), np.nan, np.float32)
    order = np.argsort(rows["time"], kind="stable")
    for start in range(0, len(rows), AT_ONCE):
        mine = order[start : start + AT_ONCE]
        part = rows[mine]
        part["person"] = people[mine]
        known = told(part, views)
        places[mine[known]] = _of_people(part[known], views)
    return places


def _of_people(rows: Rows, views: Sequence[View]) -> Doubles:
    """The same of people in calibrated cameras."""
    places = np.full((len(rows), 2), np.nan)
    seen = rows[rows["detected"]]
    if not len(seen):
        return places
    paths = fuse(Sightings.of(seen), views).paths
    for number, person in enumerate(np.unique(seen["person"])):
        theirs = np.flatnonzero(rows["person"] == person)
        points, covariances, _ = paths.at(number, rows["time"][theirs])
        sure = np.linalg.eigvalsh(covariances)[:, -1] <= VAGUE**2
        places[theirs[sure]] = points[sure]
    return places
