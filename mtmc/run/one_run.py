"""A run all of whose input is in order: from opened cameras to a folder of results."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mtmc.calibration import Calibration
from mtmc.calibration.estimate.save import save_calibration
from mtmc.config import Settings
from mtmc.files import write_text
from mtmc.outputs.crops import Anonymised, finished_crops, seen_tracklets, write_crops
from mtmc.outputs.people import THING_AGE, People, counted
from mtmc.outputs.report import to_json, versions
from mtmc.outputs.tracks import TrackTable, write_mot_files, write_table
from mtmc.perception.log import InferenceLog, remove_log
from mtmc.results import layout
from mtmc.results.crops import Crops
from mtmc.results.hidden import Hidden
from mtmc.results.looks import write_looks
from mtmc.run.anonymised import everybody, forget_pictures
from mtmc.run.assemble import even_distance
from mtmc.run.config import RunConfig
from mtmc.run.drawing import Drawing
from mtmc.run.listener import Listener
from mtmc.run.parts import Parts, Progress
from mtmc.run.pipeline import Pipeline
from mtmc.run.record import Said, camera_record, clock_zero
from mtmc.run.resume import what_is_there
from mtmc.run.stopwatch import Stopwatch
from mtmc.sources import CameraReader, open_cameras

NOTE_EVERY = 60.0  # seconds between two records of a live run that goes on


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
        seen_again = config.output.video and finished and not self._live
        readers = self._readers_here() if seen_again else self._parts.readers
        drawing = Drawing(out, readers, models, table, things, config.output, hidden)
        with self._watch("write"):
            drawing.clear(mosaic=not self._live)
            drawing.floor_picture()
        if seen_again:
            # Should it end while the videos are drawn, everything else is there.
            self._write_record("interrupted")
            with self._watch("video"):
                drawing.videos(self._listener.video)
        record = self._write_record("complete" if finished else "interrupted")
        if self._pipeline.failure is not None:
            raise self._pipeline.failure
        return record

    def _readers_here(self) -> Sequence[CameraReader]:
        """All cameras, to be read once more by this process: workers have ended by then."""
        readers = self._parts.readers
        if self._parts.workers is None:
            return readers
        counts = {reader.name: reader.total for reader in readers if reader.total is not None}
        return open_cameras([reader.camera for reader in readers], self._config.sources, counts)

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
        clocks = self._pipeline.clock_offsets
        frames = sum(progress.frames.values())
        record = {
            "status": status,
            "mode": "online" if parts.associator.online else "offline",
            "cameras": {
                r.name: camera_record(r, progress, parts.calibration, clocks, self._pipeline.found)
                for r in parts.readers
            },
            "given": self._given,
            "clock_zero": clock_zero(parts.readers),
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


def _remove_others(table: TrackTable, out: Path) -> None:
    """Remove what an earlier run has left that an evaluation would take for one of ours."""
    for path in (out / layout.TRACKS).glob("*.txt"):
        if path.stem not in table.cameras:
            path.unlink()  # of an earlier run; an evaluation would take it for one of ours
