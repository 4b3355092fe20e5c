"""All that speaks for and against any two tracklets being one person."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.associate.evidence.appearance import Scale, appearance, looks_of
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.constraints import conflicts
from mtmc.associate.evidence.floor import floor_evidence
from mtmc.associate.evidence.links import BLOCK, Links
from mtmc.associate.evidence.looks import Looks
from mtmc.associate.evidence.marks import kept_apart, kept_together
from mtmc.associate.evidence.overlaps import forgive
from mtmc.associate.evidence.times import with_times
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Ints


def gather(
    tracklets: Sequence[Tracklet],
    config: EvidenceConfig,
    scale: Scale,
    overlap: float | None = None,
    known: sparse.csr_array | None = None,
) -> Links:
    """The evidence about tracklets, by looks, floor positions, times, and what people have said.

    Args:
        tracklets: ``N``, sorted by start.
        config: how it is weighed.
        scale: what distances of looks mean.
        overlap: seconds for which one camera may show two tracks of a person at once; None for
            never.
        known: ``(N, N)`` symmetric log odds from elsewhere.
    """
    looks = looks_of(tracklets, scale)
    known = kept_together(tracklets, known)
    floor = floor_evidence(tracklets, tracklets, config)
    together = conflicts(tracklets)
    links = Links(
        _by_looks(looks, scale, config),
        looks.weights,
        floor if known is None else sparse.csr_array(floor + known),
        together,
        together,
    )
    links = with_times(tracklets, links, config)
    return kept_apart(tracklets, links if overlap is None else forgive(tracklets, links, overlap))


def _by_looks(
    looks: Looks, scale: Scale, config: EvidenceConfig
) -> Callable[[Ints, Ints], NDArray[np.floating]]:
    """Log odds of those asked for; of few looks all are kept, of many it is too much."""
    if len(looks.weights) > BLOCK:
        return lambda rows, columns: appearance(looks[rows], looks[columns], scale, config)
    odds = appearance(looks, looks, scale, config)
    return lambda rows, columns: odds[np.ix_(rows, columns)]
