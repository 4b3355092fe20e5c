"""Cameras as ``cameras.yaml`` describes them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from mtmc.config import read_yaml
from mtmc.errors import UserError, quoted, unknown_name
from mtmc.sources.address import hide_credentials, is_url, stem
from mtmc.sources.camera import (
    FASTEST,
    LARGEST_OFFSET,
    LARGEST_SIDE,
    MOST_FRAMES,
    SLOWEST,
    START_WORDS,
    Camera,
    Kind,
    rate_fits,
    size_fits,
)
from mtmc.sources.parts import filled_in, in_order
from mtmc.sources.places import find_place, is_pattern
from mtmc.sources.wall_clock import by_text

KEYS = frozenset(
    {"name", "path", "url", "fps", "offset", "start", "size", "frames", "stream", "live"}
)
# What one file system or another does not take; Windows' device names go with any suffix, too.
NO_FILE_NAME = re.compile(
    r"""[/\\\x00-\x1f\x7f-\x9f<>:"|?*]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|^$""",
    re.IGNORECASE,
)


def read_cameras(path: Path) -> list[Camera]:
    """The cameras of a ``cameras.yaml``, in its order.

    Raises:
        UserError: it cannot be read, or an entry is wrong.
    """
    content = read_yaml(path, as_text=True)
    entries = content.get("cameras")
    if isinstance(entries, Mapping):
        entries = [
            {"name": name, **(entry if isinstance(entry, Mapping) else {"path": entry})}
            for name, entry in entries.items()
        ]
    if not isinstance(entries, list) or not entries:
        raise UserError(
            f"{path}: expected a list under 'cameras', each with a path (or url), and if wanted "
            "name, fps, offset, start"
        )
    for key in content:
        if key != "cameras":
            raise unknown_name(f"key of {path},", key, {"cameras"})
    return [_Entry(path, number, entry).camera() for number, entry in enumerate(entries, 1)]


class _Entry:
    """One entry, whose values are all text as it is written."""

    def __init__(self, file: Path, number: int, entry: Any) -> None:
        self._home = file.parent
        self._where = f"{file}: camera {number}"
        if isinstance(entry, str):
            entry = {"path": entry}
        if not isinstance(entry, Mapping):
            raise UserError(f"{self._where}: expected a path or keys, got a {_type(entry)}")
        for key in entry:
            if key not in KEYS:
                raise unknown_name(f"key of {self._where},", key, KEYS)
        self._entry = {key: value for key, value in entry.items() if value is not None}

    def camera(self) -> Camera:
        """The camera that is meant.

        Raises:
            UserError: something in the entry is wrong.
        """
        addresses = self._addresses()
        kind, (uri, *more) = self._places(addresses)
        name = self._name(addresses)
        for key in ("size", "frames"):
            if key in self._entry and kind != "boxes":
                raise self._wrong(f"'{key}' is for cameras without pictures, which have no path")
        return Camera(
            name,
            uri,
            kind,
            self._rate(),
            self._offset(),
            self._size(),
            self._count("frames", MOST_FRAMES),
            tuple(more),
            self._stream(kind),
            self._start(kind),
        )

    def _wrong(self, what: str) -> UserError:
        return UserError(f"{self._where}: {what}")

    def _addresses(self) -> list[str]:
        if "path" in self._entry and "url" in self._entry:
            raise self._wrong("has a path and a url; expected one of them")
        value = self._entry.get("path", self._entry.get("url"))
        key = "path" if "path" in self._entry else "url"
        if isinstance(value, list) and value and all(isinstance(v, str) and v for v in value):
            return value
        if value is not None and not isinstance(value, str):
            # Not the value: it may hold a password.
            expected = "text or a list of files" if key == "path" else "text"
            raise self._wrong(f"{key} must be {expected}, got a {_type(value)}")
        return [value] if value else []

    def _name(self, addresses: list[str]) -> str:
        name = self._entry.get("name")
        if name is None and addresses:
            name = stem(addresses[0])
        if name is None or (not name and "name" not in self._entry):
            raise self._wrong("needs a name, a path or a url")
        if not isinstance(name, str):
            raise self._wrong(f"name must be text, got a {_type(name)}")
        if NO_FILE_NAME.search(name):
            raise self._wrong(f"name {quoted(name)} cannot be a file name on every system")
        return name

    def _places(self, addresses: list[str]) -> tuple[Kind, list[str]]:
        """What kind of camera it is, and its URIs."""
        live = self._live()
        if not addresses:
            return "boxes", [""]
        try:
            addresses = [
                file
                for address in addresses
                for file in (
                    filled_in(address, self._home) if is_pattern(address, self._home) else [address]
                )
            ]
            found = [find_place(address, self._home, live) for address in addresses]
        except UserError as error:
            raise self._wrong(str(error)) from None
        for kind, uri in found:
            if len(found) > 1 and (kind != "video" or is_url(uri)):
                shown = hide_credentials(uri)
                raise self._wrong(f"a list under path is for one camera's video files, not {shown}")
        uris = [uri for _, uri in found]
        return found[0][0], in_order(uris) if len(uris) > 1 else uris

    def _live(self) -> bool | None:
        value = self._entry.get("live")
        if value is None:
            return None
        words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
        word = value.lower() if isinstance(value, str) else ""
        if word not in words:
            raise self._wrong(f"live must be true or false, got {_shown(value)}")
        return words[word]

    def _number(self, key: str) -> float | None:
        """The value as a number, NaN where it is none."""
        value = self._entry.get(key)
        if value is None:
            return None
        try:
            return float(value) if isinstance(value, str) else math.nan
        except ValueError:
            return math.nan

    def _rate(self) -> float | None:
        fps = self._number("fps")
        if fps is not None and not rate_fits(fps):
            limits = f" (from {SLOWEST:.5f} to {FASTEST:g})" if fps > 0 else ""
            shown = _shown(self._entry["fps"])
            raise self._wrong(f"fps must be a number above 0{limits}, got {shown}")
        return fps

    def _offset(self) -> float:
        offset = self._number("offset") or 0.0
        if not abs(offset) <= LARGEST_OFFSET:
            limit = f" up to {LARGEST_OFFSET:g}" if not math.isnan(offset) else ""
            shown = _shown(self._entry["offset"])
            raise self._wrong(f"offset must be a number of seconds{limit}, got {shown}")
        return offset

    def _start(self, kind: Kind) -> datetime | str:
        value = self._entry.get("start")
        if value is None:
            return "name"
        if kind == "live":
            raise self._wrong("'start' is for recordings; a live camera begins now")
        word = value.strip().lower() if isinstance(value, str) else ""
        if word in START_WORDS:
            return word
        if (time := by_text(word.upper())) is None:
            raise self._wrong(
                "start must be a date and time such as 2026-11-28T08:00:00 or "
                f"2026-11-28T08:00:00+01:00, or name, metadata or none, got {_shown(value)}"
            )
        return time

    def _size(self) -> tuple[int, int] | None:
        value = self._entry.get("size")
        if value is None:
            return None
        counts = [_count(v) for v in value] if isinstance(value, list) else []
        if len(counts) != 2 or not all(counts):
            raise self._wrong(f"size must be [width, height] in pixels, got {_shown(value)}")
        width, height = counts
        if not size_fits(width, height):
            raise self._wrong(
                f"size must be [width, height] in pixels, up to {LARGEST_SIDE} each and 100 "
                f"million in all, got {_shown(value)}"
            )
        return width, height

    def _count(self, key: str, most: int) -> int | None:
        value = self._entry.get(key)
        count = _count(value)
        if value is not None and not 0 < count <= most:
            limit = f" up to {most}" if count > most else ""
            raise self._wrong(f"{key} must be a number above 0{limit}, got {_shown(value)}")
        return count or None

    def _stream(self, kind: str) -> int | None:
        value = self._entry.get("stream")
        if value is None:
            return None
        if not (isinstance(value, str) and re.fullmatch(r"\d{1,3}", value, re.ASCII)):
            raise self._wrong(f"stream must be a number from 0, got {_shown(value)}")
        if kind in {"images", "boxes"}:
            raise self._wrong("'stream' is for videos, of which it names one stream")
        return int(value)


def _count(value: Any) -> int:
    """A number above 0, or 0 for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,30}", value, re.ASCII):
        return int(value)
    return 0


def _type(value: Any) -> str:
    names = {"dict": "mapping", "str": "text"}
    name = type(value).__name__
    return names.get(name, name)


def _shown(value: Any) -> str:
    """A value as it was written, shortened."""
    if isinstance(value, str):
        return quoted(value)[1:-1]
    if isinstance(value, list) and len(value) < 5:
        return f"[{', '.join(map(_shown, value))}]"
    return f"a {_type(value)}"
