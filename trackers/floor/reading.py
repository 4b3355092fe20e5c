"""What cameras say of places on the floor: how sure each is, and what they say together.

One set of numbers for all who ask: the tracker on the floor, the association of cameras, their
completion of each other, and the evaluation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

HIDDEN = 0.2  # share of boxes that end above the feet, since something hides these
REACH = 2.5  # m, how far behind the people such boxes seem to be, at most
OUTLIERS, AREA = 0.1, 60.0  # share of places that are just wrong; m² in which these lie
ACCELERATION = 0.7  # m/s, standard deviation of the change of people's speed within one second
NOTHING = 1e-9  # 1/m², information of who is not seen


def invert(matrices: Array) -> Array:
    """Inverses of symmetric ``(..., 2, 2)``; those without one become nearly infinite."""
    a, b, d = _entries(matrices)
    determinant = np.maximum(a * d - b * b, 1e-12)
    result = np.empty_like(matrices)
    result[..., 0, 0], result[..., 1, 1] = d / determinant, a / determinant
    result[..., 0, 1] = result[..., 1, 0] = -b / determinant
    return result


def known_places(points: Array, covariances: Array) -> NDArray[np.bool_]:
    """``(N,)`` where there is a place at all."""
    known = np.isfinite(points).all(axis=1) & np.isfinite(covariances).all(axis=(1, 2))
    return np.asarray(known, np.bool_)


def fused(points: Array, covariances: Array, group: Ints, count: int) -> tuple[Array, Array]:
    """What some places say together: their mean by certainty.

    Args:
        points: ``(N, 2)`` m.
        covariances: ``(N, 2, 2)`` m².
        group: ``(N,)`` whose each place is.
        count: of groups, each with a place.

    Returns:
        ``(count, 2)`` m and ``(count, 2, 2)`` m².
    """
    sure = invert(covariances)
    information, pull = np.zeros((count, 2, 2)), np.zeros((count, 2))
    np.add.at(information, group, sure)
    np.add.at(pull, group, np.einsum("nij,nj->ni", sure, points))
    covariance = invert(information)
    return np.einsum("nij,nj->ni", covariance, pull), covariance


def apart(away: Array, covariances: Array) -> tuple[Array, Array]:
    """How far places are from each other, and how likely that is of one person.

    Args:
        away: ``(..., 2)`` m.
        covariances: ``(..., 2, 2)`` m² of that.

    Returns:
        squared Mahalanobis distances, and the logs of Gaussian densities, 1/m².
    """
    (x, y), xx, xy, yy = np.moveaxis(away, -1, 0), *_entries(covariances)
    determinant = xx * yy - xy**2
    distance = (yy * x**2 - 2 * xy * x * y + xx * y**2) / determinant
    return distance, -0.5 * (distance + np.log(determinant)) - np.log(2 * np.pi)


def _entries(covariances: Array) -> tuple[Array, Array, Array]:
    """The variances along x, of both together, and along y."""
    return covariances[..., 0, 0], covariances[..., 0, 1], covariances[..., 1, 1]


def behind(away: Array, covariances: Array, rays: Array) -> tuple[Array, NDArray[np.bool_]]:
    """How likely places are of people whose feet are hidden.

    Such a place lies behind the true one as its camera sees it: anywhere up to ``REACH`` further
    along the ray, and as sure as ever across it.

    Args:
        away: ``(N, 2)`` m, from the person to the place.
        covariances: ``(N, 2, 2)`` m² of that.
        rays: ``(N, 2)`` unit directions in which the cameras look, zeros where unknown.

    Returns:
        ``(N,)`` densities, 1/m², and which rays are known.
    """
    (x, y), xx, xy, yy = rays.T, *_entries(covariances)
    along, across = away[:, 0] * x + away[:, 1] * y, away[:, 0] * y - away[:, 1] * x
    variance = xx * y**2 - 2 * xy * x * y + yy * x**2
    known = variance > 0
    variance = np.where(known, variance, 1.0)
    bearing = np.exp(-0.5 * across**2 / variance) / np.sqrt(2 * np.pi * variance)
    return np.where(known & (along > 0) & (along < REACH), bearing / REACH, 0.0), known
