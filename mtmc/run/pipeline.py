"""The run: frames in, tracks with global ids out."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

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
from mtmc.run.lag import Told
from mtmc.run.parts import Parts, Progress
from mtmc.run.stopwatch import Stopwatch
from mtmc.sources import align
from mtmc.sources.background import Background
from mtmc.trackers import Detections
from mtmc.tracking.camera import CameraTracking, Sighting
from mtmc.tracking.memory import Memory
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.tracking.rows import ROW, Rows, make_rows, untracked_rows
from mtmc.tracking.scene import SceneTracking
from mtmc.tracking.tracklet import Tracklet
from mtmc.tracking.view import View
from mtmc.types import Frame, TrackKey

if TYPE_CHECKING:
    from mtmc.reid.staged import StagedEmbedder

log = logging.getLogger("mtmc")

FEW_CORES = 2  # a network alone keeps so many busy, and a thread beside it only disturbs
STEPS_AHEAD = 2  # time steps the detector may be ahead of the rest

Step = dict[str, Frame]
Seen = tuple[list[Frame], list[Inference]]  # of the cameras of one time step


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
        on_answer: called by an online run with what it knows after each step, before any lag, and
            with what it takes back of earlier ones.

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
        self._parts = parts
        pictured = {r.name for r in parts.readers if r.camera.kind != "boxes"}
        changes = None if parts.recorded else Changes(pictured)
        self.budget = _budget(config, parts)
        self._perception = Perception(
            parts.detector, parts.embedder, inference, changes, self.budget
        )
        self.meaning = Meaning(parts.detector, {r.name: r.fps for r in parts.readers})
        self.crops: CropSpool | None = None
        if not parts.recorded and (config.output.crops or parts.embedder is not None):
            self.crops = CropSpool(
                inference.path if inference else out / SPOOL,
                pictured if config.output.crops else (),
                config.output.anonymise,
            )
        self._watch = watch
        self._on_step = on_step
        self._shown = Shown(parts.readers, config.output.anonymise)
        self._names = [reader.name for reader in parts.readers]
        self._numbers = {name: number for number, name in enumerate(self._names)}
        online = parts.associator.online
        self._answers = Answers(config, parts, out, on_seen, on_answer)
        self.spool = self._answers.spool
        cameras = {
            reader.name: CameraTracking(
                config.tracker,
                config.crops,
                View(
                    reader.name,
                    reader.fps,
                    reader.size,
                    parts.calibration.get(reader.name),
                    parts.kinds,
                ),
                keep=not online,
            )
            for reader in parts.readers
        }
        self._tracking = SceneTracking(config.tracker, cameras, online=online)
        self._embed_all = parts.embedder is not None and self._tracking.needs_embeddings
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

    def run(self) -> TrackTable:
        """Go through the videos to their end, or to Ctrl-C; returns all tracks with their ids."""
        with closing(self._answers):
            self._follow()
            if self._answers.online:
                found = self._parts.associator.finish(())
                self._answers.take(Told.last(found.ids), found.revised)
        return self._finish()

    def _follow(self) -> None:
        self._start_readers()
        steps = _ahead(self._detected())
        try:
            for seen in steps:
                self._step(*seen)
        except KeyboardInterrupt:
            self.interrupted = True
            log.warning("interrupted; writing what was done so far")
        finally:
            # Readers first: the detecting thread may be waiting for a silent camera.
            for reader in self._parts.readers:
                reader.close()
            steps.close()
            if self.crops:
                self.crops.close()

    def _start_readers(self) -> None:
        known = {} if self._tracking.needs_image else self._perception.recorded
        for reader in self._parts.readers:
            # Where pictures change is seen only beside earlier ones.
            before = math.ceil(MEMORY * reader.fps)
            reader.start(pixels_from=max(1, known.get(reader.name, 0) + 1 - before))

    def _detected(self) -> Generator[Seen, None, None]:
        """The frames of each time step with what the detector, or the log, says of each."""
        for step in self._timed(align(self._parts.readers)):
            frames = list(step.values())
            with self._watch("detect"):
                inferences = self._perception.detect(frames)
            yield frames, inferences

    def _timed(self, steps: Iterator[Step]) -> Iterator[Step]:
        while True:
            with self._watch("wait for frames"):
                step = next(steps, None)
            if step is None:
                return
            yield step

    def _step(self, frames: list[Frame], inferences: list[Inference]) -> None:
        if self._embed_all:
            with self._watch("embed"):
                every = [np.arange(len(i.detections)) for i in inferences]
                inferences = self._perception.embed(frames, inferences, every)
        with self._watch("track"):
            self.meaning.look(frames, inferences)
            detections = {
                frame.camera: self.meaning.probable(_with_embeddings(inference, self._embed_all))
                for frame, inference in zip(frames, inferences, strict=True)
            }
            embedded = None
            if self._parts.recorded and not self._embed_all:
                embedded = {f.camera: i.rows for f, i in zip(frames, inferences, strict=True)}
            sightings = self._tracking.update({f.camera: f for f in frames}, detections, embedded)
        steps = [s.unembedded() for s in sightings]
        if self._parts.embedder is not None:
            with self._watch("embed"):
                inferences, steps = self._embed_tracks(sightings, inferences)
        with self._watch("associate"):
            if self._memory is not None:
                for step in steps:
                    self._memory.take(step)
            else:
                steps = [self._telling.marked(step) for step in steps]
            decisions = self._parts.associator.update(max(f.time for f in frames), steps)
            self._tracking.obey(decisions)
        with self._watch("write"):
            self._write(sightings, inferences, decisions)
        self._count(sightings)

    def _embed_tracks(
        self, sightings: Sequence[Sighting], inferences: Sequence[Inference]
    ) -> tuple[list[Inference], list[CameraStep]]:
        """Embed the crops worth it, as one batch over all cameras; what is told of all tracks."""
        wanted = [s.tracks.det_index[s.wanted] for s in sightings]
        tracks = [s.tracks.ids[s.wanted] for s in sightings]
        frames = [s.frame for s in sightings]
        embedded = self._perception.embed(frames, inferences, wanted, tracks)
        steps = []
        for sighting, inference, rows in zip(sightings, embedded, wanted, strict=True):
            place = {int(row): position for position, row in enumerate(inference.rows)}
            chosen = [place[int(row)] for row in rows]
            reliability = None
            if (exits := inference.exits) is not None:
                embedder = cast("StagedEmbedder", self._parts.embedder)
                reliability = np.array(embedder.reliability, np.float32)[exits[chosen] - 1]
            steps.append(sighting.embedded(inference.embeddings[chosen], reliability))
        if self.budget is not None:
            _remember(self.budget.looks, steps)
        return embedded, steps

    def _write(
        self,
        sightings: Sequence[Sighting],
        inferences: Sequence[Inference],
        decisions: Decisions,
    ) -> None:
        told = zip(sightings, inferences, strict=True)
        rows = np.concatenate([part for each in told for part in self._rows(*each)])
        shown = self._shown(sightings, inferences) if self._answers.pictured else sightings
        time = max(sighting.frame.time for sighting in sightings)
        self._answers.take(Told(time, rows, shown, decisions.ids), decisions.revised)
        if self.crops:
            self.crops.take(sightings, inferences)  # first: see there
        self._perception.note([s.frame for s in sightings], inferences)

    def _rows(self, sighting: Sighting, inference: Inference) -> list[Rows]:
        """What is to be kept of a camera's time step."""
        camera, frame, tracks = sighting.frame.camera, sighting.frame, sighting.tracks
        number, detections = self._numbers[camera], inference.detections
        if not self._finishing.refines:
            return [make_rows(number, frame, tracks, sighting.floor, inference.changed)]
        # As detected: the refinement smooths, and has a use for what no track took.
        boxes, found = tracks.boxes.copy(), tracks.det_index >= 0
        boxes[found] = detections.boxes[tracks.det_index[found]]
        tracks = replace(tracks, boxes=boxes)
        rows = make_rows(number, frame, tracks, sighting.floor, inference.changed)
        return [rows, untracked_rows(number, frame, self.meaning.probable(detections), tracks)]

    def _count(self, sightings: Sequence[Sighting]) -> None:
        for sighting in sightings:
            name = sighting.frame.camera
            self.progress.frames[name] += 1
            self.progress.tracks[name] = self._tracking.cameras[name].count
        self.progress.people = self._answers.people
        self._on_step(self.progress)

    def _finish(self) -> TrackTable:
        self._tracking.check_calibration()
        self.meaning.note()
        ids = self.spool.ids()
        rows, self.tracklets = self._finishing.finish(self.spool.rows(), ids)
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


def _ahead(steps: Generator[Seen, None, None]) -> Background[Seen] | Generator[Seen, None, None]:
    """Detection in a thread of its own, where there is a core for what comes after it."""
    return Background(steps, STEPS_AHEAD) if available_cores() > FEW_CORES else steps


def _budget(config: RunConfig, parts: Parts) -> Budget | None:
    """What says how deep crops go into the embedder; None where all go to the end."""
    reid = config.reid
    if not isinstance(reid, ReidConfig) or not reid.budget.given or parts.recorded:
        return None
    return Budget(cast("StagedEmbedder", parts.embedder), reid.budget, Looks())


def _remember(looks: Looks, steps: Sequence[CameraStep]) -> None:
    """What the tracks of a time step look like."""
    for step in steps:
        looks.forget(step.camera, np.concatenate([step.ended, step.renewed[:, 0]]))
        looks.take(step.camera, step.ids[step.crops], step.embeddings, step.quality)


def _with_embeddings(inference: Inference, embed_all: bool) -> Detections:
    found = inference.detections
    if not embed_all or len(found) == 0:
        return found
    return replace(found, embeddings=inference.embeddings)
