"""A tracklet cut into parts, each a tracklet of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mtmc.tracking.tracklet import TICK, Tracklet
from mtmc.types import TrackKey

Cuts = Mapping[TrackKey, Sequence[float]]  # when tracks changed person, s, in order


Cut = Callable[[Cuts], Sequence[Tracklet]]  # returns all tracklets as they are then


def cut_tracklet(
    tracklet: Tracklet,
    times: Sequence[float],
    seen: tuple[NDArray[np.integer], NDArray[np.floating]],
    next_id: int,
) -> list[Tracklet]:
    """The parts of a tracklet.

    Args:
        tracklet: the whole.
        times: of the cuts, s, in order.
        seen: its frames and their times, in order.
        next_id: track id of the second part, from which the others count on.

    Returns:
        Those parts in which it was seen.
    """
    frames, frame_times = seen
    camera = tracklet.key.camera
    of_frame = np.searchsorted(times, frame_times, side="right")
    of_crop = np.searchsorted(times, tracklet.gallery.times(), side="right")
    of_tick = np.searchsorted(times, np.array(tracklet.path.ticks) * TICK, side="right")
    parts = []
    for number in np.unique(of_frame):
        mine = np.flatnonzero(of_frame == number)
        key = TrackKey(camera, next_id + int(number) - 1) if number else tracklet.key
        start, end = (float(frame_times[row]) for row in mine[[0, -1]])
        part = Tracklet(key, start, end, person=tracklet.person)
        for row in mine:
            part.see(int(frames[row]), float(frame_times[row]))
        part.gallery = tracklet.gallery.part(of_crop == number)
        part.path = tracklet.path.part(np.flatnonzero(of_tick == number))
        parts.append(part)
    return parts


def divide(tracklet: Tracklet, time: float) -> Tracklet | None:
    """Take what came before a time out of a tracklet that may go on.

    When each frame was is not remembered; they are taken to have come evenly.

    Returns:
        It, as one that has ended; None where there is nothing before or after.
    """
    first = tracklet.frames[0][0]
    step = (tracklet.end - tracklet.start) / max(tracklet.frames[-1][1] - first, 1)
    if not tracklet.start < time < tracklet.end:
        return None
    cut = first + 1 + int((time - tracklet.start) / step)  # the first frame after it
    early = [[a, min(b, cut - 1)] for a, b in tracklet.frames if a < cut]
    late = [[max(a, cut), b] for a, b in tracklet.frames if b >= cut]
    crops = tracklet.gallery.times() < time
    ticks = np.array(tracklet.path.ticks) * TICK < time
    head = Tracklet(
        tracklet.key,
        tracklet.start,
        tracklet.start + (early[-1][1] - first) * step,
        early,
        sum(b - a + 1 for a, b in early),
        tracklet.gallery.part(crops),
        tracklet.path.part(np.flatnonzero(ticks)),
        closed=True,
        person=tracklet.person,
    )
    head.gallery.settle()
    tracklet.start += (late[0][0] - first) * step
    tracklet.frames, tracklet.hits = late, tracklet.hits - head.hits
    tracklet.gallery = tracklet.gallery.part(~crops)
    tracklet.path = tracklet.path.part(np.flatnonzero(~ticks))
    return head
