"""Detections of nobody that show people where these are expected."""

from __future__ import annotations

import numpy as np

from mtmc.offline.completion.config import CompletionConfig
from mtmc.offline.completion.outlook import Outlook
from mtmc.steps import all_of_same_step
from mtmc.trackers.geometry import pair_iou
from mtmc.types import Doubles, Ints, Mask

LEAST_SHOWN = 0.3  # of a person's height
WITHIN = 0.9  # of a detection's area: as much in somebody's box is a part of them


def found_again(
    outlook: Outlook,
    steps: Ints,
    boxes: Doubles,
    free: Mask,
    config: CompletionConfig,
) -> tuple[Ints, Ints]:
    """Whom the detections that no track took show.

    A detection may end above the feet. It must fit somebody whom the camera had lost better than
    anybody else who was found or is expected, and they must fit no other detection better.

    Args:
        outlook: of the camera.
        steps: ``(N,)`` of all its detections.
        boxes: ``(N, 4)`` px.
        free: ``(N,)`` which no track took.
        config: settings.

    Returns:
        ``(K,)`` detections, and ``(K,)`` persons.
    """
    order = np.argsort(steps, kind="stable")
    open_, owned = order[free[order]], order[~free[order]]
    lost = outlook.lost
    lost = lost[np.argsort(outlook.step[lost], kind="stable")]
    expected, found = all_of_same_step(outlook.step[lost], steps[open_])
    fit = _fit(outlook.boxes[lost[expected]], boxes[open_[found]], outlook.unsure[lost[expected]])
    good = (fit >= config.adopt_overlap) & (fit > _owned(steps, boxes, open_, owned)[found])
    expected, found, fit = expected[good], found[good], fit[good]
    best = fit >= _greatest(fit, expected, len(lost))[expected]
    best &= fit >= _greatest(fit, found, len(open_))[found]
    expected, found = expected[best], found[best]
    # Of equal ones the first.
    once = np.unique(expected, return_index=True)[1]
    expected, found = expected[once], found[once]
    once = np.unique(found, return_index=True)[1]
    return open_[found[once]], outlook.person[lost[expected[once]]]


def _fit(expected: Doubles, found: Doubles, unsure: Doubles) -> Doubles:
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


def _owned(steps: Ints, boxes: Doubles, free: Ints, owned: Ints) -> Doubles:
    """``(len(free),)`` how well each fits somebody who was found in that step; 1 for a part."""
    result = np.zeros(len(free))
    one, other = all_of_same_step(steps[free], steps[owned])
    a, b = boxes[free[one]], boxes[owned[other]]
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    common = np.prod(np.maximum(sides, 0), axis=1)
    part = common > WITHIN * np.prod(a[:, 2:] - a[:, :2], axis=1)
    np.maximum.at(result, one, np.maximum(pair_iou(a, b), part))
    return result


def _greatest(values: Doubles, groups: Ints, count: int) -> Doubles:
    result = np.zeros(count)
    np.maximum.at(result, groups, values)
    return result
