"""What people look like in each camera, given where they are: boxes from places and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

ALIKE = 1.0  # s for which a person's box stays off in the same way
TYPICAL = 0.05  # weight of what is typical beside that
MOST_OFF = 0.3  # share of the height


def off(boxes: Doubles, expected: Doubles) -> Doubles:
    """``(N, 4)`` how boxes differ from those expected.

    Middle, top and bottom in heights; the log of the ratio of the widths.
    """
    tall = expected[:, 3] - expected[:, 1]
    return np.column_stack(
        [
            (boxes[:, [0, 2]].sum(1) - expected[:, [0, 2]].sum(1)) / 2 / tall,
            (boxes[:, 1] - expected[:, 1]) / tall,
            (boxes[:, 3] - expected[:, 3]) / tall,
            np.log((boxes[:, 2] - boxes[:, 0]) / (expected[:, 2] - expected[:, 0])),
        ]
    )


def moved(expected: Doubles, away: Doubles) -> Doubles:
    """The inverse of ``off``: boxes ``(N, 4)``."""
    tall = expected[:, 3] - expected[:, 1]
    middle = expected[:, [0, 2]].sum(1) / 2 + away[:, 0] * tall
    half = (expected[:, 2] - expected[:, 0]) / 2 * np.exp(away[:, 3])
    return np.column_stack(
        [middle - half, expected[:, 1] + away[:, 1] * tall, middle + half, expected[:, 3] + away[:, 2] * tall]
    )


def steady(steps: Ints, values: Doubles, weights: Doubles, wanted: Ints, reach: float) -> Doubles:
    """What values were about at some steps: near ones count most, by exp(-distance / reach).

    Args:
        steps: ``(N,)`` ascending.
        values: ``(N, D)``.
        weights: ``(N, D)``.
        wanted: ``(M,)`` steps.
        reach: in steps.
    """
    low = min(steps.min(), wanted.min())
    high = max(steps.max(), wanted.max()) + 1
    decay = np.exp(-1 / reach)
    typical = np.array([_median(v, w) for v, w in zip(values.T, weights.T)])
    sums = np.zeros((high - low, 2 * values.shape[1]))
    sums[steps - low] = np.hstack([weights * (values - typical), weights])
    both = lfilter([1], [1, -decay], sums, axis=0)
    both += lfilter([1], [1, -decay], sums[::-1], axis=0)[::-1] - sums
    total, weight = np.split(both[wanted - low], 2, axis=1)
    return typical + total / (weight + TYPICAL * reach)


def _median(values, weights):
    if not weights.sum() > 0:
        return 0.0
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


EDGE = 0.05  # of the height, standard deviation of the edges of boxes
CUT, CUT_MOST = 0.15, 0.7  # share of boxes of which something hides an edge; how much of the height


def mended(boxes: Doubles, expected: Doubles, size: tuple[int, int]) -> Doubles:
    """Boxes with the edges that something hides where they are expected.

    What hides a part of somebody moves an edge inwards. An edge is as seen or hidden; what comes
    out is the mean of both by how likely these are.
    """
    tall = (expected[:, 3] - expected[:, 1])[:, None]
    inwards = (boxes - expected) / tall * [1, 1, -1, -1]
    near = (1 - CUT) * np.exp(-0.5 * (inwards / EDGE) ** 2) / (np.sqrt(2 * np.pi) * EDGE)
    hidden = CUT * ((inwards > 0) & (inwards < CUT_MOST)) / CUT_MOST
    share = hidden / np.maximum(near + hidden, 1e-12)
    share[:, 1] = 0
    return boxes + share * (expected - boxes)
