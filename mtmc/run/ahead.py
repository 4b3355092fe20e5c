"""Time steps that are read, and looked at by the detector, before those before them are done."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING

from mtmc.perception.changes import MEMORY
from mtmc.reid.threads import available_cores
from mtmc.sources import CameraReader, align
from mtmc.sources.background import Background

if TYPE_CHECKING:
    from mtmc.perception.perception import Perception
    from mtmc.run.group import Cameras, Found
    from mtmc.run.stopwatch import Stopwatch
    from mtmc.types import Frame

FEW_CORES = 2  # a network alone keeps so many busy, and a thread beside it only disturbs
STEPS_AHEAD = 2  # time steps the detector may be ahead of the rest

Step = dict[str, "Frame"]
Detecting = Callable[[], "Found"]
Detected = Generator[Detecting, None, None]


def start_readers(
    readers: Sequence[CameraReader], perception: Perception, needs_image: bool
) -> None:
    """Start all readers, with pictures from where the log ends, or from the first on."""
    known = {} if needs_image else perception.recorded
    for reader in readers:
        # Where pictures change is seen only beside earlier ones.
        before = math.ceil(MEMORY * reader.fps)
        reader.start(pixels_from=max(1, known.get(reader.name, 0) + 1 - before))


def detected_ahead(
    readers: Sequence[CameraReader],
    cameras: Cameras,
    perception: Perception,
    watch: Stopwatch,
    apart: bool,
) -> Background[Detecting] | Detected:
    """The frames of each time step with what the detector, or the log, says of each.

    Later steps are begun before earlier ones are done: in a thread of its own, where it is to be
    ``apart`` or there is a core for what comes after it, else as many as the detector works on
    beside us.
    """
    steps = _detected(readers, cameras, watch)
    count = -(-perception.ahead // max(len(readers), 1))
    if apart or available_cores() > FEW_CORES:
        return Background(steps, max(count, STEPS_AHEAD))
    return _before(steps, count)


def _detected(readers: Sequence[CameraReader], cameras: Cameras, watch: Stopwatch) -> Detected:
    for step in _timed(align(readers), watch):
        yield cameras.detect(list(step.values()))


def _timed(steps: Iterator[Step], watch: Stopwatch) -> Iterator[Step]:
    while True:
        with watch("wait for frames"):
            step = next(steps, None)
        if step is None:
            return
        yield step


def _before(steps: Detected, ahead: int) -> Detected:
    """The same, each when so many after it are begun, too."""
    begun: deque[Detecting] = deque()
    for step in steps:
        begun.append(step)
        if len(begun) > ahead:
            yield begun.popleft()
    yield from begun
