"""Tracks of one camera that overlap but for a moment, and are one person's nonetheless.

A body may get two boxes for some frames when one track of it gives way to the next, or a track goes
on with somebody else after its own person has another. If that alone told two people, one person
would fall apart, and everything other cameras saw of them would be shared out between the halves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.associate.clustering import Links
from mtmc.associate.split import Cuts
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey

COST = 2.0  # log odds against one person that a moment together is
COST_PER_SECOND = 2.0
SHARE = 0.5  # of the longer track: what overlaps more is no end of it


def forgive(tracklets: Sequence[Tracklet], links: Links, longest: float) -> Links:
    """The evidence, with brief overlaps as something that speaks against one person.

    Args:
        tracklets: ``N``.
        links: evidence in which overlaps of any length rule that out.
        longest: seconds.
    """
    apart = links.apart.tocoo()
    first, last = (np.array([getattr(t, name) for t in tracklets]) for name in ("start", "end"))
    rows, columns = apart.coords
    together = np.minimum(last[rows], last[columns]) - np.maximum(first[rows], first[columns])
    longer = np.maximum(last[rows] - first[rows], last[columns] - first[columns])
    brief = (together <= longest) & (together < SHARE * longer)
    cost = -(COST + COST_PER_SECOND * together[brief]).astype(np.float32)
    place = rows[brief], columns[brief]
    must = np.ones(int((~brief).sum()), bool), (rows[~brief], columns[~brief])
    return replace(
        links,
        floor=sparse.csr_array(links.floor + sparse.csr_array((cost, place), shape=apart.shape)),
        apart=sparse.csr_array(must, shape=apart.shape),
    )


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
