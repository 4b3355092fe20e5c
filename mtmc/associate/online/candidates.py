"""Who the waiting tracks could be, kept up to date while one after the other is decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtmc.associate.evidence.appearance import Scale, appearance, looks_of
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.floor import floor_evidence
from mtmc.associate.online.look_table import LookTable
from mtmc.associate.solve.matching import FORBIDDEN
from mtmc.tracking.tracklet import Tracklet


class Candidates:
    """The evidence between the tracks to be decided now and the people they could be.

    Everything is compared once, for all tracks together; when one of them is decided, what it adds
    to its person is added for the others. Between a track and a person, appearance is the weighted
    mean over all looks at the person; the floor is the sum over the tracks that have not ended.
    People to whom appearance gives no more than ``least`` are left out, unless the floor speaks.

    Args:
        tracks: ``T`` to be decided.
        members: people, by number from 0, and a track of theirs that may still matter.
        looks: what is known of everybody, the members' tracks included.
        scale: what distances mean.
        config: of the evidence.
        least: log odds.
    """

    def __init__(
        self,
        tracks: Sequence[Tracklet],
        members: Sequence[tuple[int, Tracklet]],
        looks: LookTable,
        scale: Scale,
        config: EvidenceConfig,
        least: float = 0.0,
    ) -> None:
        self.tracks = tracks
        mine = looks_of(tracks, scale)
        floor = floor_evidence(tracks, [*tracks, *(t for _, t in members)], config)
        among, near = floor[:, : len(tracks)], floor[:, len(tracks) :].tocoo()
        self._weights = mine.weights
        self._looks_among = appearance(mine, mine, scale, config)
        self._floor_among = among.toarray()
        self._met: dict[str, list[tuple[int, Tracklet]]] = defaultdict(list)
        for person, tracklet in members:
            self._met[tracklet.key.camera].append((person, tracklet))

        alike, total, weight = looks.candidates(mine, scale, config, least)
        placed = np.array([person for person, _ in members], np.int64)[near.coords[1]]
        people = np.union1d(alike, placed)
        # Room for as many new people as there are tracks.
        shape = (len(tracks), len(people) + len(tracks))
        self._total, self._floor = np.zeros(shape), np.zeros(shape)
        self._weight = np.zeros(shape[1])
        columns = np.searchsorted(people, alike)
        self._total[:, columns], self._weight[columns] = total, weight
        np.add.at(self._floor, (near.coords[0], np.searchsorted(people, placed)), near.data)
        self._columns = {int(person): column for column, person in enumerate(people)}

    def odds(
        self, rows: Sequence[int]
    ) -> tuple[list[int], NDArray[np.float64], NDArray[np.float64]]:
        """The evidence for some tracks of one camera.

        Returns:
            the people; ``(K, people)`` log odds, ``FORBIDDEN`` where one frame shows both; and the
            floor's part in them.
        """
        used = len(self._columns)
        odds = self._total[rows, :used] / np.maximum(self._weight[:used], 1e-9)
        floor = self._floor[rows, :used]
        odds += floor
        for position, row in enumerate(rows):
            track = self.tracks[row]
            for person, member in self._met[track.key.camera]:
                column = self._columns.get(person)
                if column is not None and track.meets(member):
                    odds[position, column] = FORBIDDEN
        return list(self._columns), odds, floor

    def join(self, row: int, person: int) -> None:
        """The track of a row is that person's, who may be new."""
        column = self._columns.setdefault(person, len(self._columns))
        self._total[:, column] += self._looks_among[:, row] * self._weights[row]
        self._weight[column] += self._weights[row]
        self._floor[:, column] += self._floor_among[:, row]
