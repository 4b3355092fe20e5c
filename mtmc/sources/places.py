"""From an address, as a user writes it, to what is there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mtmc.errors import UserError, printable
from mtmc.sources.address import (
    LIVE_SCHEMES,
    WEB_SCHEMES,
    hide_passwords,
    is_url,
    password_hint,
    scheme,
    webcam,
)
from mtmc.sources.camera import Kind
from mtmc.sources.folder import camera_of, holds

_SLASHES_MISSING = re.compile(r"(rtsps?|rtmps?|https?|srt|udp|tcp|rtp|mms):(?!//)", re.IGNORECASE)


def find_place(address: str, home: Path, live: bool | None = None) -> tuple[Kind, str]:
    """What kind of camera is at an address, and its URI.

    Args:
        address: a URL, a webcam's number or device, or a path.
        home: the folder that paths start from.
        live: what the user says; None leaves it to the address.

    Raises:
        UserError: nothing is there, or it cannot be what ``live`` says. The message holds no
            password.
    """
    if is_url(address):
        return _remote(address, home, live)
    path = local_path(address, home)
    device = webcam(address)
    if device and not (path.is_file() or path.is_dir()):
        return "live", _present(device, live)
    if live:
        raise UserError("'live' is for a url or a webcam, path is a file or folder")
    if not path.exists():
        raise nothing_at(address, path)
    if not path.is_dir():
        return "video", str(path)
    camera = camera_of(path)
    if camera is None:
        raise UserError(f"{path}: {holds(path)}; expected pictures or one video file")
    if camera.more:
        raise UserError(f"{path}: holds a recording in parts; write {path / '*'}")
    return camera.kind, camera.uri


def local_path(address: str, home: Path) -> Path:
    """The file or folder meant by a path that may begin with ``~`` or be written for Windows."""
    path = home / address
    if not path.exists() and re.match(r"~($|[/\\])", address):
        path = Path.home() / address[2:]
    if not path.exists() and "\\" in address:
        other = home / address.replace("\\", "/")
        return other if other.exists() else path
    return path


def is_pattern(address: str, home: Path) -> bool:
    """Whether it stands for several files, such as ``door-*.mp4``."""
    if (
        is_url(address)
        or not re.search(r"[*?\[]", address)
        or re.search(r":.*@", address, re.DOTALL)
    ):
        return False  # that of a URL may be in its password
    return not local_path(address, home).exists()


def nothing_at(address: str, path: Path) -> UserError:
    """The error for a path at which there is nothing."""
    if match := _SLASHES_MISSING.match(address):
        return UserError(f"{match[1]}:…: no such file or folder; a url begins with {match[1]}://")
    hint = ""
    if printable(address) != address or "\t" in address or "\n" in address:
        hint = "; in \"double quotes\" YAML reads backslashes as escapes, use 'single' ones"
    if re.search(r":.*@", address, re.DOTALL):  # as of a URL that lacks its beginning
        return UserError(f"…@{address.rpartition('@')[2]}: no such file or folder")
    return UserError(hide_passwords(f"{path}: no such file or folder{hint}"))


def _remote(address: str, home: Path, live: bool | None) -> tuple[Kind, str]:
    try:
        parts = urlsplit(address)
        _ = parts.hostname, parts.port
    except ValueError as error:
        # Not the URL itself: it may hold a password, and cannot be taken apart.
        reason = "its port is none" if "Port" in str(error) else str(error)
        raise UserError(f"url is not valid: {reason}{password_hint(address)}") from None
    word = scheme(address)
    if word == "file":
        return find_place(unquote(parts.path), home, live)
    if live is None and word in WEB_SCHEMES:
        return "web", address
    return "live" if (word in LIVE_SCHEMES if live is None else live) else "video", address


def _present(device: str, live: bool | None) -> str:
    if live is False:
        raise UserError("a webcam is always live; leave out 'live'")
    if sys.platform.startswith("linux") and not Path(device).exists():
        there = sorted(map(str, Path("/dev").glob("video*")))
        raise UserError(
            f"{device}: no such webcam (there are: {', '.join(there) or 'none'}); a file of that "
            f"name is written ./{Path(device).name}"
        )
    return device
