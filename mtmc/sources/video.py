"""Video files, live streams and webcams, decoded with PyAV."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition

from mtmc.errors import UserError
<<<<<<< HEAD
from mtmc.sources.address import hide_credentials, is_url, is_webcam
from mtmc.sources.camera import FASTEST, MOST_PIXELS, SLOWEST, Camera, rate_fits
from mtmc.sources.depth import Range, find_range
from mtmc.sources.orientation import upright
from mtmc.sources.places import password_hint
from mtmc.sources.rate import heard_rate, stated_rate, timed_rate
from mtmc.sources.reader import Request
=======
from mtmc.sources.cameras import Camera
from mtmc.sources.source import Request
>>>>>>> main
from mtmc.types import Frame, Image

log = logging.getLogger("mtmc")

DEFAULT_FPS = 25.0  # of streams that do not say
OPEN_TIMEOUT = 10.0  # seconds to wait for a stream to open or to send
RETRY_PAUSE = 1.0  # seconds between attempts to open a broken stream again
LEAD_IN = 0.1  # seconds that sound or a codec's delay may be ahead of the first picture
LONGEST_PAUSE = 3600.0  # seconds between parts of a recording whose clock goes on
COVER = Disposition.attached_pic | Disposition.timed_thumbnails
DEEP_FORMATS = ("gray16", "rgb48", "bgr48", "gbrp16")  # whose sixteen bits need not be full
LIMITS = {"max_pixels": str(MOST_PIXELS)}
SYSTEMS_CAMERAS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}


def _open(camera: Camera, uri: str | None = None) -> tuple[Any, Any]:
    """The container of a camera (or of a part of its recording) and its video stream.

    Raises:
        UserError: it cannot be opened or holds no video.
    """
    uri = uri or camera.uri
    where = f"camera {camera.name!r}: {hide_credentials(uri)}"
    container = _container(uri, where)
    streams = picture_streams(container)
    number = camera.stream or 0
    if number < len(streams):
        stream = streams[number]
        if stream.codec_context.width:
            stream.codec_context.options = LIMITS
            stream.thread_type = "AUTO"
            return container, stream
        what = f"its pictures are larger than {MOST_PIXELS // 10**6} megapixels, or damaged"
    elif streams:
        what = f"has no stream {number}; it holds {_described(streams)}"
    else:
        what = "holds no video stream"
    container.close()
    raise UserError(f"{where}: {what}")


def _container(uri: str, where: str) -> Any:
    remote = is_url(uri)
    options = {**LIMITS, **({"rtsp_transport": "tcp"} if uri.lower().startswith("rtsp") else {})}
    device = SYSTEMS_CAMERAS.get(sys.platform) if is_webcam(uri) else None
    try:
        return av.open(
            # Whole, so that nothing before a colon is taken for a protocol.
            uri if remote or device else os.path.abspath(uri),
            format=device,
            options=options,
            timeout=OPEN_TIMEOUT if remote else None,
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        # Not str(error): it repeats the URL, password included.
        reason = getattr(error, "strerror", None) or type(error).__name__
        hint = password_hint(uri) if remote else ""
        raise UserError(f"{where}: cannot be opened as video ({reason}){hint}") from None


def picture_streams(container: Any) -> list[Any]:
    """The video streams that are no cover or preview pictures."""
    return [s for s in container.streams.video if not s.disposition & COVER]


def _described(streams: list[Any]) -> str:
    return ", ".join(
        f"{number} ({s.codec_context.width}x{s.codec_context.height})"
        for number, s in enumerate(streams)
    )


def is_video(path: Path) -> bool:
    """Whether FFmpeg finds a video in a file, whatever it is called."""
    try:
        container, stream = _open(Camera(path.stem, str(path)))
        with container:
            return next(_decode(container, stream, None), None) is not None
    except (UserError, av.error.FFmpegError):
        return False


def never_ends(camera: Camera) -> bool:
    """Whether a web address is a stream without an end, such as MJPEG cameras send.

    Raises:
        UserError: it cannot be opened.
    """
    container, _ = _open(camera)
    with container:
        playlist = container.format.name in {"hls", "dash"}
        return not container.duration and (playlist or container.size <= 0)


def _to_image(frame: Any, values: Range | None = None) -> Image:
    if values is None:
        image: Image = frame.to_ndarray(format="bgr24")
    else:
        image = values.apply(_deep_pixels(frame))
    return upright(image, frame)


def _deep_pixels(frame: Any) -> Any:
    if frame.format.name.startswith("gray"):
        grey = frame.to_ndarray(format="gray16le")
        return np.repeat(grey[:, :, None], 3, axis=2)
    return frame.to_ndarray(format="bgr48le")


def _range_of(frame: Any) -> Range | None:
    """The values of a video of 16 bits that uses only some of them."""
    if not frame.format.name.startswith(DEEP_FORMATS):
        return None
    found = find_range([_deep_pixels(frame)])
    return None if (found.low, found.high) == (0.0, 65535.0) else found


def _decode(container: Any, stream: Any, camera: Camera | None) -> Iterator[Any]:
    """Frames up to the end or to where the data breaks; damaged packets are left out.

    Without a camera nobody is told.
    """
    damaged = 0
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.error.InvalidDataError:
                damaged += 1
    except av.error.FFmpegError as error:
        if camera:
            log.warning(
                "camera %s: breaks off (%s); goes on with what was read",
                camera.name,
                error.strerror,
            )
    if damaged and camera:
        log.warning("camera %s: %d damaged packets left out", camera.name, damaged)


class _Clock:
    """Seconds since a recording began, by the frames' timestamps or by their number."""

    def __init__(self, fps: float, *, stamped: bool) -> None:
        self._fps, self._stamped = fps, stamped
        self._zero: float | None = None
        self._last, self._count = -1 / fps, 0
        self._lead = 0.0

    def begin(self, start: float | None, lead: float) -> float:
        """A file begins: its first timestamp, and how much later its first picture is.

        The files of one recording follow each other, unless their clock goes on and says when.

        Returns:
            The pause since the file before, s.
        """
        due = self._last + 1 / self._fps
        if self._zero is None or not self._stamped or start is None:
            self._lead += lead
            self._zero = None if start is None else start - max(due, 0.0)
            return 0.0
        pause = start - self._zero - due
        if not -0.5 / self._fps < pause < LONGEST_PAUSE:
            self._zero, pause = start - due, 0.0
        return pause

    def tell(self, stamp: float | None) -> float:
        """The next frame's time."""
        # By number it is one division: sums of 1 / fps would drift away from the timestamps.
        elapsed = self._last + 1 / self._fps
        if not self._stamped:
            elapsed = self._lead + self._count / self._fps
        elif stamp is not None:
            self._zero = stamp if self._zero is None else self._zero
            # A clock that stands still or runs back cannot be a real timestamp.
            elapsed = stamp - self._zero if stamp - self._zero > self._last else elapsed
        self._last, self._count = elapsed, self._count + 1
        return elapsed


class _File:
    """What is known of a video file, or of one part of a recording, before it is read.

    Raises:
        UserError: it cannot be opened, not one frame can be decoded, or its frame rate is none.
    """

    def __init__(self, camera: Camera, uri: str) -> None:
        self.uri = uri
        self._camera, self._where = camera, f"camera {camera.name!r}: {hide_credentials(uri)}"
        container, stream = _open(camera, uri)
        with container:
            self.others = _described(picture_streams(container))
            self.several = len(picture_streams(container)) > 1
            self.stated = stated_rate(container, stream)
            self._frames, self._duration = int(stream.frames), container.duration
            begins = [s for s in (_seconds(stream), _container_start(container)) if s is not None]
            first = next(_decode(container, stream, None), None)
        if first is None:
            raise UserError(f"{self._where}: no frame of it can be decoded")
        self.fps = camera.fps or self.stated or self._timed_rate() or DEFAULT_FPS
        self.values = _range_of(first)
        height, width = _to_image(first).shape[:2]
        self.size = (width, height)
        self.start, self.lead = first.time, 0.0
        if first.time is not None and begins:
            lead = first.time - min(begins)
            if lead > max(LEAD_IN, 2 / self.fps):
                self.start, self.lead = min(begins), lead

    def _timed_rate(self) -> float | None:
        """By the timestamps.

        Raises:
            UserError: they are nearer or farther than any camera's.
        """
        container, stream = _open(self._camera, self.uri)
        with container:
            # What a format without timestamps has was made up, and is no measurement.
            self.timed = timed_rate(container, stream) if stream.average_rate is None else None
        return self.timed

    @property
    def total(self) -> int | None:
        """How many frames it says it has, about."""
        if self._frames or not self._duration:
            return self._frames or None
        return max(1, int(self._duration / av.time_base * self.fps + 0.5))


class LiveStream:
    """A stream that is read as it comes; a frame's time is when it arrived.

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
        index = 0
        while True:
            opened = self._opened or self._reopen(request.closing)
            if opened is None:
                if not request.closing.is_set():
                    log.warning("camera %s: is gone; the others go on", self._camera.name)
                return
            self._opened = None
            container, stream = opened
            with container:
                for frame in _decode(container, stream, self._camera):
                    index += 1
                    if request.wants(index):
                        arrived = time.monotonic() - self._epoch + self._camera.offset
                        yield Frame(self._camera.name, index, arrived, _to_image(frame))

    def _reopen(self, closing: threading.Event) -> tuple[Any, Any] | None:
        give_up = time.monotonic() + self._reconnect
        while time.monotonic() < give_up and not closing.wait(RETRY_PAUSE):
            try:
                return _open(self._camera)
            except UserError:
                continue
        return None
