"""Tracks of what is no person: things a detector takes for people stand stiller than anybody."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers.offline.rows import NOBODY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.offline.config import RefineFrames
    from mtmc.trackers.offline.rows import Rows

_MOST = 0.8  # share of the boxes that must be in place; the rest may jump while somebody passes


def on_things(rows: Rows, config: RefineFrames) -> NDArray[np.bool_]:
    """Which rows are of tracks that are things, in the image of a standing camera.

    Somebody who stands or sits shifts now and then; a piece of furniture has the same box in every
    frame but for the detector's noise. That takes time to tell. Boxes drawn by hand, which do not
    move either, are taken for things, too.

    Args:
        rows: tracks that are linked.
        config: of the refinement.

    Returns:
        ``(len(rows),)``; to be left out before `complete`, or somebody who is lost beside a thing
        would go on as that.
    """
    result = np.zeros(len(rows), bool)
    if not config.thing_age:
        return result
    order = np.lexsort((rows["step"], rows["person"]))
    order = order[rows["person"][order] != NOBODY]
    boxes, frames = rows["box"][order].astype(np.float64), rows["step"][order]
    starts = np.flatnonzero(np.diff(rows["person"][order], prepend=NOBODY))
    for start, end in pairwise([*starts, len(order)]):
        if frames[end - 1] - frames[start] + 1 >= config.thing_age:
            still = _spread(boxes[start:end]) <= config.thing_spread
            result[order[start:end]] = still
    return result


def _spread(boxes: NDArray[np.float64]) -> float:
    """How far most boxes ``(K, 4)`` lie from their middle, as a share of their height."""
    centres = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    away = np.abs(centres - np.median(centres, axis=0)).max(axis=1)
    height = np.median(boxes[:, 3] - boxes[:, 1])
    return float(np.quantile(away, _MOST) / height)
