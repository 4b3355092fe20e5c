"""From a network's raw boxes to checked detections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trackers import Detections


def to_detections(
    boxes: NDArray[np.floating], scores: NDArray[np.floating], size: tuple[int, int]
) -> Detections:
    """Clip boxes to the image and leave out what has no area there or is not a number.

    Args:
        boxes: ``(N, 4)`` ``x1, y1, x2, y2`` px.
        scores: ``(N,)``.
        size: ``(width, height)`` px of the image.
    """
    width, height = size
    limits = np.array([width, height, width, height], np.float32)
    boxes = np.clip(np.asarray(boxes, np.float32), 0, limits)
    wide = boxes[:, 2] - boxes[:, 0] >= 1
    tall = boxes[:, 3] - boxes[:, 1] >= 1
    keep = wide & tall & np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
    return Detections(boxes[keep], np.asarray(scores, np.float32)[keep])


def non_maximum_suppression(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], iou: float
) -> NDArray[np.int64]:
    """Rows of the boxes that remain, strongest first.

    Args:
        boxes: ``(N, 4)`` ``x1, y1, x2, y2``.
        scores: ``(N,)``.
        iou: a box goes when it overlaps a stronger one by more.
    """
    import torch
    from torchvision.ops import nms

    keep: NDArray[np.int64] = nms(torch.from_numpy(boxes), torch.from_numpy(scores), iou).numpy()
    return keep
