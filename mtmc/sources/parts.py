"""Recordings in parts: which files are one camera's, and in which order."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from mtmc.errors import UserError
from mtmc.sources.address import hide_passwords
from mtmc.sources.camera import Camera
from mtmc.sources.pictures import natural
from mtmc.sources.wall_clock import Named, by_name

log = logging.getLogger("mtmc")

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".qt", ".avi", ".divx", ".mkv", ".webm", ".ts", ".mts", ".m2ts"}
    | {".m2t", ".tp", ".trp", ".mpg", ".mpeg", ".mpe", ".m1v", ".m2v", ".mpv", ".vob", ".ps"}
    | {".flv", ".f4v", ".wmv", ".asf", ".ogv", ".ogm", ".3gp", ".3g2", ".mxf", ".nut", ".y4m"}
    | {".h264", ".264", ".avc", ".h265", ".265", ".hevc", ".ivf", ".obu", ".mjpg", ".mjpeg"}
    | {".dav", ".rm", ".rmvb", ".dv", ".wtv", ".amv", ".insv", ".lrv", ".mod", ".tod"}
)
SLACK = 10.0  # seconds that a recorder lets the next part overlap the last, with whole seconds


def in_order(files: Sequence[str]) -> list[str]:
    """The parts of a recording by the times in their names, else by the numbers in them."""
    named = [by_name(file) for file in files]
    times = [each.start for each in named if each]
    if len(times) == len(files) and len({time.tzinfo is None for time in times}) == 1:
        return [file for _, file in sorted(zip(times, files, strict=True))]
    return sorted(files, key=lambda file: natural(Path(file)))


def one_recording(files: Sequence[Path]) -> list[str] | None:
    """The files in order, if by their names they are the parts of one recording."""
    cameras = joined([Camera(file.stem, str(file)) for file in files])
    return [cameras[0].uri, *cameras[0].more] if len(cameras) == 1 else None


def filled_in(pattern: str, home: Path) -> list[str]:
    """The video files that a pattern such as ``door-*.mp4`` stands for, in order.

    Raises:
        UserError: there are none.
    """
    where = (home / Path(pattern).expanduser()).absolute()
    try:
        files = list(Path(where.anchor).glob(str(where.relative_to(where.anchor))))
    except (ValueError, NotImplementedError) as error:
        raise UserError(f"{pattern}: is no pattern of files ({error})") from None
    found = [file for file in files if file.suffix.lower() in VIDEO_SUFFIXES]
    if not found:
        raise UserError(hide_passwords(f"{home / pattern}: no video file fits that pattern"))
    return in_order([str(path) for path in found])


def joined(cameras: Sequence[Camera]) -> list[Camera]:
    """Cameras of which some are but the parts of one recording, as their names say.

    Those are that differ in nothing but a time, and of which each begins when the one before has
    ended. Where there are such, the others are called without the time in their names, too.
    """
    groups: dict[tuple[Path, tuple[str, str]], list[tuple[Named, Camera]]] = defaultdict(list)
    for camera in cameras:
        if camera.kind == "video" and camera.files and (named := by_name(camera.uri)):
            groups[camera.files[0].parent, named.rest].append((named, camera))
    found = [each for each in groups.values() if len(each) == 1 or _follow_each_other(each)]
    if all(len(each) == 1 for each in found):
        return list(cameras)
    result = {id(camera): camera for camera in cameras}
    for each, name in zip(found, _names(found), strict=True):
        first, *others = [camera for _, camera in sorted(each, key=lambda e: e[0].start)]
        result[id(first)] = replace(first, name=name, more=tuple(c.uri for c in others))
        for other in others:
            del result[id(other)]
    return list(result.values())


def tell_parts(cameras: Sequence[Camera]) -> None:
    """Say which cameras are recordings in parts."""
    for camera in cameras:
        if camera.more:
            log.info(
                "camera %s: %d files, by the times in their names one recording, from %s on",
                camera.name,
                len(camera.files),
                camera.files[0].name,
            )


def _names(groups: Sequence[Sequence[tuple[Named, Camera]]]) -> list[str]:
    """What each is called: by what comes before the time, and behind it where that is needed."""
    words = [each[0][0].words for each in groups]
    count = Counter(before.casefold() for before, _ in words)
    return [
        before
        if before and count[before.casefold()] == 1
        else " ".join(filter(None, (before, behind))) or each[0][1].files[0].absolute().parent.name
        for (before, behind), each in zip(words, groups, strict=True)
    ]


def _follow_each_other(found: Sequence[tuple[Named, Camera]]) -> bool:
    zones = {named.start.tzinfo is None for named, _ in found}
    if len(found) < 2 or len(zones) > 1:
        return False
    spans = sorted((named.start, _end(named.start, camera)) for named, camera in found)
    slack = timedelta(seconds=SLACK)
    return all(a < b and end <= b + slack for (a, end), (b, _) in pairwise(spans))


def _end(start: datetime, camera: Camera) -> datetime:
    return start + timedelta(seconds=length(camera.uri))


def length(uri: str) -> float:
    """How long a file says it is, s; 0 where it does not, or cannot be opened."""
    import av

    try:
        with av.open(str(Path(uri).absolute()), metadata_errors="replace") as container:
            return float((container.duration or 0) / av.time_base)
    except (av.error.FFmpegError, OSError, ValueError):
        return 0.0
