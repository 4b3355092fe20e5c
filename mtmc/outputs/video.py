"""Writing H.264."""

from __future__ import annotations

import io
import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

from mtmc.types import Image

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

TIME_BASE = Fraction(1, 90_000)  # s, fine enough for any frame rate
FRAGMENT = 500_000  # microseconds after which what was written can be played
LOOKAHEAD = 0.3  # seconds by which the encoder may be behind a live camera
# As many threads as the encoder likes would make other bytes on every other computer.
SAME_BYTES = "threads=4:cpu-independent=1"
# No B-frames: they would shift the first timestamp away from 0.
X264 = {"preset": "veryfast", "crf": "23", "bf": "0", "x264-params": SAME_BYTES}


class VideoWriter:
    """An H.264 file that browsers play.

    Args:
        path: the ``.mp4`` to write.
        size: ``(width, height)`` px, even numbers.
        fps: nominal frame rate; each frame has its own timestamp.
        live: write each picture soon, so that the file plays up to its last second when the
            process dies.
        keyframes: seconds between pictures that can be sought; None leaves it to the encoder.

    Raises:
        OSError: the file cannot be written; also when that shows only in the end.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        fps: float,
        *,
        live: bool = False,
        keyframes: float | None = None,
    ) -> None:
        options = {
            "movflags": "empty_moov+default_base_moof",
            "frag_duration": str(FRAGMENT),
            "flush_packets": "1" if live else "0",
        }
        self._path, self._file = path, _File(path, "wb")
        self._container: Any = av.open(self._file, "w", format="mp4", options=options)
        rate = Fraction(fps).limit_denominator(1001)
        self._stream = self._container.add_stream("libx264", rate=rate)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = TIME_BASE
        sought = {} if keyframes is None else {"g": str(max(1, round(keyframes * fps)))}
        self._stream.options = {**(_soon(fps) if live else X264), **sought}
        self._start: float | None = None
        self._last = -1
        self._broken = False

    def write(self, image: Image, time: float) -> None:
        """Add a picture ``(H, W, 3)`` BGR that was taken at ``time`` s."""
        self._start = time if self._start is None else self._start
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        # Timestamps must grow, whatever a live camera's clock does.
        self._last = max(round((time - self._start) / TIME_BASE), self._last + 1)
        frame.pts, frame.time_base = self._last, TIME_BASE
        self._encode(frame)

    def _encode(self, frame: av.VideoFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(frame))
        except BaseException:
            self._broken = True
            raise

    def close(self) -> None:
        """Write what is pending, unless a write has failed; without a picture no file stays."""
        with self._file:
            if self._broken:
                return
            if self._start is not None:
                self._encode(None)
            self._container.close()
            os.fsync(self._file.fileno())
        if self._start is None:
            self._path.unlink(missing_ok=True)


class _File(io.FileIO):
    """Writes all it is given or raises; FFmpeg itself is silent when its last write fails."""

    def write(self, data: ReadableBuffer, /) -> int:
        left = memoryview(data)
        while left:
            left = left[super().write(left) :]
        return len(memoryview(data))


def _soon(fps: float) -> dict[str, str]:
    """Options of an encoder that holds back hardly anything: its threads share one picture."""
    ahead = min(max(round(LOOKAHEAD * fps), 1), 10)
    threads = f"{SAME_BYTES}:sliced-threads=1:sync-lookahead=0"
    return {**X264, "rc-lookahead": str(ahead), "x264-params": threads}
