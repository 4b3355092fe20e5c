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
        reconnect: seconds to keep trying when a live stream breaks off, before it is given up.
    """

    stride: int = setting(1, ge=1, unit="frames", public=True)
    reconnect: float = setting(20.0, ge=0, unit="s", public=True)


@dataclass(frozen=True)
class Request:
    """What is wanted of a source.

    Args:
        pixels_from: frames with a lower index may come without their image.
        stride: every so many-th frame, beginning with the first.
        closing: set when nothing more is wanted.
    """

    pixels_from: int = 1
    stride: int = 1
    closing: threading.Event = field(default_factory=threading.Event)

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
