"""A camera's focal length, tilt and height from how tall people are in its image."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from mtmc.calibration.estimate.pose import PixelMap, Pose
from mtmc.calibration.estimate.sightings import SeenTracks
from mtmc.types import Doubles

ASPECTS = (1.6, 5.0)  # height over width of boxes that show a standing person
LEAST_BOXES = 30
MOST_BOXES = 250
PEOPLE_SPREAD = 0.06  # standard deviation among people's heights, as a share of 1.7 m
BOX_SPREAD = (
    0.1  # of one person's box heights around their mean, likewise; they are not independent
)
WORST = 10.0  # share of the height in whose place boxes count that stand above the horizon
# What cameras are like before anything was seen: log focal length over image width, tilt and roll
# in rad, log height in m; middle and standard deviation.
PRIOR = np.array([[np.log(0.8), 0.25], [0.42, 0.2], [0.0, 0.03], [np.log(2.8), 0.4]])


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Boxes that show whole standing people, in image coordinates.

    Args:
        feet: ``(N, 2)``.
        heads: ``(N, 2)``.
        people: ``(N,) int64`` who, numbered from 0 in this camera.
    """

    feet: Doubles
    heads: Doubles
    people: NDArray[np.int64]

    @property
    def tall(self) -> Doubles:
        """``(N,)`` heights of the boxes."""
        result: Doubles = np.linalg.norm(self.feet - self.heads, axis=1)
        return result


def standing(sightings: SeenTracks, view: PixelMap) -> Standing:
    """The boxes to learn from: not cut by the image border, upright, evenly over time."""
    x1, y1, x2, y2 = sightings.boxes.T
    width, height = sightings.size
    inside = (x1 > 2) & (y1 > 2) & (x2 < width - 2) & (y2 < height - 2)
    low, high = ASPECTS
    aspect = (y2 - y1) / np.maximum(x2 - x1, 1e-9)
    some = np.flatnonzero(inside & (aspect > low) & (aspect < high))
    some = some[np.linspace(0, len(some) - 1, min(len(some), MOST_BOXES)).astype(int)]
    middle = (x1[some] + x2[some]) / 2
    feet = view.coordinates(np.column_stack([middle, y2[some]]))
    heads = view.coordinates(np.column_stack([middle, y1[some]]))
    _, people = np.unique(sightings.tracks[some], return_inverse=True)
    return Standing(feet, heads, people.reshape(-1))


def height_residuals(pose: Pose, people: Standing) -> Doubles:
    """How far heads are from where a person of 1.7 m has theirs, in standard deviations.

    Each person is tall or small for all of their boxes, so the ``P`` people's means and the ``N``
    boxes' deviations from them are two things.

    Returns:
        ``(P + N,)``.
    """
    off = (pose.heads(people.feet)[:, 1] - people.heads[:, 1]) / people.tall
    off = np.clip(np.nan_to_num(off, nan=WORST), -WORST, WORST)
    mean = np.bincount(people.people, off) / np.bincount(people.people)
    return np.concatenate([mean / PEOPLE_SPREAD, (off - mean[people.people]) / BOX_SPREAD])


def prior_residuals(pose: Pose, lens_known: bool) -> Doubles:
    """How unusual a camera this is, in standard deviations."""
    values = np.array([np.log(pose.focal), pose.tilt, pose.roll, np.log(pose.height)])
    result: Doubles = (values - PRIOR[:, 0]) / PRIOR[:, 1]
    return result[1:] if lens_known else result


def pose_from_heights(people: Standing, lens_known: bool) -> Pose:
    """Focal length, tilt and height of a camera; it stands at the origin and looks along +y.

    Args:
        people: at least ``LEAST_BOXES`` whole people.
        lens_known: whether the focal length is 1 instead of unknown.

    Raises:
        ValueError: there are too few people.

    Source:
        Lv, Zhao and Nevatia, Camera Calibration from Video of a Walking Human, PAMI 2006, as a
        robust least squares problem with prior knowledge of cameras.
    """
    if len(people.feet) < LEAST_BOXES:
        raise ValueError(
            f"shows {len(people.feet)} whole standing people, too few to tell how it is mounted; "
            f"needs {LEAST_BOXES} boxes that the image border does not cut"
        )

    def pose(values: Doubles) -> Pose:
        focal = 1.0 if lens_known else float(np.exp(values[0]))
        return Pose(focal, float(values[1]), float(values[2]), float(np.exp(values[3])))

    def residuals(values: Doubles) -> Doubles:
        made = pose(values)
        return np.concatenate([height_residuals(made, people), prior_residuals(made, lens_known)])

    focals = [0.0] if lens_known else np.log([0.6, 0.9, 1.4])
    starts = itertools.product(focals, (0.15, 0.4, 0.8), (0.0,), np.log([2.5, 5.0]))
    fits = [least_squares(residuals, start, loss="soft_l1", max_nfev=60) for start in starts]
    best = min(fits, key=lambda fit: float(fit.cost))
    return pose(best.x)
