"""The run: frames in, tracks with global ids out."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from mtmc.calibration import Calibration
from mtmc.corrections.telling import Telling
from mtmc.outputs.crops import SPOOL, CropSpool
from mtmc.outputs.tracks import TrackTable
from mtmc.perception.budget import Budget, Looks
from mtmc.perception.changes import MEMORY, Changes
from mtmc.perception.log import Inference, InferenceLog
from mtmc.perception.perception import Perception
from mtmc.perception.scores import Meaning
from mtmc.reid.threads import available_cores
from mtmc.run.anonymised import Shown
from mtmc.run.answers import Answers, OnAnswer, OnSeen
from mtmc.run.config import ReidConfig, RunConfig
from mtmc.run.finishing import Finishing
from mtmc.run.group import (
    Cameras,
    Found,
    Group,
    Seen,
    camera_tracking,
    cutter_of,
    pictured,
    scene_tracking,
)
from mtmc.run.lag import Told
from mtmc.run.open_tracks import OpenTracks
from mtmc.run.parts import Parts, Progress
from mtmc.run.roster import News
from mtmc.run.stopwatch import Stopwatch
from mtmc.run.workers import RemoteCameras, WorkerError
from mtmc.sources import CameraReader, align
from mtmc.sources.background import Background
from mtmc.tracking.camera import Sighting
from mtmc.tracking.memory import Memory
from mtmc.tracking.messages import CameraStep, Decisions, departed
from mtmc.tracking.rows import ROW, Rows, as_detected, make_rows, untracked_rows
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Frame, TrackKey

if TYPE_CHECKING:
    from mtmc.reid.staged import StagedEmbedder

log = logging.getLogger("mtmc")

FEW_CORES = 2  # a network alone keeps so many busy, and a thread beside it only disturbs
GONE_AFTER = 2.0  # seconds after which nothing of a camera that has ended is on its way
STEPS_AHEAD = 2  # time steps the detector may be ahead of the rest

Step = dict[str, Frame]
Detecting = Callable[[], Found]
Detected = Generator[Detecting, None, None]


class Pipeline:
    """Runs all stages over all cameras, one time step after the other.

    Decoding (one thread per camera) and, given the cores, detection (one thread) run ahead of the
    rest.

    Args:
        config: the resolved configuration.
        parts: the opened cameras and plug-ins.
        out: folder for the results.
        inference: what was inferred before, and where it is noted; None for live cameras.
        watch: counts the stages' times.
        on_step: called with the progress after each step.
        on_seen: called by an online run with what each step saw; see ``Listener.seen``. None where
            nobody looks.
        on_answer: called by an online run with what it knows after each step, before any lag.

    After ``run``, ``things`` are the tracks of no people and ``tracklets`` those of an offline run;
    ``spool`` and, of live cameras, ``crops`` are to be removed once their results are written.
    """

    def __init__(
        self,
        config: RunConfig,
        parts: Parts,
        out: Path,
        inference: InferenceLog | None,
        watch: Stopwatch,
        on_step: Callable[[Progress], None] = lambda progress: None,
        on_seen: OnSeen | None = None,
        on_answer: OnAnswer | None = None,
    ) -> None:
        self._config, self._parts = config, parts
        online = parts.associator.online
        self._pictured = pictured(parts.readers)
        changes = None if parts.recorded else Changes(self._pictured)
        self.budget = _budget(config, parts)
        live = any(reader.live for reader in parts.readers) or parts.roster is not None
        self._perception = Perception(
            parts.detector,
            parts.embedder,
            inference,
            changes,
            self.budget,
            recording=not live and parts.workers is None,
        )
        self._fps = {r.name: r.fps for r in parts.readers}
        self.meaning = Meaning(parts.detector, self._fps)
        cutter = None if parts.recorded else cutter_of(config, self._pictured, parts.embedder)
        self.crops = CropSpool(inference.path if inference else out / SPOOL) if cutter else None
        self._tracking = scene_tracking(
            config, parts.readers, parts.calibration, parts.kinds, online=online
        )
        self._cameras: Cameras = Group(
            self._perception,
            self._tracking,
            parts.embedder,
            cutter,
            recorded=parts.recorded,
            budget=self.budget,
            watch=watch,
        )
        self._watch = watch
        self._on_step = on_step
        self._shown = Shown(parts.readers, config.output.anonymise)
        self._names = [reader.name for reader in parts.readers]
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self._answers = Answers(config, parts, out, self._names, on_seen, on_answer)
        self.spool, self.events = self._answers.spool, self._answers.events
        self._time = 0.0  # of the last step, s
        self._seen: dict[str, float] = {}  # when each camera's last frame was taken, s
        self._open = OpenTracks()
        if parts.workers is not None:
            # Some of it is about all cameras at once.
            here = self._tracking.joint is not None or self.budget is not None
            self._cameras = RemoteCameras(
                parts.workers,
                config,
                parts,
                self._perception,
                self._cameras if here else None,
                pictures=self._answers.pictured,
            )
        self.progress = Progress(dict.fromkeys(self._names, 0), dict.fromkeys(self._names, 0))
        self._telling = Telling(parts.corrections, self._names, parts.before)
        # Online, the association has a memory of its own.
        self._memory = None if online else Memory(keep=True)
        self._finishing = Finishing(
            config, parts, self._tracking, self._memory, watch, self.progress, self._telling
        )
        self.tracklets: Sequence[Tracklet] = ()
        self.things = TrackTable(np.zeros(0, ROW), self._names, {})
        self.interrupted = False
        self.failure: WorkerError | None = None  # why it could not go on

    @property
    def clock_offsets(self) -> Mapping[str, float]:
        """Seconds to add to each camera's clock for it to be the others', as far as is known."""
        clocks = self._tracking.clocks
        return {} if clocks is None else clocks.offsets

    def run(self) -> TrackTable:
        """Go through the videos to their end, or to Ctrl-C; returns all tracks with their ids."""
        with closing(self._answers):
            self._follow()
            if self._memory is None:
                found = self._parts.associator.finish(())
                self._answers.take(Told.last(Decisions(found.ids, revised=found.revised)))
        return self._finish()

    def _follow(self) -> None:
        """Go through the videos to their end, or to Ctrl-C."""
        self._start_readers()
        steps = self._ahead(self._detected())
        try:
            for found in steps:
                self._step(*found())
            if self._parts.workers is not None and self._parts.workers.failure is not None:
                raise self._parts.workers.failure
        except KeyboardInterrupt:
            self.interrupted = True
            log.warning("interrupted; writing what was done so far")
        except WorkerError as error:
            self.interrupted, self.failure = True, error
        finally:
            # Readers first: the detecting thread may be waiting for a silent camera.
            for reader in self._parts.readers:
                reader.close()
            steps.close()
            if self._parts.workers is not None:
                self._parts.workers.end(self._watch)
            if self.crops:
                self.crops.close()

    def _ahead(self, steps: Detected) -> Background[Detecting] | Detected:
        """Later steps are begun before earlier ones are done.

        In a thread of its own where there is a core for what comes after it, else as many as the
        detector works on beside us.
        """
        apart = self._parts.workers is not None or available_cores() > FEW_CORES
        ahead = -(-self._perception.ahead // max(len(self._names), 1))
        return Background(steps, max(ahead, STEPS_AHEAD)) if apart else _before(steps, ahead)

    def _start_readers(self) -> None:
        known = {} if self._tracking.needs_image else self._perception.recorded
        for reader in self._parts.readers:
            # Where pictures change is seen only beside earlier ones.
            before = math.ceil(MEMORY * reader.fps)
            reader.start(pixels_from=max(1, known.get(reader.name, 0) + 1 - before))

    def _detected(self) -> Detected:
        """The frames of each time step with what the detector, or the log, says of each."""
        for step in self._timed(align(self._parts.readers)):
            yield self._cameras.detect(list(step.values()))

    def _timed(self, steps: Iterator[Step]) -> Iterator[Step]:
        while True:
            with self._watch("wait for frames"):
                step = next(steps, None)
            if step is None:
                return
            yield step

    def _step(self, frames: Sequence[Frame], inferences: Sequence[Inference]) -> None:
        with self._watch("track"):
            self.meaning.look(frames, inferences)
        seen = self._cameras.follow(frames, inferences, self.meaning.curve)
        if not seen:  # their workers are gone
            return
        with self._watch("associate"):
            steps = [each.step for each in seen]
            for each in seen:
                self._tracking.note(each.sighting, keep=self._memory is not None)
            if self._memory is not None:
                for step in steps:
                    self._memory.take(step)
            else:
                steps = [self._telling.marked(step) for step in steps]
            self._time = max(f.time for f in frames)
            self._seen |= {f.camera: f.time for f in frames}
            gone = self._departed()
            decisions = self._parts.associator.update(self._time, [*steps, *gone])
            self._cameras.obey(decisions)
        with self._watch("write"):
            self._write(seen, decisions, gone)
        self._count(seen)
        if self._parts.roster is not None:
            self._change_cameras(self._parts.roster.news())

    def _change_cameras(self, news: News) -> None:
        """Take in cameras that were added, and close those that were taken out."""
        for reader, model in news.joined:
            self._join(reader, model)
            log.info("camera %s: joins the run", reader.name)
        for reader in self._parts.readers:
            if reader.name in news.left:
                reader.close()
                log.info("camera %s: was taken out; what it saw is kept", reader.name)

    def _join(self, reader: CameraReader, model: Calibration | None) -> None:
        name = reader.name
        self._numbers[name] = len(self._names)
        self._names.append(name)  # which others know, too
        self._pictured.add(name)
        self._fps[name] = reader.fps
        self._tracking.join(camera_tracking(self._config, reader, model, self._parts.kinds))
        if model is not None:
            self._parts.calibration[name] = model
        self._shown.join(reader)
        self._answers.join()
        self.progress.frames[name] = self.progress.tracks[name] = 0
        reader.start()
        self._parts.readers.append(reader)  # last: from now on it is read

    def _departed(self) -> list[CameraStep]:
        """Of live cameras that are gone for good: that all of their tracks have ended."""
        steps = []
        for reader in self._parts.readers:
            name = reader.name
            late = self._time - self._seen.get(name, math.inf) > GONE_AFTER
            if late and self._open.of(name) and reader.live and reader.ended:
                steps.append(departed(name, self._time, self._open.of(name)))
        return steps

    def _write(
        self, seen: Sequence[Seen], decisions: Decisions, gone: Sequence[CameraStep]
    ) -> None:
        sightings = [each.sighting for each in seen]
        inferences = [each.inference for each in seen]
        told = zip(sightings, inferences, strict=True)
        rows = np.concatenate([part for each in told for part in self._rows(*each)])
        shown = self._shown(sightings, inferences) if self._answers.pictured else sightings
        found = [self.meaning.probable(inference.detections) for inference in inferences]
        self._answers.take(Told(self._time, rows, shown, decisions, gone, found))
        for step in (*(each.step for each in seen), *gone):
            self._open.take(step)
        if self.crops:  # first: see there
            self.crops.take((each.step, each.crops, each.fresh) for each in seen)
        self._perception.note([s.frame for s in sightings], inferences)

    def _rows(self, sighting: Sighting, inference: Inference) -> list[Rows]:
        """What is to be kept of a camera's time step."""
        camera, frame, tracks = sighting.frame.camera, sighting.frame, sighting.tracks
        number, detections = self._numbers[camera], inference.detections
        if not self._finishing.refines:
            return [make_rows(number, frame, tracks, sighting.floor, inference.changed)]
        # As detected: the refinement smooths, and has a use for what no track took.
        tracks = as_detected(tracks, detections)
        rows = make_rows(number, frame, tracks, sighting.floor, inference.changed)
        return [rows, untracked_rows(number, frame, self.meaning.probable(detections), tracks)]

    def _count(self, seen: Sequence[Seen]) -> None:
        for step in (each.step for each in seen):
            self.progress.frames[step.camera] += 1
            tracks = step.ids.tolist() + step.renewed[:, 1].tolist()
            self.progress.tracks[step.camera] = max([self.progress.tracks[step.camera], *tracks])
        self.progress.people = self._answers.people
        self._on_step(self.progress)

    def _finish(self) -> TrackTable:
        self._tracking.check_calibration()
        self.meaning.note()
        ids = self.spool.ids()
        said = dict(ids)
        rows, self.tracklets = self._finishing.finish(self.spool.rows(), ids)
        if self.events:
            self.events.finish(self._time, said, ids)
        self.progress.people = len(set(ids.values()))
        kinds = self._parts.kinds
        self.things = numbered(self._finishing.things, self._names, kinds)
        places, names = self._finishing.places(rows, ids), self._finishing.names
        return TrackTable(rows, self._names, ids, places, kinds, names)


def _before(steps: Detected, ahead: int) -> Detected:
    """The same, each when so many after it are begun, too."""
    begun: deque[Detecting] = deque()
    for step in steps:
        begun.append(step)
        if len(begun) > ahead:
            yield begun.popleft()
    yield from begun


def numbered(rows: Rows, cameras: Sequence[str], kinds: Sequence[str]) -> TrackTable:
    """Tracks of things, each of which has a number of its own, in the order they were seen."""
    keys, first = np.unique(rows[["camera", "track"]], return_index=True)
    order = np.argsort(rows["time"][first], kind="stable")
    found = [TrackKey(cameras[camera], track) for camera, track in keys[order].tolist()]
    ids = {key: number for number, key in enumerate(found, 1)}
    return TrackTable(rows, cameras, ids, kinds=kinds)


def _budget(config: RunConfig, parts: Parts) -> Budget | None:
    """What says how deep crops go into the embedder; None where all go to the end."""
    reid = config.reid
    if not isinstance(reid, ReidConfig) or not reid.budget.given or parts.recorded:
        return None
    return Budget(cast("StagedEmbedder", parts.embedder), reid.budget, Looks())
