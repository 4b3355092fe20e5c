"""Detections of nobody that show people where these are expected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtmc.trackers.geometry import pair_iou
from mtmc.trackers.steps import pairs_of_steps

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

OVERLAP = 0.5  # least IoU of a detection with where somebody is expected
LEAST_SHOWN = 0.3  # of a person's height
WITHIN = 0.9  # of a detection's area: as much in somebody's box is a part of them


@dataclass(frozen=True, slots=True, eq=False)
class Lost:
    """People who were not seen, and where they are expected; each once in a step.

    Args:
        steps: ``(M,)``.
        boxes: ``(M, 4)`` px.
        unsure: ``(M,)`` standard deviation of where that is, aside, in heights.
        overlap: ``(M,)`` least IoU of what may show them.
    """

    steps: Ints
    boxes: Array
    unsure: Array | float = 0.0
    overlap: Array | float = OVERLAP


def found_again(
    lost: Lost, steps: Ints, boxes: Array, free: NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """Whom the detections of nobody show.

    A detection may end above the feet. It must fit somebody who is lost better than anybody else
    who is lost or was seen, and they must fit no other detection better.

    Args:
        lost: whom to look for.
        steps: ``(N,)`` of all boxes of the camera.
        boxes: ``(N, 4)`` px.
        free: ``(N,)`` which show nobody so far.

    Returns:
        ``(K,)`` detections, and ``(K,)`` rows of ``lost``.
    """
    open_, owned = np.flatnonzero(free), np.flatnonzero(~free)
    expected, found = same_step(lost.steps, steps[open_])
    unsure, overlap = (np.broadcast_to(v, len(lost.steps)) for v in (lost.unsure, lost.overlap))
    fit = _fit(lost.boxes[expected], boxes[open_[found]], unsure[expected])
    good = fit >= overlap[expected]
    expected, found, fit = expected[good], found[good], fit[good]
    some, which = np.unique(found, return_inverse=True)
    better = fit > _owned(steps, boxes, open_[some], owned)[which]
    expected, found, fit = expected[better], found[better], fit[better]
    # The best first; of equal ones the first.
    order = np.lexsort((expected, found, -fit))
    first = np.isin(np.arange(len(order)), np.unique(expected[order], return_index=True)[1])
    first &= np.isin(np.arange(len(order)), np.unique(found[order], return_index=True)[1])
    chosen = np.sort(order[first])
    return open_[found[chosen]], expected[chosen]


def same_step(a: Ints, b: Ints) -> tuple[Ints, Ints]:
    """All pairs of rows of one step."""
    order = np.argsort(b, kind="stable")
    rows, partners = map(np.concatenate, zip(*pairs_of_steps(a, b[order]), strict=True))
    return rows, order[partners]


def _fit(expected: Array, found: Array, unsure: Array) -> Array:
    """``(P,)`` IoU of detections with people, as far down as these are seen.

    People may stand one standard deviation aside.
    """
    tall, shown = expected[:, 3] - expected[:, 1], found[:, 3] - found[:, 1]
    most = unsure * tall
    aside = np.clip((found[:, [0, 2]] - expected[:, [0, 2]]).mean(axis=1), -most, most)
    seen = expected.copy()
    seen[:, ::2] += aside[:, None]
    seen[:, 3] = np.clip(found[:, 3], expected[:, 1] + LEAST_SHOWN * tall, expected[:, 3])
    return np.where(shown >= LEAST_SHOWN * tall, pair_iou(seen, found), 0.0)


def _owned(steps: Ints, boxes: Array, free: Ints, owned: Ints) -> Array:
    """``(len(free),)`` how well each fits somebody who was found in that step; 1 for a part."""
    result = np.zeros(len(free))
    one, other = same_step(steps[free], steps[owned])
    a, b = boxes[free[one]], boxes[owned[other]]
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    common = np.prod(np.maximum(sides, 0), axis=1)
    part = common > WITHIN * np.prod(a[:, 2:] - a[:, :2], axis=1)
    np.maximum.at(result, one, np.maximum(pair_iou(a, b), part))
    return result
