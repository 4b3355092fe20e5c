"""Tracks that changed from one person to another, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mtmc.associate.cuts.change import Change
from mtmc.associate.evidence.appearance import Scale, appearance
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.looks import Looks
from mtmc.tracking.gallery import Gallery
from mtmc.tracking.tracklet import Tracklet

MIN_CROPS = 2.5  # on each side of a cut


def changes_by_looks(
    tracklets: Sequence[Tracklet], scale: Scale, config: EvidenceConfig, least: float
) -> list[Change]:
    """Where tracks changed person, as far as their looks say so.

    A track is cut where the looks before and after speak most against one person, if they do so by
    at least ``least`` log odds; then its parts are looked at the same way (binary segmentation).

    Args:
        tracklets: embeddings with their times.
        scale: what distances mean.
        config: how appearance is weighed.
        least: log odds.
    """
    unlimited = replace(config, appearance_limit=1e9)
    return [
        Change(tracklet.key, time, gain)
        for tracklet in tracklets
        for time, gain in _changes(tracklet.gallery, tracklet.key.camera, scale, unlimited, least)
    ]


def _changes(
    gallery: Gallery, camera: str, scale: Scale, config: EvidenceConfig, least: float
) -> list[tuple[float, float]]:
    if len(gallery) < 2:
        return []
    order = np.argsort(gallery.times(), kind="stable")
    times = gallery.times()[order]
    against = _against(gallery, order, camera, scale, config)
    best = int(against.argmax())
    if against[best] < least:
        return []
    time = 0.5 * float(times[best] + times[best + 1])
    early = gallery.times() < time
    return [
        *_changes(gallery.part(early), camera, scale, config, least),
        (time, float(against[best])),
        *_changes(gallery.part(~early), camera, scale, config, least),
    ]


def _against(
    gallery: Gallery,
    order: NDArray[np.int64],
    camera: str,
    scale: Scale,
    config: EvidenceConfig,
) -> NDArray[np.floating]:
    """``(K - 1,)`` log odds against one person when cut behind each member, in order of time."""
    cameras = np.repeat(np.array([camera], dtype=str), len(order) - 1)
    looks = scale.adapted(Looks.of_members(gallery, camera))[order]
    sums, totals = looks.sums, looks.totals
    before = Looks.make(np.cumsum(sums, axis=0)[:-1], np.cumsum(totals, axis=0)[:-1], cameras)
    after = Looks.make(sums.sum(axis=0) - before.sums, totals.sum(axis=0) - before.totals, cameras)
    odds = np.diag(appearance(before, after, scale, config))
    enough = np.minimum(before.crops, after.crops) >= MIN_CROPS
    return np.where(enough & (np.diff(gallery.times()[order]) > 0), -odds, -np.inf)
