"""Several cameras as one: people as points on the floor, whichever cameras see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.evaluate.overlap import join
from mtmc.evaluate.protocol import ScoringProtocol, absorbed, roles
from mtmc.evaluate.scene import Pairs, ScoredScene, Side
from mtmc.mot import MotRows
from mtmc.trackers.floor.reading import fused, known_places
from mtmc.trackers.steps import pairs_of_steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtmc.calibration import Calibration
    from mtmc.evaluate.protocol import CameraRows
    from mtmc.evaluate.scene import Floats, Ints, Mask

REACH = 2.0  # m at which similarity ends; so a match, similarity >= 0.5, is within 1 m


@dataclass(frozen=True, slots=True, eq=False)
class FloorPeople:
    """Who is where on the floor, ordered by time step.

    Args:
        steps: ``(N,) int64`` time step.
        ids: ``(N,) int64``, once per time step.
        points: ``(N, 2) float64`` m.
        counts: ``(N,) bool`` whether the position is evaluated.
    """

    steps: Ints
    ids: Ints
    points: Floats
    counts: Mask


def scene_of(truth: FloorPeople, result: FloorPeople, moments: int) -> ScoredScene:
    """The scene of so many time steps, with similarity ``1 - distance / 2 m``, at least 0."""
    sides = Side.make(truth.steps, truth.ids), Side.make(result.steps, result.ids)
    return ScoredScene(*sides, near(truth, result), np.zeros(moments, np.int64))


def floor_scene(cameras: Sequence[CameraRows], models: Mapping[str, Calibration]) -> ScoredScene:
    """The scene on the floor of boxes, as `scene_of` makes it.

    Boxes of ground truth and result are located in the same way. Frames of the same number are
    taken as the same moment. Ground truth that counts in no camera absorbs the track that falls to
    it, as in ``ScoringProtocol.IGNORE``. People who cannot be located in any camera are left out.

    Args:
        cameras: ground truth and results with global ids, at least one.
        models: the cameras' calibrations by name.
    """
    sides = []
    moments = np.unique(np.concatenate([camera.frames for camera in cameras]))
    for side in ("truth", "result"):
        rows = [getattr(camera, side) for camera in cameras]
        rows = [part[camera.within(part)] for camera, part in zip(cameras, rows, strict=True)]
        located = [
            models[camera.name].locate(part.boxes)
            for camera, part in zip(cameras, rows, strict=True)
        ]
        everything = MotRows.concatenate(rows)
        _, counts = roles(everything, ScoringProtocol.IGNORE)
        sides.append(
            fuse(
                np.searchsorted(moments, everything.frames),
                everything.ids,
                np.concatenate([points for points, _ in located]),
                np.concatenate([sure for _, sure in located]),
                counts if side == "truth" else np.ones(len(everything), bool),
            )
        )
    truth, result = sides
    scene = scene_of(truth, result, len(moments))
    return scene.keep(truth.counts, ~absorbed(scene, ~truth.counts))


def fuse(steps: Ints, ids: Ints, points: Floats, covariances: Floats, counts: Mask) -> FloorPeople:
    """One position for every identity and time step: the mean by certainty over its sightings.

    Where some of the sightings count, the others are not made use of.

    Args:
        steps: ``(N,) int64`` time step of each sighting.
        ids: ``(N,) int64``.
        points: ``(N, 2)`` m, NaN where unknown.
        covariances: ``(N, 2, 2)`` m², infinite or NaN where unknown.
        counts: ``(N,) bool``.
    """
    known = np.flatnonzero(known_places(points, covariances))
    key = np.stack([steps, ids], axis=1)[known]
    keys, place = np.unique(key, axis=0, return_inverse=True)
    counting = np.bincount(place[counts[known]], minlength=len(keys)) > 0
    used = counts[known] | ~counting[place]
    where, _ = fused(points[known[used]], covariances[known[used]], place[used], len(keys))
    return FloorPeople(keys[:, 0], keys[:, 1], where, counting)


def near(truth: FloorPeople, result: FloorPeople) -> Pairs:
    """All pairs of one time step that are less than ``REACH`` apart."""
    parts = []
    for a, b in pairs_of_steps(truth.steps, result.steps):
        distance = np.linalg.norm(truth.points[a] - result.points[b], axis=1)
        some = distance < REACH
        parts.append(Pairs(a[some], b[some], 1 - distance[some] / REACH))
    return join(parts)
