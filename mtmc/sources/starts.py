"""Cameras put on one clock by when each began, as far as that is known."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path

from mtmc.errors import UserError
from mtmc.sources.camera import Began, Camera
from mtmc.sources.parts import length
from mtmc.sources.wall_clock import by_metadata, by_name

log = logging.getLogger("mtmc")

AGREE = 5.0  # seconds between a name and metadata that mean the same
ZONES = 900.0  # seconds, of which all zones are multiples
DAY = 86_400.0


@dataclass(frozen=True)
class _Said:
    """What is said of when a camera began, and by whom."""

    time: datetime
    by: str


def placed(cameras: Sequence[Camera]) -> list[Camera]:
    """The cameras with when they began: by ``cameras.yaml``, else by the files' names.

    Those of which it is known are aligned by it; the others begin with the first of them. What
    metadata say is only taken where ``start: metadata`` asks for it: of many cameras that is when
    the recording ended, or was exported.

    Raises:
        UserError: some have a zone, others none, and it cannot be the same; or metadata that were
            asked for say nothing.
    """
    if any(camera.kind == "live" for camera in cameras):
        _refuse_beside_live(cameras)
        return list(cameras)
    made = {camera.name: _made(camera) for camera in cameras}
    said = {c.name: found for c in cameras if (found := _said(c, made[c.name]))}
    _tell_metadata(cameras, said, made)
    if not said:
        return list(cameras)
    said = _in_one_zone(said)
    zero = min(each.time for each in said.values())
    _tell(cameras, said, zero)
    return [
        replace(camera, began=Began(said[camera.name].time, said[camera.name].by, zero))
        if camera.name in said
        else camera
        for camera in cameras
    ]


def _refuse_beside_live(cameras: Sequence[Camera]) -> None:
    for camera in cameras:
        if isinstance(camera.start, datetime) or camera.start == "metadata":
            raise UserError(
                f"camera {camera.name!r}: has a 'start', which does not go with live cameras; "
                "these begin now"
            )


def _made(camera: Camera) -> datetime | None:
    """When a camera's file was made, by its metadata."""
    if camera.kind != "video" or not camera.files:
        return None
    import av

    try:
        with av.open(str(camera.files[0].absolute()), metadata_errors="replace") as container:
            return by_metadata(container)
    except (av.error.FFmpegError, OSError, ValueError):
        return None  # whoever reads it says what is wrong


def _said(camera: Camera, made: datetime | None) -> _Said | None:
    if isinstance(camera.start, datetime):
        return _Said(camera.start, "cameras.yaml")
    if camera.start == "metadata":
        if made is None:
            raise UserError(
                f"camera {camera.name!r}: start: metadata, but {camera.label} says nothing of "
                "when it was made; write the date and time"
            )
        return _Said(made, "metadata")
    named = by_name(camera.uri) if camera.start == "name" and camera.kind == "video" else None
    return _Said(named.start, "name") if named else None


def _in_one_zone(said: Mapping[str, _Said]) -> dict[str, _Said]:
    """Times without a zone are meant in that of the others, if that is one."""
    local = [name for name, each in said.items() if each.time.tzinfo is None]
    if not local or len(local) == len(said):
        return dict(said)
    zones = {n: e.time.utcoffset() for n, e in said.items() if e.time.tzinfo is not None}
    other = next(iter(zones))
    if len(set(zones.values())) > 1 or said[other].by != "cameras.yaml":
        raise UserError(
            f"camera {local[0]!r} begins at {_shown(said[local[0]])}, without a zone, and "
            f"{other!r} at {_shown(said[other])}; write 'start' with a zone, such as "
            "2026-11-28T08:00+01:00, for all cameras in cameras.yaml"
        )
    zone: tzinfo | None = said[other].time.tzinfo
    log.info("when %s began is taken to be in the zone of camera %s", ", ".join(local), other)
    return {
        name: replace(each, time=each.time.replace(tzinfo=zone)) if name in local else each
        for name, each in said.items()
    }


def _tell(cameras: Sequence[Camera], said: Mapping[str, _Said], zero: datetime) -> None:
    first = next(name for name, each in said.items() if each.time == zero)
    others = [
        f"{name} {(each.time - zero).total_seconds():+.6g} s"
        for name, each in said.items()
        if name != first
    ]
    by = " and ".join(sorted({_by(each) for each in said.values()}))
    log.info(
        "by %s, camera %s begins at %s%s",
        by,
        first,
        _shown(said[first]),
        "".join(f", {each}" for each in others),
    )
    unknown = [camera.name for camera in cameras if camera.name not in said]
    if unknown:
        log.warning(
            "nothing says when %s began: taken to begin with %s ('start' in cameras.yaml says "
            "otherwise)",
            ", ".join(unknown),
            first,
        )
    if len(said) > 1 and not unknown and any(each.by != "cameras.yaml" for each in said.values()):
        _tell_apart([camera for camera in cameras if camera.name in said], said)


def _by(each: _Said) -> str:
    return {"name": "the names", "metadata": "metadata"}.get(each.by, each.by)


def _shown(each: _Said) -> str:
    return each.time.isoformat(sep=" ")


def _tell_apart(cameras: Sequence[Camera], said: Mapping[str, _Said]) -> None:
    """Warn where no two cameras ran at once: then a clock was wrong, or it is another day."""
    spans = []
    for camera in cameras:
        start, last = said[camera.name].time, camera.more[-1] if camera.more else camera.uri
        named = by_name(last) if camera.more else None
        begins = start
        if named and (named.start.tzinfo is None) == (start.tzinfo is None):
            begins = max(start, named.start)
        seconds = length(last)
        if not seconds:
            return
        spans.append((start, begins + timedelta(seconds=seconds), camera.name))
    spans.sort()
    if all(end < start for (_, end, _), (start, _, _) in pairwise(spans)):
        (_, end, early), (start, _, late) = spans[0], spans[1]
        log.warning(
            "no two cameras ran at the same time: %s ends at %s, %s begins at %s; if their clocks "
            "were wrong, 'start' or 'start: none' in cameras.yaml helps",
            early,
            end.isoformat(sep=" ", timespec="seconds"),
            late,
            start.isoformat(sep=" ", timespec="seconds"),
        )


def _tell_metadata(
    cameras: Sequence[Camera], said: Mapping[str, _Said], made: Mapping[str, datetime | None]
) -> None:
    """Say what metadata tell that is not taken."""
    other = [c for c in cameras if c.name in said and not _agree(c, said[c.name], made[c.name])]
    if other:
        log.info(
            "metadata of %s say another time than %s, such as %s: that is often when a file was "
            "exported, and does not count",
            ", ".join(camera.name for camera in other),
            " and ".join(sorted({_by(said[camera.name]) for camera in other})),
            _made_shown(made[other[0].name]),
        )
    only = [c for c in cameras if c.name not in said and c.start == "name" and made[c.name]]
    if only:
        log.info(
            "only metadata say when %s began, such as %s: that is often when a recording ended or "
            "was exported, and is not taken ('start: metadata' in cameras.yaml takes it)",
            ", ".join(camera.name for camera in only),
            _made_shown(made[only[0].name]),
        )


def _made_shown(made: datetime | None) -> str:
    return "" if made is None else made.isoformat(sep=" ", timespec="seconds")


def _agree(camera: Camera, said: _Said, made: datetime | None) -> bool:
    """Whether metadata mean the same: its beginning or its end, in some zone."""
    if made is None or said.by == "metadata":
        return True
    if said.time.tzinfo is None:
        apart = (made.replace(tzinfo=None) - said.time).total_seconds()
        modulus = ZONES
        if abs(apart) > DAY:
            return False
    else:
        apart, modulus = (made - said.time).total_seconds(), DAY
    seconds = length(str(Path(camera.uri)))
    away = [abs((apart - after + modulus / 2) % modulus - modulus / 2) for after in (0.0, seconds)]
    return min(away) <= AGREE
