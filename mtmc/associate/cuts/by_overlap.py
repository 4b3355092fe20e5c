"""Tracks of one person that overlap, cut where they do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.associate.cuts.parts import Cuts
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey


def overlap_cuts(
    tracklets: Sequence[Tracklet], apart: sparse.csr_array, groups: NDArray[np.int64]
) -> Cuts:
    """Where to cut tracks of one group so that what overlaps are tracks of their own.

    Args:
        tracklets: ``N``.
        apart: ``(N, N)`` those that one frame shows at once.
        groups: ``(N,)`` who each was taken for.
    """
    cuts: dict[TrackKey, set[float]] = defaultdict(set)
    for pair in zip(*apart.nonzero(), strict=True):
        if groups[pair[0]] != groups[pair[1]]:
            continue
        both = [tracklets[row] for row in pair]
        start, end = max(t.start for t in both), min(t.end for t in both)
        for tracklet in both:
            if tracklet.start < start:
                cuts[tracklet.key].add(start)
            if tracklet.end > end:
                cuts[tracklet.key].add(float(np.nextafter(end, np.inf)))
    return {key: sorted(times) for key, times in cuts.items()}
