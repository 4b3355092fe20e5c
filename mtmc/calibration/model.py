"""What the pipeline asks of a calibrated camera."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mtmc.types import Doubles


class Calibration(Protocol):
    """A camera that knows where on the floor the people it sees are.

    The floor has metres along both axes, the same for all cameras of a scene.
    """

    @property
    def size(self) -> tuple[int, int] | None:
        """``(width, height)`` px of the images it was calibrated on, None where unknown."""

    @property
    def position(self) -> Doubles | None:
        """``(3,)`` where the camera stands, m, None where that is not known."""

    def resized(self, size: tuple[int, int]) -> Calibration:
        """The same camera for images of another size and the same field of view.

        One that was calibrated on images of an unknown size is taken to be for this one.
        """

    def to_floor(self, points: NDArray[np.floating]) -> Doubles:
        """Floor positions ``(N, 2)`` m of image points ``(N, 2)`` px; NaN above the horizon."""

    def from_floor(self, points: NDArray[np.floating]) -> Doubles:
        """Image points ``(N, 2)`` px of floor positions ``(N, 2)`` m."""

    def locate(self, boxes: NDArray[np.floating]) -> tuple[Doubles, Doubles]:
        """Floor positions of people and how sure they are.

        Args:
            boxes: ``(N, 4)`` ``x1, y1, x2, y2`` px.

        Returns:
            ``(N, 2)`` m, NaN where unknown, and ``(N, 2, 2)`` covariances, m², infinite there.
        """

    def by_feet(self, boxes: NDArray[np.floating]) -> tuple[Doubles, Doubles]:
        """Floor positions of people whose feet are where their boxes end.

        Args:
            boxes: ``(N, 4)`` ``x1, y1, x2, y2`` px.

        Returns:
            ``(N, 2)`` m and ``(N, 2, 2)`` inverse covariances, 1/m²; both 0 where the box does not
            tell.
        """

    def by_head(
        self, boxes: NDArray[np.floating], heights: NDArray[np.floating]
    ) -> tuple[Doubles, Doubles]:
        """Floor positions of people ``heights`` ``(N,)`` m tall whose heads are where boxes begin.

        As ``by_feet``.
        """

    def heights(self, boxes: NDArray[np.floating], points: NDArray[np.floating]) -> Doubles:
        """``(N,)`` m how tall those are who stand at ``points`` ``(N, 2)`` m."""

    def standing(self, points: NDArray[np.floating], heights: NDArray[np.floating]) -> Doubles:
        """Boxes ``(N, 4)`` px of people of those heights ``(N,)`` m who stand at ``points``.

        They may lie outside the image; NaN behind the camera.
        """
