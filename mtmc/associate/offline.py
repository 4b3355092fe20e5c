"""Association of finished tracklets, all at once."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import ClassVar

import numpy as np
from scipy import sparse

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
from mtmc.associate.windows import Past, Rows, Window, windows
from mtmc.trackers.settings import setting
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Ints, TrackKey

log = logging.getLogger("mtmc")

ROUNDS_OF_CUTS = 4
LEFT = 0.2  # of a window may be what is left of people further back
MANY = 5000  # tracklets from which on it is said beforehand what their association takes
# What it takes, about: memory beside and for each two tracklets; time for each two in a crowd,
# of one core.
BYTES, BYTES_EACH, SECONDS_EACH = 1.4e8, 12.0, 1e-6


@dataclass(frozen=True)
class OfflineConfig(CutsConfig):
    """Settings of the offline association: those of ``EvidenceConfig`` and ``CutsConfig``.

    Args:
        window: so many tracklets are associated at once at most, which takes memory and time by
            the square of their number, 5 GB for 20 000. Longer footage is associated window by
            window in the order of time.
    """

    window: int = setting(20_000, ge=100, unit="tracklets")


class OfflineAssociator:
    """Clusters tracklets into people, then reassigns them by Hungarian matching until stable.

    1. The two groups with the strongest evidence for being one person are joined, as long as
       there is any and no frame shows both (agglomerative clustering with cannot-link
       constraints), or only few frames do: there the tracks are cut.
    2. The tracklets that one camera shows at the same time are taken out and matched anew, one
       to one, to all groups (or to a new one each); repeated until nothing changes.

    More than ``window`` tracklets are solved in overlapping windows of their time.
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
        self._known: Mapping[int, Sequence[Tracklet]] = {}
        self._last = 0

    def know(self, people: Mapping[int, Sequence[Tracklet]], last: int) -> None:
        """See ``Associator``."""
        self._known, self._last = people, last

    def update(self, time: float, steps: Sequence[CameraStep]) -> Decisions:
        """Nothing is decided before the end."""
        del time, steps
        return Decisions()

    def finish(self, tracklets: Sequence[Tracklet]) -> Association:
        """See ``Associator``; people are numbered in the order of their first sighting."""
        before = {t.key: number for number, each in self._known.items() for t in each}
        known = [tracklet for each in self._known.values() for tracklet in each]
        pieces, past = Pieces([*known, *tracklets]), Past(int(LEFT * self._config.window))
        every = windows(tracklets, self._config.window)
        _tell(len(tracklets), len(every), self._config.window)
        for window in every:
            past.leave(pieces.now(), window)
            self._solve(pieces, window, past)
        if past.forgotten:
            log.warning(
                "association: of %d people who had gone before, there was no room for the looks; "
                "if they came back later, they are somebody new (a larger associator.window "
                "remembers more)",
                len(past.forgotten),
            )
        numbers = {past.who(past.person[key]): number for key, number in before.items()}
        new = count(self._last + 1)
        ids: dict[TrackKey, int] = {}
        for piece in pieces.now():
            person = past.who(past.person[piece.key])
            if person not in numbers:
                numbers[person] = next(new)
            if piece.key not in before:
                ids[piece.key] = numbers[person]
        return Association(ids, pieces.of_those_cut())

    def _solve(self, pieces: Pieces, window: Window, past: Past) -> None:
        """Decide who the pieces of a window are.

        Tracks are cut first as if whatever one frame shows at once were two people; so those that
        follow several are settled before brief overlaps are forgiven.
        """
        settled = None
        for overlap in dict.fromkeys((None, self._config.overlap)):
            settled = self._settled(pieces, window, past, overlap)
        rows = past.rows(pieces.now(), window)
        if settled is None:
            settled = self._people(rows, past, self._scale(rows))
        past.settle(rows, *settled, window.keep)

    def _settled(
        self, pieces: Pieces, window: Window, past: Past, overlap: float | None
    ) -> tuple[Ints, sparse.csr_array] | None:
        """Who the pieces are when nothing is left to be cut; None if it never ends.

        First those tracks are cut whose own looks say so; then those of one person that overlap for
        a moment; then those that fit better when they are two of the people found. Each round of
        cuts makes clearer who everybody is.

        Returns:
            ``(N,)`` people of the window's rows, from 0, and which of these are to stay apart.
        """
        for _ in range(ROUNDS_OF_CUTS):
            rows = past.rows(pieces.now(), window)
            now, scale = rows.tracklets, self._scale(rows)
            changes = self._by_own_looks(now, scale)
            if not changes:
                links = self._links(rows, past, scale, overlap)
                people = _people(rows, links)
                changes = changes_by_overlap(now, links.together, people)
                changes = changes or self._by_people(now, people, scale)
                if not changes:
                    return people, links.apart
            pieces.cut(changes)
        return None

    def _people(self, rows: Rows, past: Past, scale: Scale) -> tuple[Ints, sparse.csr_array]:
        links = self._links(rows, past, scale)
        return _people(rows, links), links.apart

    def _links(self, rows: Rows, past: Past, scale: Scale, overlap: float | None = None) -> Links:
        links = gather(rows.tracklets, self._config, scale, overlap, rows.known())
        return past.apart(rows, links)

    def _scale(self, rows: Rows) -> Scale:
        # What is left of people is no tracklet from whose crops there is something to learn.
        seen = [t for t in rows.tracklets if t.start > -math.inf]
        return scale_of(seen, self._max_distance, self._config)

    def _by_own_looks(self, tracklets: Sequence[Tracklet], scale: Scale) -> list[Change]:
        least = self._config.split
        return [] if least is None else changes_by_looks(tracklets, scale, self._config, least)

    def _by_people(self, tracklets: Sequence[Tracklet], people: Ints, scale: Scale) -> list[Change]:
        cost = self._config.change
        if cost is None:
            return []
        return changes_by_people(tracklets, people, scale, self._config, cost)


def _people(rows: Rows, links: Links) -> Ints:
    """``(N,)`` people, from 0, in the order of their first sighting."""
    asked = rows.asked
    cliques = [c for c in simultaneous(rows.tracklets, links.apart) if asked[c].any()]
    groups = reassign(links, cluster(links), cliques)
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups.tolist()], int)


def _tell(count: int, parts: int, most: int) -> None:
    """Say what the association of very many tracklets will take."""
    if count < MANY:
        return
    at_once = min(count, most)
    log.info(
        "association: %d tracklets%s; about %.1f GB of memory and up to %d s",
        count,
        f" in {parts} windows of up to {most}" if parts > 1 else "",
        (BYTES + BYTES_EACH * at_once**2) / 1e9,
        SECONDS_EACH * at_once**2 * parts,
    )
