"""Answers that wait: what an online run says of a moment is told some seconds later.

What the association takes back meanwhile is never told. A track that turns out to be somebody
else's goes on under another number from the first row that is not told yet, as it does without a
lag from the next frame on.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import cv2
import numpy as np

from mtmc.associate.online.associator import REVISE_MEMORY
from mtmc.run.gaps import Gaps
from mtmc.trackers import Tracks
from mtmc.tracking.camera import Sighting
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.tracking.rows import ROW, Rows
from mtmc.types import Frame, Ints, Mask, TrackKey

LONGEST = REVISE_MEMORY  # seconds; later, nothing is taken back of what has ended
ROUNDING = 1e-6  # seconds: differences of times are not exact
FORGET_EVERY = 256  # time steps after which tracks that have ended are let go
WIDEST, QUALITY = 960, 90  # px of a picture that waits; of its JPEG


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What is told of a time step.

    Args:
        time: s.
        rows: of all tracks, camera by camera in the order of ``sightings``.
        sightings: of the cameras that sent a frame.
        decisions: what the association answered.
        gone: of cameras that are gone for good: that their tracks have ended.
    """

    time: float
    rows: Rows
    sightings: Sequence[Sighting]
    decisions: Decisions
    gone: Sequence[CameraStep] = ()

    @classmethod
    def last(cls, decisions: Decisions) -> Self:
        """What is decided after the last step."""
        return cls(math.inf, np.zeros(0, ROW), (), decisions)


@dataclass(slots=True, eq=False)
class _Track:
    """A camera's track, under whatever keys it goes on.

    Args:
        held: its rows that are not told yet, each as a table and a place in it.
        now: whose it is by what is known now; 0 where nothing is.
        person: whose it was when it was last told,
        number: and under which number that was; 0 before.
        weighed: as whom it was decided, and how probable that was.
        ended: whether that was told.
    """

    held: deque[tuple[Rows, int]] = field(default_factory=deque)
    now: int = 0
    person: int = 0
    number: int = 0
    weighed: tuple[int, float | None] = (0, None)
    ended: bool = False


class Lag:
    """Holds back what is told of an online run.

    Tracks are numbered anew, in the order they are told. Of two that one frame shows of one person,
    as brief overlaps are, the surer is told. Boxes that are only predicted are not; who is seen
    again before that is told is put on the way between.

    Args:
        seconds: for which, by the frames' times.
        gap: longest time between two sightings that is filled so, s.
        cameras: their names, by number.
        pictures: whether these wait, too; they are dropped otherwise.
    """

    def __init__(
        self, seconds: float, gap: float, cameras: Sequence[str], *, pictures: bool = False
    ) -> None:
        self._seconds, self._pictures, self._cameras = seconds, pictures, cameras
        self._gaps = Gaps(gap)
        self._held: deque[tuple[Told, list[_Track]]] = deque()
        self._tracks: dict[TrackKey, _Track] = {}  # under each key they had
        self._numbers: Counter[str] = Counter()  # given so far, by camera
        # What was decided since a step was last told.
        self._decided: dict[TrackKey, int] = {}
        self._confidence: dict[TrackKey, float] = {}
        self._merged: dict[int, int] = {}
        self._closed: list[int] = []
        self._steps = 0

    def take(self, told: Told) -> list[Told]:
        """Take in a time step; returns those that are old enough to be told.

        Args:
            told: as the cameras and the association have it, whose rows are its own to change; or
                ``Told.last``, after which all is told.
        """
        self._hold(told)
        self._believe(told.decisions)
        self._merged |= told.decisions.merged
        self._closed += told.decisions.closed
        self._steps += 1
        if self._steps % FORGET_EVERY == 0:
            self._tracks = {k: t for k, t in self._tracks.items() if not t.ended}
        return self._until(told.time - self._seconds + ROUNDING)

    def _hold(self, told: Told) -> None:
        tracks: list[_Track] = []
        sightings: list[Sighting] = []
        for sighting in told.sightings:
            camera = sighting.frame.camera
            for old, new in sighting.step.renewed.tolist():
                if known := self._tracks.get(TrackKey(camera, old)):
                    self._tracks[TrackKey(camera, new)] = known
            for number in sighting.tracks.ids.tolist():
                track = self._tracks.setdefault(TrackKey(camera, number), _Track())
                track.held.append((told.rows, len(tracks)))
                told.rows["person"][len(tracks)] = track.now
                tracks.append(track)
            frame = sighting.frame if self._pictures else replace(sighting.frame, image=None)
            sightings.append(replace(sighting, frame=_packed(frame)))
        self._held.append((replace(told, sightings=sightings), tracks))

    def _believe(self, decisions: Decisions) -> None:
        """Take in whom rows show that are held."""
        for key, person in decisions.ids.items():
            if track := self._tracks.get(key):
                track.now, track.weighed = person, (person, decisions.confidence.get(key))
                for rows, place in track.held:
                    if rows["track"][place] == key.track_id:
                        rows["person"][place] = person
                if track.number and not track.person:  # it was told as nobody's
                    self._decide(key.camera, track, person)
        for key, person, first, last in decisions.revised:
            if track := self._tracks.get(key):
                track.now = person if last == math.inf else track.now
                for rows, place in track.held:
                    if first <= rows["frame"][place] <= last:
                        rows["person"][place] = person

    def _until(self, time: float) -> list[Told]:
        due = []
        while self._held and self._held[0][0].time <= time:
            due.append(self._told(*self._held.popleft()))
        return due

    def _told(self, told: Told, tracks: Sequence[_Track]) -> Told:
        """A step as it is told after the lag."""
        for track in tracks:
            track.held.popleft()
        kept, first = _once(told.rows), 0
        sightings, rows = [], [told.rows[:0]]
        for sighting in told.sightings:
            here = slice(first, first + len(sighting.tracks))
            first = here.stop
            seen = self._seen(sighting, told.rows[here], tracks[here], kept[here])
            mine = told.rows[here][kept[here]]
            number = self._cameras.index(seen.frame.camera)
            later = (each.rows for each, _ in self._held)
            filled = self._gaps.fill(mine, number, seen.frame, later)
            rows += [mine, filled]
            sightings.append(_with(seen, filled))
        decisions = Decisions(
            self._decided, merged=self._merged, closed=self._closed, confidence=self._confidence
        )
        self._decided, self._merged, self._closed, self._confidence = {}, {}, [], {}
        gone = [replace(step, ended=self._ended(step)) for step in told.gone]
        return Told(told.time, np.concatenate(rows), sightings, decisions, gone)

    def _seen(
        self, sighting: Sighting, rows: Rows, tracks: Sequence[_Track], kept: Mask
    ) -> Sighting:
        """What a camera saw, with the numbers of the tracks that are told, also in its rows."""
        frame, renewed = sighting.frame, []
        for place, track in enumerate(tracks):
            if kept[place]:
                before = track.number
                rows["track"][place] = self._number(frame.camera, track, int(rows["person"][place]))
                renewed += [(before, track.number)] if before not in (0, track.number) else []
        seen = replace(sighting.tracks[kept], ids=rows["track"][kept])
        step = CameraStep(
            *(frame.camera, frame.index, frame.time, seen.ids, seen.boxes, seen.scores),
            *(seen.det_index >= 0, np.zeros_like(seen.ids)),
            ended=self._ended(sighting.step),
            renewed=np.array(renewed, np.int64).reshape(-1, 2),
        )
        return replace(sighting, frame=_unpacked(frame), tracks=seen, step=step)

    def _ended(self, step: CameraStep) -> Ints:
        """The numbers of a camera's tracks that have ended."""
        known = [self._tracks.get(TrackKey(step.camera, track)) for track in step.ended.tolist()]
        for track in known:
            if track is not None:
                track.ended = True
        return np.array([t.number for t in known if t is not None and t.number], np.int64)

    def _number(self, camera: str, track: _Track, person: int) -> int:
        """Under which number a track is told as somebody's."""
        if not track.number or person != track.person:
            self._numbers[camera] += 1
            track.number, track.person = self._numbers[camera], 0
            if person:
                self._decide(camera, track, person)
        return track.number

    def _decide(self, camera: str, track: _Track, person: int) -> None:
        """A track is told as somebody's from now on."""
        key = TrackKey(camera, track.number)
        track.person = self._decided[key] = person
        weighed, confidence = track.weighed
        if weighed == person and confidence is not None:
            self._confidence[key] = confidence


def _once(rows: Rows) -> Mask:
    """``(N,)`` which rows are told: those seen, of one person in one frame the surest."""
    kept: Mask = rows["person"] == 0
    order = np.argsort(-rows["score"], kind="stable")
    order = order[rows["detected"][order]]
    where = np.stack([rows["camera"], rows["frame"], rows["person"]], axis=1)[order]
    kept[order[np.unique(where, axis=0, return_index=True)[1]]] = True
    return np.asarray(kept & rows["detected"])


def _with(sighting: Sighting, filled: Rows) -> Sighting:
    """A sighting with the boxes of those who are hidden."""
    seen = sighting.tracks
    if not len(filled):
        return sighting
    tracks = Tracks(
        np.concatenate([seen.ids, filled["track"]]),
        np.concatenate([seen.boxes, filled["box"]]),
        np.concatenate([seen.scores, filled["score"]]),
        np.concatenate([seen.det_index, np.full(len(filled), -1)]),
        None if seen.classes is None else np.concatenate([seen.classes, filled["kind"]]),
    )
    return replace(sighting, tracks=tracks)


def _packed(frame: Frame) -> Frame:
    """A frame whose picture takes little memory: a JPEG in place of its pixels."""
    if frame.image is None:
        return frame
    height, width = frame.image.shape[:2]
    scale = min(1.0, WIDEST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
    return replace(frame, image=cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1])


def _unpacked(frame: Frame) -> Frame:
    """The frame again, with a picture that may be smaller than the camera's."""
    if frame.image is None:
        return frame
    return replace(frame, image=np.asarray(cv2.imdecode(frame.image, cv2.IMREAD_COLOR), np.uint8))
