"""Answers that wait: what an online run says of a moment is told some seconds later.

What the association takes back meanwhile is never told. A track that turns out to be somebody
else's goes on under another number from the first row that is not told yet, as it does without a
lag from the next frame on.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mtmc.tracking.camera import Sighting
from mtmc.tracking.messages import Revision
from mtmc.tracking.rows import Rows
from mtmc.types import Mask, TrackKey

ROUNDING = 1e-6  # seconds: differences of times are not exact
FORGET_EVERY = 256  # time steps after which tracks that have ended are let go


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What is told of a time step.

    Args:
        time: s.
        rows: of all tracks, camera by camera in the order of ``sightings``.
        sightings: of the cameras.
        decided: who tracks are, of whom that was decided now.
    """

    time: float
    rows: Rows
    sightings: Sequence[Sighting]
    decided: Mapping[TrackKey, int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Track:
    """A camera's track, under whatever keys it went on.

    Args:
        held: its rows that are not told yet, each as an array and a place in it.
        now: whose it is, as far as is known; 0 where it is not.
        person: whose it was in the last row that was told,
        number: and under which number that was told; 0 before.
        ended: whether it has.
    """

    held: deque[tuple[Rows, int]] = field(default_factory=deque)
    now: int = 0
    person: int = 0
    number: int = 0
    ended: bool = False


class Lag:
    """Holds back what is told of an online run.

    Args:
        seconds: for which.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._held: deque[tuple[Told, list[_Track]]] = deque()
        self._tracks: dict[TrackKey, _Track] = {}
        self._numbers: Counter[str] = Counter()  # given to tracks of each camera
        self._decided: dict[TrackKey, int] = {}  # since something was told
        self._steps = 0

    def take(self, told: Told, revised: Sequence[Revision]) -> list[Told]:
        """Take in a time step; returns those that are old enough to be told.

        Args:
            told: as the cameras and the association have it now.
            revised: see ``Decisions``.
        """
        self._hold(told)
        self._believe(told.decided, revised)
        self._steps += 1
        if self._steps % FORGET_EVERY == 0:
            self._forget()
        return self._until(told.time - self._seconds + ROUNDING)

    def rest(
        self, decided: Mapping[TrackKey, int], revised: Sequence[Revision]
    ) -> tuple[list[Told], dict[TrackKey, int]]:
        """All that is held, after the last step, and who tracks are that were decided only then."""
        self._believe(decided, revised)
        return self._until(np.inf), self._decided

    def open_keys(self) -> Iterable[TrackKey]:
        """Of the tracks that may go on, as they are told."""
        return (TrackKey(key.camera, t.number) for key, t in self._tracks.items())

    def _hold(self, told: Told) -> None:
        tracks = []
        told.rows["person"] = 0
        for sighting in told.sightings:
            camera, step = sighting.frame.camera, sighting.step
            for old, new in step.renewed.tolist():
                if known := self._tracks.get(TrackKey(camera, old)):
                    self._tracks[TrackKey(camera, new)] = known
            for track in sighting.tracks.ids.tolist():
                known = self._tracks.setdefault(TrackKey(camera, track), _Track())
                known.held.append((told.rows, len(tracks)))
                told.rows["person"][len(tracks)] = known.now
                tracks.append(known)
        self._held.append((told, tracks))

    def _believe(self, decided: Mapping[TrackKey, int], revised: Sequence[Revision]) -> None:
        """Take in who held rows are."""
        for key, person in decided.items():
            if (track := self._tracks.get(key)) is None:
                continue
            track.now = person
            for rows, place in track.held:
                if rows["track"][place] == key.track_id:
                    rows["person"][place] = person
            if track.number and not track.person:  # of whom nobody was told
                track.person = self._decided[TrackKey(key.camera, track.number)] = person
        for key, person, first, last in revised:
            if (track := self._tracks.get(key)) is None:
                continue
            if last == np.inf:
                track.now = person
            for rows, place in track.held:
                if first <= rows["frame"][place] <= last:
                    rows["person"][place] = person

    def _until(self, time: float) -> list[Told]:
        due = []
        while self._held and self._held[0][0].time <= time:
            due.append(self._told(*self._held.popleft()))
        return due

    def _told(self, told: Told, tracks: Sequence[_Track]) -> Told:
        """A held step as it is told."""
        rows, sightings, kept = told.rows, [], _once(told.rows)
        first = 0
        for sighting in told.sightings:
            here = slice(first, first + len(sighting.tracks))
            first = here.stop
            camera, renewed = sighting.frame.camera, []
            for place in range(here.start, here.stop):
                track = tracks[place]
                track.held.popleft()
                if kept[place]:
                    before = track.number
                    rows["track"][place] = self._number(camera, track, rows[place])
                    if before not in (0, track.number):
                        renewed.append((before, track.number))
            ended = []
            for number in sighting.step.ended.tolist():
                if known := self._tracks.get(TrackKey(camera, number)):
                    known.ended = True
                    ended.append(known.number)
            seen = sighting.tracks[kept[here]]
            seen = replace(seen, ids=rows["track"][here][kept[here]])
            step = replace(
                sighting.step,
                ended=np.array(ended, np.int64),
                renewed=np.array(renewed, np.int64).reshape(-1, 2),
            )
            sightings.append(replace(sighting, tracks=seen, step=step))
        decided, self._decided = self._decided, {}
        return Told(told.time, rows[kept], sightings, decided)

    def _number(self, camera: str, track: _Track, row: np.void) -> int:
        """The number under which a row of a track is told."""
        person = int(row["person"])
        # A box that is only predicted follows those that were seen before it.
        if track.number and (person == track.person or not person or not row["detected"]):
            return track.number
        self._numbers[camera] += 1
        track.number, track.person = self._numbers[camera], person
        if person:
            self._decided[TrackKey(camera, track.number)] = person
        return track.number

    def _forget(self) -> None:
        self._tracks = {key: t for key, t in self._tracks.items() if t.held or not t.ended}


def _once(rows: Rows) -> Mask:
    """Which rows are told: of several of one person in a frame, the surest."""
    order = np.lexsort((-rows["score"], ~rows["detected"]))
    where = np.stack([rows["camera"], rows["frame"], rows["person"]], axis=1)[order]
    _, first = np.unique(where, axis=0, return_index=True)
    kept = rows["person"] == 0
    kept[order[first]] = True
    return kept
