"""Cameras that know where they stand: from image points to the floor, in metres."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PERSON_HEIGHT = 1.70  # m
PERSON_HEIGHT_SPREAD = 0.12  # m, standard deviation among adults
PLAUSIBLE_HEIGHT = (1.35, 2.1)  # m; outside, the box does not show a whole standing person
PIXEL_SPREAD = 0.03  # standard deviation of a box edge as a share of the box height


@dataclass(frozen=True, slots=True, eq=False)
class CameraModel:
    """A calibrated camera above the floor z = 0.

    Args:
        matrix: ``(3, 3)`` intrinsics, px.
        distortion: OpenCV's coefficients ``k1, k2, p1, p2[, k3, ...]``.
        extrinsic: ``(4, 4)`` world -> camera, m.
        size: ``(width, height)`` px of the images it was calibrated on, None where unknown.
    """

    matrix: Floats
    distortion: Floats
    extrinsic: Floats
    size: tuple[int, int] | None = None

    @property
    def position(self) -> Floats:
        """``(3,)`` where the camera stands, m."""
        rotation, translation = self.extrinsic[:3, :3], self.extrinsic[:3, 3]
        result: Floats = -rotation.T @ translation
        return result

    def resized(self, size: tuple[int, int]) -> CameraModel:
        """The same camera for images of another size and the same field of view."""
        if self.size is None or self.size == size:
            return self
        scale = np.diag([size[0] / self.size[0], size[1] / self.size[1], 1.0])
        return CameraModel(scale @ self.matrix, self.distortion, self.extrinsic, size)

    def rays(self, points: NDArray[np.floating]) -> Floats:
        """Directions in the world of image points.

        Args:
            points: ``(N, 2)`` px.

        Returns:
            ``(N, 3)``, not normalised.
        """
        if len(points) == 0:
            return np.zeros((0, 3))
        pixels = np.asarray(points, np.float64).reshape(-1, 1, 2)
        flat = cv2.undistortPoints(pixels, self.matrix, self.distortion).reshape(-1, 2)
        directions: Floats = np.column_stack([flat, np.ones(len(flat))]) @ self.extrinsic[:3, :3]
        return directions

    def to_plane(
        self, points: NDArray[np.floating], height: NDArray[np.floating] | float
    ) -> Floats:
        """Where the rays of image points meet a horizontal plane.

        Args:
            points: ``(N, 2)`` px.
            height: of the plane above the floor, m, one for all or ``(N,)``.

        Returns:
            ``(N, 2)`` m; NaN where a ray does not go there (above the horizon).
        """
        rays, origin = self.rays(points), self.position
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = (height - origin[2]) / rays[:, 2]
        # Behind the camera there is nothing to see.
        reach = np.where(np.isfinite(reach) & (reach > 0), reach, np.nan)
        ground: Floats = origin[:2] + rays[:, :2] * reach[:, None]
        return ground

    def to_floor(self, points: NDArray[np.floating]) -> Floats:
        """Floor positions ``(N, 2)`` m of image points ``(N, 2)`` px; NaN above the horizon."""
        return self.to_plane(points, 0.0)

    def from_floor(self, points: NDArray[np.floating]) -> Floats:
        """Image points ``(N, 2)`` px of floor positions ``(N, 2)`` m."""
        return self.project(np.column_stack([points, np.zeros(len(points))]))

    def project(self, points: NDArray[np.floating]) -> Floats:
        """Image points ``(N, 2)`` px of world points ``(N, 3)`` m."""
        rotation, _ = cv2.Rodrigues(self.extrinsic[:3, :3])
        pixels, _ = cv2.projectPoints(
            np.asarray(points, np.float64),
            rotation,
            self.extrinsic[:3, 3],
            self.matrix,
            self.distortion,
        )
        result: Floats = pixels.reshape(-1, 2)
        return result

    def locate(self, boxes: NDArray[np.floating], size: tuple[int, int]) -> tuple[Floats, Floats]:
        """Floor positions of people and how sure they are.

        Two readings are combined by their uncertainty: the bottom of the box stands on the floor,
        and the top is at a person's height. Where the box is cut by the lower image border, or
        the two together imply a height that no standing person has (feet behind furniture,
        sitting), only the top counts.

        Args:
            boxes: ``(N, 4)`` ``x1, y1, x2, y2`` px.
            size: ``(width, height)`` px of the image.

        Returns:
            ``(N, 2)`` m, NaN where unknown, and ``(N,)`` variances, m².
        """
        boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        center = boxes[:, [0, 2]].mean(axis=1)
        feet, head = np.column_stack([center, boxes[:, 3]]), np.column_stack([center, boxes[:, 1]])
        edge = PIXEL_SPREAD * (boxes[:, 3] - boxes[:, 1])
        by_feet, var_feet = self._with_variance(feet, 0.0, edge)
        by_head, var_head = self._with_variance(head, PERSON_HEIGHT, edge)
        # The height itself is uncertain, and moves the head's position along its ray.
        slope = np.linalg.norm(self.to_plane(head, PERSON_HEIGHT + 0.1) - by_head, axis=1) / 0.1
        var_head = var_head + (slope * PERSON_HEIGHT_SPREAD) ** 2
        hidden = (boxes[:, 3] >= size[1] - 2) | ~self._plausible(by_feet, head)
        cut = boxes[:, 1] <= 1
        var_feet = np.where(hidden, np.inf, var_feet)
        var_head = np.where(cut, np.inf, var_head)
        return _fuse(by_feet, var_feet, by_head, var_head)

    def _with_variance(self, points: Floats, height: float, edge: Floats) -> tuple[Floats, Floats]:
        """Positions of image points on a plane, and their variance given the points' spread px."""
        at = self.to_plane(points, height)
        below = self.to_plane(points + np.column_stack([np.zeros(len(edge)), edge]), height)
        variance = np.sum((below - at) ** 2, axis=1)
        return at, np.where(np.isfinite(variance), variance, np.inf)

    def _plausible(self, ground: Floats, head: Floats) -> NDArray[np.bool_]:
        """Whether a person standing at ``ground`` with the head there is of human height."""
        rays, origin = self.rays(head), self.position
        distance = np.linalg.norm(ground - origin[:2], axis=1)
        height = origin[2] + rays[:, 2] * distance / np.linalg.norm(rays[:, :2], axis=1)
        low, high = PLAUSIBLE_HEIGHT
        plausible: NDArray[np.bool_] = (height > low) & (height < high)
        return plausible


def _fuse(a: Floats, var_a: Floats, b: Floats, var_b: Floats) -> tuple[Floats, Floats]:
    weight_a = np.where(np.isfinite(a).all(axis=1), 1 / np.maximum(var_a, 1e-6), 0)
    weight_b = np.where(np.isfinite(b).all(axis=1), 1 / np.maximum(var_b, 1e-6), 0)
    total = weight_a + weight_b
    with np.errstate(divide="ignore", invalid="ignore"):
        ground = (
            np.nan_to_num(a) * weight_a[:, None] + np.nan_to_num(b) * weight_b[:, None]
        ) / total[:, None]
        variance = 1 / total
    return ground, variance
