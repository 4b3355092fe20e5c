"""``mtmc run``: from a folder of videos to a folder of results."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import yaml

from mtmc.calibration import Calibration
from mtmc.calibration.estimate.save import save_calibration
from mtmc.calibration.estimate.tracks import Found
from mtmc.config import Settings
from mtmc.corrections import Corrections
from mtmc.files import claimed, write_text
from mtmc.outputs.crops import Anonymised, finished_crops, seen_tracklets, write_crops
from mtmc.outputs.mosaic import Labels
from mtmc.outputs.people import THING_AGE, People, counted
from mtmc.outputs.report import to_json, versions
from mtmc.outputs.tracks import TrackTable, write_mot_files, write_table
from mtmc.perception.log import InferenceLog, remove_log
from mtmc.results import Results, layout
from mtmc.results.crops import Crops
from mtmc.results.hidden import Hidden
from mtmc.results.looks import write_looks
from mtmc.run.again import note_parts
from mtmc.run.anonymised import everybody, forget_pictures
from mtmc.run.assemble import assemble, check_tracker, even_distance, suitable_tracker
from mtmc.run.config import RunConfig
from mtmc.run.correct import adopt, correct, corrections_of, forget_uncorrected
from mtmc.run.drawing import Drawing
from mtmc.run.earlier import set_aside
from mtmc.run.known import with_known_people
from mtmc.run.lag import Told
from mtmc.run.networks import stand_ins
from mtmc.run.parts import Parts, Progress
from mtmc.run.pipeline import Pipeline
from mtmc.run.resume import (
    LOG_NAME,
    about_run,
    complete_record,
    open_log,
    what_is_there,
)
from mtmc.run.roster import Roster
from mtmc.run.stopwatch import Stopwatch
from mtmc.run.workers import hired
from mtmc.sources import CameraReader, find_cameras, home_of
from mtmc.sources.address import hide_passwords
from mtmc.sources.cameras import Source, listed_in
from mtmc.tracking.camera import Sighting
from mtmc.types import TrackKey

log = logging.getLogger("mtmc")

NOTE_EVERY = 60.0  # seconds between two records of a live run that goes on


@dataclass
class Listener:
    """What a user interface wants to hear of a run; does nothing by itself.

    Attributes:
        looks: whether it wants to know what is ``seen``.
        revises: whether it wants to know what is ``answered``.
    """

    looks: ClassVar[bool] = False
    revises: ClassVar[bool] = False

    def begin(self, cameras: Sequence[CameraReader]) -> None:
        """The cameras are open."""

    def step(self, progress: Progress) -> None:
        """A time step is done."""

    def seen(
        self,
        sightings: Sequence[Sighting],
        labels: Mapping[str, Labels],
        decided: Mapping[TrackKey, int],
    ) -> None:
        """What the cameras of an online run saw in a time step, and who that is.

        Args:
            sightings: of each camera that sent a frame.
            labels: what is drawn into it, by camera.
            decided: who tracks are, of whom that was decided now.
        """

    def answered(self, told: Told) -> None:
        """What an online run knows after a time step, before any lag; ``Told.last`` in the end."""

    def video(self, done: int, total: int) -> None:
        """So many frames of all cameras are in the mosaic."""


def run(
    video_dir: Source | Sequence[Source],
    out: Path,
    settings: Settings,
    resume: bool = False,
    listener: Listener | None = None,
) -> dict[str, Any]:
    """Track everybody in all videos of a folder and write the results.

    Args:
        video_dir: the cameras; see ``find_cameras``.
        out: folder for the results, made if it does not exist.
        settings: sections as in a configuration file.
        resume: go on with the run in ``out`` that was cut off.
        listener: hears how far it is.

    Returns:
        What was written to ``run.json``.

    Raises:
        UserError: something of the input is wrong.
    """
    listener = listener or Listener()
    with Said() as said, ExitStack() as ending:
        cameras, root = find_cameras(video_dir), home_of(video_dir)
        live = any(camera.kind == "live" for camera in cameras)
        config = RunConfig.from_settings(settings, live)
        workers = ending.enter_context(hired(config, cameras, root))
        parts = assemble(config, cameras, root, workers)
        if not settings.get("tracker"):
            config = replace(config, tracker=suitable_tracker(config, parts))
        check_tracker(config, parts)
        if roster := _roster(config, parts, video_dir):
            ending.callback(roster.close)
            parts = replace(parts, roster=roster)
        # After what may be refused, which is one line.
        for line in stand_ins(settings):
            log.warning("%s", line)
        about = about_run(config, parts)
        with claimed(out):
            if resume and not live and (record := complete_record(out, config, about)):
                return record
            file = Path(config.corrections) if config.corrections else None
            said_before = corrections_of(out, file)
            set_aside(out, live)
            forget_uncorrected(out)  # it would be another run's
            _hint(said_before, config)
            adopt(said_before, out)
            remove_log(out / layout.ANSWERS)  # it would be another run's
            (out / layout.EVENTS).unlink(missing_ok=True)  # as are events, told from the start
            done = None if live else open_log(out / LOG_NAME, about, resume)
            try:
                if done:
                    note_parts(done, parts)
                with with_known_people(config, parts, about, out) as parts:
                    one = OneRun(config, parts, out, done, listener, about, said)
                    record = one.record(config.chosen(settings), given(video_dir))
                    if config.corrections:
                        record = correct(Results.open(out), said_before)
            finally:
                if done:
                    done.close()
            if record["status"] == "complete":
                if done and config.output.keep:
                    (out / LOG_NAME).replace(out / layout.ANSWERS)
                remove_log(out / LOG_NAME)
            return record


def _roster(config: RunConfig, parts: Parts, given: Source | Sequence[Source]) -> Roster | None:
    """What tells of cameras that come and go, where all are live and one file lists them."""
    sources = [given] if isinstance(given, str | Path) else list(given)
    file = listed_in(str(sources[0])) if len(sources) == 1 else None
    now = next((reader.zero for reader in parts.readers if reader.live), None)
    # Workers and zones are for the cameras that there are at the beginning.
    fixed = parts.workers is not None or config.associator.name != "online"
    if file is None or now is None or fixed:
        return None
    return Roster(file, [reader.camera for reader in parts.readers], config, now)


def _hint(before: Corrections, config: RunConfig) -> None:
    """Say that there are corrections that were not asked for."""
    if before.entries and not config.corrections:
        log.warning(
            "%s: corrections of an earlier run are there and not applied; --corrections does",
            before.path,
        )


def given(video_dir: Source | Sequence[Source]) -> list[str]:
    """The cameras as they were given, to be found again from any folder; without passwords."""
    every = [video_dir] if isinstance(video_dir, str | Path) else list(video_dir)
    return [str(Path(s).absolute()) if Path(s).exists() else hide_passwords(str(s)) for s in every]


class OneRun:
    """One run, all of whose input is in order.

    Args:
        config: the resolved configuration.
        parts: the opened cameras and plug-ins.
        out: folder for the results.
        log: what the networks said, and where it is noted; None for live cameras.
        listener: hears how far it is.
        about: what the results depend on.
        said: what was warned of and noted.
    """

    def __init__(
        self,
        config: RunConfig,
        parts: Parts,
        out: Path,
        log: InferenceLog | None,
        listener: Listener,
        about: dict[str, Any],
        said: Said,
    ) -> None:
        self._config = config
        self._parts = parts
        self._out = out
        self._listener = listener
        self._about = about
        self._said = said
        self._given: list[str] = []
        self._people: dict[str, int] = {}  # how many are sure, and how many in doubt
        self._started = time.time()
        self._watch = Stopwatch()
        self._live = any(reader.live for reader in parts.readers)
        self._log, self._crops = log, log.path if log and parts.recorded else None
        self._noted = -math.inf  # when run.json was last written, s
        seen = listener.seen if listener.looks else None
        answered = listener.answered if listener.revises else None
        self._pipeline = Pipeline(config, parts, out, log, self._watch, self._step, seen, answered)

    def record(self, chosen: Settings, given: list[str]) -> dict[str, Any]:
        """Do everything and write everything.

        Args:
            chosen: the settings that repeat the run.
            given: the cameras as they were given.

        Returns:
            What ``run.json`` says.
        """
        config, out, self._given = self._config, self._out, given
        if config.output.anonymise:
            forget_pictures(out)
        write_text(out / layout.CONFIG, yaml.safe_dump(chosen, sort_keys=False))
        (out / layout.REPORT).unlink(missing_ok=True)  # it would be another run's
        self._listener.begin(self._parts.readers)
        table = self._pipeline.run()
        with self._watch("write"):
            zeros = [reader.zero for reader in self._parts.readers]
            write_mot_files(table, out / layout.TRACKS)
            write_table(out / layout.TABLE, table, zeros)
            write_table(out / layout.THINGS, self._pipeline.things, zeros)
            (out / layout.CSV).unlink(missing_ok=True)  # it would be another run's
            if config.output.csv:
                write_table(out / layout.CSV, table, zeros)
            self._write_people(table)
            _remove_others(table, out)
            self._write_crops(table)
            self._write_calibration()
        self._pipeline.spool.remove()
        finished = not self._pipeline.interrupted
        things, models = self._pipeline.things, self._models()
        hidden = self._write_hidden(table)
        drawing = Drawing(out, self._parts.readers, models, table, things, config.output, hidden)
        with self._watch("write"):
            drawing.clear(mosaic=not self._live)
            drawing.floor_picture()
        if config.output.video and finished and not self._live:
            # Should it end while the videos are drawn, everything else is there.
            self._write_record("interrupted")
            with self._watch("video"):
                drawing.videos(self._listener.video)
        record = self._write_record("complete" if finished else "interrupted")
        if self._pipeline.failure is not None:
            raise self._pipeline.failure
        return record

    def _step(self, progress: Progress) -> None:
        self._listener.step(progress)
        # Should it be killed, what it had lost so far is known.
        if self._live and time.monotonic() - self._noted > NOTE_EVERY:
            self._noted = time.monotonic()
            self._write_record("running")

    def _write_people(self, table: TrackTable) -> None:
        readers, refine = self._parts.readers, self._config.refine
        people = People(
            [1 / reader.fps for reader in readers],
            [reader.zero for reader in readers],
            (refine.thing_age if refine else 0) or THING_AGE,
        )
        found, things = people.identities(table), people.things(self._pipeline.things)
        self._people = {**counted(found), "things": len(things)}
        write_text(self._out / layout.PEOPLE, to_json({"identities": found, "things": things}))

    def _write_crops(self, table: TrackTable) -> None:
        """Write what tracklets look like, in pictures and as embeddings."""
        for name in (layout.LOOKS, layout.CROPS):
            (self._out / name).unlink(missing_ok=True)  # they would be another run's
        spool, embedder = self._pipeline.crops, self._parts.embedder
        path = spool.path if spool else self._crops
        mode, sizes = self._config.output.anonymise, {r.name: r.size for r in self._parts.readers}
        anonymised = Anonymised(mode, sizes) if mode else None
        crops = finished_crops(Crops(path), table, anonymised) if path else []
        if self._config.output.crops:
            write_crops(self._out / layout.CROPS, crops)
        if embedder is not None:
            tracklets = self._pipeline.tracklets or seen_tracklets(table, crops)
            write_looks(self._out / layout.LOOKS, tracklets, even_distance(embedder))
        if spool and self._live:
            remove_log(spool.path)

    def _write_hidden(self, table: TrackTable) -> Hidden | None:
        """Write where people are to be hidden; live, they were when they were seen."""
        path = self._out / layout.HIDDEN
        path.unlink(missing_ok=True)  # it would be another run's
        if self._log is None or not self._config.output.anonymise:
            return None
        hidden = everybody(self._log, table, self._pipeline.things)
        hidden.write(path)
        return hidden

    def _write_calibration(self) -> None:
        path = self._out / layout.CALIBRATION
        path.unlink(missing_ok=True)  # it would be another run's
        if models := self._models():
            save_calibration(path, models)

    def _models(self) -> dict[str, Calibration]:
        """Of the calibrated cameras, for their images."""
        known = self._parts.calibration
        return {
            r.name: known[r.name].resized(r.size) for r in self._parts.readers if r.name in known
        }

    def _spent(self) -> dict[str, Any] | None:
        """What was spent of a budget, where there is one; when the networks were asked."""
        log, budget = self._log, self._pipeline.budget
        if budget is None:
            return log.notes.get("budget") if log else None
        if log:
            log.note({"budget": budget.told()})
        return budget.told()

    def _write_record(self, status: str) -> dict[str, Any]:
        config, parts, progress = self._config, self._parts, self._pipeline.progress
        seconds, stages = time.time() - self._started, self._watch.seconds
        clocks, found = self._pipeline.clock_offsets, self._pipeline.found
        frames = sum(progress.frames.values())
        record = {
            "status": status,
            "mode": "online" if parts.associator.online else "offline",
            "cameras": {
                reader.name: {
                    "source": reader.camera.label,
                    **_parts(reader),
                    "fps": round(reader.fps, 3),
                    "size": list(reader.size),
                    "frames": progress.frames[reader.name],
                    "tracks": progress.tracks[reader.name],
                    "calibrated": reader.name in parts.calibration,
                    **({"found": _found(found[reader.name])} if reader.name in found else {}),
                    **_start(reader),
                    **({"clock_offset": clocks[reader.name]} if reader.name in clocks else {}),
                    **({"losses": asdict(reader.losses)} if reader.live else {}),
                }
                for reader in parts.readers
            },
            "given": self._given,
            "clock_zero": _clock_zero(parts.readers),
            "frames": frames,
            "identities": progress.people,
            "people": self._people,
            "corrections": len(parts.corrections),
            "told": max((entry.line for entry in parts.corrections), default=0),
            "seconds": round(seconds, 3),
            "frames_per_second": round(frames / max(seconds - stages.get("video", 0.0), 1e-9), 2),
            "stage_seconds": {stage: round(s, 3) for stage, s in stages.items()},
            "detector": config.detector.name,
            "scores": self._pipeline.meaning.told,
            "classes": list(parts.kinds),
            "tracker": config.tracker.name,
            "reid": parts.embedder.name if parts.embedder else "none",
            **({"budget": spent} if (spent := self._spent()) else {}),
            **({"events": events.told()} if (events := self._pipeline.events) else {}),
            "warnings": self._said.warnings,
            "notes": self._said.notes,
            "versions": versions(),
            "about": self._about,
        }
        if status == "complete" and not self._live:
            record |= what_is_there(self._out, config)
        write_text(self._out / layout.RECORD, to_json(record))
        return record


def _parts(reader: CameraReader) -> dict[str, list[str]]:
    """The files that a recording goes on in."""
    return {"parts": list(reader.camera.more)} if reader.camera.more else {}


def _found(camera: Found) -> dict[str, float]:
    """How well it is known where a camera stands: s that others saw people with it, m apart."""
    return {"together": round(camera.together, 1), "apart": round(camera.apart, 2)}


def _start(reader: CameraReader) -> dict[str, str]:
    """When a camera began, and who says so, where it is known."""
    began = reader.camera.began
    return {"start": began.time.isoformat(), "start_from": began.by} if began else {}


def _clock_zero(readers: Sequence[CameraReader]) -> str | None:
    """What the clock on the wall says at second 0 of the run's."""
    return next((reader.zero.isoformat() for reader in readers if reader.zero), None)


def _remove_others(table: TrackTable, out: Path) -> None:
    """Remove what an earlier run has left that an evaluation would take for one of ours."""
    for path in (out / layout.TRACKS).glob("*.txt"):
        if path.stem not in table.cameras:
            path.unlink()  # of an earlier run; an evaluation would take it for one of ours


class Said(logging.Handler):
    """Collects what the ``mtmc`` logger warns of, and what it notes, inside the block."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.warnings: list[str] = []
        self.notes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        said = self.warnings if record.levelno >= logging.WARNING else self.notes
        said.append(hide_passwords(record.getMessage()))

    def __enter__(self) -> Self:
        logging.getLogger("mtmc").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("mtmc").removeHandler(self)
