"""How boxes differ from those of people of that height at that place, and what mends them."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from mtmc.offline.completion.fusion import weighted_median
from mtmc.types import Doubles, Ints

ALIKE = 1.0  # s for which a person's box stays off in the same way
TYPICAL = 0.05  # weight of what is typical of the person beside that
MOST_OFF = 0.3  # of the height, or of the log of the width: more is no habit
EDGE = 0.05  # of the height, standard deviation of the edges of boxes
CUT, CUT_MOST = 0.15, 0.7  # share of edges that something hides; by how much of the height


def off(boxes: Doubles, expected: Doubles) -> Doubles:
    """``(N, 4)`` how boxes differ from expected ones.

    The middle, the top and the bottom in heights, and the log of the ratio of the widths.
    """
    tall = expected[:, 3] - expected[:, 1]
    middle = (boxes[:, [0, 2]].sum(axis=1) - expected[:, [0, 2]].sum(axis=1)) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        wide = np.log((boxes[:, 2] - boxes[:, 0]) / (expected[:, 2] - expected[:, 0]))
    ends = (boxes[:, [1, 3]] - expected[:, [1, 3]]) / tall[:, None]
    return np.column_stack([middle / tall, ends, wide])


def moved(expected: Doubles, away: Doubles) -> Doubles:
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


def typical(away: Doubles, weights: Doubles) -> Doubles:
    """``(D,)`` how boxes of one person in one camera are off as a rule: hardly, if little is known.

    Args:
        away: ``(N, D)`` as of ``off``.
        weights: ``(N, D)``.
    """
    known = np.vstack([np.clip(away, -MOST_OFF, MOST_OFF), np.zeros(away.shape[1])])
    heavy = np.vstack([weights, np.ones(away.shape[1])])
    return np.array([weighted_median(v, w) for v, w in zip(known.T, heavy.T, strict=True)])


def habits(
    steps: Ints, away: Doubles, weights: Doubles, usual: Doubles, wanted: Ints, reach: float
) -> Doubles:
    """How boxes of one person in one camera are off about some steps.

    Those seen nearby count most, by exp(-distance / reach); far from all, what is typical.

    Args:
        steps: ``(N,)`` each once, none before the first that is wanted or after the last.
        away: ``(N, D)`` as of ``off``.
        weights: ``(N, D)``.
        usual: ``(D,)`` what is typical.
        wanted: ``(M,)`` steps.
        reach: in steps.

    Returns:
        ``(M, D)``.
    """
    away = np.clip(away, -MOST_OFF, MOST_OFF) - usual
    low = int(wanted.min())
    count = int(wanted.max()) + 1 - low
    seen = np.zeros((count, 2 * away.shape[1]))
    seen[steps - low] = np.hstack([weights * away, weights])
    decay = [1.0, -np.exp(-1.0 / reach)]
    near = lfilter([1.0], decay, seen, axis=0) - seen
    near += lfilter([1.0], decay, seen[::-1], axis=0)[::-1]
    total, weight = np.split(near[wanted - low], 2, axis=1)
    return np.asarray(usual + total / (weight + TYPICAL * reach), np.float64)


def hidden(boxes: Doubles, expected: Doubles) -> Doubles:
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


def mended(boxes: Doubles, expected: Doubles) -> Doubles:
    """Boxes ``(N, 4)`` with the edges that something hides where they are expected.

    Each is the mean of where it was seen and where it is expected, by how likely it is hidden.
    """
    return np.asarray(boxes + hidden(boxes, expected) * (expected - boxes), np.float64)
