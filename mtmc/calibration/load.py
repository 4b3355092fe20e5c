"""The calibration of a run's cameras, from a folder or file."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mtmc.calibration.entry import Lens, is_entry, parse_entry, parse_lens
from mtmc.calibration.model import Calibration
from mtmc.calibration.opencv import is_opencv, read_opencv
from mtmc.calibration.wildtrack import find_wildtrack, read_wildtrack
from mtmc.config import read_yaml
from mtmc.errors import UserError

SUFFIXES = {".json", ".yaml", ".yml", ".xml"}


def load_calibration(path: Path, cameras: Sequence[str]) -> dict[str, Calibration]:
    """The calibrations of the named cameras.

    ``path`` is a folder with a file per camera, ``<camera>.json``, ``.yaml``, ``.yml`` or
    ``.xml``; one file with an entry per camera (under ``cameras`` or at the top), or with the only
    camera's; or WILDTRACK's ``calibrations``. Files are plain JSON or YAML, or from OpenCV's
    FileStorage. An entry has

    - ``intrinsic`` (3x3, px), ``distortion`` (OpenCV's order) and ``extrinsic`` (4x4 world ->
      camera, floor z = 0) or ``rvec`` and ``tvec``, in metres unless ``unit`` is ``cm`` or ``mm``;
      ``NAMES`` in ``entry`` has the other names these go by; or
    - ``homography`` (3x3, image px -> floor m).

    With ``resolution``, which a homography must have, images of another size are no trouble.

    Raises:
        UserError: a file is missing or wrong, or a camera has no calibration.
    """
    entries = _entries(path, cameras)
    return {name: parse_entry(entry, f"{path}: {name}") for name, entry in entries.items()}


def load_lenses(path: Path, cameras: Sequence[str]) -> dict[str, Lens]:
    """Only the intrinsics of the named cameras, from the same files as ``load_calibration``.

    Raises:
        UserError: a file is missing or wrong, or a camera has no intrinsics.
    """
    entries = _entries(path, cameras)
    return {name: parse_lens(entry, f"{path}: {name}") for name, entry in entries.items()}


def camera_names(path: Path) -> list[str]:
    """The cameras that a folder or file has entries for.

    Raises:
        UserError: it cannot be read.
    """
    return list(_all_entries(path))


def _all_entries(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise UserError(f"{path}: no such calibration file or folder")
    entries = _read_folder(path) if path.is_dir() else read_cameras(path)
    # As cameras are named: Macs write accents apart.
    return {unicodedata.normalize("NFC", name): entry for name, entry in entries.items()}


def _entries(path: Path, cameras: Sequence[str]) -> dict[str, Any]:
    """The entries of the named cameras, in their order."""
    entries = _all_entries(path)
    missing = [name for name in cameras if name not in entries]
    if missing:
        raise UserError(
            f"{path}: no calibration for {', '.join(missing)}; it has "
            f"{', '.join(sorted(entries)) or 'none'} (an entry is named like its camera)"
        )
    return {name: entries[name] for name in cameras}


def _read_folder(path: Path) -> dict[str, Any]:
    if intrinsics := find_wildtrack(path):
        return dict(read_wildtrack(intrinsics))
    files = [
        file
        for file in sorted(path.iterdir())
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    ]
    return {file.stem: read_content(file) for file in files}


def read_cameras(path: Path) -> dict[str, Any]:
    """The entries in a file, by camera.

    Raises:
        UserError: it cannot be read.
    """
    content = read_content(path)
    if is_entry(content):
        return {path.stem: content}
    entries = content.get("cameras", content)
    if not isinstance(entries, Mapping):
        return {}
    return {str(name): entry for name, entry in entries.items()}


def read_content(path: Path) -> dict[str, Any]:
    """What a calibration file says, of one camera or several.

    Raises:
        UserError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from error
    if is_opencv(text):
        return read_opencv(path)
    if path.suffix.lower() != ".json":
        return read_yaml(path)
    try:
        content = json.loads(text)
    except ValueError as error:
        raise UserError(f"{path}: not a readable JSON file: {error}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected keys and values")
    return content
