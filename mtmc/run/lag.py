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
from mtmc.run.hindsight import Hindsight, Moment, Source, once
from mtmc.sources import CameraReader
from mtmc.trackers import Detections, Tracks
from mtmc.trackers.offline import RefineConfig
from mtmc.tracking.camera import Sighting
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.tracking.rows import ROW, Rows, as_detected, untracked_rows
from mtmc.types import Frame, Ints, TrackKey

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
        detections: of each of the ``sightings``, their scores probabilities; none once it is told.
    """

    time: float
    rows: Rows
    sightings: Sequence[Sighting]
    decisions: Decisions
    gone: Sequence[CameraStep] = ()
    detections: Sequence[Detections] = ()

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
        numbers: all under which it was told, by whose it was.
        weighed: as whom it was decided, and how probable that was.
        ended: whether that was told.
    """

    held: deque[tuple[Rows, int]] = field(default_factory=deque)
    now: int = 0
    person: int = 0
    number: int = 0
    numbers: dict[int, int] = field(default_factory=dict)
    weighed: tuple[int, float | None] = (0, None)
    ended: bool = False


class Lag:
    """Holds back what is told of an online run.

    Tracks are numbered anew, in the order they are told. Of two that one frame shows of one person,
    as brief overlaps are, the surer is told. Boxes that are only predicted are not. Where finished
    tracks are refined, what is known of the seconds around a moment is refined alike.

    Args:
        seconds: for which, by the frames' times.
        refine: of the refinement; None for none.
        cameras: by number; more may be added.
        pictures: whether these wait, too; they are dropped otherwise.
    """

    def __init__(
        self,
        seconds: float,
        refine: RefineConfig | None,
        cameras: Sequence[CameraReader],
        *,
        pictures: bool = False,
    ) -> None:
        self._seconds, self._pictures, self._cameras = seconds, pictures, cameras
        self._config = refine
        self._hindsight: dict[str, Hindsight[_Track]] = {}
        self._held: deque[Told] = deque()
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
        first, sightings = 0, []
        for sighting, detections in zip(told.sightings, told.detections, strict=True):
            rows = told.rows[first : first + len(sighting.tracks)]
            first += len(rows)
            self._hold_rows(sighting, rows, detections)
            frame = sighting.frame if self._pictures else replace(sighting.frame, image=None)
            sightings.append(replace(sighting, frame=_packed(frame)))
        self._held.append(replace(told, sightings=sightings, detections=()))

    def _hold_rows(self, sighting: Sighting, rows: Rows, detections: Detections) -> None:
        """Hold what a camera saw."""
        frame, seen, camera = sighting.frame, sighting.tracks, sighting.frame.camera
        for old, new in sighting.step.renewed.tolist():
            if known := self._tracks.get(TrackKey(camera, old)):
                self._tracks[TrackKey(camera, new)] = known
        number = [each.name for each in self._cameras].index(camera)
        if camera not in self._hindsight:
            turn = (number + 1) / len(self._cameras)
            reader = self._cameras[number]
            self._hindsight[camera] = Hindsight(reader, self._config, self._seconds, turn)
        free = rows[:0]
        if self._config:
            rows["box"] = as_detected(seen, detections).boxes
            free = untracked_rows(number, frame, detections, seen)
        tracks = [self._tracks.setdefault(TrackKey(camera, n), _Track()) for n in seen.ids.tolist()]
        for place, track in enumerate(tracks):
            track.held.append((rows, place))
            rows["person"][place] = track.now
        self._hindsight[camera].take(Moment(frame.index, frame.time, rows, tracks, free))

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
        while self._held and self._held[0].time <= time:
            due.append(self._told(self._held.popleft()))
        return due

    def _told(self, told: Told) -> Told:
        """A step as it is told after the lag."""
        sightings, rows = [], [told.rows[:0]]
        for sighting in told.sightings:
            seen, mine = self._seen(sighting)
            sightings.append(seen)
            rows.append(mine)
        decisions = Decisions(
            self._decided, merged=self._merged, closed=self._closed, confidence=self._confidence
        )
        self._decided, self._merged, self._closed, self._confidence = {}, {}, [], {}
        gone = [replace(step, ended=self._ended(step)) for step in told.gone]
        return Told(told.time, np.concatenate(rows), sightings, decisions, gone)

    def _seen(self, sighting: Sighting) -> tuple[Sighting, Rows]:
        """What a camera saw, with the numbers of the tracks that are told; and its rows."""
        frame, ended = sighting.frame, self._ended(sighting.step)
        moment, rows, of = self._hindsight[frame.camera].told()
        for track in moment.tracks:
            track.held.popleft()
        rows["person"] = [each.rows["person"][place] for each, place in of]
        kept = np.flatnonzero(once(rows))
        rows, of = rows[kept], [of[place] for place in kept.tolist()]
        renewed = self._number_rows(frame.camera, rows, moment, of)
        told, tracks = rows["track"] > 0, [each.tracks[place] for each, place in of]
        now = np.array([0 if track.ended else track.number for track in tracks], np.int64)
        going_on = told & rows["detected"] & (rows["track"] == now)
        ids, boxes, scores = (rows[name][going_on] for name in ("track", "box", "score"))
        step = CameraStep(
            *(frame.camera, frame.index, frame.time, ids, boxes, scores),
            *(np.ones(len(ids), bool), np.zeros_like(ids)),
            ended=ended,
            renewed=renewed,
        )
        rows = rows[told]
        kinds = None if sighting.tracks.classes is None else rows["kind"].astype(np.int64)
        seen = np.where(rows["detected"], 0, -1)
        shown = Tracks(rows["track"], rows["box"], rows["score"], seen, kinds)
        frame = _unpacked(frame)
        return replace(sighting, frame=frame, tracks=shown, floor=None, step=step), rows

    def _number_rows(
        self, camera: str, rows: Rows, moment: Moment[_Track], of: Sequence[Source[_Track]]
    ) -> Ints:
        """Give rows the numbers of the tracks they are told under; returns those that changed.

        What is new goes on under a number that its track had as that person's, or is not told.
        """
        renewed = []
        for place, (each, there) in enumerate(of):
            track, person = each.tracks[there], int(rows["person"][place])
            before = track.number
            if each is moment or not (before or track.ended):
                rows["track"][place] = self._number(camera, track, person)
                renewed += [(before, track.number)] if before not in (0, track.number) else []
            else:
                rows["track"][place] = track.numbers.get(person, 0)
        return np.array(renewed, np.int64).reshape(-1, 2)

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
            track.numbers[person] = track.number
            if person:
                self._decide(camera, track, person)
        return track.number

    def _decide(self, camera: str, track: _Track, person: int) -> None:
        """A track is told as somebody's from now on."""
        key = TrackKey(camera, track.number)
        track.person = self._decided[key] = person
        track.numbers.pop(0, None)
        track.numbers[person] = track.number
        weighed, confidence = track.weighed
        if weighed == person and confidence is not None:
            self._confidence[key] = confidence


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
