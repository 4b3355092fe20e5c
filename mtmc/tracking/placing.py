"""Where cameras without a calibration stand: from people whom several of them see at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mtmc.calibration.estimate.sightings import SeenTracks
from mtmc.calibration.estimate.tracks import Found, calibrate_tracks
from mtmc.trackers.offline import NOBODY
from mtmc.tracking.rows import Rows
from mtmc.tracking.view import View
from mtmc.types import Mask

LONGEST = 600.0  # seconds of the footage that are looked at
ENOUGH = 300.0  # seconds of tracks in each camera; so much of them as tell where cameras stand
CLOCKS, LATE = 10.0, 0.5  # s that clocks may differ by, and from which on that matters
SPAN = 60.0  # seconds between two beginnings that are tried


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
    found = {n: each for n, each in _found(rows, views, 0.0).items() if not each.known}
    for view in views:
        if view.name in found:
            view.place(found[view.name].model)
    return found


def late_clocks(rows: Rows, views: Sequence[View]) -> dict[str, float]:
    """Seconds to add to cameras' clocks for them to see the same people as others at once.

    Of those alone of which it is certain, and not known where they stand.
    """
    found = _found(rows, views, CLOCKS)
    return {name: each.offset for name, each in found.items() if abs(each.offset) >= LATE}


def _found(rows: Rows, views: Sequence[View], window: float) -> Mapping[str, Found]:
    """The cameras of which it is certain where they stand, if clocks differ by so much, s."""
    known = {view.name: view.model for view in views if view.model is not None}
    if len(views) < 2 or len(known) == len(views):
        return {}
    rows = rows[rows["track"] != NOBODY]
    rows = rows[busiest(rows, views)]
    seen = {view.name: _seen(rows[rows["camera"] == n], view) for n, view in enumerate(views)}
    try:
        return calibrate_tracks(seen, known, {}, None, window).found
    except ValueError:  # why not, nobody has asked
        return {}


def _seen(rows: Rows, view: View) -> SeenTracks:
    people = rows[view.known(rows["kind"], len(rows))]
    boxes = people["box"].astype(np.float64)
    return SeenTracks.make(view.size, people["time"], people["track"].astype(np.int64), boxes)


def busiest(rows: Rows, views: Sequence[View]) -> Mask:
    """Those of the time with most of all tracks, which is as long as it takes to see enough."""
    tracked = rows[rows["track"] != NOBODY]
    seconds = np.array([view.period for view in views])[tracked["camera"]]
    order = np.argsort(tracked["time"], kind="stable")
    time, total = tracked["time"][order], np.concatenate([[0.0], np.cumsum(seconds[order])])
    starts = np.arange(time.min(initial=0.0), time.max(initial=0.0) + SPAN, SPAN)
    length, start = SPAN, 0.0
    while True:
        first, last = (np.searchsorted(time, starts + more) for more in (0.0, length))
        seen = total[last] - total[first]
        start = float(starts[seen.argmax()])
        if seen.max() >= ENOUGH * len(views) or length >= LONGEST:
            break
        length = min(2 * length, LONGEST)
    return np.asarray((rows["time"] >= start) & (rows["time"] < start + length), np.bool_)
