"""From a network's raw boxes to checked detections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtmc.trackers import Detections
from mtmc.trackers.geometry import iou as overlaps


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


def soften(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], sigma: float
) -> NDArray[np.float32]:
    """Scores less sure the more a box overlaps stronger ones, which may show the same body.

    A detector that is unsure where somebody ends finds the whole and a part of the body; both pass
    non-maximum suppression. Two people one behind the other look the same to it in one image, so
    nothing is dropped: a tracker goes on with a weak box where it expects one.

    Args:
        boxes: ``(N, 4)`` ``x1, y1, x2, y2``.
        scores: ``(N,)``.
        sigma: of the Gaussian penalty.

    Returns:
        ``(N,)``.

    Source: Bodla et al., Soft-NMS: Improving Object Detection With One Line of Code, ICCV 2017,
    equation 3.
    """
    pairs = overlaps(boxes, boxes)
    kept = np.ones((len(boxes), len(boxes)))  # share of the column's score beside the row's box
    kept[pairs.rows, pairs.cols] = np.exp(-(pairs.values**2) / sigma)
    soft, waiting = scores.astype(np.float64), np.ones(len(scores), bool)
    for _ in range(len(scores) - 1):
        strongest = int(np.where(waiting, soft, -np.inf).argmax())
        waiting[strongest] = False
        soft[waiting] *= kept[strongest, waiting]
    return soft.astype(np.float32)
