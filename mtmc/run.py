"""``mtmc run``: from a folder of videos to a folder of results."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mtmc.calibration import load_calibration
from mtmc.config import Settings
from mtmc.errors import UserError
from mtmc.inference_log import InferenceLog, remove_log
from mtmc.outputs.files import prepare_folder, replacing, write_text
from mtmc.outputs.mosaic import write_mosaic
from mtmc.outputs.report import identities, to_json, versions
from mtmc.outputs.tracks import TrackTable, write_mot_files, write_parquet
from mtmc.pipeline import Parts, Pipeline, Progress
from mtmc.run_config import RunConfig
from mtmc.sources import Camera, CameraReader, align, find_cameras, open_cameras
from mtmc.stopwatch import Stopwatch

LOG_NAME = ".inference.sqlite"
# Cosine distance of mean embeddings across cameras at which one person and two are equally
# likely: halfway between both for OSNet, and for colours, on the training people of PKU-ReID.
MAX_DISTANCE = 0.3
MAX_DISTANCE_OF = {"color": 0.085}


@dataclass
class Listener:
    """What a user interface wants to hear of a run; does nothing by itself."""

    def begin(self, cameras: Sequence[CameraReader]) -> None:
        """The cameras are open."""

    def step(self, progress: Progress) -> None:
        """A time step is done."""

    def video(self, done: int, total: int | None) -> None:
        """So many steps of the mosaic are written."""


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
    if resume and (record := _complete_record(out)):
        return record
    with _collected_warnings() as warnings:
        parts = assemble(config, cameras, video_dir)
        prepare_folder(out)
        started, watch = time.time(), Stopwatch()
        log = None if live else _open_log(out / LOG_NAME, config, cameras, resume)
        write_text(out / "config.yaml", yaml.safe_dump(config.settings(), sort_keys=False))
        listener.begin(parts.readers)
        pipeline = Pipeline(config, parts, out, log, watch, listener.step)
        table = pipeline.run()
        _write_results(table, out, watch)
        finished = not pipeline.interrupted
        if config.output.video and finished and not live:
            _write_video(table, out, config, parts.readers, watch, listener)
        record = _record(config, parts, pipeline, watch, started, warnings)
        write_text(out / "run.json", to_json(record))
        if log:
            log.delete() if finished else log.close()
    return record


def assemble(config: RunConfig, cameras: Sequence[Camera], root: Path) -> Parts:
    """Open the cameras and make the plug-ins; whatever is wrong with them shows here.

    Raises:
        UserError: something cannot be opened, loaded or found.
    """
    detector = config.detector.cls(config.detector.config, root)
    counts = {
        c.name: detector.last_frame(c.name)
        for c in cameras
        if c.kind == "boxes" and config.detector.name == "motfile"
    }
    readers = open_cameras(cameras, config.sources, counts)
    calibration = {}
    if config.calibration:
        calibration = load_calibration(Path(config.calibration), [r.name for r in readers])
    embedder = _embedder(config)
    options = config.associator.config
    distance = options.max_distance
    if distance is None:
        distance = MAX_DISTANCE_OF.get(config.reid.weights, MAX_DISTANCE)
    associator = config.associator.cls(options, distance)
    return Parts(readers, detector, embedder, associator, calibration)


def _embedder(config: RunConfig) -> Any:
    if config.reid.weights == "none":
        return None
    import reid

    try:
        return reid.load(config.reid.weights, config.reid.device, config.reid.batch_size)
    except reid.ReidError as error:
        raise UserError(str(error)) from error


def _complete_record(out: Path) -> dict[str, Any] | None:
    """What ``run.json`` says, if there was a run that came to its end."""
    try:
        record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    unfinished = (out / LOG_NAME).exists() or record.get("status") != "complete"
    return None if unfinished else dict(record)


def _open_log(
    path: Path, config: RunConfig, cameras: Sequence[Camera], resume: bool
) -> InferenceLog:
    if not resume:
        remove_log(path)
    settings = config.settings()
    del settings["output"]  # how the video looks does not change what is inferred
    return InferenceLog(path, {**settings, "cameras": [_fingerprint(c) for c in cameras]})


def _fingerprint(camera: Camera) -> list[Any]:
    """What tells that a camera's video is still the same."""
    path = Path(camera.uri)
    stat = path.stat() if camera.uri and path.exists() else None
    changed = (stat.st_size, stat.st_mtime) if stat else None
    return [camera.name, camera.label, camera.fps, camera.offset, changed]


def _write_results(table: TrackTable, out: Path, watch: Stopwatch) -> None:
    with watch("write"):
        write_mot_files(table, out / "tracks")
        write_parquet(table, out / "tracks.parquet")
        write_text(out / "identities.json", to_json({"identities": identities(table)}))


def _write_video(
    table: TrackTable,
    out: Path,
    config: RunConfig,
    readers: Sequence[CameraReader],
    watch: Stopwatch,
    listener: Listener,
) -> None:
    """Go through the videos once more and draw what is now known."""
    for reader in readers:
        reader.start()
    numbers = {reader.name: number for number, reader in enumerate(readers)}
    totals = [reader.total for reader in readers if reader.total]

    def steps() -> Any:
        for done, step in enumerate(align(readers), 1):
            yield step
            listener.video(done, max(totals, default=None))

    try:
        with watch("video"), replacing(out / "mosaic.mp4") as partial:
            write_mosaic(
                partial,
                steps(),
                lambda frame: table.at(numbers[frame.camera], frame.index),
                {reader.name: reader.size for reader in readers},
                max(reader.fps for reader in readers),
                (config.output.width, config.output.height),
            )
    finally:
        for reader in readers:
            reader.close()


def _record(
    config: RunConfig,
    parts: Parts,
    pipeline: Pipeline,
    watch: Stopwatch,
    started: float,
    warnings: list[str],
) -> dict[str, Any]:
    progress = pipeline.progress
    seconds = time.time() - started
    frames = sum(progress.frames.values())
    tracking_seconds = seconds - watch.seconds.get("video", 0.0)
    return {
        "status": "interrupted" if pipeline.interrupted else "complete",
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
        "frames_per_second": round(frames / max(tracking_seconds, 1e-9), 2),
        "stage_seconds": {stage: round(s, 3) for stage, s in watch.seconds.items()},
        "detector": config.detector.name,
        "tracker": config.tracker.name,
        "reid": getattr(parts.embedder, "name", "none"),
        "warnings": warnings,
        "versions": versions(),
    }


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
