"""Tracks of one person that overlap, cut where they do."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.associate.cuts.change import Change
from mtmc.tracking.tracklet import Tracklet


def changes_by_overlap(
    tracklets: Sequence[Tracklet], together: sparse.csr_array, groups: NDArray[np.int64]
) -> list[Change]:
    """Where to cut tracks of one group so that what overlaps are tracks of their own.

    Args:
        tracklets: ``N``.
        together: ``(N, N)`` those that one frame shows at once.
        groups: ``(N,)`` who each was taken for.
    """
    changes = []
    for pair in zip(*together.nonzero(), strict=True):
        if groups[pair[0]] != groups[pair[1]]:
            continue
        both = [tracklets[row] for row in pair]
        first, last = max(t.frames[0][0] for t in both), min(t.frames[-1][1] for t in both)
        for tracklet in both:
            if tracklet.frames[0][0] < first:
                changes.append(Change(tracklet.key, tracklet.before(first), math.inf))
            if tracklet.frames[-1][1] > last:
                changes.append(Change(tracklet.key, tracklet.before(last + 1), math.inf))
    return changes
