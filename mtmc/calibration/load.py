"""The calibration of a run's cameras, from a folder or file."""

from __future__ import annotations

import json
import logging
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mtmc.calibration.entry import Lens, is_entry, parse_entry, parse_lens, shared, with_shared
from mtmc.calibration.formats import named_entries
from mtmc.calibration.model import Calibration
from mtmc.calibration.opencv import is_opencv, parse_opencv
from mtmc.calibration.wildtrack import find_wildtrack, read_wildtrack
from mtmc.errors import UserError
from mtmc.reid.strict_yaml import parse_yaml
from mtmc.reid.text import read_text

log = logging.getLogger("mtmc")

SUFFIXES = (".json", ".yaml", ".yml", ".xml", ".toml")


def load_calibration(
    path: Path, cameras: Sequence[str], partial: bool = False
) -> dict[str, Calibration]:
    """The calibrations of the named cameras.

    ``path`` is a folder with a file per camera, ``<camera>.json``, ``.yaml``, ``.yml``, ``.xml`` or
    ``.toml``; one file with an entry per camera (under ``cameras`` or at the top), or with the only
    camera's; or WILDTRACK's ``calibrations``. Files are plain JSON, YAML or TOML, or from OpenCV's
    FileStorage; ``formats`` has what other programs write. An entry has

    - ``intrinsic`` (3x3 px, or fx, fy, cx, cy), ``distortion`` (OpenCV's order, also of its fisheye
      lenses) and ``extrinsic`` (3x4 or 4x4 world -> camera, floor z = 0) or ``rvec`` and ``tvec``;
    - or ``projection`` (3x4, world -> image px);
    - or ``homography`` (3x3, image px -> floor; ``direction: floor_to_image`` for the other way).

    Lengths are metres unless ``unit`` says otherwise. ``NAMES`` in ``entry`` has the other names
    these go by. With ``resolution``, which a homography must have, images of another size are no
    trouble.

    Args:
        path: see above.
        cameras: their names.
        partial: whether some cameras may have none; a warning names them.

    Raises:
        UserError: a file is missing or wrong, or a camera, or all of them, have no calibration.
    """
    entries = _entries(path, cameras, partial)
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


def _all_entries(path: Path, cameras: Sequence[str] = ()) -> dict[str, Any]:
    if not path.exists():
        raise UserError(f"{path}: no such calibration file or folder")
    entries = _read_folder(path, cameras) if path.is_dir() else read_cameras(path)
    # As cameras are named: Macs write accents apart.
    return {unicodedata.normalize("NFC", name): entry for name, entry in entries.items()}


def _entries(path: Path, cameras: Sequence[str], partial: bool = False) -> dict[str, Any]:
    """The entries of the named cameras, in their order."""
    entries = _all_entries(path, cameras)
    missing = [name for name in cameras if name not in entries]
    if missing and (only := _only(path, cameras, entries)) is not None:
        return {cameras[0]: only}
    others = ", ".join(sorted(set(entries) - set(cameras))) or "none"
    mistaken = {_plain(name) for name in missing} & {_plain(name) for name in entries}
    if missing and (mistaken or not partial or len(missing) == len(cameras)):
        if not entries and path.is_dir():
            raise UserError(
                f"{path}: holds no calibration; expected {missing[0]}.json, say (read are "
                f"{', '.join(SUFFIXES)})"
            )
        has = others if mistaken else ", ".join(sorted(entries)) or "none"
        raise UserError(
            f"{path}: no calibration for {', '.join(missing)}; it has {has} (an entry is named "
            "like its camera)"
        )
    if missing:
        log.warning(
            "%s: no calibration for %s%s",
            path,
            ", ".join(missing),
            f" (it also has: {others})" if others != "none" else "",
        )
    return {name: entries[name] for name in cameras if name in entries}


def _only(path: Path, cameras: Sequence[str], entries: Mapping[str, Any]) -> Any:
    """The only entry, for the only camera, whatever it is called; None where there are more."""
    different = {id(entry): name for name, entry in entries.items() if is_entry(entry)}
    if len(cameras) != 1 or len(different) != 1:
        return None
    (name,) = different.values()
    if path.is_dir() or name != path.stem:  # else it has no name of its own
        log.warning("%s: the calibration of %s is taken for %s", path, name, cameras[0])
    return entries[name]


def _plain(name: str) -> str:
    """A name as people may confuse it."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _read_folder(path: Path, cameras: Sequence[str]) -> dict[str, Any]:
    """All entries in a folder: a file named like its camera, or files with several cameras.

    Other files, as far as none of the cameras has their name, are nobody's.
    """
    if intrinsics := find_wildtrack(path):
        return dict(read_wildtrack(intrinsics))
    own: dict[str, Any] = {}
    files: dict[str, Path] = {}
    several: dict[str, Any] = {}
    for file in sorted(path.iterdir()):
        if file.suffix.lower() not in SUFFIXES or file.name.startswith("."):
            continue
        name = unicodedata.normalize("NFC", file.stem)
        wanted = name in cameras
        try:
            content = read_content(file)
        except UserError:
            if wanted:
                raise
            continue
        entries = {} if is_entry(content) else _named_in(content)
        if entries and not (wanted and len(entries) == 1):
            several.update(entries)
        elif wanted or is_entry(content):
            if name in files and wanted:
                other = files[name].name
                raise UserError(f"{path}: two calibrations of {name}: {other}, {file.name}")
            own[name], files[name] = _single(content, entries), file
    return {**several, **own}


def _single(content: Any, entries: Mapping[str, Any]) -> Any:
    """The entry of a file that is named like its camera."""
    return next(iter(entries.values()), content)


def read_cameras(path: Path) -> dict[str, Any]:
    """The entries in a file, by camera.

    Raises:
        UserError: it cannot be read.
    """
    content = read_content(path)
    return {path.stem: content} if is_entry(content) else _named_in(content)


def _named_in(content: Any) -> dict[str, Any]:
    """The entries of a file with several cameras, each with what is said of all."""
    if not isinstance(content, Mapping):
        return {}
    entries, common = named_entries(content), shared(content)
    joined = {id(entry): with_shared(entry, common) for entry in entries.values()}
    return {name: joined[id(entry)] for name, entry in entries.items()}


def read_content(path: Path) -> dict[str, Any]:
    """What a calibration file says, of one camera or several.

    Raises:
        UserError: it cannot be read.
    """
    try:
        text = read_text(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not text; expected one of {', '.join(SUFFIXES)}") from error
    if is_opencv(text):
        return parse_opencv(text, path)
    kind, parse = _PARSERS.get(path.suffix.lower(), ("YAML", parse_yaml))
    try:
        content = parse(text)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split()) or "nested too deep"
        raise UserError(f"{path}: not a readable {kind} file: {reason}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected keys and values")
    return content


_PARSERS = {".json": ("JSON", json.loads), ".toml": ("TOML", tomllib.loads)}
