"""Where each camera sees people: the share of those who were there whom it saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtmc.types import Doubles, Ints

PER_REACH = 2  # cells


@dataclass(frozen=True, slots=True, eq=False)
class Glances:
    """Moments at which people were known to be somewhere in a camera's view.

    Args:
        points: ``(N, 2)`` m, where.
        seen: ``(N,)`` whether the camera saw them.
        gap: ``(N,)`` number of the time between two sightings it lies in; -1 for a sighting.
    """

    points: Doubles
    seen: NDArray[np.bool_]
    gap: Ints


def seen_share(looks: Glances, points: Doubles, gap: Ints, reach: float) -> Doubles:
    """Of those who were near some points, which share was seen.

    What is to be found out must not tell: the looks of the same gap are left out.

    Args:
        looks: what is known.
        points: ``(M, 2)`` m.
        gap: ``(M,)`` which each belongs to.
        reach: m.

    Returns:
        ``(M,)``; 0 where nobody was.
    """
    if not len(points):
        return np.zeros(0)
    cells = np.floor(np.vstack([looks.points, points]) / reach * PER_REACH).astype(np.int64)
    low = cells.min(axis=0) - PER_REACH - 1
    width = int(cells[:, 1].max() - low[1]) + 2 * PER_REACH + 2
    keys = (cells[:, 0] - low[0]) * width + cells[:, 1] - low[1]
    known, wanted = keys[: len(looks.gap)], keys[len(looks.gap) :]
    area = width * (int(cells[:, 0].max() - low[0]) + PER_REACH + 2)
    own = looks.gap >= 0
    steps = np.arange(-PER_REACH, PER_REACH + 1)
    near = [(x, y) for x in steps for y in steps if x * x + y * y <= PER_REACH**2]
    shifts = np.array([x * width + y for x, y in near])
    around = wanted[:, None] + shifts
    everybody = _count(known, around)
    seen = _count(known[looks.seen], around)
    self_there = _count(known[own] + area * looks.gap[own], around + area * gap[:, None])
    others = everybody - self_there
    share: Doubles = np.where(others > 0, seen / np.maximum(others, 1), 0.0)
    return share


def _count(keys: Ints, wanted: Ints) -> Ints:
    """How many of the keys are among ``wanted`` ``(M, K)``, row by row."""
    keys = np.sort(keys)
    count = np.searchsorted(keys, wanted, "right") - np.searchsorted(keys, wanted, "left")
    return np.asarray(count.sum(axis=1), np.int64)
