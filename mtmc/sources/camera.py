"""One camera as the user described it, and what numbers a camera may have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from mtmc.sources.address import hide_credentials, is_url, is_webcam

SLOWEST, FASTEST = 1e-5, 2000.0  # frames per second; one a day is more than the least
LARGEST_OFFSET = 1e10  # s; three centuries
LARGEST_SIDE = 65_535  # px
MOST_PIXELS = 100_000_000  # of a picture; three bytes each
MOST_FRAMES = 100_000_000  # of a camera; a month and more at 30 a second

# A "web" address is a video or live; only its answer tells.
Kind = Literal["video", "images", "live", "boxes", "web"]
# Where it is taken from when a camera began, if that is not said.
START_WORDS = frozenset({"name", "metadata", "none"})


@dataclass(frozen=True)
class Began:
    """When a camera began, by the clock on the wall.

    Args:
        time: of second 0 of its own clock; with a zone, or by the cameras' local time.
        by: who says so: ``cameras.yaml``, ``name``, ``metadata`` or ``now``.
        zero: the same of second 0 of the clock that all cameras of the run share.
    """

    time: datetime
    by: str
    zero: datetime


@dataclass(frozen=True)
class Camera:
    """One camera as the user described it.

    Args:
        name: unique; names its output files.
        uri: path or URL of the video, or folder of images; empty for ``boxes``.
        kind: ``video`` (a file, or a URL that can be read again), ``images`` (a folder),
            ``live`` (a stream or webcam) or ``boxes`` (no pictures, only detections from files).
        fps: frames per second to assume instead of what the video says.
        offset: seconds to add to the camera's own clock.
        size: ``(width, height)`` px, needed for ``boxes`` only.
        frames: how many frames a ``boxes`` camera has.
        more: files in which the recording of a ``video`` goes on.
        stream: which of a video's picture streams, from 0; None takes the first.
        start: when it began, or where that is to be read: ``name``, ``metadata`` or ``none``.
        began: what came of that, once the cameras are put on one clock.
    """

    name: str
    uri: str
    kind: Kind = "video"
    fps: float | None = None
    offset: float = 0.0
    size: tuple[int, int] | None = None
    frames: int | None = None
    more: tuple[str, ...] = ()
    stream: int | None = None
    start: datetime | str = "name"
    began: Began | None = None

    @property
    def delay(self) -> float:
        """Where second 0 of its own clock is on the clock of the run, s."""
        since = 0.0 if self.began is None else (self.began.time - self.began.zero).total_seconds()
        return since + self.offset

    @property
    def label(self) -> str:
        """The URI as it may be shown: without user name and password."""
        return hide_credentials(self.uri) or self.name

    @property
    def files(self) -> list[Path]:
        """The files, or the folder, that it is read from."""
        local = self.uri and not is_url(self.uri) and not is_webcam(self.uri)
        return [Path(uri) for uri in (self.uri, *self.more)] if local else []


def rate_fits(fps: float) -> bool:
    """Whether a frame rate is one that can be followed."""
    return SLOWEST <= fps <= FASTEST


def size_fits(width: float, height: float) -> bool:
    """Whether pictures of that size, px, can be read."""
    return max(width, height) <= LARGEST_SIDE and width * height <= MOST_PIXELS
