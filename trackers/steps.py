"""Pairs of what was seen at the same moment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


PAIRS_AT_ONCE = 1 << 16  # fits the cache, and bounds the memory of crowded scenes


def pairs_of_steps(a: Ints, b: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Row numbers of all pairs that share a time step, some at a time (and at least once).

    Args:
        a: ``(N,)``.
        b: ``(M,)`` ascending.
    """
    start = np.searchsorted(b, a, side="left")
    partners = np.searchsorted(b, a, side="right") - start
    total = np.cumsum(partners)
    num_pairs = int(total[-1]) if len(total) else 0
    cuts = np.searchsorted(total, np.arange(PAIRS_AT_ONCE, num_pairs, PAIRS_AT_ONCE))
    for rows in np.split(np.arange(len(a)), cuts):
        count = partners[rows]
        first = np.repeat(start[rows] - (np.cumsum(count) - count), count)
        yield np.repeat(rows, count), first + np.arange(len(first))
