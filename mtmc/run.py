"""``mtmc run``: from a folder of videos to a folder of results."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from mtmc.calibration import load_calibration
from mtmc.config import Plugin, Settings, choose
from mtmc.detectors.motfile import MotFileDetector
from mtmc.errors import UserError, unknown_name
from mtmc.files import claimed, replacing, write_text
from mtmc.outputs import floor
from mtmc.outputs.floor import Extent, FloorPlan
from mtmc.outputs.looks import LOOKS_NAME, write_looks
from mtmc.outputs.mosaic import write_mosaic
from mtmc.outputs.paths import FloorPaths, floor_paths
from mtmc.outputs.report import identities, to_json, versions
from mtmc.outputs.tracks import TrackTable, write_mot_files, write_parquet
from mtmc.perception.keys import settings_key
from mtmc.perception.log import InferenceLog, first_difference, remove_log
from mtmc.pipeline import Parts, Pipeline, Progress
from mtmc.registry import TRACKERS
from mtmc.run_config import RunConfig
from mtmc.sources import Camera, CameraReader, align, find_cameras, open_cameras
from mtmc.stopwatch import Stopwatch
from mtmc.tracking.camera import follows_all_cameras
from mtmc.types import Frame

log = logging.getLogger("mtmc")

LOG_NAME = ".inference.sqlite"
VIDEO_NAME = "mosaic.mp4"
FLOOR_PICTURE, FLOOR_VIDEO = "floor.png", "floor.mp4"
SLOW = 4.0  # frames per second from which down people are followed on the floor
# Distance of looks across cameras at which one person and two are equally likely, where the
# embedder does not know: between both for OSNet, on the training people of PKU-ReID.
MAX_DISTANCE = 0.28


@dataclass
class Listener:
    """What a user interface wants to hear of a run; does nothing by itself."""

    def begin(self, cameras: Sequence[CameraReader]) -> None:
        """The cameras are open."""

    def step(self, progress: Progress) -> None:
        """A time step is done."""

    def video(self, done: int, total: int) -> None:
        """So many frames of all cameras are in the mosaic."""


def run(
    video_dir: Path,
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
    cameras = find_cameras(video_dir)
    live = any(camera.kind == "live" for camera in cameras)
    config = RunConfig.from_settings(settings, live)
    with _collected_warnings() as warnings:
        parts = assemble(config, cameras, video_dir)
        if not settings.get("tracker"):
            config = replace(config, tracker=suitable_tracker(config, parts))
        _check_tracker(config, parts)
        about = _about(config, parts)
        with claimed(out):
            if resume and (record := _complete_record(out, config, about)):
                return record
            done = None if live else _open_log(out / LOG_NAME, about, resume)
            try:
                record = _Run(config, parts, out, done, listener, about, warnings).record()
            finally:
                if done:
                    done.close()
            if record["status"] == "complete":
                remove_log(out / LOG_NAME)
            return record


class _Run:
    """One run, all of whose input is in order."""

    def __init__(
        self,
        config: RunConfig,
        parts: Parts,
        out: Path,
        log: InferenceLog | None,
        listener: Listener,
        about: dict[str, Any],
        warnings: list[str],
    ) -> None:
        self._config = config
        self._parts = parts
        self._out = out
        self._listener = listener
        self._about = about
        self._warnings = warnings
        self._started = time.time()
        self._watch = Stopwatch()
        self._pipeline = Pipeline(config, parts, out, log, self._watch, listener.step)

    def record(self) -> dict[str, Any]:
        """Do everything and write everything; returns what ``run.json`` says."""
        config, out = self._config, self._out
        write_text(out / "config.yaml", yaml.safe_dump(config.settings(), sort_keys=False))
        self._listener.begin(self._parts.readers)
        table = self._pipeline.run()
        with self._watch("write"):
            _write_results(table, out)
            self._write_looks()
        finished = not self._pipeline.interrupted
        live = any(reader.live for reader in self._parts.readers)
        birds_eye = self._draw_floor(table)
        if config.output.video and finished and not live:
            # Should it end while the videos are drawn, everything else is there.
            self._write_record("interrupted")
            self._write_video(table)
            if birds_eye:
                with self._watch("video"):
                    floor.write_video(out / FLOOR_VIDEO, *birds_eye)
        elif not live:
            (out / VIDEO_NAME).unlink(missing_ok=True)  # it would show another run
        return self._write_record("complete" if finished else "interrupted")

    def _write_looks(self) -> None:
        path = self._out / LOOKS_NAME
        if self._parts.embedder is None or self._parts.associator.online:
            path.unlink(missing_ok=True)  # they would be another run's
        else:
            write_looks(path, self._pipeline.tracklets, _even_distance(self._parts.embedder))

    def _write_video(self, table: TrackTable) -> None:
        """Go through the videos once more and draw what is now known."""
        readers, output = self._parts.readers, self._config.output
        for reader in readers:
            reader.start()
        numbers = {reader.name: number for number, reader in enumerate(readers)}
        total = sum(self._pipeline.progress.frames.values())

        def steps() -> Iterator[dict[str, Frame]]:
            done = 0
            for step in align(readers):
                yield step
                done += len(step)
                self._listener.video(done, total)

        try:
            with self._watch("video"), replacing(self._out / VIDEO_NAME) as partial:
                write_mosaic(
                    partial,
                    steps(),
                    lambda frame: table.at(numbers[frame.camera], frame.index),
                    {reader.name: reader.size for reader in readers},
                    max(reader.fps for reader in readers),
                    (output.width, output.height),
                )
        finally:
            for reader in readers:
                reader.close()

    def _draw_floor(self, table: TrackTable) -> tuple[FloorPlan, FloorPaths] | None:
        """Draw all paths on the floor, if there is a calibration; returns what it was drawn of."""
        readers, output = self._parts.readers, self._config.output
        for name in (FLOOR_PICTURE, FLOOR_VIDEO):
            (self._out / name).unlink(missing_ok=True)  # it would show another run
        models = {
            reader.name: self._parts.calibration[reader.name].resized(reader.size)
            for reader in readers
            if reader.name in self._parts.calibration
        }
        if not models:
            return None
        rate = max(reader.fps for reader in readers)
        paths = floor_paths(table, [models.get(reader.name) for reader in readers], rate)
        extent = Extent.around(paths, models)
        plan = FloorPlan(extent, models, output.width, output.height)
        with self._watch("write"):
            floor.write_picture(self._out / FLOOR_PICTURE, plan, paths)
        return plan, paths

    def _write_record(self, status: str) -> dict[str, Any]:
        config, parts, progress = self._config, self._parts, self._pipeline.progress
        seconds, stages = time.time() - self._started, self._watch.seconds
        frames = sum(progress.frames.values())
        record = {
            "status": status,
            "mode": "online" if parts.associator.online else "offline",
            "cameras": {
                reader.name: {
                    "source": reader.camera.label,
                    "fps": round(reader.fps, 3),
                    "size": list(reader.size),
                    "frames": progress.frames[reader.name],
                    "tracks": progress.tracks[reader.name],
                    "calibrated": reader.name in parts.calibration,
                }
                for reader in parts.readers
            },
            "frames": frames,
            "identities": progress.people,
            "seconds": round(seconds, 3),
            "frames_per_second": round(frames / max(seconds - stages.get("video", 0.0), 1e-9), 2),
            "stage_seconds": {stage: round(s, 3) for stage, s in stages.items()},
            "detector": config.detector.name,
            "tracker": config.tracker.name,
            "reid": getattr(parts.embedder, "name", "none"),
            "warnings": self._warnings,
            "versions": versions(),
            "about": self._about,
        }
        write_text(self._out / "run.json", to_json(record))
        return record


def assemble(config: RunConfig, cameras: Sequence[Camera], root: Path) -> Parts:
    """Open the cameras and make the plug-ins; whatever is wrong with them shows here.

    Raises:
        UserError: something cannot be opened, loaded or found.
    """
    detector = config.detector.cls(config.detector.config, root)
    counts = {}
    if isinstance(detector, MotFileDetector):
        counts = {camera.name: detector.last_frame(camera.name) for camera in cameras}
    readers = open_cameras(cameras, config.sources, counts)
    calibration = {}
    if config.calibration:
        calibration = load_calibration(Path(config.calibration), [r.name for r in readers])
    embedder = _embedder(config)
    if embedder is None and config.tracker.cls.needs_embeddings:
        log.warning(
            "tracker %s makes use of appearance, of which --reid none leaves nothing",
            config.tracker.name,
        )
    options = config.associator.config
    distance = options.max_distance
    if distance is None or isinstance(distance, str):
        distance = _even_distance(embedder)
    for name in _cameras_named(getattr(options, "topology", None) or {}):
        if name not in {r.name for r in readers}:
            raise unknown_name("camera of associator.topology", name, [r.name for r in readers])
    associator = config.associator.cls(options, distance)
    return Parts(readers, detector, embedder, associator, calibration)


def suitable_tracker(config: RunConfig, parts: Parts) -> Plugin:
    """The tracker of a run for which none was chosen.

    Where frames are far apart, boxes of one person hardly overlap; calibrated cameras can follow
    people on the floor instead.
    """
    slow = max(reader.fps for reader in parts.readers) <= SLOW
    return choose(TRACKERS, {}, "floor") if slow and parts.calibration else config.tracker


def _check_tracker(config: RunConfig, parts: Parts) -> None:
    if follows_all_cameras(config.tracker) and not parts.calibration:
        raise UserError(
            f"tracker {config.tracker.name}: follows people on the floor, for which all cameras "
            "must be calibrated; give --calibration or choose another --tracker"
        )


def _even_distance(embedder: Any) -> float:
    """Of looks across cameras; what suits the embedder where the footage tells nothing."""
    return getattr(embedder, "even_distance", None) or MAX_DISTANCE


def _cameras_named(topology: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [name for before, others in topology.items() for name in (before, *others)]


def _embedder(config: RunConfig) -> Any:
    if config.reid.weights == "none":
        return None
    from mtmc import reid

    try:
        return reid.load(config.reid.weights, config.reid.device, config.reid.batch_size)
    except reid.ReidError as error:
        raise UserError(str(error)) from error


def _about(config: RunConfig, parts: Parts) -> dict[str, Any]:
    """Everything the results depend on, as plain values: all settings, weights and videos."""
    about = config.settings()
    del about["output"]  # how the video looks changes nothing else
    for section in ("detector", "reid"):
        about[f"content of {section}"] = settings_key(about[section])
    if isinstance(parts.detector, MotFileDetector):
        about["content of detections"] = settings_key({"folder": parts.detector.folder})
    about["cameras"] = [_fingerprint(reader.camera) for reader in parts.readers]
    return about


def _fingerprint(camera: Camera) -> list[Any]:
    """What tells that a camera's video is still the same."""
    path = Path(camera.uri)
    stat = path.stat() if camera.uri and path.exists() else None
    changed = (stat.st_size, stat.st_mtime) if stat else None
    return [camera.name, camera.label, camera.fps, camera.offset, changed]


def _complete_record(out: Path, config: RunConfig, about: dict[str, Any]) -> dict[str, Any] | None:
    """What ``run.json`` says, if there was a run that came to its end and nothing is missing.

    Raises:
        UserError: it was another run.
    """
    try:
        record = json.loads((out / "run.json").read_text(encoding="utf-8"))
        status, said = record["status"], record["about"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if (out / LOG_NAME).exists() or status != "complete":
        return None
    changed = first_difference(said, json.loads(json.dumps(about)))
    if changed:
        raise UserError(
            f"{out}: holds the complete results of another run (other {changed!r}); choose "
            "another --out, or leave out --resume to replace them"
        )
    drawn = [VIDEO_NAME] if config.output.video else []
    if config.calibration:
        drawn += [FLOOR_PICTURE, FLOOR_VIDEO] if config.output.video else [FLOOR_PICTURE]
    if not all((out / name).exists() for name in drawn):
        return None
    return dict(record)


def _open_log(path: Path, about: dict[str, Any], resume: bool) -> InferenceLog:
    if not resume:
        remove_log(path)
    return InferenceLog(path, about)


def _write_results(table: TrackTable, out: Path) -> None:
    write_mot_files(table, out / "tracks")
    write_parquet(table, out / "tracks.parquet")
    write_text(out / "identities.json", to_json({"identities": identities(table)}))
    for path in (out / "tracks").glob("*.txt"):
        if path.stem not in table.cameras:
            path.unlink()  # of an earlier run; an evaluation would take it for one of ours


class _collected_warnings(logging.Handler):  # noqa: N801 - used as a context manager
    """Collects what the ``mtmc`` logger warns of inside the block."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._messages.append(record.getMessage())

    def __enter__(self) -> list[str]:
        logging.getLogger("mtmc").addHandler(self)
        return self._messages

    def __exit__(self, *_: object) -> None:
        logging.getLogger("mtmc").removeHandler(self)
