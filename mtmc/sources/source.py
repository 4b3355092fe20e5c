"""What is asked of a source of frames, and what it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from mtmc.trackers.settings import Checked, setting
from mtmc.types import Frame


@dataclass(frozen=True)
class SourcesConfig(Checked):
    """How cameras are read.

    Args:
        stride: use every n-th frame of each camera.
        reconnect: to keep trying when a live stream breaks off, before it is given up; a camera
            that starts anew takes a minute or so.
    """

    stride: int = setting(1, ge=1, unit="frames", public=True)
    reconnect: float = setting(120.0, ge=0, unit="s", public=True)


@dataclass
class Losses:
    """What of a live camera's pictures did not arrive, or not as announced, so far.

    Args:
        dropped: pictures that came but had to make room for newer ones.
        drop_outs: times for which it sent nothing, of two seconds or more,
        silent_seconds: how long these were together.
        reconnects: how often it was opened again.
        damaged: packets that could not be decoded.
        resizes: how often its pictures came to have another size.
        lost: pictures that were with a worker that ended.
    """

    dropped: int = 0
    drop_outs: int = 0
    silent_seconds: float = 0.0
    reconnects: int = 0
    damaged: int = 0
    resizes: int = 0
    lost: int = 0


@dataclass(frozen=True)
class Request:
    """What is wanted of a source.

    Args:
        pixels_from: frames with a lower index may come without their image.
        stride: every so many-th frame, beginning with the first.
        closing: set when nothing more is wanted.
        losses: where a live camera counts them.
        scale: below 1, how small pictures of recordings may be made.
    """

    pixels_from: int = 1
    stride: int = 1
    closing: threading.Event = field(default_factory=threading.Event)
    losses: Losses = field(default_factory=Losses)
    scale: float = 1.0

    def wants(self, index: int) -> bool:
        """Whether the frame is one to deliver."""
        return (index - 1) % self.stride == 0


class Source(Protocol):
    """Frames of one camera, from the first to the last, as often as asked.

    ``fps`` is nominal, ``size`` is ``(width, height)`` px, ``total`` the number of frames where
    it is known.
    """

    fps: float
    size: tuple[int, int]
    total: int | None

    def frames(self, request: Request) -> Iterator[Frame]:
        """The frames that ``request`` wants."""
        ...
