"""A box that somebody pointed at, to be found again in a run whose tracks are others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Spot:
    """A box of one frame of one camera.

    Args:
        camera: its name.
        frame: 1-based number in the camera's video.
        box: ``x1, y1, x2, y2`` px.
    """

    camera: str
    frame: int
    box: tuple[float, float, float, float]

    @classmethod
    def at(cls, camera: str, frame: int, box: Sequence[float]) -> Self:
        """To a tenth of a pixel, as it is kept."""
        x1, y1, x2, y2 = (round(float(side), 1) for side in box)
        return cls(camera, int(frame), (x1, y1, x2, y2))

    def plain(self) -> list[Any]:
        """As JSON has it."""
        return [self.camera, self.frame, list(self.box)]

    @classmethod
    def of(cls, value: Any) -> Self:
        """Of what ``plain`` said.

        Raises:
            ValueError: it is something else.
        """
        try:
            camera, frame, box = value
            spot = cls.at(camera, frame, box)
        except TypeError as error:
            raise ValueError(f"{value!r} is no [camera, frame, [x1, y1, x2, y2]]") from error
        if not isinstance(camera, str) or not all(map(math.isfinite, spot.box)):
            raise ValueError(f"{value!r} is no [camera, frame, [x1, y1, x2, y2]]")
        return spot

    def __str__(self) -> str:
        """For people."""
        return f"camera {self.camera}, frame {self.frame}"
