"""The calibration of a run's cameras, from a folder or file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mtmc.calibration.camera import CameraModel
from mtmc.calibration.entry import parse_entry
from mtmc.config import read_yaml
from mtmc.errors import UserError


def load_calibration(path: Path, cameras: Sequence[str]) -> dict[str, CameraModel]:
    """The calibrations of the named cameras.

    ``path`` is a folder with ``<camera>.json`` or ``<camera>.yaml``, or one file with an entry
    per camera (under ``cameras`` or at the top). An entry has ``intrinsic`` (3x3), ``distortion``
    and ``extrinsic`` (4x4 world -> camera, m, floor z = 0), as rows of numbers or in the
    ``doubles``/``tf`` form of ROS-like calibration JSON, and if known ``resolution``.

    Raises:
        UserError: a file is missing or wrong, or no camera has a calibration.
    """
    if not path.exists():
        raise UserError(f"{path}: no such calibration file or folder")
    entries = _read_folder(path) if path.is_dir() else _read_file(path)
    known = {name: entry for name, entry in entries.items() if name in cameras}
    missing = [name for name in cameras if name not in known]
    if missing:
        raise UserError(
            f"{path}: no calibration for {', '.join(missing)}; it has "
            f"{', '.join(sorted(entries)) or 'none'} (an entry is named like its camera)"
        )
    return {name: parse_entry(entry, f"{path}: {name}") for name, entry in known.items()}


def _read_folder(path: Path) -> dict[str, Any]:
    files = [f for f in sorted(path.iterdir()) if f.suffix.lower() in {".json", ".yaml", ".yml"}]
    return {file.stem: _read_mapping(file) for file in files}


def _read_file(path: Path) -> dict[str, Any]:
    content = _read_mapping(path)
    entries = content.get("cameras", content)
    if not isinstance(entries, Mapping):
        return {}
    return {str(name): entry for name, entry in entries.items()}


def _read_mapping(path: Path) -> dict[str, Any]:
    if path.suffix.lower() != ".json":
        return read_yaml(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not a readable JSON file: {error}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected keys and values")
    return content
