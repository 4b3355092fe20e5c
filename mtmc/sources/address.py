"""Addresses of cameras: URLs, webcams and files, and how they may be shown."""

from __future__ import annotations

import re
import sys
from pathlib import Path

LIVE_SCHEMES = frozenset({"rtsp", "rtsps", "rtmp", "rtmps", "udp", "tcp", "rtp", "srt", "mms"})
# Of which only an answer tells whether they end.
WEB_SCHEMES = frozenset({"http", "https"})

# C:// is a drive; FFmpeg takes some words before a URL.
_SCHEME = r"(?:(?:concat|crypto|cache|async|subfile[^:\s]*):)*[a-z][a-z0-9+.-]+://"
_URL = re.compile(_SCHEME, re.IGNORECASE)
_HOST = re.compile(r"(\[[\w:.%]+\]|[\w.-]*)(:\d{1,5})?", re.ASCII)
# Part of a path that is no key and no token: short, and not of all kinds of characters.
_PLAIN = re.compile(r"(?!(?=.*[a-z])(?=.*[A-Z]).*\d)[\w.~+-]{1,15}", re.ASCII)
_STREAM_KEYS = ("rtmp", "srt")  # schemes whose paths end with a secret
_WEBCAM = re.compile(r"\d{1,3}", re.ASCII)
# What may hold a password in a text: a URL, one with a slash too few, user:password@host without
# a scheme, and password=...
_SECRETIVE = re.compile(
    rf"(?P<url>{_SCHEME}\S*)"
    r"|(?P<typo>\b(?:rtsps?|rtmps?|https?|srt|udp|tcp|mms):/)\S+"
    r"|(?![a-z]:[\\/])[^\s/'\"(,;]+:\S*@(?P<host>[\w.:\[\]-]+)\S*"
    r"|(?P<key>(?:pass(?:word|wd|phrase|code)?|pwd|token|secret|api_?key)=)[^\s&'\"]+",
    re.IGNORECASE,
)
_ENDS = "'\",;:)]}>"  # of the sentence around it


def is_url(address: str) -> bool:
    """Whether it goes over a network (or is at least meant to)."""
    return _URL.match(address) is not None


def scheme(url: str) -> str:
    """Its first word, in small letters."""
    return url.partition(":")[0].lower()


def webcam(address: str) -> str | None:
    """The device behind a webcam's number or path, such as ``0`` or ``/dev/video0``."""
    if re.fullmatch(r"/dev/video\d+", address):
        return address
    if not _WEBCAM.fullmatch(address):
        return None
    return f"/dev/video{int(address)}" if sys.platform.startswith("linux") else address


def is_webcam(uri: str) -> bool:
    """Whether a camera's ``uri`` is a webcam, as ``webcam`` gives it."""
    return webcam(uri) == uri


def stem(address: str) -> str:
    """What a camera is called after its address."""
    if device := webcam(address):
        return f"video{Path(device).name.removeprefix('video')}"
    if not is_url(address):
        return Path(address.replace("\\", "/")).stem
    shown = hide_credentials(address).partition("://")[2]
    host, _, path = shown.partition("/")
    name = Path(path).stem
    return name if name and "…" not in name else re.sub(r"[^\w.-]+", "-", host).strip("-. …")


def hide_credentials(address: str) -> str:
    """An address as it may be shown: of a URL the host, and of its path only what is plain.

    A password may stand before the host, in the path or in the query, and hold any character;
    where it cannot be told from the host, nothing is shown.
    """
    if not is_url(address):
        return address
    head, _, rest = address.partition("://")
    authority, path = re.match(r"([^/?#]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    host = authority.rpartition("@")[2]
    if "@" in path or not _HOST.fullmatch(host) or "://" in path:
        return f"{head}://…"  # the password holds a slash, or there is more than one URL
    path = re.split(r"[?#]", path)[0]
    parts = path.split("/")
    if head.lower().startswith(_STREAM_KEYS) and len(parts) > 2:
        parts[2:] = ["…"]
    plain = [part if not part or _PLAIN.fullmatch(part) else "…" for part in parts]
    return f"{head}://{host}{'/'.join(plain)}"


def password_hint(url: str) -> str:
    """What to do, where a URL may have been cut within a password."""
    behind = re.sub(r"^[^/?#]*", "", url.partition("://")[2])
    return "; in a password, / ? # are written %2F %3F %23" if "@" in behind else ""


def hide_passwords(text: str) -> str:
    """A message in which every address is as ``hide_credentials`` would have it."""
    return _SECRETIVE.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    if url := match["url"]:
        bare = url.rstrip(_ENDS)
        return hide_credentials(bare) + url[len(bare) :]
    if host := match["host"]:
        return f"…@{host.rstrip(_ENDS)}"
    return f"{match['typo'] or match['key']}…"
