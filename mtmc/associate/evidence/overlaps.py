"""Tracks of one camera that overlap but for a moment, and are one person's nonetheless.

A body may get two boxes for some frames when one track of it gives way to the next, or a track goes
on with somebody else after its own person has another. If that alone told two people, one person
would fall apart, and everything other cameras saw of them would be shared out between the halves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from mtmc.associate.evidence.links import Links
from mtmc.tracking.tracklet import Tracklet

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
