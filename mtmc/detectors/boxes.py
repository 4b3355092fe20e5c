"""From a network's raw boxes to checked detections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtmc.trackers import Detections
from mtmc.trackers.geometry import iou as overlaps

AT_ONCE = 32  # boxes that non-maximum suppression compares with all others in one step


def to_detections(
    boxes: NDArray[np.floating],
    scores: NDArray[np.floating],
    size: tuple[int, int],
    kinds: NDArray[np.int64] | None = None,
    embeddings: NDArray[np.float32] | None = None,
) -> Detections:
    """Clip boxes to the image and leave out what has no area there or is not a number.

    Args:
        boxes: ``(N, 4)`` ``x1, y1, x2, y2`` px.
        scores: ``(N,)``.
        size: ``(width, height)`` px of the image.
        kinds: ``(N,)`` what each is, None where all are of one kind.
        embeddings: ``(N, D)`` of any length, None where there are none.
    """
    width, height = size
    limits = np.array([width, height, width, height], np.float32)
    boxes = np.clip(np.asarray(boxes, np.float32), 0, limits)
    wide = boxes[:, 2] - boxes[:, 0] >= 1
    tall = boxes[:, 3] - boxes[:, 1] >= 1
    keep = wide & tall & np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
    kinds = None if kinds is None else kinds[keep]
    if embeddings is not None:
        embeddings = embeddings[keep] / np.linalg.norm(embeddings[keep], axis=1, keepdims=True)
    return Detections(boxes[keep], np.asarray(scores, np.float32)[keep], embeddings, classes=kinds)


def non_maximum_suppression(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], iou: float
) -> NDArray[np.int64]:
    """Rows of the boxes that remain, strongest first; of equal scores the first row wins.

    The answer is that of ``torchvision.ops.nms`` to the bit.

    Args:
        boxes: ``(N, 4) float32`` ``x1, y1, x2, y2``.
        scores: ``(N,)``.
        iou: a box goes when it overlaps a stronger one by more.
    """
    order = np.argsort(-scores, kind="stable")
    columns = np.ascontiguousarray(boxes[order].T)
    kept, waiting, limit = [], np.arange(len(order)), _not_above(iou)
    # Many of the strongest at once: of each step of numpy, most is the call.
    while len(waiting):
        strongest = waiting[:AT_ONCE]
        over = _iou(columns[:, strongest, None], columns[:, waiting]) > limit
        gone = np.zeros(len(waiting), bool)
        for place, row in enumerate(strongest):
            if not gone[place]:
                kept.append(row)
                gone |= over[place]
        gone[: len(strongest)] = True
        waiting = waiting[~gone]
    return order[np.array(kept, np.int64)]


def _not_above(value: float) -> np.float32:
    """The float32 that the same float32 exceed as exceed ``value``, which may lie between two."""
    nearest = np.float32(value)
    return nearest if float(nearest) <= value else np.nextafter(nearest, np.float32(-1))


def _iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of boxes ``(4, ...)`` that broadcast; what does not overlap has 0 or less, or no number."""
    with np.errstate(invalid="ignore", divide="ignore"):  # boxes without an area
        wide: NDArray[np.float32] = np.minimum(a[2], b[2])
        wide -= np.maximum(a[0], b[0])
        np.maximum(wide, 0, out=wide)
        both = np.minimum(a[3], b[3])
        both -= np.maximum(a[1], b[1])
        np.maximum(both, 0, out=both)
        wide *= both
        np.add(_area(a), _area(b), out=both)
        both -= wide
        wide /= both
    return wide


def _area(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    area: NDArray[np.float32] = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1])
    return area


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
    order = np.argsort(pairs.rows, kind="stable")
    others = pairs.cols[order]
    kept = np.exp(-(pairs.values[order] ** 2) / sigma)  # share of a score beside the row's box
    first = np.searchsorted(pairs.rows[order], np.arange(len(boxes) + 1))
    soft, waiting = scores.astype(np.float64), np.ones(len(scores), bool)
    for _ in range(len(scores) - 1):
        strongest = int(np.where(waiting, soft, -np.inf).argmax())
        waiting[strongest] = False
        beside = slice(first[strongest], first[strongest + 1])
        weaker = waiting[others[beside]]
        soft[others[beside][weaker]] *= kept[beside][weaker]
    return soft.astype(np.float32)
