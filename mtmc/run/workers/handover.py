"""What whoever takes over a worker's cameras must know to be where it was."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from mtmc.perception.changes import MEMORY
from mtmc.perception.log import Inference
from mtmc.run.workers.worker import Step
from mtmc.types import Frame

STATE_EVERY = 50  # time steps between two states of its tracks that a worker tells


class Handover:
    """What a worker has done since it told its state, and what pictures before that matter.

    Attributes:
        state: of its tracks; None before the first.
        follows: whether it follows people, and not only finds them.
        whole: whether all that it knows can be told.
    """

    def __init__(self) -> None:
        self.state: bytes | None = None
        self.follows = self.whole = True
        self._steps: deque[Step] = deque()
        self._seen: dict[str, int] = {}  # number of the last frame that was looked at, by camera
        self._since = 0
        self._lock = threading.Lock()

    def detected(self, frames: Sequence[Frame], inferences: Sequence[Inference]) -> None:
        """People were found in some frames."""
        with self._lock:
            self._steps.append(Step(frames, inferences, in_state=not self.follows))
            self._seen |= {frame.camera: frame.index for frame in frames}
            self._forget(max(frame.time for frame in frames))

    def _forget(self, time: float) -> None:
        """Let go of what nobody would need."""
        while self._steps and self._steps[0].in_state:
            if max(frame.time for frame in self._steps[0].frames) >= time - MEMORY:
                return
            self._steps.popleft()

    def followed(self, frames: Sequence[Frame], orders: tuple[Any, ...]) -> bool:
        """People were followed; returns whether it is time for another state."""
        where = [(frame.camera, frame.index) for frame in frames]
        with self._lock:
            for step in reversed(self._steps):
                if [(frame.camera, frame.index) for frame in step.frames] == where:
                    step.orders = orders
                    break
            self._since += 1
            return self._since >= STATE_EVERY

    def is_in(self, state: bytes | None) -> None:
        """Take in what is known of tracks after all that was followed; None where nobody can."""
        with self._lock:
            self.state, self._since, self.whole = state, 0, state is not None
            for step in self._steps:
                step.in_state = step.orders is not None

    def first(self, camera: str) -> int:
        """Number of the first frame of a camera whose picture is needed."""
        with self._lock:
            for step in self._steps:
                for frame in step.frames:
                    if frame.camera == camera:
                        return frame.index
            return self._seen.get(camera, 0) + 1

    def steps(self) -> list[Step]:
        """What is to be done again."""
        with self._lock:
            return list(self._steps)
