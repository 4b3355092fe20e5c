"""Association of finished tracklets, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from mtmc.associate.cuts.by_looks import find_cuts
from mtmc.associate.cuts.by_overlap import overlap_cuts
from mtmc.associate.cuts.by_people import find_changes
from mtmc.associate.cuts.parts import Cut, Cuts
from mtmc.associate.evidence.appearance import Scale, appearance, looks_of
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.constraints import conflicts, simultaneous
from mtmc.associate.evidence.floor import floor_evidence
from mtmc.associate.evidence.links import Links
from mtmc.associate.evidence.overlaps import forgive
from mtmc.associate.evidence.scale import scale_of
from mtmc.associate.evidence.times import with_times
from mtmc.associate.solve.clustering import cluster, reassign
from mtmc.config import require
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Ints, TrackKey

ROUNDS_OF_CUTS = 4


@dataclass(frozen=True)
class OfflineConfig(EvidenceConfig):
    """Settings of the offline association, beside those of ``EvidenceConfig``.

    Args:
        split: a track is cut where the looks before and after speak at least that much against
            one person, log odds; None cuts none.
        change: so many log odds speak against a track's changing person, where it is compared with
            everybody at every moment, given floor positions; None does not compare.
        overlap: two tracks that one camera shows at once for up to so many seconds, and for less
            than half of the longer, may be one person's, and are cut there; None: never.
    """

    split: float | None = 2.0
    change: float | None = 4.0
    overlap: float | None = 1.0

    def __post_init__(self) -> None:
        EvidenceConfig.__post_init__(self)
        for name in ("split", "change", "overlap"):
            value = getattr(self, name)
            require(value is None or value > 0, f"{name} must be above 0, got {value}")


class OfflineAssociator:
    """Clusters tracklets into people, then reassigns them by Hungarian matching until stable.

    1. The two groups with the strongest evidence for being one person are joined, as long as
       there is any and no frame shows both (agglomerative clustering with cannot-link
       constraints), or only few frames do: there the tracks are cut.
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

    def finish(
        self, tracklets: Sequence[Tracklet], cut: Cut | None = None
    ) -> Mapping[TrackKey, int]:
        """See ``Associator``; people are numbered in the order of their first sighting.

        Tracks are cut first as if whatever one frame shows at once were two people; so those that
        follow several are settled before brief overlaps are forgiven.
        """
        ids: dict[TrackKey, int] = {}
        if cut:
            for overlap in dict.fromkeys((None, self._config.overlap)):
                tracklets, ids = self._settled(tracklets, cut, overlap)
        if not ids:
            ordered, scale = _in_order(tracklets), self._scale(tracklets)
            ids = _ids(ordered, self._identify(ordered, scale, conflicts(ordered)))
        return ids

    def _settled(
        self, tracklets: Sequence[Tracklet], cut: Cut, overlap: float | None
    ) -> tuple[Sequence[Tracklet], dict[TrackKey, int]]:
        """The tracklets when nothing is left to be cut, and their ids; none if it never ends.

        First those tracks are cut whose own looks say so; then those of one person that overlap for
        a moment; then those that fit better when they are two of the people found. Each round of
        cuts makes clearer who everybody is.
        """
        for _ in range(ROUNDS_OF_CUTS):
            ordered, scale = _in_order(tracklets), self._scale(tracklets)
            if not (cuts := self._by_own_looks(ordered, scale)):
                apart = conflicts(ordered)
                people = self._identify(ordered, scale, apart, overlap)
                cuts = overlap_cuts(ordered, apart, people)
                if not (cuts := cuts or self._by_people(ordered, people, scale)):
                    return ordered, _ids(ordered, people)
            tracklets = cut(cuts)
        return tracklets, {}

    def _scale(self, tracklets: Sequence[Tracklet]) -> Scale:
        return scale_of(tracklets, self._max_distance, self._config)

    def _by_own_looks(self, tracklets: Sequence[Tracklet], scale: Scale) -> Cuts:
        least = self._config.split
        return {} if least is None else find_cuts(tracklets, scale, self._config, least)

    def _by_people(self, tracklets: Sequence[Tracklet], people: Ints, scale: Scale) -> Cuts:
        cost = self._config.change
        if cost is None or not any(tracklet.path.ticks for tracklet in tracklets):
            return {}
        return find_changes(tracklets, people, scale, self._config, cost)

    def _identify(
        self,
        tracklets: Sequence[Tracklet],
        scale: Scale,
        apart: sparse.csr_array,
        overlap: float | None = None,
    ) -> Ints:
        """``(N,)`` people, from 0, in the order of their first sighting."""
        links = _links(tracklets, self._config, scale, apart)
        if overlap is not None:
            links = forgive(tracklets, links, overlap)
        groups = reassign(links, cluster(links), simultaneous(tracklets, links.apart))
        numbers: dict[int, int] = {}
        return np.array([numbers.setdefault(group, len(numbers)) for group in groups.tolist()], int)


def _in_order(tracklets: Sequence[Tracklet]) -> list[Tracklet]:
    return sorted(tracklets, key=lambda t: (t.start, t.key))


def _ids(tracklets: Sequence[Tracklet], people: Ints) -> dict[TrackKey, int]:
    return {t.key: person + 1 for t, person in zip(tracklets, people.tolist(), strict=True)}


def _links(
    tracklets: Sequence[Tracklet], config: OfflineConfig, scale: Scale, apart: sparse.csr_array
) -> Links:
    """All evidence about the tracklets."""
    looks = looks_of(tracklets, scale)
    links = Links(
        lambda rows, columns: appearance(looks[rows], looks[columns], scale, config),
        looks.weights,
        floor_evidence(tracklets, tracklets, config),
        apart,
    )
    return with_times(tracklets, links, config)
