"""Pairs of what was seen at the same moment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

PAIRS_AT_ONCE = 1 << 18  # bounds the memory of crowded scenes


Ints = NDArray[np.int64]


def same_tick(a: Ints, b: Ints) -> Iterator[tuple[Ints, Ints]]:
    """All pairs of positions of one tick, some at a time; both are sorted."""
    start = np.searchsorted(b, a, "left")
    partners = np.searchsorted(b, a, "right") - start
    total = np.cumsum(partners)
    cuts = np.searchsorted(total, np.arange(PAIRS_AT_ONCE, total[-1], PAIRS_AT_ONCE))
    for left in np.split(np.arange(len(a)), cuts):
        count = partners[left]
        first = np.repeat(start[left] - (np.cumsum(count) - count), count)
        yield np.repeat(left, count), first + np.arange(len(first))
