"""A zone: a few cameras, who is who in them, and what of that the directory is told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mtmc.associate.online.associator import REVISE_MEMORY, OnlineAssociator, OnlineConfig
from mtmc.associate.online.people import Person
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.tracking.tracklet import Tracklet, by_start
from mtmc.types import Floats, TrackKey
from mtmc.zones.alone import Alone
from mtmc.zones.report import Report

REPORT_EVERY = 1.0  # s between two reports, where nobody is new
GROWN = 1.5  # times as many crops as were told of are told of again
SAMPLE_EVERY = 20.0  # s between two samples
SAMPLED = 12  # tracklets of one
ROUNDING = 1e-6  # s


@dataclass(slots=True)
class _Told:
    """What the directory was told of somebody's latest stay.

    Args:
        stay: its number.
        start: when it began, s.
        entry: place of the camera that saw them first.
        crops: changes of the looks told of.
        there: whether a camera may still see them.
        end: when they were last seen, s.
        open: tracks that go on.
        tracks: all, as they were: each with whether it had ended.
    """

    stay: int
    start: float
    entry: int
    crops: int = 0
    there: bool = False
    end: float = -math.inf
    open: dict[TrackKey, None] = field(default_factory=dict)
    tracks: list[tuple[TrackKey, bool]] = field(default_factory=list)


@dataclass(slots=True)
class _News:
    """What goes into a report; see there."""

    rows: list[tuple[_Told, int, Floats, Floats]] = field(default_factory=list)
    tracks: list[tuple[int, TrackKey]] = field(default_factory=list)
    ended: list[tuple[int, TrackKey]] = field(default_factory=list)
    again: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int]] = field(default_factory=list)


class Zone:
    """The online association of a zone's cameras; a single camera's tracks are by themselves.

    Args:
        name: of the zone.
        config: of the association.
        even_distance: see ``Associator``.
        cameras: names of the zone's.
        places: of all cameras, by name.
    """

    def __init__(
        self,
        name: str,
        config: OnlineConfig,
        even_distance: float,
        cameras: Sequence[str],
        places: Mapping[str, int],
    ) -> None:
        self.name = name
        self._places = {camera: places[camera] for camera in cameras}
        # Who left the zone long ago is the directory's to find again.
        config = replace(config, memory=REVISE_MEMORY)
        self._associator: OnlineAssociator | Alone
        if len(cameras) == 1:
            self._associator = Alone(config)
        else:
            self._associator = OnlineAssociator(config, even_distance)
        self._samples = config.max_distance == "auto"
        self._told: dict[int, _Told] = {}  # by the association's number of them
        self._owners: dict[TrackKey, int] = {}  # stays of the tracks
        self._reports = self._stays = 0
        self._report_at = self._sample_at = -math.inf

    def update(self, time: float, steps: Sequence[CameraStep]) -> tuple[Decisions, Report | None]:
        """Take in a moment; who is who by the number of the stay, and what is new of them."""
        decisions = self._associator.update(time, steps)
        if not decisions.ids and time < self._report_at - ROUNDING:
            return decisions, None
        self._report_at = time + REPORT_EVERY
        report = self._report(time)
        return replace(decisions, ids=self._stays_of(decisions.ids)), report

    def last(self, time: float) -> tuple[Mapping[TrackKey, int], Report]:
        """After the last moment."""
        associator = self._associator
        ids = associator.last() if isinstance(associator, Alone) else associator.finish(()).ids
        report = self._report(time)
        return self._stays_of(ids), report

    def _stays_of(self, ids: Mapping[TrackKey, int]) -> dict[TrackKey, int]:
        return {key: self._told[number].stay for key, number in ids.items()}

    def _report(self, time: float) -> Report:
        people = {p.global_id: p for p in self._associator.shown() if p.global_id is not None}
        news = _News()
        self._merge(people, news)
        for number, person in people.items():
            if person.tracks:
                self._look(number, person, news)
        for number in [n for n in self._told if n not in people or not people[n].tracks]:
            gone = self._told.pop(number)
            news.ended += [(gone.stay, key) for key in gone.open]
        if news.rows or news.ended:
            keys = {t.key for p in people.values() for t in p.tracks}
            self._owners = {key: who for key, who in self._owners.items() if key in keys}
        self._reports += 1
        return _report(self.name, self._reports, time, news, self._sample(time, people))

    def _look(self, number: int, person: Person, news: _News) -> None:
        """What is new of somebody, if anything is."""
        tracks, crops = [], 0
        for tracklet in person.tracks:
            tracks.append((tracklet.key, tracklet.closed))
            crops += tracklet.gallery.version
        told = self._told.get(number)
        if told and tracks == told.tracks and crops < GROWN * told.crops:
            return
        new = [t for t in person.tracks if t.key not in self._owners]
        first = min(new or person.tracks, key=by_start)
        if told is None or (new and not told.there and first.start > told.end):
            told = self._told[number] = self._arrive(told, first, news)
        for tracklet in sorted(new, key=by_start):
            self._owners[tracklet.key] = told.stay
            news.tracks.append((told.stay, tracklet.key))
            told.open[tracklet.key] = None
            if tracklet.start < told.start:
                told.start, told.entry = tracklet.start, self._places[tracklet.key.camera]
        going_on = {key for key, closed in tracks if not closed}
        for key in [key for key in told.open if key not in going_on]:
            del told.open[key]
            news.ended.append((told.stay, key))
        latest = max(person.tracks, key=lambda t: (t.end, t.start, t.key))
        told.there, told.end = bool(going_on), latest.end
        told.crops, told.tracks = crops, tracks
        place = self._places[latest.key.camera]
        news.rows.append((told, place, *_look_of(person)))

    def _arrive(self, before: _Told | None, first: Tracklet, news: _News) -> _Told:
        """Somebody is there who was not, or not any more."""
        self._stays += 1
        if before is not None:
            news.again.append((self._stays, before.stay))
        return _Told(self._stays, first.start, self._places[first.key.camera])

    def _merge(self, people: Mapping[int, Person], news: _News) -> None:
        """Who has nothing left, since all of it is somebody else's now."""
        gone = {
            told.stay: number
            for number, told in self._told.items()
            if number in people and not people[number].tracks and not people[number].galleries
        }
        for number, person in people.items() if gone else ():
            for tracklet in person.tracks:
                stay = self._owners.get(tracklet.key)
                if stay in gone and number in self._told:
                    self._join(self._told.pop(gone.pop(stay)), number, news)

    def _join(self, gone: _Told, number: int, news: _News) -> None:
        """A stay turns out to be of that person, who may have been there before or after it."""
        told = self._told[number]
        if not told.there and told.end < gone.start:
            self._told[number] = gone
            news.again.append((gone.stay, told.stay))
        elif not gone.there and gone.end < told.start:
            news.again.append((told.stay, gone.stay))
        else:
            news.merged.append((gone.stay, told.stay))
            told.open |= gone.open

    def _sample(self, time: float, people: Mapping[int, Person]) -> list[Tracklet]:
        """Tracklets that one camera sees at once, so that they are known to be others."""
        if not self._samples or time < self._sample_at - ROUNDING:
            return []
        by_camera: dict[str, list[Tracklet]] = {}
        for person in people.values():
            for tracklet in person.tracks:
                if not tracklet.closed and len(tracklet.gallery) > 1:
                    by_camera.setdefault(tracklet.key.camera, []).append(tracklet)
        most = max(by_camera.values(), key=len, default=[])
        if len(most) < 2:
            return []
        self._sample_at = time + SAMPLE_EVERY
        return [_copy(tracklet) for tracklet in most[:SAMPLED]]


def _report(zone: str, number: int, time: float, news: _News, sample: Sequence[Tracklet]) -> Report:
    """As arrays."""
    rows = news.rows
    dim = max((len(look) for *_, look, _ in rows), default=0)
    looks = [look if len(look) else np.zeros(dim, np.float32) for *_, look, _ in rows]
    return Report(
        zone,
        number,
        time,
        np.array([told.stay for told, *_ in rows], np.int64),
        np.array([told.start for told, *_ in rows], np.float64),
        np.array([told.end for told, *_ in rows], np.float64),
        np.array([told.entry for told, *_ in rows], np.int64),
        np.array([place for _, place, *_ in rows], np.int64),
        np.array([told.there for told, *_ in rows], bool),
        np.array(looks, np.float32).reshape(len(rows), dim),
        np.array([weights for *_, weights in rows], np.float64).reshape(-1, 2),
        news.tracks,
        news.ended,
        np.array(news.again, np.int64).reshape(-1, 2),
        np.array(news.merged, np.int64).reshape(-1, 2),
        sample,
    )


def _look_of(person: Person) -> tuple[Floats, Floats]:
    """All that is known of how somebody looks: a sum, and the sums of the weights."""
    galleries = [t.gallery for t in person.tracks] + list(person.galleries.values())
    known = [gallery for gallery in galleries if len(gallery)]
    if not known:
        return np.zeros(0, np.float32), np.zeros(2, np.float32)
    look = np.sum([gallery.sum() for gallery in known], axis=0)
    return look, np.sum([gallery.total() for gallery in known], axis=0)


def _copy(tracklet: Tracklet) -> Tracklet:
    """As it is now, without where it walked."""
    result = Tracklet(tracklet.key, tracklet.start, tracklet.end, hits=tracklet.hits)
    result.frames, result.times = [list(tracklet.frames[-1])], [list(tracklet.times[-1])]
    result.gallery = tracklet.gallery.part(np.ones(len(tracklet.gallery), bool))
    return result
