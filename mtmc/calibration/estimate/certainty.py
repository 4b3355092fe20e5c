"""Whether cameras that were put on one floor see the same people there, or only by chance."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from mtmc.calibration import Calibration
from mtmc.calibration.camera import PERSON_HEIGHT
from mtmc.calibration.estimate.align import SIGMA, FloorTracks, common
from mtmc.calibration.estimate.joint import PosedCamera
from mtmc.trackers.geometry import areas
from mtmc.types import Doubles, Mask

WHOLE = 0.8  # least share of a person's box that is in the image of a camera that should see them
APART = 15  # ticks after which others stand there, by chance
MOMENTS = 40  # so many times that is looked at
MOST = 2000  # sightings of two cameras that are looked at
# The least agreement of many sightings, and by how much more it is for one, both 0..1.
LEAST, DOUBT = 0.25, 4.5


def certain(name: str, cameras: Mapping[str, PosedCamera]) -> bool:
    """Whether a camera and the others see the same people, more than they would by chance."""
    share, count = agreement(name, cameras)
    return share >= LEAST + DOUBT / math.sqrt(max(count, 1))


def agreement(name: str, cameras: Mapping[str, PosedCamera]) -> tuple[float, int]:
    """How often people whom one of two cameras sees are where the other one sees somebody.

    What the other camera should see is known: whoever stands in its image. How often somebody is
    there by chance is told by other moments.

    Args:
        name: of the camera.
        cameras: it and others, on one floor and clock.

    Returns:
        the agreement, from 0 (as by chance) to 1; and of how many sightings.

    Source: the correction for chance is that of J. Cohen, A Coefficient of Agreement for Nominal
    Scales, Educational and Psychological Measurement 20, 1960.
    """
    tracks = {each: camera.tracks()[0] for each, camera in cameras.items()}
    fits = np.zeros(3)  # sightings, those that fit, and those that would by chance
    for other in [each for each in cameras if each != name]:
        for a, b in ((name, other), (other, name)):
            fits += _fits(tracks[a], tracks[b], cameras[b])
    now, chance = fits[1:] / max(fits[0], 1)
    return float((now - chance) / max(1 - chance, 1e-9)), int(fits[0])


def _fits(a: FloorTracks, b: FloorTracks, camera: PosedCamera) -> Doubles:
    """Sightings of a that b should have, how many it has, and how many it would have by chance."""
    left, right = common(a, b, 0)
    rows, columns = np.nonzero(np.isfinite(left))
    points = left[rows, columns]
    shown = _shown(camera.model, camera.sightings.size, np.column_stack([points.real, points.imag]))
    count, length = int(shown.sum()), right.shape[1]
    if count == 0 or len(right) == 0:
        return np.zeros(3)
    some = np.flatnonzero(shown)[np.linspace(0, count - 1, min(count, MOST)).astype(int)]
    points, columns = points[some], columns[some]
    later = np.linspace(APART, max(length - 1, APART), MOMENTS // 2).astype(int)
    by_chance = looks = 0.0
    for shift in {*later.tolist(), *(-later).tolist()}:
        inside = (columns + shift >= 0) & (columns + shift < length)
        by_chance += _near(points[inside], right[:, columns[inside] + shift])
        looks += inside.sum()
    now = _near(points, right[:, columns]) / len(points)
    return np.array([1, now, by_chance / max(looks, 1)]) * count


def _near(points: np.ndarray, others: np.ndarray) -> float:
    """How many of points ``(N,)`` have one of ``(M, N)`` at their place, each 0..1."""
    nearest = np.nan_to_num(np.abs(others - points), nan=np.inf).min(axis=0, initial=np.inf)
    return float(np.exp(-(nearest**2) / (2 * SIGMA**2)).sum())


def _shown(model: Calibration, size: tuple[int, int], points: np.ndarray) -> Mask:
    """``(N,)`` whether people who stand at points ``(N, 2)`` m would be whole in the image."""
    boxes = model.resized(size).standing(points, np.full(len(points), PERSON_HEIGHT))
    inside = np.clip(boxes, 0, [*size, *size])
    whole = areas(boxes)
    with np.errstate(invalid="ignore"):
        return np.asarray((whole > 0) & (areas(inside) >= WHOLE * whole), np.bool_)
