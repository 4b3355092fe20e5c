"""Which boxes of ground truth and result overlap, over a whole sequence at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtmc.evaluate.scene import EPS, Pairs
from mtmc.trackers.steps import pairs_of_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtmc.evaluate.scene import Floats, Ints


def overlapping(
    truth_steps: Ints, truth_boxes: Floats, result_steps: Ints, result_boxes: Floats
) -> Pairs:
    """All pairs of boxes that share a time step and have an IoU above 0.

    Args:
        truth_steps: ``(G,) int64`` ascending.
        truth_boxes: ``(G, 4) float64`` xyxy.
        result_steps: ``(R,) int64`` ascending.
        result_boxes: ``(R, 4) float64`` xyxy.
    """
    truth, result = _columns(truth_boxes), _columns(result_boxes)
    return join([_iou(truth, result, *rows) for rows in pairs_of_steps(truth_steps, result_steps)])


def join(parts: Sequence[Pairs]) -> Pairs:
    """The pairs of all parts, of which there is at least one."""
    return Pairs(
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.result for part in parts]),
        np.concatenate([part.similarity for part in parts]),
    )


def _iou(a: Floats, b: Floats, truth: Ints, result: Ints) -> Pairs:
    """Those of the given pairs that overlap, with their IoU.

    The order of operations is TrackEval's, so that ties stay ties.
    """
    x1, y1, x2, y2, area = range(5)
    width = np.minimum(a[x2][truth], b[x2][result]) - np.maximum(a[x1][truth], b[x1][result])
    meet = width > 0  # few of them do
    truth, result, width = truth[meet], result[meet], width[meet]
    height = np.minimum(a[y2][truth], b[y2][result]) - np.maximum(a[y1][truth], b[y1][result])
    meet = height > 0
    truth, result = truth[meet], result[meet]
    intersection = width[meet] * height[meet]
    truth_area, result_area = a[area][truth], b[area][result]
    union = truth_area + result_area - intersection
    real = (truth_area > EPS) & (result_area > EPS) & (union > EPS)
    return Pairs(truth[real], result[real], intersection[real] / union[real])


def _columns(boxes: Floats) -> Floats:
    """``(5, N) float64`` contiguous x1, y1, x2, y2 and area."""
    x1, y1, x2, y2 = boxes.T
    return np.stack([x1, y1, x2, y2, (x2 - x1) * (y2 - y1)])
