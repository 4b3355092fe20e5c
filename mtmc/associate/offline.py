"""Association of finished tracklets, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from mtmc.associate.changes import find_changes
from mtmc.associate.clustering import Links, cluster, reassign
from mtmc.associate.constraints import conflicts, simultaneous
from mtmc.associate.evidence import EvidenceConfig, Scale, appearance, looks_of
from mtmc.associate.floor import floor_evidence
from mtmc.associate.split import find_cuts
from mtmc.associate.thresholds import scale_of
from mtmc.config import require
from mtmc.tracklets import Tracklet
from mtmc.types import TrackKey


@dataclass(frozen=True)
class OfflineConfig(EvidenceConfig):
    """Settings of the offline association, beside those of ``EvidenceConfig``.

    Args:
        split: a track is cut where the looks before and after speak at least that much against
            one person, log odds; None cuts none.
        change: so many log odds speak against a track's changing person, where it is compared with
            everybody at every moment, given floor positions; None does not compare.
    """

    split: float | None = 2.0
    change: float | None = 4.0

    def __post_init__(self) -> None:
        EvidenceConfig.__post_init__(self)
        for name in ("split", "change"):
            value = getattr(self, name)
            require(value is None or value > 0, f"{name} must be above 0, got {value}")


class OfflineAssociator:
    """Clusters tracklets into people, then reassigns them by Hungarian matching until stable.

    1. The two groups with the strongest evidence for being one person are joined, as long as
       there is any and no frame shows both (agglomerative clustering with cannot-link
       constraints).
    2. The tracklets that one camera shows at the same time are taken out and matched anew, one
       to one, to all groups (or to a new one each); repeated until nothing changes.
    """

    Config: ClassVar = OfflineConfig
    online: ClassVar = False

    def __init__(self, config: OfflineConfig, max_distance: float) -> None:
        self._config = config
        self._max_distance = max_distance

    def update(self, time: float, visible: Sequence[Tracklet]) -> Mapping[TrackKey, int]:
        """Nothing is decided before the end."""
        del time, visible
        return {}

    def cuts(self, tracklets: Sequence[Tracklet]) -> Mapping[TrackKey, Sequence[float]]:
        """When tracks changed person, s; to be asked, and done, before ``finish``.

        First those whose own looks say so; then those that fit better when they are two of the
        people found.
        """
        config = self._config
        scale = self._scale(tracklets)
        cuts: Mapping[TrackKey, Sequence[float]] = {}
        if config.split is not None:
            cuts = find_cuts(tracklets, scale, config, config.split)
        located = any(tracklet.path.ticks for tracklet in tracklets)
        if not cuts and located and config.change is not None:
            found = self._identify(tracklets, scale)
            people = np.array([found[t.key] for t in tracklets], np.int64) - 1
            cuts = find_changes(tracklets, people, scale, config, config.change)
        return cuts

    def finish(self, tracklets: Sequence[Tracklet]) -> Mapping[TrackKey, int]:
        """See ``Associator``; people are numbered in the order of their first sighting."""
        return self._identify(tracklets, self._scale(tracklets))

    def _scale(self, tracklets: Sequence[Tracklet]) -> Scale:
        return scale_of(tracklets, self._max_distance, self._config)

    def _identify(self, tracklets: Sequence[Tracklet], scale: Scale) -> Mapping[TrackKey, int]:
        ordered = sorted(tracklets, key=lambda t: (t.start, t.key))
        if not ordered:
            return {}
        apart = conflicts(ordered)
        links = _links(ordered, self._config, scale, apart)
        groups = reassign(links, cluster(links), simultaneous(ordered, apart))
        numbers: dict[int, int] = {}
        return {
            tracklet.key: numbers.setdefault(int(group), len(numbers) + 1)
            for tracklet, group in zip(ordered, groups, strict=True)
        }


def _links(
    tracklets: Sequence[Tracklet], config: EvidenceConfig, scale: Scale, apart: sparse.csr_array
) -> Links:
    """All evidence about the tracklets."""
    looks = looks_of(tracklets, scale)
    return Links(
        lambda rows, columns: appearance(looks[rows], looks[columns], scale, config),
        looks.weights,
        floor_evidence(tracklets, tracklets, config),
        apart,
    )
