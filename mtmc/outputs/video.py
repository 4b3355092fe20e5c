"""Writing H.264."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from mtmc.types import Image

TIME_BASE = Fraction(1, 90_000)  # s, fine enough for any frame rate


class VideoWriter:
    """An H.264 file that browsers play, and that stays playable when the process dies.

    Args:
        path: the ``.mp4`` to write.
        size: ``(width, height)`` px, even numbers.
        fps: nominal frame rate; each frame has its own timestamp.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
        self._container: Any = av.open(str(path), "w", format="mp4", options=options)
        rate = Fraction(fps).limit_denominator(1001)
        self._stream = self._container.add_stream("libx264", rate=rate)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = TIME_BASE
        # No B-frames: they would shift the first timestamp away from 0.
        self._stream.options = {"preset": "veryfast", "crf": "23", "bf": "0"}
        self._start: float | None = None
        self._last = -1

    def write(self, image: Image, time: float) -> None:
        """Add a picture ``(H, W, 3)`` BGR that was taken at ``time`` s."""
        self._start = time if self._start is None else self._start
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        # Timestamps must grow, whatever a live camera's clock does.
        self._last = max(round((time - self._start) / TIME_BASE), self._last + 1)
        frame.pts, frame.time_base = self._last, TIME_BASE
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what is pending."""
        self._container.mux(self._stream.encode())
        self._container.close()
