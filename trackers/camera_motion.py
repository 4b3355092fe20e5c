"""How far the camera turned since the last frame, told from the boxes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.geometry import Overlaps

    Array = NDArray[np.float64]

_LEAST_PAIRS = 3
_MEDIAN_ERROR = 1.2533 * 1.4826  # standard error of a median, from the median absolute deviation


def camera_shift(
    predicted: Array, seen: Array, overlaps: Overlaps, taking_part: NDArray[np.bool_]
) -> Array:
    """The common part of how places differ from where they were expected.

    Args:
        predicted: ``(N, 2)`` where the tracks should be now, at the point by which their filter
            follows them: of another point, a person who comes nearer has another motion.
        seen: ``(M, 2)`` that point of the detections.
        overlaps: of the two; a pair counts where each is the other's best.
        taking_part: ``(P,)`` mask of the pairs in question.

    Returns:
        ``(2,)`` shift of the image content in pixels; zero with fewer than three pairs.
    """
    some = taking_part.nonzero()[0]
    if len(some) < _LEAST_PAIRS:
        return np.zeros(2)
    rows, cols, values = overlaps.rows[some], overlaps.cols[some], overlaps.values[some]
    # Written in ascending order, the best pair of a row or column is the one that stays.
    order = values.argsort()
    best_of_row, best_of_col = np.empty(len(predicted), np.intp), np.empty(len(seen), np.intp)
    best_of_row[rows[order]] = order
    best_of_col[cols[order]] = order
    mutual = (best_of_row[rows] == best_of_col[cols]).nonzero()[0]
    mutual = mutual[best_of_row[rows[mutual]] == mutual]
    moved = seen.take(cols[mutual], axis=0) - predicted.take(rows[mutual], axis=0)
    return common_shift(moved)


def common_shift(moved: Array) -> Array:
    """What many movements have in common.

    People move on their own, so the median over all of them is the camera's part. It is shrunk
    towards zero by its own uncertainty (James-Stein), which leaves a standing camera standing.

    Args:
        moved: ``(N, 2)`` pixels.

    Returns:
        ``(2,)`` pixels; zero for fewer than three movements.
    """
    if len(moved) < _LEAST_PAIRS:
        return np.zeros(2)
    shift = _median(moved)
    error = _MEDIAN_ERROR / len(moved) ** 0.5 * _median(np.abs(moved - shift))
    return np.array([_shrunk(*axis) for axis in zip(shift.tolist(), error.tolist(), strict=True)])


def _shrunk(value: float, error: float) -> float:
    relative = error / max(abs(value), 1e-9)
    return value * max(0.0, 1.0 - relative * relative)


def _median(values: Array) -> Array:
    # np.median of an axis, without its overhead.
    ordered, middle = values.copy(), len(values) // 2
    ordered.sort(axis=0)
    median: Array = 0.5 * (ordered[middle] + ordered[(len(values) - 1) // 2])
    return median
