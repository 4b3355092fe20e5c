"""Time steps: the frames that all cameras took at the same moment."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator, Sequence

from mtmc.sources.reader import CameraReader
from mtmc.types import Frame

LIVE_PATIENCE = 0.5  # seconds a step waits for live cameras before it goes on without them
POLL = 0.01  # seconds between looks while no camera sends anything


def align(readers: Sequence[CameraReader]) -> Iterator[dict[str, Frame]]:
    """Merge the cameras by timestamp, each step at most one frame of a camera.

    A step begins at the earliest waiting frame and takes along every camera whose next frame is
    less than half a frame of the fastest camera later. So no frame is left out or repeated: a
    slower camera is missing from some steps, and one that ended from all later ones. A live
    camera that kept a step waiting in vain is not waited for until it sends again. Cameras may be
    added to ``readers`` at any time.

    Yields:
        camera name -> its frame, in the order of ``readers``.
    """
    silent: set[CameraReader] = set()
    while True:
        waiting = _next_frames(readers, silent)
        silent = {reader for reader in readers if reader.live and reader not in waiting}
        if not waiting:
            if all(reader.ended for reader in readers):
                return
            time.sleep(POLL)
            continue
        start = min(frame.time for frame in waiting.values())
        tolerance = 0.5 / max(reader.fps for reader in readers)
        # The tiny margin keeps equal rates apart from rounding of their timestamps.
        limit = start + tolerance * (1 - 1e-6)
        # Far from 0 the tolerance drowns in rounding: the earliest frames go in any case.
        step = {
            reader.name: taken
            for reader, frame in waiting.items()
            if (frame.time < limit or frame.time == start)
            # One that was closed meanwhile has nothing more.
            and (taken := next(reader, None)) is not None
        }
        if step:
            yield step


def _next_frames(
    readers: Sequence[CameraReader], silent: Container[CameraReader]
) -> dict[CameraReader, Frame]:
    """The next frame of every camera that has one, all live cameras sharing one patience."""
    deadline = time.monotonic() + LIVE_PATIENCE
    frames = {}
    for reader in readers:
        timeout = None
        if reader.live:
            timeout = 0.0 if reader in silent else max(0.0, deadline - time.monotonic())
        frame = reader.peek(timeout)
        if frame is not None:
            frames[reader] = frame
    return frames
