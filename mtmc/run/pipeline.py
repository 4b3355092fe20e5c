"""The run: frames in, tracks with global ids out."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from mtmc.associate import Relocating
from mtmc.calibration import Calibration
from mtmc.calibration.estimate.tracks import Found as FoundCamera
from mtmc.corrections.telling import Telling
from mtmc.outputs.crops import SPOOL, CropSpool, Cutter
from mtmc.outputs.tracks import TrackTable
from mtmc.perception.budget import Budget, Looks
from mtmc.perception.changes import Changes
from mtmc.perception.log import Inference, InferenceLog
from mtmc.perception.perception import Perception
from mtmc.perception.scores import Meaning
from mtmc.run.ahead import detected_ahead, start_readers
from mtmc.run.anonymised import Shown
from mtmc.run.answers import Answers, OnAnswer, OnSeen
from mtmc.run.config import ReidConfig, RunConfig
from mtmc.run.finishing import Finishing
from mtmc.run.group import (
    Cameras,
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
from mtmc.run.placing import Placing, tell_of, warn_of_clocks
from mtmc.run.roster import News
from mtmc.run.stopwatch import Stopwatch
from mtmc.run.workers import RemoteCameras, WorkerError
from mtmc.sources import CameraReader
from mtmc.tracking.camera import Sighting
from mtmc.tracking.memory import Memory
from mtmc.tracking.messages import CameraStep, Decisions, empty_step
from mtmc.tracking.placing import busiest, find_cameras
from mtmc.tracking.rows import ROW, Rows, as_detected, make_rows, untracked_rows
from mtmc.tracking.tracklet import Tracklet
from mtmc.tracking.view import View
from mtmc.types import Frame, TrackKey

if TYPE_CHECKING:
    from mtmc.reid.staged import StagedEmbedder

log = logging.getLogger("mtmc")

GONE_AFTER = 2.0  # seconds after which nothing of a camera that has ended is on its way


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

    After ``run``, ``things`` are the tracks of no people, ``tracklets`` those of an offline run
    and ``found`` the cameras of which it was found out where they stand; ``spool`` and, of live
    cameras, ``crops`` are to be removed once their results are written.
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
        self._on_step, self._watch = on_step, watch
        online = parts.associator.online
        self._names = [reader.name for reader in parts.readers]
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self._fps = {reader.name: reader.fps for reader in parts.readers}
        self._pictured = pictured(parts.readers)
        self.budget = _budget(config, parts)
        self._perception = _perception(parts, inference, self._pictured, self.budget)
        self.meaning = Meaning(parts.detector, self._fps)
        self._tracking = scene_tracking(
            config, parts.readers, parts.calibration, parts.kinds, online=online
        )
        cutter = None if parts.recorded else cutter_of(config, self._pictured, parts.embedder)
        self.crops = CropSpool(inference.path if inference else out / SPOOL) if cutter else None
        self._shown = Shown(parts.readers, config.output.anonymise)
        self._answers = Answers(config, parts, out, self._names, on_seen, on_answer)
        self.spool, self.events = self._answers.spool, self._answers.events
        self._cameras = self._looked_at(cutter)
        self._time = 0.0  # of the last step, s
        self._seen: dict[str, float] = {}  # when each camera's last frame was taken, s
        self._open = OpenTracks()
        self.progress = Progress(dict.fromkeys(self._names, 0), dict.fromkeys(self._names, 0))
        self._telling = Telling(parts.corrections, self._names, parts.before)
        # Online, the association has a memory of its own.
        self._memory = None if online else Memory(keep=True)
        self._finishing = Finishing(
            config, parts, self._tracking, self._memory, watch, self.progress, self._telling
        )
        self.tracklets: Sequence[Tracklet] = ()
        self.things = TrackTable(np.zeros(0, ROW), self._names, {})
        self.found: Mapping[str, FoundCamera] = {}
        self._placing: Placing | None = None  # offline, that is done once, at last
        if self._finds and online and isinstance(parts.associator, Relocating):
            live = any(reader.live for reader in parts.readers)
            self._placing = Placing(self._views, parts.associator, live=live)
        self.interrupted = False
        self.failure: WorkerError | None = None  # why it could not go on

    def _looked_at(self, cutter: Cutter | None) -> Cameras:
        """All cameras, whose frames this process or its workers look at."""
        parts, perception = self._parts, self._perception
        here = Group(
            perception,
            self._tracking,
            parts.embedder,
            cutter,
            recorded=parts.recorded,
            budget=self.budget,
            watch=self._watch,
        )
        if parts.workers is None:
            return here
        # Some of it is about all cameras at once.
        joint = here if self._tracking.joint is not None or self.budget is not None else None
        wanted = self._answers.pictured
        return RemoteCameras(parts.workers, self._config, parts, perception, joint, pictures=wanted)

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
        parts, perception = self._parts, self._perception
        start_readers(parts.readers, perception, self._tracking.needs_image)
        workers = parts.workers
        steps = detected_ahead(
            parts.readers, self._cameras, perception, self._watch, apart=workers is not None
        )
        try:
            for found in steps:
                self._step(*found())
            if workers is not None and workers.failure is not None:
                raise workers.failure
        except KeyboardInterrupt:
            self.interrupted = True
            log.warning("interrupted; writing what was done so far")
        except WorkerError as error:
            self.interrupted, self.failure = True, error
        finally:
            # Readers first: the detecting thread may be waiting for a silent camera.
            for reader in parts.readers:
                reader.close()
            steps.close()
            if workers is not None:
                workers.end(self._watch)
            if self.crops:
                self.crops.close()

    def _step(self, frames: Sequence[Frame], inferences: Sequence[Inference]) -> None:
        with self._watch("track"):
            self.meaning.look(frames, inferences)
        seen = self._cameras.follow(frames, inferences, self.meaning.curve)
        if not seen:  # their workers are gone
            return
        with self._watch("associate"):
            if self._placing is not None:
                self._placing.look(max(f.time for f in frames))
                seen = self._placing.located(seen)
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
                steps.append(empty_step(name, time=self._time, ended=sorted(self._open.of(name))))
        return steps

    def _write(
        self, seen: Sequence[Seen], decisions: Decisions, gone: Sequence[CameraStep]
    ) -> None:
        sightings = [each.sighting for each in seen]
        inferences = [each.inference for each in seen]
        told = zip(sightings, inferences, strict=True)
        rows = np.concatenate([part for each in told for part in self._rows(*each)])
        if self._placing is not None:
            self._placing.take(self._time, rows, [each.step for each in seen])
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

    def _views(self) -> list[View]:
        """All cameras, by number."""
        return [camera.view for camera in self._tracking.cameras.values()]

    @property
    def _finds(self) -> bool:
        """Whether it is to be found out where cameras stand; others may be added."""
        # A tracker over all cameras knows these from the beginning.
        if not self._config.find_cameras or self._tracking.joint is not None:
            return False
        views = self._views()
        several = len(views) > 1 and not all(view.model for view in views)
        return several or self._parts.roster is not None

    def _find_cameras(self, rows: Rows) -> None:
        """Find out where the cameras without a calibration stand."""
        if self._placing is not None:
            self._placing.close()
            self.found = self._placing.found
        elif self._finds and self._finishing.refines:
            with self._watch("associate"):
                # What a camera by itself would refine is dear; so no more than is looked at.
                alone = self._finishing.alone(rows[busiest(rows, self._views())])
                self.found = find_cameras(alone, self._views())
                warn_of_clocks(alone, self._views())
        self._parts.calibration.update({n: each.model for n, each in self.found.items()})
        tell_of(self.found, self._views())

    def _finish(self) -> TrackTable:
        self._tracking.check_calibration()
        self.meaning.note()
        ids = self.spool.ids()
        said = dict(ids)
        rows = self.spool.rows()
        self._find_cameras(rows)
        rows, self.tracklets = self._finishing.finish(rows, ids)
        if self.events:
            self.events.finish(self._time, said, ids)
        self.progress.people = len(set(ids.values()))
        kinds = self._parts.kinds
        self.things = numbered(self._finishing.things, self._names, kinds)
        places, names = self._finishing.places(rows, ids), self._finishing.names
        return TrackTable(rows, self._names, ids, places, kinds, names)


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


def _perception(
    parts: Parts, inference: InferenceLog | None, pictured: Set[str], budget: Budget | None
) -> Perception:
    live = any(reader.live for reader in parts.readers) or parts.roster is not None
    return Perception(
        parts.detector,
        parts.embedder,
        inference,
        None if parts.recorded else Changes(pictured),
        budget,
        recording=not live and parts.workers is None,
    )
