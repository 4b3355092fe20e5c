"""Finding the cameras a user means: a folder, a ``cameras.yaml``, files, URLs, webcams."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from os.path import commonpath
from pathlib import Path

from mtmc.errors import UserError, printable
from mtmc.sources.address import hide_credentials, is_url, stem, webcam
from mtmc.sources.camera import Camera
from mtmc.sources.camera_file import read_cameras
from mtmc.sources.folder import cameras_file, find_in_folder
from mtmc.sources.parts import filled_in, joined, tell_parts
from mtmc.sources.pictures import list_images
from mtmc.sources.places import find_place, is_pattern, local_path
from mtmc.sources.starts import placed

__all__ = ["Camera", "find_cameras", "hide_credentials", "list_images"]

log = logging.getLogger("mtmc")

CAMERAS_FILE = "cameras.yaml"
LONGEST_NAME = 200  # bytes, so that what is appended to it still makes a file name

Source = str | Path


def find_cameras(sources: Source | Sequence[Source]) -> list[Camera]:
    """The cameras of a folder, of a ``cameras.yaml``, or those given one by one, sorted by name.

    In a folder without ``cameras.yaml`` every video file is a camera, and so is every folder with
    one video or with pictures (plain, or MOTChallenge's ``<name>/img1``); the name is the file's
    stem, or the folder's. Results of earlier runs are none. What else could have been a camera is
    named in a warning. Given one by one are files, folders, URLs, and webcams by number or device.
    Files that are but the parts of a recording, by the times in their names, are one camera; and
    all are put on one clock as far as it is known when they began.

    Raises:
        UserError: there is no camera, two have one name, or ``cameras.yaml`` is wrong.
    """
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    if any(not str(source).strip() for source in given):
        raise UserError("VIDEO_DIR is empty; expected a folder, a file, a URL or a webcam")
    cameras: list[Camera] = []
    loose: list[Camera] = []  # as they were found, not as a cameras.yaml has them
    for source in given:
        found, listed = _cameras_at(str(source))
        (cameras if listed else loose).extend(found)
    loose = joined(loose)
    tell_parts(loose)
    cameras += loose
    if len(given) > 1:
        cameras = _told_apart(cameras)
    cameras = sorted(
        (settled(camera) for camera in _named(cameras)), key=lambda camera: camera.name
    )
    return placed(cameras)


def home_of(sources: Source | Sequence[Source]) -> Path:
    """The folder or file that a run's other files are looked for beside."""
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    local = [str(s) for s in given if not is_url(str(s)) and not webcam(str(s))]
    paths = [local_path(source, Path()) for source in local]
    for place in range(len(paths)):
        while is_pattern(str(paths[place]), Path()):
            paths[place] = paths[place].parent
    if not paths:
        return Path()
    return paths[0] if len(paths) == 1 else Path(commonpath([p.absolute() for p in paths]))


def listed_in(source: str) -> Path | None:
    """The ``cameras.yaml`` that lists the cameras of a source, if one does."""
    path = local_path(source, Path())
    if path.suffix.lower() in {".yaml", ".yml", ".json"} and path.is_file():
        return path
    return cameras_file(path) if not is_url(source) and path.is_dir() else None


def _cameras_at(source: str) -> tuple[list[Camera], bool]:
    """The cameras, and whether a ``cameras.yaml`` lists them."""
    path = local_path(source, Path())
    if file := listed_in(source):
        return read_cameras(file), True
    if not is_url(source) and path.is_dir():
        return _in_folder(path), False
    if is_pattern(source, Path()):
        return [Camera(stem(part), part) for part in filled_in(source, Path())], False
    kind, uri = find_place(source, Path())
    return [Camera(stem(source) or "camera", uri, kind)], False


def _in_folder(folder: Path) -> list[Camera]:
    cameras, left_out = find_in_folder(folder)
    rest = f"; left out: {', '.join(left_out)}" if left_out else ""
    if not cameras:
        raise UserError(
            f"{folder}: no cameras found; expected video files (.mp4, .mkv, .avi, ...), folders "
            f"of pictures (.jpg, .png, ...), or a {CAMERAS_FILE}{rest}"
        )
    if left_out:
        log.warning("%s%s; a %s says what are cameras", folder, rest[1:], CAMERAS_FILE)
    pictures = [camera.name for camera in cameras if camera.kind == "images"]
    if 0 < len(pictures) < len(cameras):
        log.info("%s: folders of pictures are cameras beside the videos: %s", folder, pictures)
    return cameras


def _told_apart(cameras: list[Camera]) -> list[Camera]:
    """Cameras given one by one that share a name are called after their folder or host."""
    count = Counter(camera.name.casefold() for camera in cameras)
    return [c if count[c.name.casefold()] == 1 else replace(c, name=_longer(c)) for c in cameras]


def _longer(camera: Camera) -> str:
    if is_url(camera.uri):
        before = re.sub(r"[^\w.-]+", "-", camera.label.partition("://")[2].partition("/")[0])
    else:
        before = Path(camera.uri).absolute().parent.name
    return f"{before.strip('-')}-{camera.name}"


def listed_cameras(file: Path) -> list[Camera]:
    """The cameras of a ``cameras.yaml`` as ``find_cameras`` has them, but not yet ``settled``.

    Raises:
        UserError: two have one name, or the file is wrong.
    """
    return _named(read_cameras(file))


def _named(cameras: Sequence[Camera]) -> list[Camera]:
    """The cameras with names that can be told apart everywhere."""
    named = [replace(c, name=unicodedata.normalize("NFC", c.name)) for c in cameras]
    _check_names(named)
    return named


def settled(camera: Camera) -> Camera:
    """A web address is live if it never ends, which only a look at it tells."""
    if camera.kind != "web":
        return camera
    from mtmc.sources.opening import never_ends

    if not never_ends(camera):
        return replace(camera, kind="video")
    log.info(
        "camera %s: %s has no end, so it is taken for live; 'live: false' in %s says otherwise",
        camera.name,
        camera.label,
        CAMERAS_FILE,
    )
    return replace(camera, kind="live")


def _check_names(cameras: list[Camera]) -> None:
    seen: dict[str, Camera] = {}
    for camera in cameras:
        if not all(map(_is_text, (camera.name, camera.uri, *camera.more))):
            raise UserError(f"{camera.label!r}: its name is not valid UTF-8; rename it")
        if printable(camera.name) != camera.name or re.search(r"[\t\n]", camera.name):
            raise UserError(
                f"{camera.label!r}: its name holds control characters; rename it, or give it "
                f"another name in {CAMERAS_FILE}"
            )
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
