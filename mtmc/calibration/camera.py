"""Cameras that know where they stand: from image points to the floor, in metres."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.calibration.fisheye import fisheye_pixels, fisheye_rays
from mtmc.types import Doubles

PERSON_HEIGHT = 1.70  # m
PERSON_HEIGHT_SPREAD = 0.12  # m, standard deviation among adults
PLAUSIBLE_HEIGHT = (1.35, 2.1)  # m; outside, the box does not show a whole standing person
SHORT_SPREAD = 0.25  # m, likewise where the box is too short for one: legs hidden, or sitting
PERSON_ASPECT = 0.4  # width of a standing person's box as a share of its height
PERSON_ASPECT_SPREAD = 0.1  # standard deviation of the middle of a box cut at one side, likewise
POSTURE_SPREAD = 0.03  # m, standard deviation of a known person's height while walking
BORDER = 0.01  # of the image: boxes that end nearer to its border are cut by it
NEAREST = 0.3  # m in front of the camera, from where on people have an image
UNBOUNDED = (1 << 30, 1 << 30)  # px, of an image whose border cuts nobody
PIXEL_SPREAD = 0.03  # standard deviation of a box edge as a share of the box height


@dataclass(frozen=True, slots=True, eq=False)
class CameraModel:
    """A calibrated camera above the floor z = 0.

    Args:
        matrix: ``(3, 3)`` intrinsics, px.
        distortion: OpenCV's coefficients ``k1, k2, p1, p2[, k3, ...]``; of a fisheye lens its
            ``k1, k2, k3, k4``.
        extrinsic: ``(4, 4)`` world -> camera, m.
        size: ``(width, height)`` px of the images it was calibrated on, None where unknown.
        fisheye: whether the lens is one, see ``fisheye``.
    """

    matrix: Doubles
    distortion: Doubles
    extrinsic: Doubles
    size: tuple[int, int] | None = None
    fisheye: bool = False

    @property
    def position(self) -> Doubles:
        """``(3,)`` where the camera stands, m."""
        rotation, translation = self.extrinsic[:3, :3], self.extrinsic[:3, 3]
        result: Doubles = -rotation.T @ translation
        return result

    def resized(self, size: tuple[int, int]) -> CameraModel:
        """The same camera for images of another size and the same field of view."""
        if self.size == size:
            return self
        if self.size is None:
            return replace(self, size=size)
        scale = np.diag([size[0] / self.size[0], size[1] / self.size[1], 1.0])
        return replace(self, matrix=scale @ self.matrix, size=size)

    def rays(self, points: NDArray[np.floating]) -> Doubles:
        """Directions in the world of image points.

        Args:
            points: ``(N, 2)`` px.

        Returns:
            ``(N, 3)``, not normalised.
        """
        if len(points) == 0:
            return np.zeros((0, 3))
        pixels = np.asarray(points, np.float64).reshape(-1, 1, 2)
        if self.fisheye:
            rays = fisheye_rays(pixels[:, 0], self.matrix, self.distortion)
            return np.asarray(rays @ self.extrinsic[:3, :3], np.float64)
        flat = cv2.undistortPoints(pixels, self.matrix, self.distortion).reshape(-1, 2)
        directions: Doubles = np.column_stack([flat, np.ones(len(flat))]) @ self.extrinsic[:3, :3]
        return directions

    def undistorted(self, points: NDArray[np.floating]) -> Doubles:
        """Image points ``(N, 2)`` px as a plain camera of focal length 1 would have them.

        NaN beside or behind a fisheye lens.
        """
        rays = self.rays(points) @ self.extrinsic[:3, :3].T
        ahead = np.where(rays[:, 2:] > 0, rays[:, 2:], np.nan)
        flat: Doubles = rays[:, :2] / ahead
        return flat

    def to_plane(
        self, points: NDArray[np.floating], height: NDArray[np.floating] | float
    ) -> Doubles:
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
        ground: Doubles = origin[:2] + rays[:, :2] * reach[:, None]
        return ground

    def to_floor(self, points: NDArray[np.floating]) -> Doubles:
        """Floor positions ``(N, 2)`` m of image points ``(N, 2)`` px; NaN above the horizon."""
        return self.to_plane(points, 0.0)

    def from_floor(self, points: NDArray[np.floating]) -> Doubles:
        """Image points ``(N, 2)`` px of floor positions ``(N, 2)`` m."""
        return self.project(np.column_stack([points, np.zeros(len(points))]))

    def project(self, points: NDArray[np.floating]) -> Doubles:
        """Image points ``(N, 2)`` px of world points ``(N, 3)`` m."""
        if self.fisheye:
            seen = np.asarray(points, np.float64) @ self.extrinsic[:3, :3].T + self.extrinsic[:3, 3]
            return fisheye_pixels(seen, self.matrix, self.distortion)
        rotation, _ = cv2.Rodrigues(self.extrinsic[:3, :3])
        pixels, _ = cv2.projectPoints(
            np.asarray(points, np.float64),
            rotation,
            self.extrinsic[:3, 3],
            self.matrix,
            self.distortion,
        )
        result: Doubles = pixels.reshape(-1, 2)
        return result

    def locate(self, boxes: NDArray[np.floating]) -> tuple[Doubles, Doubles]:
        """Floor positions of people and how sure they are.

        Two readings are combined by their uncertainty: the bottom of the box stands on the floor,
        and the top is at a person's height. Where the box is cut by the lower image border, only
        the top counts. So it does where the two together imply a height that no standing person
        has and the bottom lies too high (feet behind furniture, sitting), and is then less sure;
        where it lies too low, only the bottom counts (a hat, an arm raised). A box cut at a side
        is taken to be as wide as people are.

        Args:
            boxes: ``(N, 4)`` ``x1, y1, x2, y2`` px.

        Returns:
            ``(N, 2)`` m, NaN where unknown, and ``(N, 2, 2)`` covariances, m², infinite there. The
            distance from the camera is less sure than the bearing.
        """
        boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        width, height = self.size or UNBOUNDED
        center, spread = _centers(boxes, width)
        edge = PIXEL_SPREAD * (boxes[:, 3] - boxes[:, 1])
        noise = np.column_stack([spread, edge])
        feet, head = np.column_stack([center, boxes[:, 3]]), np.column_stack([center, boxes[:, 1]])
        cut = boxes[:, 3] >= height - 2
        by_feet, sure_feet = self._with_information(feet, 0.0, 0.0, noise)
        whole = self._plausible(by_feet, head)
        beyond = self._farther(by_feet, self.to_plane(head, PERSON_HEIGHT))
        short = ~cut & ~whole & beyond
        by_head, sure_head = self._with_information(
            head,
            PERSON_HEIGHT,
            np.where(short, SHORT_SPREAD, PERSON_HEIGHT_SPREAD)[:, None],
            noise,
        )
        sure_feet[cut | short] = 0
        sure_head[(boxes[:, 1] <= 1) | (~cut & ~whole & ~beyond)] = 0
        return _fuse(by_feet, sure_feet, by_head, sure_head)

    def by_feet(self, boxes: NDArray[np.floating]) -> tuple[Doubles, Doubles]:
        """Floor positions by the bottoms of boxes alone; see ``Calibration``."""
        feet, noise, seen = _edges(boxes, 3, self.size or UNBOUNDED)
        return _known(*self._with_information(feet, 0.0, 0.0, noise), seen)

    def by_head(
        self, boxes: NDArray[np.floating], heights: NDArray[np.floating]
    ) -> tuple[Doubles, Doubles]:
        """Floor positions by the tops of boxes alone; see ``Calibration``."""
        heads, noise, seen = _edges(boxes, 1, self.size or UNBOUNDED)
        spread = np.full((len(heads), 1), POSTURE_SPREAD)
        tall = np.asarray(heights, np.float64)
        return _known(*self._with_information(heads, tall, spread, noise), seen)

    def heights(self, boxes: NDArray[np.floating], points: NDArray[np.floating]) -> Doubles:
        """How tall who stands at ``points`` is, by the top of the box; see ``Calibration``."""
        boxes = np.asarray(boxes, np.float64)
        head = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 1]])
        rays, origin = self.rays(head), self.position
        distance = np.linalg.norm(points - origin[:2], axis=1)
        tall: Doubles = origin[2] + rays[:, 2] * distance / np.linalg.norm(rays[:, :2], axis=1)
        return tall

    def standing(self, points: NDArray[np.floating], heights: NDArray[np.floating]) -> Doubles:
        """Boxes of people who stand at ``points``; see ``Calibration``."""
        points = np.asarray(points, np.float64).reshape(-1, 2)
        if not len(points):
            return np.zeros((0, 4))
        ends = [np.column_stack([points, z]) for z in (np.zeros(len(points)), heights)]
        depth = [(end @ self.extrinsic[:3, :3].T + self.extrinsic[:3, 3])[:, 2] for end in ends]
        feet, head = (self.project(end) for end in ends)
        tall = feet[:, 1] - head[:, 1]
        middle, half = (feet[:, 0] + head[:, 0]) / 2, 0.5 * PERSON_ASPECT * tall
        boxes = np.column_stack([middle - half, head[:, 1], middle + half, feet[:, 1]])
        boxes[(np.minimum(*depth) < NEAREST) | (tall <= 0)] = np.nan
        return boxes

    def _with_information(
        self,
        points: Doubles,
        height: Doubles | float,
        height_spread: Doubles | float,
        noise: Doubles,
    ) -> tuple[Doubles, Doubles]:
        """Where image points are on a plane, and the inverse covariance of that.

        Args:
            points: ``(N, 2)`` px.
            height: of the plane, m, one for all or ``(N,)``.
            height_spread: its standard deviation, which moves the place along the ray, one for all
                or ``(N, 1)``.
            noise: ``(N, 2)`` standard deviations of the points, px.

        Returns:
            ``(N, 2)`` m and ``(N, 2, 2)`` 1/m², both 0 where the ray does not meet the plane.
        """
        at = self.to_plane(points, height)
        moves = [
            self.to_plane(points + noise * [1, 0], height) - at,
            self.to_plane(points + noise * [0, 1], height) - at,
            (self.to_plane(points, height + 0.1) - at) / 0.1 * height_spread,
        ]
        covariance: Doubles = np.sum([move[:, :, None] * move[:, None] for move in moves], axis=0)
        known = np.isfinite(covariance).all(axis=(1, 2))
        at[~known], covariance[~known] = 0, 0
        # What is believed to be known to the millimetre could not be inverted.
        information = np.asarray(np.linalg.inv(covariance + 1e-6 * np.eye(2)), np.float64)
        information[~known] = 0
        return at, information

    def _farther(self, a: Doubles, b: Doubles) -> NDArray[np.bool_]:
        """Whether places ``(N, 2)`` are farther than others; one above the horizon is farthest."""
        away = [np.linalg.norm(place - self.position[:2], axis=1) for place in (a, b)]
        first, second = (np.where(np.isfinite(d), d, np.inf) for d in away)
        farther: NDArray[np.bool_] = first > second
        return farther

    def _plausible(self, ground: Doubles, head: Doubles) -> NDArray[np.bool_]:
        """Whether a person standing at ``ground`` with the head there is of human height."""
        rays, origin = self.rays(head), self.position
        distance = np.linalg.norm(ground - origin[:2], axis=1)
        height = origin[2] + rays[:, 2] * distance / np.linalg.norm(rays[:, :2], axis=1)
        low, high = PLAUSIBLE_HEIGHT
        plausible: NDArray[np.bool_] = (height > low) & (height < high)
        return plausible


def _edges(
    boxes: NDArray[np.floating], edge: int, size: tuple[int, int]
) -> tuple[Doubles, Doubles, NDArray[np.bool_]]:
    """Middles ``(N, 2)`` px of the tops (1) or bottoms (3) of boxes, noise, and which are seen."""
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    center, spread = _centers(boxes, size[0], BORDER * size[0])
    noise = np.column_stack([spread, PIXEL_SPREAD * (boxes[:, 3] - boxes[:, 1])])
    border = BORDER * size[1]
    seen = boxes[:, 1] > border if edge == 1 else boxes[:, 3] < size[1] - border
    return np.column_stack([center, boxes[:, edge]]), noise, seen


def _known(
    points: Doubles, information: Doubles, seen: NDArray[np.bool_]
) -> tuple[Doubles, Doubles]:
    information[~seen] = 0
    return points, information


def _centers(boxes: Doubles, width: int, border: float = 1) -> tuple[Doubles, Doubles]:
    """Horizontal middle of people, ``(N,)`` px, and its standard deviation."""
    x1, y1, x2, y2 = boxes.T
    tall = y2 - y1
    left, right = x1 <= border, x2 >= width - border
    wide = np.maximum(x2 - x1, PERSON_ASPECT * tall)
    center = np.where(left == right, (x1 + x2) / 2, np.where(left, x2 - wide / 2, x1 + wide / 2))
    return center, np.where(left | right, PERSON_ASPECT_SPREAD, PIXEL_SPREAD) * tall


def _fuse(a: Doubles, sure_a: Doubles, b: Doubles, sure_b: Doubles) -> tuple[Doubles, Doubles]:
    """The mean of positions weighted by their inverse covariances, and its covariance."""
    total = sure_a + sure_b
    known = np.linalg.det(total) > 0
    covariance = np.full_like(total, np.inf)
    covariance[known] = np.linalg.inv(total[known])
    weighted = np.einsum("nij,nj->ni", sure_a, a) + np.einsum("nij,nj->ni", sure_b, b)
    ground = np.full_like(a, np.nan)
    ground[known] = np.einsum("nij,nj->ni", covariance[known], weighted[known])
    return ground, covariance
