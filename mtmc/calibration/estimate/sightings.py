"""The boxes of a finished run, one list per camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtmc.types import Doubles


@dataclass(frozen=True, slots=True, eq=False)
class SeenTracks:
    """One camera's boxes, ordered by track and time.

    Args:
        size: ``(width, height)`` px of the images.
        times: ``(N,)`` s.
        tracks: ``(N,) int64``, which of them one track has.
        boxes: ``(N, 4)`` ``x1, y1, x2, y2`` px.
    """

    size: tuple[int, int]
    times: Doubles
    tracks: NDArray[np.int64]
    boxes: Doubles

    @classmethod
    def make(
        cls, size: tuple[int, int], times: Doubles, tracks: NDArray[np.int64], boxes: Doubles
    ) -> SeenTracks:
        """Put rows in order."""
        order = np.lexsort((times, tracks))
        return cls(size, times[order], tracks[order], boxes[order])
