"""How one person's boxes in one camera differ, as a rule, from any person's there."""

from __future__ import annotations

import numpy as np

from mtmc.offline.completion.fusion import weighted_median
from mtmc.types import Doubles, Ints

ALIKE = 1.0  # s for which a person's box stays off in the same way
TYPICAL = 0.05  # weight of what is typical of the person beside that
MOST_OFF = 0.3  # of the height, or of the log of the width: more is no habit


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
    from scipy.signal import lfilter  # which brings so much along that all runs would feel it

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
