"""When a camera took each of its frames, and how many steps of its rate lie between them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mtmc.types import Doubles, Ints


class FrameClock:
    """Frame numbers, timestamps and steps of one camera.

    Steps count from 1, one for every frame that was read; where the camera was away, as many as
    it would have taken frames in that time.

    Args:
        fps: of the frames that are read.
        frames: numbers and times (s) of frames, as for ``add``.
    """

    def __init__(self, fps: float, frames: Iterable[tuple[int, float]] = ()) -> None:
        self._fps = fps
        self._frames, self._times, self._steps = array("q"), array("d"), array("q")
        for frame, time in frames:
            self.add(frame, time)

    def add(self, frame: int, time: float) -> None:
        """Note a frame, taken at ``time`` s; numbers ascend."""
        step = 1
        if self._frames:
            away = max(1, round((time - self._times[-1]) * self._fps))
            step = self._steps[-1] + away
        self._frames.append(frame)
        self._times.append(time)
        self._steps.append(step)

    def steps(self, frames: NDArray[np.integer]) -> Ints:
        """The step of each frame ``(N,)``; all must have been noted."""
        return np.array(self._steps, np.int64)[np.searchsorted(self._frames, frames)]

    def frames(self, steps: NDArray[np.integer]) -> Ints:
        """``(N,)`` the frame of each step, 0 where the camera took none."""
        known = np.array(self._steps, np.int64)
        if not len(known):
            return np.zeros(len(steps), np.int64)
        place = np.minimum(np.searchsorted(known, steps), len(known) - 1)
        return np.where(known[place] == steps, np.array(self._frames, np.int64)[place], 0)

    def times(self, steps: NDArray[np.integer]) -> Doubles:
        """``(N,)`` s: the frames' own, between two of them in proportion."""
        if not len(self._steps):  # of a camera that had yet to begin when the run was ended
            return np.zeros(len(steps))
        return np.asarray(np.interp(steps, self._steps, self._times), np.float64)

    def during(self, start: float, end: float) -> tuple[int, int]:
        """The steps of the frames before ``start`` and after ``end``, s, as far as there are."""
        # A clock that was set back does not ascend.
        times = np.maximum.accumulate(np.array(self._times))
        low = max(int(np.searchsorted(times, start)) - 1, 0)
        high = min(int(np.searchsorted(times, end, "right")), len(times) - 1)
        return self._steps[low], self._steps[high]
