"""People whom the cameras that should see them do not: what a single camera takes for somebody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtmc.offline.completion.sightings import told
from mtmc.trackers.floor.reading import fused, known_places
from mtmc.tracking.presence import MEMORY, expected, odds
from mtmc.tracking.rows import Rows
from mtmc.tracking.view import View
from mtmc.types import Ints


def absent(rows: Rows, people: Ints, views: Sequence[View]) -> set[int]:
    """Those of whom more speaks against than for their being there, all of the time together.

    Args:
        rows: of all cameras, of people, as they were detected.
        people: ``(N,)`` whom each shows.
        views: by number of the camera.
    """
    rows = rows.copy()
    rows["person"] = people
    rows = rows[told(rows, views)]
    points, covariances = np.full((len(rows), 2), np.nan), np.zeros((len(rows), 2, 2))
    for number, view in enumerate(views):
        mine = rows["camera"] == number
        if mine.any():
            points[mine], covariances[mine] = view.locate(rows["box"][mine].astype(np.float64))
    fine = known_places(points, covariances)
    rows, points, covariances = rows[fine], points[fine], covariances[fine]
    if not len(rows):
        return set()
    moment = np.floor(rows["time"] / MEMORY + 1e-6).astype(np.int64)
    key = np.column_stack([moment, rows["person"]])
    keys, place = np.unique(key, axis=0, return_inverse=True)
    where, _ = fused(points, covariances, place.ravel(), len(keys))
    seen, should = np.zeros((2, len(keys), len(views)), bool)
    for number, view in enumerate(views):
        mine = rows["camera"] == number
        seen[place.ravel()[mine], number] = True
        if view.model is not None and mine.any():
            running = keys[:, 0] * MEMORY <= rows["time"][mine].max()
            should[:, number] = running & expected(view, where, keys[:, 0])
    names, person = np.unique(keys[:, 1], return_inverse=True)
    total = np.bincount(person, odds(seen, should))
    return set(names[total < 0].tolist())
