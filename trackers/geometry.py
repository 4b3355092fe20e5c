"""Boxes against boxes: areas and overlaps, all pairs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    Floats = NDArray[np.floating]

# Up to this many pairs every one is looked at; above, only those that overlap sideways.
_DENSE = 4000


class Overlaps(NamedTuple):
    """The pairs of two sets of boxes that overlap at all; of many boxes, these are few.

    Args:
        rows: ``(P,)`` index into the first set.
        cols: ``(P,)`` index into the second set.
        values: ``(P,)`` how much the pair overlaps, above 0.
    """

    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    values: NDArray[np.floating]


def areas(boxes: Floats) -> Floats:
    """``(N,)`` px² of boxes ``(N, 4)``, ``x1, y1, x2, y2`` in pixels."""
    area: Floats = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return area


def iou(a: Floats, b: Floats) -> Overlaps:
    """Intersection over union of the boxes of one set with those of another.

    Args:
        a: ``(N, 4)``, ``x1, y1, x2, y2`` in pixels.
        b: ``(M, 4)``, likewise.

    Returns:
        The overlapping pairs, values in 0..1.
    """
    return _overlaps(_iou, a, b)


def pair_iou(a: Floats, b: Floats) -> Floats:
    """Intersection over union of each box with the one in the same row of the other set.

    Args:
        a: ``(P, 4)``, ``x1, y1, x2, y2`` in pixels.
        b: ``(P, 4)``, likewise.

    Returns:
        ``(P,)`` in 0..1.
    """
    return _iou(_columns(a), _columns(b))


def coverage(a: Floats, b: Floats) -> Overlaps:
    """How much of each box of ``a`` lies inside each box of ``b`` (intersection over ``a``'s area).

    Args:
        a: ``(N, 4)``, ``x1, y1, x2, y2`` in pixels.
        b: ``(M, 4)``, likewise.

    Returns:
        The overlapping pairs, values in 0..1.
    """
    return _overlaps(_coverage, a, b)


# The formulas take coordinates first, (4, ...) arrays that broadcast, so that every step runs over
# contiguous planes.


def _columns(boxes: Floats) -> Floats:
    return np.ascontiguousarray(boxes.T, np.float64)


def _overlap(a: Floats, b: Floats) -> Floats:
    sides = np.minimum(a[2:], b[2:])
    sides -= np.maximum(a[:2], b[:2])
    np.maximum(sides, 0.0, out=sides)
    return sides


def _area(sides: Floats) -> Floats:
    area: Floats = sides[0] * sides[1]
    return area


def _iou(a: Floats, b: Floats) -> Floats:
    shared = _area(_overlap(a, b))
    both = _area(a[2:] - a[:2]) + _area(b[2:] - b[:2])
    both -= shared
    shared /= both
    return shared


def _coverage(a: Floats, b: Floats) -> Floats:
    shared = _area(_overlap(a, b))
    shared /= _area(a[2:] - a[:2])
    return shared


def _overlaps(formula: Callable[[Floats, Floats], Floats], a: Floats, b: Floats) -> Overlaps:
    columns_a, columns_b = _columns(a), _columns(b)
    if len(a) * len(b) <= _DENSE:
        rows, cols = _meeting(columns_a[:, :, None], columns_b[:, None, :]).nonzero()
    else:
        rows, cols = _side_by_side(columns_a, columns_b)
        some = _meeting(columns_a.take(rows, axis=1), columns_b.take(cols, axis=1)).nonzero()[0]
        rows, cols = rows[some], cols[some]
    values = formula(columns_a.take(rows, axis=1), columns_b.take(cols, axis=1))
    return Overlaps(rows, cols, values)


def _meeting(a: Floats, b: Floats) -> NDArray[np.bool_]:
    meet = a[2:] > b[:2]
    meet &= b[2:] > a[:2]
    both: NDArray[np.bool_] = meet[0] & meet[1]
    return both


def _side_by_side(a: Floats, b: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """A superset of the pairs whose horizontal extents overlap, without looking at all pairs."""
    order = np.argsort(b[0])
    left = b[0, order]
    widest = (b[2] - b[0]).max()
    first = np.searchsorted(left, a[0] - widest)
    count = np.searchsorted(left, a[2]) - first
    rows = np.repeat(np.arange(len(first)), count)
    run_start = np.cumsum(count) - count
    cols = order[np.arange(len(rows)) + np.repeat(first - run_start, count)]
    return rows, cols
