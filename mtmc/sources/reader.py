"""Opening cameras and reading them ahead in background threads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mtmc.sources.background import Background
from mtmc.sources.camera import Began, Camera
from mtmc.sources.source import Losses, Request, Source, SourcesConfig
from mtmc.types import Frame

log = logging.getLogger("mtmc")

READ_AHEAD = 4  # decoded frames that may wait per camera
CLOSE_PATIENCE = 1.0  # seconds to wait for a live camera's thread, which may hang in the network
LATE = 0.5  # seconds, or frames: a live picture so much older than the newest is not worth the work
LATE_FRAMES = 1.5
TOO_SLOW = 0.25  # share of dropped pictures of which a user should know
SETTLED = 20.0  # seconds after which that share tells something


class CameraReader:
    """One opened camera whose frames are decoded ahead of the consumer."""

    def __init__(self, camera: Camera, source: Source, config: SourcesConfig) -> None:
        self.camera = camera
        self.name = camera.name
        self.live = camera.kind == "live"
        self.fps = source.fps / config.stride
        self.size = source.size
        self.total = None if source.total is None else -(-source.total // config.stride)
        self.source = source
        self._config = config
        self._frames: Background[Frame] | None = None
        self._closing = threading.Event()
        self.losses = Losses()
        self._delivered = 0
        self._last: tuple[int, float] | None = None  # index and time, s
        self._first_time: float | None = None
        self._warned = False

    @property
    def zero(self) -> datetime | None:
        """What the clock on the wall says at second 0 of the run's; None where nobody knows."""
        return None if self.camera.began is None else self.camera.began.zero

    def start(self, pixels_from: int = 1, scale: float = 1.0) -> None:
        """Begin decoding; frames before index ``pixels_from`` come without their image.

        Those of recordings may be made as small as ``scale`` says, below 1.
        """
        self.close()
        self._closing = threading.Event()
        self.losses, self._last = Losses(), None
        stride = self._config.stride
        request = Request(pixels_from, stride, self._closing, self.losses, scale)
        outdated = self._outdated if self.live else None
        self._frames = Background(self.source.frames(request), READ_AHEAD, outdated)

    def _outdated(self, old: Frame, new: Frame) -> bool:
        return new.time - old.time > max(LATE, LATE_FRAMES / self.fps)

    def _started(self) -> Background[Frame]:
        if self._frames is None:
            raise RuntimeError("start() comes before reading")
        return self._frames

    def peek(self, timeout: float | None = None) -> Frame | None:
        """The next frame without taking it; None when ended or not there within ``timeout`` s."""
        return self._started().peek(timeout)

    def __next__(self) -> Frame:
        frames = self._started()
        frame, before = next(frames), self._last
        self._last = frame.index, frame.time
        if self.live:
            self.losses.dropped = frames.dropped
            self._tell_losses(frame)
        if before is None:
            return frame
        # When a live picture arrives is no exact time; its number counts the pictures.
        index, time = before
        steps = (frame.time - time) * self.fps
        if self.live:
            steps = (frame.index - index) / self._config.stride
        return frame if round(steps) <= 1 else replace(frame, steps=round(steps))

    def _tell_losses(self, frame: Frame) -> None:
        """Warn, once, when the computer is too slow for the camera."""
        self._delivered += 1
        if self._first_time is None:
            self._first_time = frame.time
        dropped = self.losses.dropped
        share = dropped / (dropped + self._delivered)
        if self._warned or share < TOO_SLOW or frame.time - self._first_time < SETTLED:
            return
        self._warned = True
        log.warning(
            "camera %s: pictures come faster than they can be worked on, %d %% are dropped so far; "
            "a smaller detector or sources.stride helps",
            self.name,
            round(100 * share),
        )

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
    now: datetime | None = None,
) -> list[CameraReader]:
    """Open every camera; nothing is read yet beyond a first frame.

    Args:
        cameras: as found by ``find_cameras``.
        config: how they are read.
        frame_counts: camera name -> number of frames, for cameras that are only boxes.
        now: second 0 of the run's clock, where cameras are live.

    Raises:
        UserError: a camera cannot be opened.
    """
    now = now or datetime.now().astimezone()
    epoch = time.monotonic() - (datetime.now().astimezone() - now).total_seconds()
    return [
        CameraReader(
            begun(c, now),
            _open(c, config, epoch, frame_counts or {}),
            config,
        )
        for c in cameras
    ]


def begun(camera: Camera, now: datetime) -> Camera:
    """The camera, which begins now if it is live."""
    return replace(camera, began=Began(now, "now", now)) if camera.kind == "live" else camera


def _open(
    camera: Camera, config: SourcesConfig, epoch: float, frame_counts: Mapping[str, int]
) -> Source:
    if camera.kind == "images":
        from mtmc.sources.images import ImageFolder

        return ImageFolder(camera)
    if camera.kind == "boxes":
        from mtmc.sources.images import NoImages

        return NoImages(camera, frame_counts.get(camera.name))
    if camera.kind == "live":
        from mtmc.sources.video import LiveStream

        return LiveStream(camera, epoch, config.reconnect)
    from mtmc.sources.recording import VideoFile

    return VideoFile(camera)
