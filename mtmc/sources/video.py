"""Live streams and webcams, decoded with PyAV."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from mtmc.errors import UserError
from mtmc.sources.camera import Camera, rate_fits
from mtmc.sources.opening import Damage, decoded, tell_streams
from mtmc.sources.opening import open_video as _open
from mtmc.sources.opening import to_image as _to_image
from mtmc.sources.orientation import Orientation
from mtmc.sources.rate import heard_rate, stated_rate
from mtmc.sources.source import Losses, Request
from mtmc.types import Frame

log = logging.getLogger("mtmc")

DEFAULT_FPS = 25.0  # of streams that do not say and send too little to tell
RETRY_PAUSE = 1.0  # seconds between attempts to open a broken stream again
JITTER = 0.5  # seconds by which a network may delay a picture
SILENCE = 2.0  # seconds without a picture, or frames, that are counted as a drop-out
SILENCE_FRAMES = 5


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
        container, stream = self._opened
        tell_streams(camera, container)
        self.fps = camera.fps or stated_rate(container, stream) or self._heard_rate()
        self.size = (stream.codec_context.width, stream.codec_context.height)
        self.total: int | None = None

    def _heard_rate(self) -> float:
        """How fast a stream sends that does not say."""
        assert self._opened is not None
        heard = heard_rate(decoded(*self._opened, Damage()))
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
        arrivals, shown = _Arrivals(self._camera.name, self.fps, request.losses), self.size
        orientation = Orientation()
        for count, frame in enumerate(self._decoded(request), 1):
            arrived = time.monotonic()
            index = arrivals.number(arrived)
            if not request.wants(count):
                continue
            image = _to_image(frame, orientation)
            size = (image.shape[1], image.shape[0])
            if size != shown:
                self._tell_size(size, request.losses)
                shown = size
            if size != self.size:
                image = np.asarray(cv2.resize(image, self.size, interpolation=cv2.INTER_AREA))
            at = arrived - self._epoch + self._camera.delay
            yield Frame(self._camera.name, index, at, image)

    def _decoded(self, request: Request) -> Iterator[Any]:
        """What is decoded of the stream, each time it is opened."""
        damage = Damage()
        while True:
            opened = self._opened or self._reopen(request)
            if opened is None:
                if not request.closing.is_set():
                    log.warning("camera %s: is gone; the others go on", self._camera.name)
                return
            self._opened = None
            container, stream = opened
            with container:
                for frame in decoded(container, stream, damage):
                    request.losses.damaged = damage.packets
                    yield frame
            request.losses.damaged = damage.packets

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
