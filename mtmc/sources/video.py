"""Video files and live streams, decoded with PyAV."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from typing import Any

import av
import cv2
import numpy as np

from mtmc.errors import UserError
from mtmc.sources.cameras import Camera
from mtmc.sources.source import Losses, Request
from mtmc.types import Frame, Image

log = logging.getLogger("mtmc")

DEFAULT_FPS = 25.0  # of streams that do not say
OPEN_TIMEOUT = 10.0  # seconds to wait for a stream to open or to send
RETRY_PAUSE = 1.0  # seconds between attempts to open a broken stream again
JITTER = 0.5  # seconds by which a network may delay a picture
SILENCE = 2.0  # seconds without a picture, or frames, that are counted as a drop-out
SILENCE_FRAMES = 5


def _open(camera: Camera) -> tuple[Any, Any]:
    """The container of a camera and its video stream.

    Raises:
        UserError: it cannot be opened or holds no video.
    """
    remote = "://" in camera.uri
    options = {"rtsp_transport": "tcp"} if camera.uri.startswith("rtsp") else {}
    try:
        container = av.open(
            camera.uri,
            options=options,
            timeout=OPEN_TIMEOUT if remote else None,
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        # Not str(error): it repeats the URL, password included.
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise UserError(
            f"camera {camera.name!r}: {camera.label}: cannot be opened as video ({reason})"
        ) from None
    if not container.streams.video:
        container.close()
        raise UserError(f"camera {camera.name!r}: {camera.label}: holds no video stream")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return container, stream


def _to_image(frame: Any) -> Image:
    image: Image = frame.to_ndarray(format="bgr24")
    quarter_turns = round(frame.rotation / 90) % 4  # phones record sideways and say so
    return np.ascontiguousarray(np.rot90(image, quarter_turns)) if quarter_turns else image


def _decode(
    container: Any, stream: Any, camera: Camera, losses: Losses | None = None
) -> Iterator[Any]:
    """Frames up to the end or to where the data breaks; damaged packets are left out.

    They are counted in ``losses`` where given, and warned of otherwise.
    """
    damaged = 0
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.error.InvalidDataError:
                damaged += 1
                if losses is not None:
                    losses.damaged += 1
    except av.error.FFmpegError as error:
        if losses is not None:
            return
        log.warning(
            "camera %s: breaks off (%s); goes on with what was read", camera.name, error.strerror
        )
    if damaged and losses is None:
        log.warning("camera %s: %d damaged packets left out", camera.name, damaged)


class _Clock:
    """Seconds since the first frame, by the frames' timestamps or by their number."""

    def __init__(self, fps: float, *, stamped: bool) -> None:
        self._fps, self._stamped = fps, stamped
        self._first: float | None = None
        self._last, self._count = -1 / fps, 0

    def tell(self, stamp: float | None) -> float:
        """The next frame's time."""
        # By number it is one division: sums of 1 / fps would drift away from the timestamps.
        elapsed = self._last + 1 / self._fps if self._stamped else self._count / self._fps
        if self._stamped and stamp is not None:
            self._first = stamp if self._first is None else self._first
            # A clock that stands still or runs back cannot be a real timestamp.
            elapsed = stamp - self._first if stamp - self._first > self._last else elapsed
        self._last, self._count = elapsed, self._count + 1
        return elapsed


class VideoFile:
    """A video that can be read from the start again, with its own timestamps.

    Time 0 is the first frame's presentation time; a frame rate in ``cameras.yaml`` replaces the
    timestamps.

    Raises:
        UserError: it cannot be opened, or not one frame can be decoded.
    """

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        container, stream = _open(camera)
        with container:
            rate = stream.average_rate or stream.guessed_rate
            self.fps = camera.fps or (float(rate) if rate else DEFAULT_FPS)
            self.total: int | None = int(stream.frames) or self._total_by_duration(container)
            first = next(_decode(container, stream, camera), None)
        if first is None:
            raise UserError(
                f"camera {camera.name!r}: {camera.label}: no frame of it can be decoded"
            )
        height, width = _to_image(first).shape[:2]
        self.size = (width, height)

    def _total_by_duration(self, container: Any) -> int | None:
        if not container.duration:
            return None
        return max(1, int(container.duration / av.time_base * self.fps + 0.5))

    def frames(self, request: Request) -> Iterator[Frame]:
        """See ``Source``; warns when the video ends well before its header says."""
        container, stream = _open(self._camera)
        clock, index = _Clock(self.fps, stamped=self._camera.fps is None), 0
        with container:
            for index, frame in enumerate(_decode(container, stream, self._camera), 1):
                elapsed = clock.tell(frame.time)
                if request.wants(index):
                    image = _to_image(frame) if index >= request.pixels_from else None
                    yield Frame(self._camera.name, index, elapsed + self._camera.offset, image)
        if self.total and index < 0.95 * self.total - 2:
            log.warning(
                "camera %s: ends after %d of about %d frames; the file seems truncated",
                self._camera.name,
                index,
                self.total,
            )


class LiveStream:
    """A stream that is read as it comes; a frame's time is when it arrived.

    Frames are numbered by that time: what a camera that was away did not send counts, too.

    Raises:
        UserError: it cannot be opened.
    """

    def __init__(self, camera: Camera, epoch: float, reconnect: float) -> None:
        self._camera = camera
        self._epoch = epoch
        self._reconnect = reconnect
        self._opened: tuple[Any, Any] | None = _open(camera)
        stream = self._opened[1]
        rate = camera.fps or stream.average_rate or stream.guessed_rate or DEFAULT_FPS
        self.fps = float(rate)
        self.size = (stream.codec_context.width, stream.codec_context.height)
        self.total: int | None = None

    def frames(self, request: Request) -> Iterator[Frame]:
        """See ``Source``; opens the stream again when it breaks off."""
        arrivals, shown = _Arrivals(self._camera.name, self.fps, request.losses), self.size
        for count, frame in enumerate(self._decoded(request), 1):
            arrived = time.monotonic()
            index = arrivals.number(arrived)
            if not request.wants(count):
                continue
            image = _to_image(frame)
            size = (image.shape[1], image.shape[0])
            if size != shown:
                self._tell_size(size, request.losses)
                shown = size
            if size != self.size:
                image = np.asarray(cv2.resize(image, self.size, interpolation=cv2.INTER_AREA))
            at = arrived - self._epoch + self._camera.offset
            yield Frame(self._camera.name, index, at, image)

    def _decoded(self, request: Request) -> Iterator[Any]:
        """What is decoded of the stream, each time it is opened."""
        while True:
            opened = self._opened or self._reopen(request)
            if opened is None:
                if not request.closing.is_set():
                    log.warning("camera %s: is gone; the others go on", self._camera.name)
                return
            self._opened = None
            container, stream = opened
            with container:
                yield from _decode(container, stream, self._camera, request.losses)

    def _reopen(self, request: Request) -> tuple[Any, Any] | None:
        give_up = time.monotonic() + self._reconnect
        while time.monotonic() < give_up and not request.closing.wait(RETRY_PAUSE):
            try:
                opened = _open(self._camera)
            except UserError:
                continue
            request.losses.reconnects += 1
            return opened
        return None

    def _tell_size(self, size: tuple[int, int], losses: Losses) -> None:
        losses.resizes += 1
        if losses.resizes == 1:
            log.warning(
                "camera %s: its pictures have become %d x %d px; they are brought to the %d x %d "
                "px that it began with",
                self._camera.name,
                *size,
                *self.size,
            )


class _Arrivals:
    """Numbers the frames of a live camera as they arrive.

    Args:
        name: of the camera.
        fps: its frame rate.
        losses: where the times without a frame are counted.
    """

    def __init__(self, name: str, fps: float, losses: Losses) -> None:
        self._name, self._fps, self._losses = name, fps, losses
        self._first = self._last = -math.inf
        self._index = 0

    def number(self, arrived: float) -> int:
        """The number of the frame that arrived at a time, s.

        One more than the last, but never behind the clock by more than what a network may delay.
        """
        if self._index == 0:
            self._first = self._last = arrived
        due = int((arrived - self._first - JITTER) * self._fps) + 1
        self._index = max(self._index + 1, due)
        self._note_silence(arrived - self._last)
        self._last = arrived
        return self._index

    def _note_silence(self, seconds: float) -> None:
        if seconds < max(SILENCE, SILENCE_FRAMES / self._fps):
            return
        self._losses.drop_outs += 1
        self._losses.silent_seconds = round(self._losses.silent_seconds + seconds, 1)
        if self._losses.drop_outs == 1:
            log.warning("camera %s: sent nothing for %.0f s, and goes on", self._name, seconds)
