"""Association of finished tracklets, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mtmc.associate.cuts.by_looks import changes_by_looks
from mtmc.associate.cuts.by_overlap import changes_by_overlap
from mtmc.associate.cuts.by_people import changes_by_people
from mtmc.associate.cuts.change import Change
from mtmc.associate.cuts.config import CutsConfig
from mtmc.associate.cuts.parts import Pieces
from mtmc.associate.decisions import Association
from mtmc.associate.evidence.appearance import Scale
from mtmc.associate.evidence.constraints import simultaneous
from mtmc.associate.evidence.gather import gather
from mtmc.associate.evidence.links import Links
from mtmc.associate.evidence.scale import scale_of
from mtmc.associate.solve.clustering import cluster, reassign
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Ints

ROUNDS_OF_CUTS = 4


@dataclass(frozen=True)
class OfflineConfig(CutsConfig):
    """Settings of the offline association: those of ``EvidenceConfig`` and ``CutsConfig``."""


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

    def __init__(
        self, config: OfflineConfig, even_distance: float, cameras: Sequence[str] | None = None
    ) -> None:
        if cameras is not None:
            config.check_cameras(cameras)
        self._config = config
        self._max_distance = config.distance(even_distance)

    def update(self, time: float, steps: Sequence[CameraStep]) -> Decisions:
        """Nothing is decided before the end."""
        del time, steps
        return Decisions()

    def finish(self, tracklets: Sequence[Tracklet]) -> Association:
        """See ``Associator``; people are numbered in the order of their first sighting.

        Tracks are cut first as if whatever one frame shows at once were two people; so those that
        follow several are settled before brief overlaps are forgiven.
        """
        pieces, people = Pieces(tracklets), None
        for overlap in dict.fromkeys((None, self._config.overlap)):
            people = self._settled(pieces, overlap)
        now = pieces.now()
        if people is None:
            people = _people(now, gather(now, self._config, self._scale(now)))
        ids = {t.key: person + 1 for t, person in zip(now, people.tolist(), strict=True)}
        return Association(ids, pieces.of_those_cut())

    def _settled(self, pieces: Pieces, overlap: float | None) -> Ints | None:
        """Who the pieces are when nothing is left to be cut; None if it never ends.

        First those tracks are cut whose own looks say so; then those of one person that overlap for
        a moment; then those that fit better when they are two of the people found. Each round of
        cuts makes clearer who everybody is.
        """
        for _ in range(ROUNDS_OF_CUTS):
            now = pieces.now()
            scale = self._scale(now)
            changes = self._by_own_looks(now, scale)
            if not changes:
                links = gather(now, self._config, scale, overlap)
                people = _people(now, links)
                changes = changes_by_overlap(now, links.together, people)
                changes = changes or self._by_people(now, people, scale)
                if not changes:
                    return people
            pieces.cut(changes)
        return None

    def _scale(self, tracklets: Sequence[Tracklet]) -> Scale:
        return scale_of(tracklets, self._max_distance, self._config)

    def _by_own_looks(self, tracklets: Sequence[Tracklet], scale: Scale) -> list[Change]:
        least = self._config.split
        return [] if least is None else changes_by_looks(tracklets, scale, self._config, least)

    def _by_people(self, tracklets: Sequence[Tracklet], people: Ints, scale: Scale) -> list[Change]:
        cost = self._config.change
        if cost is None:
            return []
        return changes_by_people(tracklets, people, scale, self._config, cost)


def _people(tracklets: Sequence[Tracklet], links: Links) -> Ints:
    """``(N,)`` people, from 0, in the order of their first sighting."""
    groups = reassign(links, cluster(links), simultaneous(tracklets, links.apart))
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups.tolist()], int)
