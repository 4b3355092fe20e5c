"""Boxes against boxes: areas and overlaps, all pairs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]


def box_areas(boxes: Floats) -> Floats:
    """Areas of boxes.

    Args:
        boxes: ``(N, 4)``, ``x1, y1, x2, y2`` in pixels.

    Returns:
        ``(N,)`` in square pixels.
    """
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _intersections(a: Floats, b: Floats) -> Floats:
    # Coordinates first, so that every step runs over contiguous (N, M) planes.
    columns, rows = a.T[:, :, None], b.T[:, None, :]
    sides = np.minimum(columns[2:], rows[2:])
    sides -= np.maximum(columns[:2], rows[:2])
    np.maximum(sides, 0.0, out=sides)
    sides[0] *= sides[1]
    overlap: Floats = sides[0]
    return overlap


def iou_matrix(a: Floats, b: Floats) -> Floats:
    """Intersection over union of every box of one set with every box of another.

    Args:
        a: ``(N, 4)``, ``x1, y1, x2, y2`` in pixels.
        b: ``(M, 4)``, likewise.

    Returns:
        ``(N, M)`` in 0..1.
    """
    overlap = _intersections(a, b)
    union = np.add.outer(box_areas(a), box_areas(b))
    union -= overlap
    overlap /= union
    return overlap


def coverage_matrix(a: Floats, b: Floats) -> Floats:
    """How much of each box of ``a`` lies inside each box of ``b`` (intersection over ``a``'s area).

    Args:
        a: ``(N, 4)``, ``x1, y1, x2, y2`` in pixels.
        b: ``(M, 4)``, likewise.

    Returns:
        ``(N, M)`` in 0..1.
    """
    overlap = _intersections(a, b)
    overlap /= box_areas(a)[:, None]
    return overlap


def height_iou_matrix(a: Floats, b: Floats) -> Floats:
    """Overlap over union of the boxes' vertical extents alone.

    People standing at one depth share top and bottom, so this tells depths apart.

    Args:
        a: ``(N, 4)``, ``x1, y1, x2, y2`` in pixels.
        b: ``(M, 4)``, likewise.

    Returns:
        ``(N, M)`` in 0..1.

    Source:
        Yang et al., "Hybrid-SORT", AAAI 2024, equation 3 (height-modulated IoU).
    """
    shared = np.minimum.outer(a[:, 3], b[:, 3])
    shared -= np.maximum.outer(a[:, 1], b[:, 1])
    np.maximum(shared, 0.0, out=shared)
    union = np.add.outer(a[:, 3] - a[:, 1], b[:, 3] - b[:, 1])
    union -= shared
    shared /= union
    return shared


def expand_boxes(boxes: Floats, ratio: float) -> Floats:
    """Boxes grown on every side by ``ratio`` of their width and height.

    The IoU of grown boxes still tells near from far where the boxes themselves no longer overlap.

    Args:
        boxes: ``(N, 4)``, ``x1, y1, x2, y2`` in pixels.
        ratio: growth per side; 0 leaves the boxes as they are.

    Returns:
        ``(N, 4)``.

    Source:
        Yang et al., "Hard to Track Objects with Irregular Motions and Similar Appearances? Make It
        Easier by Buffering the Matching Space" (C-BIoU), WACV 2023, section 3.2.
    """
    margin = (boxes[:, 2:] - boxes[:, :2]) * ratio
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)
