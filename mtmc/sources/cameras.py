"""Which cameras a folder holds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit, urlunsplit

from mtmc.config import read_yaml
from mtmc.errors import UserError, unknown_name

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg"}
    | {".flv", ".wmv", ".ogv", ".3gp", ".h264", ".hevc"}
)
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
LIVE_SCHEMES = frozenset({"rtsp", "rtsps", "rtmp", "rtmps", "udp", "tcp", "rtp", "srt", "mms"})
CAMERAS_FILE = "cameras.yaml"
RESULT_FILE = "run.json"  # a folder that holds it is the result of a run
RESULT_VIDEOS = frozenset({"mosaic.mp4", "floor.mp4"})
LONGEST_NAME = 200  # bytes, so that what is appended to it still makes a file name
# What one file system or another does not take; Windows' device names go with any suffix, too.
NO_FILE_NAME = re.compile(
    r"""[/\\\x00-\x1f<>:"|?*]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|^$""", re.IGNORECASE
)

Kind = Literal["video", "images", "live", "boxes"]


@dataclass(frozen=True)
class Camera:
    """One camera as the user described it.

    Args:
        name: unique; names its output files.
        uri: path or URL of the video, or folder of images; empty for ``boxes``.
        kind: ``video`` (a file, or a URL that can be read again), ``images`` (a folder),
            ``live`` (a stream) or ``boxes`` (no pictures, only detections from files).
        fps: frames per second to assume instead of what the video says.
        offset: seconds to add to the camera's own clock.
        size: ``(width, height)`` px, needed for ``boxes`` only.
        frames: how many frames a ``boxes`` camera has.
    """

    name: str
    uri: str
    kind: Kind = "video"
    fps: float | None = None
    offset: float = 0.0
    size: tuple[int, int] | None = None
    frames: int | None = None

    @property
    def label(self) -> str:
        """The URI as it may be shown: without user name and password."""
        return hide_credentials(self.uri) or self.name


def hide_credentials(uri: str) -> str:
    """``uri`` without the user name, password and query that a stream's URL may carry."""
    if "://" not in uri:
        return uri
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def find_cameras(path: Path) -> list[Camera]:
    """The cameras of a folder, of a ``cameras.yaml``, or the one video file, sorted by name.

    In a folder without ``cameras.yaml`` every video file is a camera and so is every folder of
    images (plain, or MOTChallenge's ``<name>/img1``); the name is the file's stem. Results of
    earlier runs are none.

    Raises:
        UserError: there is no camera, two have one name, or ``cameras.yaml`` is wrong.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder; expected a folder of videos")
    if path.is_file():
        cameras = _from_yaml(path) if path.suffix in {".yaml", ".yml"} else [_video(path)]
    elif (path / CAMERAS_FILE).is_file():
        cameras = _from_yaml(path / CAMERAS_FILE)
    else:
        cameras = _from_folder(path)
    if not cameras:
        raise UserError(
            f"{path}: no cameras found; expected video files ({', '.join(sorted(VIDEO_SUFFIXES))}),"
            f" folders of images, or a {CAMERAS_FILE}"
        )
    _check_names(cameras)
    return sorted(cameras, key=lambda camera: camera.name)


def _check_names(cameras: list[Camera]) -> None:
    seen: dict[str, Camera] = {}
    for camera in cameras:
        if not _is_text(camera.name) or not _is_text(camera.uri):
            raise UserError(f"{camera.label!r}: its name is not valid UTF-8; rename it")
        if len(camera.name.encode()) > LONGEST_NAME:
            raise UserError(
                f"camera {camera.name!r}: the name is longer than {LONGEST_NAME} bytes; rename "
                f"it, or give it a shorter name in {CAMERAS_FILE}"
            )
        # Output files must stay apart on file systems that ignore case, too.
        other = seen.setdefault(camera.name.casefold(), camera)
        if other is not camera:
            raise UserError(
                f"two cameras are named {camera.name!r}: {other.label} and {camera.label}; "
                f"rename one, or name them in {CAMERAS_FILE}"
            )


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that Python kept as they were
        return False
    return True


def _video(path: Path) -> Camera:
    return Camera(path.stem, str(path))


def _from_folder(folder: Path) -> list[Camera]:
    entries = [e for e in sorted(folder.iterdir()) if not e.name.startswith(".")]
    if (folder / RESULT_FILE).is_file():
        entries = [e for e in entries if e.name not in RESULT_VIDEOS]
    cameras = [camera for entry in entries if (camera := _from_path(entry))]
    images = image_folder(folder)
    # In a MOTChallenge sequence the camera is named like the sequence, not like its img1.
    if images and [camera.uri for camera in cameras] in ([], [str(images)]):
        return [Camera(folder.resolve().name, str(images), "images")]
    return cameras


def _from_path(path: Path) -> Camera | None:
    if path.is_file():
        return _video(path) if path.suffix.lower() in VIDEO_SUFFIXES else None
    if not path.is_dir() or (path / RESULT_FILE).is_file():
        return None
    images = image_folder(path)
    return Camera(path.name, str(images), "images") if images else None


def image_folder(folder: Path) -> Path | None:
    """``folder/img1`` or ``folder``, whichever holds images."""
    for candidate in (folder / "img1", folder):
        if candidate.is_dir() and next(list_images(candidate, limit=1), None):
            return candidate
    return None


def list_images(folder: Path, limit: int | None = None) -> Iterator[Path]:
    """The image files of a folder in the order of the numbers in their names."""
    paths = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file()]
    yield from sorted(paths, key=_natural)[:limit]


def _natural(path: Path) -> list[tuple[int, int | str]]:
    parts = re.split(r"(\d+)", path.name)
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]


def _from_yaml(path: Path) -> list[Camera]:
    content = read_yaml(path)
    entries = content.get("cameras")
    if isinstance(entries, Mapping):
        entries = [
            {"name": name, **(entry if isinstance(entry, Mapping) else {"path": entry})}
            for name, entry in entries.items()
        ]
    if not isinstance(entries, list) or not entries:
        raise UserError(
            f"{path}: expected a list under 'cameras', each with a path (or url), and if wanted "
            "name, fps, offset"
        )
    for key in content:
        if key != "cameras":
            raise unknown_name(f"key of {path},", key, {"cameras"})
    return [_from_entry(entry, path, number) for number, entry in enumerate(entries, 1)]


def _from_entry(entry: Any, file: Path, number: int) -> Camera:
    if isinstance(entry, str):
        entry = {"path": entry}
    where = f"{file}: camera {number}"
    if not isinstance(entry, Mapping):
        raise UserError(f"{where}: expected a path or keys, got {entry!r}")
    known = {"name", "path", "url", "fps", "offset", "size", "frames"}
    for key in entry:
        if key not in known:
            raise unknown_name(f"key of {where},", key, known)
    uri = str(entry.get("path") or entry.get("url") or "")
    name = entry.get("name")
    if name is None and not (name := _stem(uri, where)):
        raise UserError(f"{where}: needs a name, a path or a url")
    if NO_FILE_NAME.search(str(name)):
        raise UserError(f"{where}: name {str(name)!r} cannot be a file name on every system")
    kind, uri = _kind(uri, file.parent, where)
    return Camera(
        str(name),
        uri,
        kind,
        _number(entry, "fps", where, positive=True),
        _number(entry, "offset", where) or 0.0,
        _size(entry.get("size"), where),
        _count(entry.get("frames"), where),
    )


def _stem(uri: str, where: str) -> str:
    return Path(_split(uri, where).path if "://" in uri else uri).stem


def _split(uri: str, where: str) -> SplitResult:
    try:
        return urlsplit(uri)
    except ValueError as error:
        # Not the URL itself: it may hold a password, and cannot be taken apart.
        raise UserError(f"{where}: url is not valid: {error}") from None


def _kind(uri: str, home: Path, where: str) -> tuple[Kind, str]:
    if not uri:
        return "boxes", uri
    if "://" in uri:
        return ("live" if _split(uri, where).scheme in LIVE_SCHEMES else "video"), uri
    path = home / uri
    if path.is_dir():
        images = image_folder(path)
        if images is None:
            raise UserError(f"{where}: {path}: a folder without images")
        return "images", str(images)
    if not path.is_file():
        raise UserError(f"{where}: {path}: no such file or folder")
    return "video", str(path)


def _number(entry: Mapping[str, Any], key: str, where: str, positive: bool = False) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    valid = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not valid or (positive and value <= 0):
        kind = "a number above 0" if positive else "a number of seconds"
        raise UserError(f"{where}: {key} must be {kind}, got {value!r}")
    return float(value)


def _size(value: Any, where: str) -> tuple[int, int] | None:
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2 and all(map(_is_count, value)):
        return value[0], value[1]
    raise UserError(f"{where}: size must be [width, height] in pixels, got {value!r}")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _count(value: Any, where: str) -> int | None:
    if value is None or _is_count(value):
        return None if value is None else int(value)
    raise UserError(f"{where}: frames must be a number above 0, got {value!r}")
