"""How far apart a camera's frames really are."""

from __future__ import annotations

from collections import deque

REMEMBERED = 5  # frames whose distances count


class Pace:
    """Seconds between the latest frames of a camera, of which a live run may drop most.

    Args:
        fps: frames per second where none are missing.
    """

    def __init__(self, fps: float) -> None:
        self._least = 1 / fps
        self._last: float | None = None
        self._steps: deque[float] = deque(maxlen=REMEMBERED)

    def see(self, time: float) -> None:
        """Note a frame taken at that time, s."""
        if self._last is not None:
            self._steps.append(time - self._last)
        self._last = time

    @property
    def seconds(self) -> float:
        """From one frame to the next, as is usual lately: a camera that was away is not."""
        ordered = sorted(self._steps)
        return max(self._least, ordered[len(ordered) // 2]) if ordered else self._least
