"""How boxes of people differ from where these are expected, and what mends them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EDGE = 0.05  # of the height, standard deviation of the edges of boxes
CUT, CUT_MOST = 0.15, 0.7  # share of edges that something hides; by how much of the height


def off(boxes: Array, expected: Array) -> Array:
    """``(N, 4)`` how boxes differ from expected ones.

    The middle, the top and the bottom in heights, and the log of the ratio of the widths.
    """
    tall = expected[:, 3] - expected[:, 1]
    middle = (boxes[:, [0, 2]].sum(axis=1) - expected[:, [0, 2]].sum(axis=1)) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        wide = np.log((boxes[:, 2] - boxes[:, 0]) / (expected[:, 2] - expected[:, 0]))
    ends = (boxes[:, [1, 3]] - expected[:, [1, 3]]) / tall[:, None]
    return np.column_stack([middle / tall, ends, wide])


def moved(expected: Array, away: Array) -> Array:
    """Boxes ``(N, 4)`` that differ by ``away`` from expected ones: the inverse of ``off``.

    Args:
        expected: ``(N, 4)``.
        away: ``(N, 4)``, or ``(4,)`` for all.
    """
    tall = expected[:, 3] - expected[:, 1]
    aside, top, bottom, wide = np.broadcast_to(away, expected.shape).T
    middle = expected[:, [0, 2]].sum(axis=1) / 2 + aside * tall
    half = (expected[:, 2] - expected[:, 0]) / 2 * np.exp(wide)
    top, bottom = expected[:, 1] + top * tall, expected[:, 3] + bottom * tall
    return np.column_stack([middle - half, top, middle + half, bottom])


def hidden(boxes: Array, expected: Array) -> Array:
    """``(N, 4)`` how likely something hides each edge of boxes.

    What hides a part of somebody moves an edge inwards: the bottom or a side, hardly ever the top.
    """
    tall = (expected[:, 3] - expected[:, 1])[:, None]
    inwards = (boxes - expected) / tall * [1, 1, -1, -1]
    seen = (1 - CUT) * np.exp(-0.5 * (inwards / EDGE) ** 2) / (np.sqrt(2 * np.pi) * EDGE)
    cut = CUT / CUT_MOST * ((inwards > 0) & (inwards < CUT_MOST))
    share = cut / np.maximum(seen + cut, 1e-12)
    share[:, 1] = 0
    return np.asarray(share, np.float64)


def mended(boxes: Array, expected: Array) -> Array:
    """Boxes ``(N, 4)`` with the edges that something hides where they are expected.

    Each is the mean of where it was seen and where it is expected, by how likely it is hidden.
    """
    return np.asarray(boxes + hidden(boxes, expected) * (expected - boxes), np.float64)
