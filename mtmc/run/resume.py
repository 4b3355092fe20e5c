"""What tells that a run in a folder is the same one, and what there is of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from mtmc.corrections import Entry
from mtmc.detectors.motfile import MotFileDetector
from mtmc.errors import UserError
from mtmc.perception.keys import content_key, files_key, settings_key
from mtmc.perception.log import InferenceLog, first_difference, remove_log
from mtmc.results.layout import ANSWERS, RECORD, RESULTS, TRACKS
from mtmc.run.config import RunConfig
from mtmc.run.parts import Parts
from mtmc.sources import Camera
from mtmc.sources.cameras import list_images

LOG_NAME = ".inference.sqlite"  # until the run is complete


def about_run(config: RunConfig, parts: Parts) -> dict[str, Any]:
    """Everything the results depend on, as plain values: all settings, weights and videos."""
    about = config.settings()
    del about["output"]  # how the video looks changes nothing else
    if config.output.anonymise:  # but crops are on disk from the first step on
        about["anonymise"] = config.output.anonymise
    about |= about_lag(config)
    for section in ("detector", "reid"):
        about[f"content of {section}"] = settings_key(about[section])
    if isinstance(parts.detector, MotFileDetector):
        about["content of detections"] = settings_key({"folder": parts.detector.folder})
    about |= about_calibration(parts.calibration)
    about |= about_corrections(parts.corrections)
    about["cameras"] = [fingerprint(reader.camera) for reader in parts.readers]
    return about


def about_calibration(calibration: Mapping[str, Any]) -> dict[str, str]:
    """What tells that the cameras stand where they stood."""
    if not calibration:
        return {}
    models = {name: asdict(model) for name, model in calibration.items()}
    return {"content of calibration": content_key(json.dumps(models, default=np.ndarray.tolist))}


def about_lag(config: RunConfig) -> dict[str, float]:
    """What tells how late an online run tells who is who."""
    return {"lag": config.output.lag} if config.output.lag else {}


def about_corrections(entries: Sequence[Entry]) -> dict[str, str]:
    """What tells that people have said no more, and no less."""
    said = [entry.correction.plain() for entry in entries]
    return {"content of corrections": content_key(json.dumps(said))} if said else {}


def fingerprint(camera: Camera) -> list[Any]:
    """What tells that a camera's video, or every one of its pictures, is still the same."""
    files = camera.files
    if camera.kind == "images":
        changed: Any = content_key(*(f"{p.name} {_changed(p)}" for p in list_images(files[0])))
    else:
        changed = [_changed(path) for path in files if path.exists()]
    about = [camera.name, camera.label, camera.stream, camera.fps, camera.offset, changed]
    # Of live cameras it is another one each time.
    began = camera.began if camera.kind != "live" else None
    return about if began is None else [*about, began.time.isoformat()]


def _changed(path: Path) -> tuple[int, float]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime


def what_is_there(out: Path, config: RunConfig) -> dict[str, Any]:
    """The results of a complete run as ``complete_record`` checks them: each file's content."""
    return {"output": _written(config), "files": files_of(out)}


def _written(config: RunConfig) -> dict[str, Any]:
    """What is written beside the tracks; where events are sent is another matter."""
    return {key: value for key, value in asdict(config.output).items() if key != "events"}


def files_of(out: Path) -> dict[str, str]:
    """A key of each result's content."""
    names = [*RESULTS, *(f"{TRACKS}/{path.name}" for path in (out / TRACKS).glob("*.txt"))]
    return {name: files_key([out / name]) for name in sorted(names) if (out / name).is_file()}


def complete_record(out: Path, config: RunConfig, about: dict[str, Any]) -> dict[str, Any] | None:
    """What ``run.json`` says, if there was a run that came to its end and is all there, unchanged.

    Raises:
        UserError: it was another run.
    """
    try:
        record = json.loads((out / RECORD).read_text(encoding="utf-8"))
        status, said = record["status"], record["about"]
        files, output = dict(record["files"]), record["output"]
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
    wanted = _written(config)
    more = {"video", "keep"}  # may be there without being asked for, and stay
    if {**output, **{key: False for key in more if not wanted[key]}} != wanted:
        return None
    if wanted["keep"] and not (out / ANSWERS).is_file():
        return None
    if any(not (out / name).is_file() or files_key([out / name]) != files[name] for name in files):
        return None
    return dict(record)


def open_log(path: Path, about: dict[str, Any], resume: bool) -> InferenceLog:
    """The log to go on with, or an empty one."""
    if not resume:
        remove_log(path)
    return InferenceLog(path, about, gapless=True)
