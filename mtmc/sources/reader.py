"""Opening cameras and reading them ahead in background threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mtmc.background import Background
from mtmc.config import require
from mtmc.sources.camera import Camera
from mtmc.types import Frame

CLOSE_PATIENCE = 1.0  # seconds to wait for a live camera's thread, which may hang in the network


@dataclass(frozen=True)
class SourcesConfig:
    """How cameras are read.

    Args:
        stride: use every n-th frame of each camera.
        read_ahead: decoded frames that may wait per camera.
        reconnect: seconds to keep trying when a live stream breaks off, before it is given up.
    """

    stride: int = 1
    read_ahead: int = 4
    reconnect: float = 20.0

    def __post_init__(self) -> None:
        require(self.stride >= 1, f"stride must be at least 1, got {self.stride}")
        require(self.read_ahead >= 1, f"read_ahead must be at least 1, got {self.read_ahead}")
        require(self.reconnect >= 0, f"reconnect must not be negative, got {self.reconnect}")


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


class CameraReader:
    """One opened camera whose frames are decoded ahead of the consumer."""

    def __init__(self, camera: Camera, source: Source, config: SourcesConfig) -> None:
        self.camera = camera
        self.name = camera.name
        self.live = camera.kind == "live"
        self.fps = source.fps / config.stride
        self.size = source.size
        self.total = None if source.total is None else -(-source.total // config.stride)
        self._source = source
        self._config = config
        self._frames: Background[Frame] | None = None
        self._closing = threading.Event()

    def start(self, pixels_from: int = 1) -> None:
        """Begin decoding; frames before index ``pixels_from`` come without their image."""
        self.close()
        self._closing = threading.Event()
        request = Request(pixels_from, self._config.stride, self._closing)
        self._frames = Background(
            self._source.frames(request), self._config.read_ahead, drop_oldest=self.live
        )

    def _started(self) -> Background[Frame]:
        if self._frames is None:
            raise RuntimeError("start() comes before reading")
        return self._frames

    def peek(self, timeout: float | None = None) -> Frame | None:
        """The next frame without taking it; None when ended or not there within ``timeout`` s."""
        return self._started().peek(timeout)

    def __next__(self) -> Frame:
        return next(self._started())

    @property
    def ended(self) -> bool:
        """Whether the camera has no more frames."""
        return self._started().ended

    def close(self) -> None:
        """Stop decoding; who waits for a frame learns that the camera has ended."""
        self._closing.set()
        if self._frames is not None:
            self._frames.close(CLOSE_PATIENCE if self.live else None)


def open_cameras(
    cameras: Sequence[Camera],
    config: SourcesConfig,
    frame_counts: Mapping[str, int] | None = None,
) -> list[CameraReader]:
    """Open every camera; nothing is read yet beyond a first frame.

    Args:
        cameras: as found by ``find_cameras``.
        config: how they are read.
        frame_counts: camera name -> number of frames, for cameras that are only boxes.

    Raises:
        UserError: a camera cannot be opened.
    """
    epoch = time.monotonic()
    return [
        CameraReader(camera, _open(camera, config, epoch, frame_counts or {}), config)
        for camera in cameras
    ]


def _open(
    camera: Camera, config: SourcesConfig, epoch: float, frame_counts: Mapping[str, int]
) -> Source:
    if camera.kind == "images":
        from mtmc.sources.images import ImageFolder

        return ImageFolder(camera)
    if camera.kind == "boxes":
        from mtmc.sources.images import NoImages

        return NoImages(camera, frame_counts.get(camera.name))
    from mtmc.sources.video import LiveStream, VideoFile

    if camera.kind == "live":
        return LiveStream(camera, epoch, config.reconnect)
    return VideoFile(camera)
