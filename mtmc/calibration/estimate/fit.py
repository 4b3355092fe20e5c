"""Fitting a camera to points whose place on the floor is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.calibration import CameraModel, FloorHomography
from mtmc.calibration.entry import Lens
from mtmc.types import Doubles

LEAST_POINTS = 4
FLAT = 1e-2  # least over greatest spread of points that do not lie on one line
TRIALS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A camera and how well it explains the points.

    Args:
        model: the camera.
        pixels: ``(N,)`` px, how far from its place each point is in the image.
        floor: ``(N,)`` m, how far on the floor; NaN above the horizon.
        inliers: ``(N,) bool`` which points it was fitted to.
    """

    model: CameraModel | FloorHomography
    pixels: Doubles
    floor: Doubles
    inliers: NDArray[np.bool_]


def fit_homography(pixels: Doubles, floor: Doubles, size: tuple[int, int], tolerance: float) -> Fit:
    """A floor homography from point pairs, without those that contradict the others.

    Args:
        pixels: ``(N, 2)`` px.
        floor: ``(N, 2)`` m.
        size: ``(width, height)`` px of the image.
        tolerance: px that an inlier is off at most.

    Raises:
        ValueError: the points do not determine it.

    Source:
        Hartley and Zisserman, Multiple View Geometry, 2nd ed., alg. 4.6 (RANSAC, then least
        squares of the inliers' distances in the image) and sec. 4.4.4 (normalisation).
    """
    _check(pixels, floor)
    to_image, inliers = _robust(pixels, floor, tolerance)
    model = FloorHomography(np.linalg.inv(to_image).astype(np.float64), size)
    fit = _fit(model, pixels, floor, inliers)
    if not np.isfinite(fit.floor[inliers]).all():
        raise ValueError(
            "the horizon would run through the points: two of them must be swapped or wrong"
        )
    return Fit(
        FloorHomography(model.matrix, size, _spread(fit.floor[inliers], 8)),
        fit.pixels,
        fit.floor,
        inliers,
    )


def fit_camera(
    pixels: Doubles, floor: Doubles, lens: Lens, size: tuple[int, int], tolerance: float
) -> Fit:
    """A whole camera from its intrinsics and point pairs on the floor.

    Args:
        pixels: ``(N, 2)`` px.
        floor: ``(N, 2)`` m.
        lens: the intrinsics.
        size: ``(width, height)`` px of the image that the points are in.
        tolerance: px that an inlier is off at most.

    Raises:
        ValueError: the points do not determine it.

    Source:
        Collins and Bartoli, Infinitesimal Plane-Based Pose Estimation, IJCV 2014 (both poses that
        a plane allows), then least squares of the distances in the image.
    """
    _check(pixels, floor)
    camera = lens.at(np.eye(4)).resized(size)
    straight = camera.undistorted(pixels) @ camera.matrix[:2, :2].T + camera.matrix[:2, 2]
    if not np.isfinite(straight).all():
        raise ValueError("the lens does not see some of the points; are its intrinsics right?")
    _, inliers = _robust(straight, floor, tolerance)
    world = np.column_stack([floor, np.zeros(len(floor))])
    seen = (world[inliers], pixels[inliers], camera.matrix, camera.distortion)
    if camera.fisheye:
        seen = (world[inliers], straight[inliers], camera.matrix, np.zeros(4))
    fits = []
    _, rotations, translations, _ = cv2.solvePnPGeneric(*seen, flags=cv2.SOLVEPNP_IPPE)
    for rotation, translation in zip(rotations, translations, strict=True):
        vector, shift = cv2.solvePnPRefineLM(*seen, rotation, translation)
        extrinsic = np.eye(4)
        extrinsic[:3, :3], extrinsic[:3, 3] = cv2.Rodrigues(vector)[0], shift.ravel()
        model = replace(camera, extrinsic=extrinsic)
        if np.isfinite(extrinsic).all() and model.position[2] > 0:
            fits.append(_fit(model, pixels, floor, inliers))
    if not fits:
        raise ValueError(
            "the camera would be below the floor: x, y and up must form a right-handed system "
            "(seen from above, y is x turned to the left)"
        )
    return min(fits, key=lambda fit: float(np.sum(fit.pixels[inliers] ** 2)))


def _check(pixels: Doubles, floor: Doubles) -> None:
    """Refuse too few points, and points on one line."""
    if len(pixels) < LEAST_POINTS:
        raise ValueError(f"needs at least {LEAST_POINTS} points, got {len(pixels)}")
    for name, points in (("image", pixels), ("floor", floor)):
        spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
        if not spread[-1] > FLAT * spread[0]:
            raise ValueError(f"the points lie on one line of the {name}; add some beside it")


def _robust(pixels: Doubles, floor: Doubles, tolerance: float) -> tuple[Doubles, NDArray[np.bool_]]:
    """The homography floor -> image, and which points agree with it."""
    matrix, mask = cv2.findHomography(
        floor, pixels, cv2.RANSAC, tolerance, maxIters=TRIALS, confidence=0.9999
    )
    if matrix is None or mask.sum() < LEAST_POINTS:
        raise ValueError(f"no four points agree to {tolerance:g} px; is one of the lists shuffled?")
    inliers: NDArray[np.bool_] = mask.ravel().astype(bool)
    if _conditioning(pixels[inliers], floor[inliers]) < FLAT:
        raise ValueError(
            "the points do not determine a homography: all but one or two lie on one line"
        )
    return np.asarray(matrix, np.float64), inliers


def _conditioning(a: Doubles, b: Doubles) -> float:
    """How well a homography is determined by point pairs, 0 = not at all .. about 0.3."""
    (x, y), (u, v) = (_normalised(points).T for points in (a, b))
    one, none = np.ones_like(x), np.zeros_like(x)
    above = np.column_stack([x, y, one, none, none, none, -u * x, -u * y, -u])
    below = np.column_stack([none, none, none, x, y, one, -v * x, -v * y, -v])
    singular = np.linalg.svd(np.concatenate([above, below]), compute_uv=False)
    return float(singular[7] / singular[0])


def _normalised(points: Doubles) -> Doubles:
    """Moved and scaled to mean 0 and mean square 2, as in the normalised DLT."""
    centred = points - points.mean(axis=0)
    result: Doubles = centred * np.sqrt(2 * len(points) / np.sum(centred**2))
    return result


def _fit(
    model: CameraModel | FloorHomography,
    pixels: Doubles,
    floor: Doubles,
    inliers: NDArray[np.bool_],
) -> Fit:
    off = np.linalg.norm(model.from_floor(floor) - pixels, axis=1)
    apart = np.linalg.norm(model.to_floor(pixels) - floor, axis=1)
    return Fit(model, off, apart, inliers)


def _spread(distances: Doubles, parameters: int) -> float:
    """Standard deviation along an axis of a fit with so many parameters to 2D distances."""
    freedom = 2 * len(distances) - parameters
    return float(np.sqrt(np.sum(distances**2) / freedom)) if freedom > 0 else 0.0
