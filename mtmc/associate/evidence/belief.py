"""How probable it is that somebody is who they are taken for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mtmc.associate.evidence.appearance import Scale, appearance, looks_of
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.floor import floor_evidence
from mtmc.tracking.tracklet import Tracklet


def probability(odds: float) -> float:
    """0..1, of log odds."""
    return 1 / (1 + math.exp(min(-odds, 700.0)))


def belief(
    tracklet: Tracklet, others: Sequence[Tracklet], scale: Scale, config: EvidenceConfig
) -> float | None:
    """The probability that a tracklet shows the person of some others, were it even beforehand.

    Weighed as the clustering weighs two groups: the mean by looks, the sum by places on the floor.

    Returns:
        0..1; None where nothing of both can be compared.
    """
    if not others:
        return None
    looks = looks_of(others, scale)
    odds = appearance(looks_of([tracklet], scale), looks, scale, config)[0]
    floor = floor_evidence([tracklet], others, config)
    if not odds.any() and not floor.nnz:
        return None
    mean = float(odds @ looks.weights) / max(float(looks.weights.sum()), 1e-9)
    return probability(mean + float(floor.sum()))
