"""Time steps: the frames that all cameras took at the same moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mtmc.sources.reader import CameraReader
from mtmc.types import Frame

LIVE_PATIENCE = 0.5  # seconds to wait for a live camera before a step goes on without it


def align(readers: Sequence[CameraReader]) -> Iterator[dict[str, Frame]]:
    """Merge the cameras by timestamp, each step at most one frame of a camera.

    A step begins at the earliest waiting frame and takes along every camera whose next frame is
    less than half a frame of the fastest camera later. So no frame is left out or repeated: a
    slower camera is missing from some steps, and one that ended from all later ones.

    Yields:
        camera name -> its frame, in the order of ``readers``.
    """
    tolerance = 0.5 / max(reader.fps for reader in readers)
    while True:
        waiting = {reader: frame for reader in readers if (frame := reader.peek(_patience(reader)))}
        if not waiting:
            if all(reader.ended for reader in readers):
                return
            continue
        start = min(frame.time for frame in waiting.values())
        # The tiny margin keeps equal rates apart from rounding of their timestamps.
        limit = start + tolerance * (1 - 1e-6)
        yield {r.name: next(r) for r, frame in waiting.items() if frame.time < limit}


def _patience(reader: CameraReader) -> float | None:
    return LIVE_PATIENCE if reader.live else None
