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

MOST = 0.8  # share of the boxes that must be in place; the rest may jump while somebody passes
SPREAD = 0.03  # of a box, in heights, of a person who sits as likely as of a thing
STEEP = 3.0  # nats per e-fold of the spread
# Of looks at a box with some seconds between: the share in which anything moved, by who it is.
# Somebody who sits fidgets; before a thing, somebody passes.
MOVING = 0.005  # share of a box's pixels from which on something moved
PERSON_MOVES, THING_MOVES = 0.7, 0.1
LOOKS = 3  # looks that are as good as one, as they overlap in time; and the fewest that tell
BY_BOX, BY_PIXELS = 4.0, 5.0  # nats that each kind of evidence may amount to


def on_things(rows: Rows, config: RefineFrames) -> NDArray[np.bool_]:
    """Which rows are of tracks that are things, in the image of a standing camera.

    Args:
        rows: tracks that are linked, ``person`` saying which. A column ``changed`` tells what
            share of each box's pixels has changed of late, NaN where nobody looked; without it
            nothing is a thing, for a box alone may be that of somebody who stands.
        config: of the refinement.

    Returns:
        ``(len(rows),)``; to be left out before `complete`, or somebody who is lost beside a thing
        would go on as that.
    """
    result = np.zeros(len(rows), bool)
    if not config.thing_age or "changed" not in (rows.dtype.fields or {}):
        return result
    order = np.lexsort((rows["step"], rows["person"]))
    order = order[rows["person"][order] != NOBODY]
    starts = np.flatnonzero(np.diff(rows["person"][order], prepend=NOBODY))
    for start, end in pairwise([*starts, len(order)]):
        mine = rows[order[start:end]]
        if mine["step"][-1] - mine["step"][0] + 1 >= config.thing_age:
            result[order[start:end]] = thing_odds(mine["box"], mine["changed"]) > 0
    return result


def thing_odds(boxes: NDArray[np.floating], changed: NDArray[np.floating]) -> float:
    """The log odds that a track shows a thing and no person.

    The box of a thing is the same in every frame but for the detector's noise, and nothing moves
    in it. Whether somebody who sits is a person is told by the pixels: within seconds, people
    fidget. Somebody who sleeps is taken for a thing.

    Args:
        boxes: ``(K, 4)`` px, of its detections.
        changed: ``(K,)`` share of each box's pixels that have changed, NaN where nobody looked.

    Returns:
        Nats; 0 as likely one as the other, -inf where hardly anybody looked.
    """
    seen = changed[np.isfinite(changed)]
    if len(seen) < LOOKS:
        return -np.inf
    moved = np.count_nonzero(seen >= MOVING)
    pixels = moved * np.log(THING_MOVES / PERSON_MOVES)
    pixels += (len(seen) - moved) * np.log((1 - THING_MOVES) / (1 - PERSON_MOVES))
    box = STEEP * np.log(SPREAD / max(_spread(np.asarray(boxes, np.float64)), 1e-6))
    pixels, box = np.clip(pixels / LOOKS, -BY_PIXELS, BY_PIXELS), np.clip(box, -BY_BOX, BY_BOX)
    return float(pixels + box)


def _spread(boxes: NDArray[np.float64]) -> float:
    """How far most boxes ``(K, 4)`` lie from their middle, as a share of their height."""
    centres = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    away = np.abs(centres - np.median(centres, axis=0)).max(axis=1)
    height = np.median(boxes[:, 3] - boxes[:, 1])
    return float(np.quantile(away, MOST) / height)
