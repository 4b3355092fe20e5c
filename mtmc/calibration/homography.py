"""Cameras of which only the floor is known: a homography from the image to it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.calibration.camera import PERSON_ASPECT, PIXEL_SPREAD
from mtmc.types import Doubles

_SINGULAR = 1e-12  # least over greatest singular value of a matrix that can be inverted


@dataclass(frozen=True, slots=True, eq=False)
class FloorHomography:
    """A camera that maps image points to the floor, without intrinsics.

    People are located by their feet alone. Lens distortion is not part of it.

    Args:
        matrix: ``(3, 3)`` image (px) -> floor (m), in homogeneous coordinates, of any scale.
        size: ``(width, height)`` px of the images it is for.
        error: standard deviation of the mapping itself along each floor axis, m.

    Raises:
        ValueError: the matrix cannot be inverted, or the horizon goes through the middle of the
            image's lower border.

    Source:
        Hartley and Zisserman, Multiple View Geometry, 2nd ed., sec. 2.3 (the mapping) and
        eq. 5.8 (its uncertainty by the Jacobian).
    """

    matrix: Doubles
    size: tuple[int, int]
    error: float = 0.0

    def __post_init__(self) -> None:
        scaled = self.matrix @ np.diag([*self.size, 1.0])
        singular = np.linalg.svd(scaled, compute_uv=False)
        if not singular[-1] > _SINGULAR * singular[0]:
            raise ValueError("is singular: it maps the image to a line or point")
        # The bottom of an image shows the floor, so this sign tells it from what is above the
        # horizon.
        depth = float(scaled[2] @ [0.5, 1.0, 1.0])
        if abs(depth) <= _SINGULAR * np.abs(scaled[2]).max():
            raise ValueError("has its horizon at the image's lower border")
        object.__setattr__(self, "matrix", self.matrix / depth)

    @property
    def position(self) -> None:
        """Unknown."""
        return

    def resized(self, size: tuple[int, int]) -> FloorHomography:
        """The same camera for images of another size and the same field of view."""
        if size == self.size:
            return self
        scale = np.diag([self.size[0] / size[0], self.size[1] / size[1], 1.0])
        return FloorHomography(self.matrix @ scale, size, self.error)

    def to_floor(self, points: NDArray[np.floating]) -> Doubles:
        """Floor positions ``(N, 2)`` m of image points ``(N, 2)`` px; NaN above the horizon."""
        mapped = _homogeneous(points) @ self.matrix.T
        with np.errstate(divide="ignore", invalid="ignore"):
            floor: Doubles = np.where(mapped[:, 2:] > 0, mapped[:, :2] / mapped[:, 2:], np.nan)
        return floor

    def from_floor(self, points: NDArray[np.floating]) -> Doubles:
        """Image points ``(N, 2)`` px of floor positions ``(N, 2)`` m."""
        inverse = np.linalg.inv(self.matrix)
        points = np.asarray(points, np.float64).reshape(-1, 1, 2)
        if len(points) == 0:
            return np.zeros((0, 2))
        pixels: Doubles = cv2.perspectiveTransform(points, inverse).reshape(-1, 2)
        return pixels

    def jacobian(self, points: NDArray[np.floating]) -> Doubles:
        """``(N, 2, 2)`` m/px, how the floor positions of image points ``(N, 2)`` px move."""
        mapped = _homogeneous(points) @ self.matrix.T
        depth = mapped[:, 2, None, None]
        numerator = mapped[:, :2, None] * self.matrix[2, :2]
        result: Doubles = self.matrix[:2, :2] / depth - numerator / depth**2
        return result

    def locate(self, boxes: NDArray[np.floating]) -> tuple[Doubles, Doubles]:
        """Floor positions of people by the middle of their box's bottom, and how sure they are.

        Where the lower image border cuts the box, the feet are not seen.

        Args:
            boxes: ``(N, 4)`` ``x1, y1, x2, y2`` px.

        Returns:
            ``(N, 2)`` m, NaN where unknown, and ``(N, 2, 2)`` covariances, m², infinite there.
        """
        boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        feet = np.column_stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, 3]])
        points = self.to_floor(feet)
        points[boxes[:, 3] >= self.size[1] - 2] = np.nan
        known = np.isfinite(points).all(axis=1)
        spread = PIXEL_SPREAD * (boxes[known, 3] - boxes[known, 1])
        moves = self.jacobian(feet[known]) * spread[:, None, None]
        covariances = np.full((len(boxes), 2, 2), np.inf)
        covariances[known] = moves @ moves.transpose(0, 2, 1) + self.error**2 * np.eye(2)
        return points, covariances

    def by_feet(self, boxes: NDArray[np.floating]) -> tuple[Doubles, Doubles]:
        """Floor positions by the bottoms of boxes; see ``Calibration``."""
        points, covariances = self.locate(boxes)
        known = np.isfinite(points).all(axis=1)
        information = np.zeros_like(covariances)
        information[known] = np.linalg.inv(covariances[known] + 1e-6 * np.eye(2))
        points[~known] = 0
        return points, information

    def by_head(
        self, boxes: NDArray[np.floating], heights: NDArray[np.floating]
    ) -> tuple[Doubles, Doubles]:
        """Unknown: a floor does not tell where heads are."""
        del heights
        return np.zeros((len(boxes), 2)), np.zeros((len(boxes), 2, 2))

    def heights(self, boxes: NDArray[np.floating], points: NDArray[np.floating]) -> Doubles:
        """Unknown: a floor does not tell how tall people are."""
        del points
        return np.full(len(boxes), np.nan)

    def standing(self, points: NDArray[np.floating], heights: NDArray[np.floating]) -> Doubles:
        """Boxes of people who stand at ``points``; see ``Calibration``.

        As tall as they would be wide lying across the view: right for cameras that look far.
        """
        feet, scale = self._image_of(points)
        tall = heights * scale
        half = 0.5 * PERSON_ASPECT * tall
        boxes = np.column_stack(
            [feet[:, 0] - half, feet[:, 1] - tall, feet[:, 0] + half, feet[:, 1]]
        )
        back = np.linalg.norm(self.to_floor(feet) - points, axis=1)
        boxes[~(back < 0.1)] = np.nan  # m; what is behind the camera has an image point, too
        return boxes

    def _image_of(self, points: NDArray[np.floating]) -> tuple[Doubles, Doubles]:
        """Image points ``(N, 2)`` px of places, and px per metre ``(N,)`` across the view there."""
        feet = self.from_floor(points)
        if not len(feet):
            return feet, np.zeros(0)
        # Along the line of sight the floor is foreshortened; across it it is not.
        stretch = np.linalg.svd(np.linalg.inv(self.jacobian(feet)), compute_uv=False)
        return feet, np.asarray(stretch[:, 0], np.float64)


def _homogeneous(points: NDArray[np.floating]) -> Doubles:
    points = np.asarray(points, np.float64).reshape(-1, 2)
    return np.column_stack([points, np.ones(len(points))])
