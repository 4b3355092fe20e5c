"""Opening cameras and reading them ahead in background threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from mtmc.sources.background import Background
from mtmc.sources.cameras import Camera
from mtmc.sources.source import Request, Source, SourcesConfig
from mtmc.types import Frame

READ_AHEAD = 4  # decoded frames that may wait per camera
CLOSE_PATIENCE = 1.0  # seconds to wait for a live camera's thread, which may hang in the network


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
        self._frames = Background(self._source.frames(request), READ_AHEAD, drop_oldest=self.live)

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
