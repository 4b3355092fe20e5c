"""Live streams and webcams, decoded with PyAV."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import av

from mtmc.errors import UserError
from mtmc.sources.camera import Camera, rate_fits
from mtmc.sources.opening import open_video as _open
from mtmc.sources.opening import tell_streams
from mtmc.sources.opening import to_image as _to_image
from mtmc.sources.rate import heard_rate, stated_rate
from mtmc.sources.source import Request
from mtmc.types import Frame

log = logging.getLogger("mtmc")

DEFAULT_FPS = 25.0  # of streams that do not say and send too little to tell
RETRY_PAUSE = 1.0  # seconds between attempts to open a broken stream again


def _decode(container: Any, stream: Any, camera: Camera) -> Iterator[Any]:
    """Frames up to the end or to where the data breaks; damaged packets are left out."""
    damaged = 0
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.error.InvalidDataError:
                damaged += 1
    except av.error.FFmpegError as error:
        log.warning(
            "camera %s: breaks off (%s); goes on with what was read", camera.name, error.strerror
        )
    if damaged:
        log.warning("camera %s: %d damaged packets left out", camera.name, damaged)


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
        container, stream = self._opened
        tell_streams(camera, container)
        self.fps = camera.fps or stated_rate(container, stream) or self._heard_rate()
        self.size = (stream.codec_context.width, stream.codec_context.height)
        self.total: int | None = None

    def _heard_rate(self) -> float:
        """How fast a stream sends that does not say."""
        assert self._opened is not None
        heard = heard_rate(_decode(*self._opened, self._camera))
        fps = heard if heard is not None and rate_fits(heard) else DEFAULT_FPS
        log.info(
            "camera %s: the stream does not tell its frame rate; %.3g a second are %s ('fps' in "
            "cameras.yaml says otherwise)",
            self._camera.name,
            fps,
            "measured" if fps == heard else "assumed",
        )
        return fps

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
