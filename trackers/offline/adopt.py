"""Detections that no track took, taken up by the tracks they fit, with the future known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers.figures import mended
from mtmc.trackers.offline.expectation import expected
from mtmc.trackers.offline.found import OVERLAP, Lost, found_again
from mtmc.trackers.offline.rows import Paths, corners, join, mean_looks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.offline.config import RefineFrames

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

UNLIKE = 4.0  # nats of looks against somebody, from which on a detection shows another one
INSIDE = 0.7  # least IoU in gaps, where a straight line is a good answer already


def adopt(
    paths: Paths,
    free: Paths,
    config: RefineFrames,
    last_step: int,
    looks: NDArray[np.float32] | None = None,
) -> Paths:
    """Tracks that go on over detections nobody took, before they begin, after they end and in gaps.

    A track is born of a sure detection and lost with the last it can be matched to; known is then
    where it came from and where it went. Each round takes what fits where the tracks are expected,
    and what was taken tells where to expect them next, until nothing fits any more.

    Args:
        paths: the tracks.
        free: what no track took; only frames, values, scores and sources count.
        config: of the refinement.
        last_step: of the video.
        looks: by source, unit rows or NaN; None where there are none.

    Returns:
        The tracks with what they took, every detection once and one in each frame at most.
    """
    free = free[free.scores >= config.adopt_score]
    going, lines = np.arange(paths.count), True
    while config.adopt_gap and len(going) and len(free):
        lost = _lost(paths, going, config, last_step, lines=lines)
        taken, track, values = _fitting(paths, free, lost, config, looks)
        new = replace(free[taken], track=track, values=values)
        free, paths = free[np.delete(np.arange(len(free)), taken)], join([paths, new])
        # Where nothing was taken nothing changes, but what another one took; all look once more.
        everybody = len(going) == paths.count and not lines
        going = np.unique(track)
        if not len(going) and not everybody:
            going = np.arange(paths.count)
        lines = False  # between what was taken they would lead elsewhere, step by step
    return paths


def _lost(paths: Paths, going: Ints, config: RefineFrames, last_step: int, *, lines: bool) -> Paths:
    """Where some of the tracks are expected."""
    part = paths.select(np.isin(paths.track, going))
    lost = expected(part, config, config.adopt_gap, last_step, lines=lines)
    return replace(lost, track=going[lost.track])


def _fitting(
    paths: Paths,
    free: Paths,
    lost: Paths,
    config: RefineFrames,
    looks: NDArray[np.float32] | None,
) -> tuple[Ints, Ints, Array]:
    """Rows of ``free`` that show lost people, whom, and their boxes made whole."""
    first, last = paths.frames[paths.first()], paths.frames[paths.last()]
    inside = (lost.frames > first[lost.track]) & (lost.frames < last[lost.track])
    wanted = Lost(lost.frames, corners(lost.values), 0.0, np.where(inside, INSIDE, OVERLAP))
    steps = np.concatenate([paths.frames, free.frames])
    boxes = corners(np.concatenate([paths.values, free.values]))
    taken, place = found_again(wanted, steps, boxes, np.arange(len(steps)) >= len(paths))
    taken = taken - len(paths)
    if looks is not None:
        alike = _alike(paths, free.source[taken], lost.track[place], looks, config)
        taken, place = taken[alike], place[alike]
    return taken, lost.track[place], _whole(free.values[taken], lost.values[place])


def _whole(values: Array, expected_: Array) -> Array:
    """Boxes of which something may hide the feet, as tall as expected then."""
    boxes, whole = corners(values), corners(values)
    whole[:, 3] = whole[:, 1] + expected_[:, 3]
    boxes = mended(boxes, whole)
    size = boxes[:, 2:] - boxes[:, :2]
    return np.concatenate([boxes[:, :2] + 0.5 * size, size], axis=1)


def _alike(
    paths: Paths,
    source: Ints,
    track: Ints,
    looks: NDArray[np.float32],
    config: RefineFrames,
) -> NDArray[np.bool_]:
    """Whether nothing in the looks of detections speaks clearly against these tracks."""
    a, b = mean_looks(paths, looks)[track], np.nan_to_num(looks[source])
    unknown: NDArray[np.bool_] = ~(np.any(a, axis=1) & np.any(b, axis=1))
    against = config.appearance_middle - np.sum(a * b, axis=1)
    return np.asarray(unknown | (config.appearance_weight * against < UNLIKE))
