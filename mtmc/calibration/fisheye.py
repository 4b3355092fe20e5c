"""Fisheye lenses: the angle from the optical axis, not its tangent, is what pixels measure.

Source:
    Kannala and Brandt, A Generic Camera Model and Calibration Method for Conventional, Wide-Angle,
    and Fish-Eye Lenses, PAMI 2006, in the form of OpenCV's fisheye module and of Kalibr's
    "equidistant": ``r = a (1 + k1 a^2 + k2 a^4 + k3 a^6 + k4 a^8)`` with the angle ``a``.
"""

from __future__ import annotations

import numpy as np

from mtmc.types import Doubles

ROUNDS = 20  # of Newton's method
PRECISE = 1e-9  # rad


def fisheye_rays(pixels: Doubles, matrix: Doubles, curve: Doubles) -> Doubles:
    """Directions ``(N, 3)``, not normalised, in the camera's system; NaN where the lens has none.

    Unlike OpenCV's own function, angles of 90 degrees and more are fine.

    Args:
        pixels: ``(N, 2)`` px.
        matrix: ``(3, 3)`` intrinsics, px.
        curve: ``(4,)`` k1 to k4.
    """
    away = (pixels - matrix[:2, 2]) / matrix[[0, 1], [0, 1]]
    away[:, 0] -= matrix[0, 1] / matrix[0, 0] * away[:, 1]
    radius = np.linalg.norm(away, axis=1)
    angle = np.minimum(radius, np.pi)
    for _ in range(ROUNDS):
        off, slope = _radius(angle, curve) - radius, _slope(angle, curve)
        angle = np.clip(angle - off / np.where(slope > 0, slope, 1.0), 0, np.pi)
    found = (np.abs(_radius(angle, curve) - radius) < PRECISE) & (_slope(angle, curve) > 0)
    angle = np.where(found, angle, np.nan)
    turn = np.where(radius > 0, np.sin(angle) / np.where(radius > 0, radius, 1.0), 1.0)
    return np.column_stack([away * turn[:, None], np.cos(angle)])


def fisheye_pixels(points: Doubles, matrix: Doubles, curve: Doubles) -> Doubles:
    """Image points ``(N, 2)`` px of points ``(N, 3)`` in the camera's system."""
    wide = np.linalg.norm(points[:, :2], axis=1)
    radius = _radius(np.arctan2(wide, points[:, 2]), curve)
    away = points[:, :2] * (radius / np.where(wide > 0, wide, 1.0))[:, None]
    return away @ matrix[:2, :2].T + matrix[:2, 2]


def _radius(angle: Doubles, curve: Doubles) -> Doubles:
    squared = angle**2
    result: Doubles = angle * (1 + squared * np.polyval(curve[::-1], squared))
    return result


def _slope(angle: Doubles, curve: Doubles) -> Doubles:
    squared = angle**2
    result: Doubles = 1 + squared * np.polyval(curve[::-1] * [9, 7, 5, 3], squared)
    return result
