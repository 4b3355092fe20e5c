"""What a run makes known as it goes on: rows and, online, ids; to files and whoever looks on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from mtmc.associate import Revising
from mtmc.events.reporting import Reporting
from mtmc.files import explained
from mtmc.outputs.mosaic import Labels, Mosaic
from mtmc.outputs.tracks import LiveTracks
from mtmc.outputs.video import VideoWriter
from mtmc.results.layout import EVENTS
from mtmc.run.config import RunConfig
from mtmc.run.lag import FORGET_EVERY, Lag, Told
from mtmc.run.open_tracks import OpenTracks
from mtmc.run.parts import Parts
from mtmc.sources import CameraReader
from mtmc.tracking.camera import Sighting
from mtmc.tracking.rows import TrackSpool
from mtmc.types import TrackKey

log = logging.getLogger("mtmc")

OnSeen = Callable[[Sequence[Sighting], Mapping[str, Labels], Mapping[TrackKey, int]], None]
OnAnswer = Callable[[Told], None]


class Answers:
    """Tells of a run, ``output.lag`` seconds late where that is online.

    Args:
        config: the resolved configuration.
        parts: the opened cameras and plug-ins.
        out: folder for the results.
        names: of the cameras, by number, to which others may be added.
        on_seen: see ``Pipeline``.
        on_answer: see ``Pipeline``.

    Attributes:
        spool: all rows and ids so far.
        events: of an online run; None where there are none.
        people: the greatest id told so far.
    """

    def __init__(
        self,
        config: RunConfig,
        parts: Parts,
        out: Path,
        names: Sequence[str],
        on_seen: OnSeen | None = None,
        on_answer: OnAnswer | None = None,
    ) -> None:
        online = parts.associator.online
        self.spool = TrackSpool(out, names)
        self._live_tracks: LiveTracks | None = None
        live = any(reader.live for reader in parts.readers)
        self._video = (
            _LiveVideo(parts.readers, config, out) if live and config.output.video else None
        )
        # Of a run that is done again with corrections, ids are settled at its end only.
        tells = online and parts.before is None
        zero = next((reader.zero for reader in parts.readers if reader.zero), None)
        self.events = Reporting(out / EVENTS, zero, parts.sinks) if tells else None
        self._time = 0.0  # of the last step that was told, s
        self._on_seen = on_seen if online else None
        self._on_answer = on_answer if online else None
        lag = config.output.lag if online else 0.0
        if config.output.lag and not online:
            log.warning("output.lag: this run tells who is who at its end; nothing waits")
        if online:
            self._live_tracks = LiveTracks(out / "tracks", names, parts.kinds, settled=lag > 0)
        if isinstance(parts.associator, Revising):
            if lag or on_answer:
                parts.associator.revise()
        elif lag:
            name = config.associator.name
            log.warning("associator %s: takes back nothing in time; output.lag only delays", name)
        self._lag = Lag(lag, config.refine, parts.readers, pictures=self.pictured) if lag else None
        self._open = OpenTracks()  # as they are told
        self._lately: set[TrackKey] = set()  # those that were, or were decided since
        self._steps = 0
        self.people = 0

    def join(self) -> None:
        """A camera was added to ``names``."""
        if self._live_tracks:
            self._live_tracks.begin()

    @property
    def pictured(self) -> bool:
        """Whether pictures are shown as the run goes on."""
        return self._on_seen is not None or self._video is not None

    def take(self, told: Told) -> None:
        """Tell of a time step, or of those that have waited until now.

        Args:
            told: as the cameras and the association have it; ``Told.last`` in the end.
        """
        if self._on_answer:
            self._on_answer(told)
        for due in [told] if self._lag is None else self._lag.take(told):
            self._tell(due)

    def close(self) -> None:
        """Close the files."""
        if self._live_tracks:
            self._live_tracks.close()
        if self._video:
            self._video.close()

    def _tell(self, told: Told) -> None:
        decided = told.decisions.ids
        self._time = told.time if told.sightings else self._time
        self.people = max(self.people, *decided.values(), 0)
        steps = [*(sighting.step for sighting in told.sightings), *told.gone]
        if self.events:
            self.events.step(self._time, steps, told.decisions)
        self.spool.append(told.rows, decided)
        if self._live_tracks:
            self._live_tracks.write(told.rows, decided)
            for step in steps:
                self._open.take(step)
            self._forget(self._live_tracks, decided)
        if not (self.pictured and told.sightings):
            return
        labels = _labels(told.sightings, self._live_tracks.ids if self._live_tracks else {})
        if self._on_seen:
            self._on_seen(told.sightings, labels, decided)
        if self._video:
            self._video.write(told.sightings, labels)

    def _forget(self, written: LiveTracks, decided: Iterable[TrackKey]) -> None:
        """Let go, now and then, of the ids of tracks that have ended."""
        self._lately.update(decided)
        self._steps += 1
        if self._steps % FORGET_EVERY == 0:
            # Not yet those that lately went on: they may be told of between two sightings.
            now = set(self._open.keys())
            written.forget_all_but(now | self._lately)
            self._lately = now


def _labels(sightings: Sequence[Sighting], ids: Mapping[TrackKey, int]) -> dict[str, Labels]:
    """What is drawn into each camera's frame."""
    return {
        s.frame.camera: (
            s.tracks.boxes,
            np.array([ids.get(TrackKey(s.frame.camera, t), 0) for t in s.tracks.ids], int),
            s.tracks.det_index >= 0,
        )
        for s in sightings
    }


class _LiveVideo:
    """The mosaic of live cameras, which cannot be seen a second time."""

    def __init__(self, readers: Sequence[CameraReader], config: RunConfig, out: Path) -> None:
        self._known = {reader.name for reader in readers}
        sizes = {reader.name: reader.size for reader in readers}
        zeros = {reader.name: reader.zero for reader in readers}
        self._mosaic = Mosaic(sizes, config.output.width, config.output.height, zeros)
        fps = max(reader.fps for reader in readers)
        self._path = out / "mosaic.mp4"
        with explained(self._path):
            self._writer = VideoWriter(self._path, self._mosaic.size, fps, live=True)

    def write(self, sightings: Sequence[Sighting], labels: Mapping[str, Labels]) -> None:
        # A camera that was added has no place in it.
        frames = {s.frame.camera: s.frame for s in sightings if s.frame.camera in self._known}
        if not frames:
            return
        time = min(frame.time for frame in frames.values())
        with explained(self._path):
            self._writer.write(self._mosaic.draw(frames, labels), time)

    def close(self) -> None:
        with explained(self._path):
            self._writer.close()
