"""Where cameras without a calibration stand: from people whom several of them see at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtmc.calibration.estimate.sightings import SeenTracks
from mtmc.calibration.estimate.tracks import Found, calibrate_tracks
from mtmc.trackers.offline import NOBODY
from mtmc.tracking.rows import Rows
from mtmc.tracking.view import View
from mtmc.types import Mask

LONGEST = 600.0  # seconds of the footage that are looked at
SPAN = 60.0  # seconds between two beginnings of these that are tried


def find_cameras(rows: Rows, views: Sequence[View]) -> dict[str, Found]:
    """Find out where cameras stand, and take it for true where that is certain.

    Cameras that are calibrated stay where they are, and the others join their floor. The clocks
    are taken to be right.

    Args:
        rows: of all cameras' tracks.
        views: of the cameras, by number; those that are found get a model.

    Returns:
        The cameras that were found, by name; empty where none was.

    Source: as ``calibrate_tracks``.
    """
    if len(views) < 2 or all(view.model for view in views):
        return {}
    rows = rows[rows["track"] != NOBODY]
    rows = rows[_busiest(rows)]
    seen = {view.name: _seen(rows[rows["camera"] == n], view) for n, view in enumerate(views)}
    known = {view.name: view.model for view in views if view.model is not None}
    try:
        found = calibrate_tracks(seen, known, {}, None, 0.0).found
    except ValueError:  # why not, nobody has asked
        return {}
    for view in views:
        if view.name in found and view.name not in known:
            view.place(found[view.name].model)
    return {name: each for name, each in found.items() if name not in known}


def _seen(rows: Rows, view: View) -> SeenTracks:
    people = rows[view.known(rows["kind"], len(rows))]
    boxes = people["box"].astype(np.float64)
    return SeenTracks.make(view.size, people["time"], people["track"].astype(np.int64), boxes)


def _busiest(rows: Rows) -> Mask:
    """Those of the ``LONGEST`` time with most of them."""
    time = rows["time"]
    starts = np.arange(time.min(initial=0.0), time.max(initial=0.0) + SPAN, SPAN)
    ordered = np.sort(time)
    first, last = (np.searchsorted(ordered, starts + more) for more in (0.0, LONGEST))
    start = starts[int((last - first).argmax())]
    return np.asarray((time >= start) & (time < start + LONGEST), np.bool_)
