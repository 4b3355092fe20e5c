"""What tells that a run in a folder is the same one, and what there is of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mtmc.detectors.motfile import MotFileDetector
from mtmc.errors import UserError
from mtmc.perception.keys import settings_key
from mtmc.perception.log import InferenceLog, first_difference, remove_log
from mtmc.run.config import RunConfig
from mtmc.run.parts import Parts
from mtmc.sources import Camera

LOG_NAME = ".inference.sqlite"
VIDEO_NAME = "mosaic.mp4"
FLOOR_PICTURE, FLOOR_VIDEO = "floor.png", "floor.mp4"


def about_run(config: RunConfig, parts: Parts) -> dict[str, Any]:
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
    stats = [path.stat() for path in camera.files if path.exists()]
    changed = [(stat.st_size, stat.st_mtime) for stat in stats]
    return [camera.name, camera.label, camera.stream, camera.fps, camera.offset, changed]


def complete_record(out: Path, config: RunConfig, about: dict[str, Any]) -> dict[str, Any] | None:
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


def open_log(path: Path, about: dict[str, Any], resume: bool) -> InferenceLog:
    """The log to go on with, or an empty one."""
    if not resume:
        remove_log(path)
    return InferenceLog(path, about)
