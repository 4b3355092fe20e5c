"""How strongly what was seen speaks for two tracklets being one person.

All evidence is in log odds (nats): positive for the same person, negative for two.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtmc.config import require
from mtmc.tracklets import TICK, Tracklet

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class EvidenceConfig:
    """How appearance and floor positions are weighed.

    Args:
        max_distance: cosine distance between the mean embeddings of two tracklets of different
            cameras up to which they are more likely one person than two; None takes the one that
            suits the embedder.
        same_camera: the same within one camera, where light and view do not change, as a share of
            ``max_distance``.
        appearance_weight: log odds of equal embeddings; twice ``max_distance`` has the opposite.
        appearance_limit: appearance never speaks louder than this, log odds.
        floor_spread: how far apart two cameras see one person beyond the known uncertainty, m.
        floor_area: of the scene, m²: how unlikely it is to meet another person at a place.
        floor_outliers: share of floor positions that are just wrong.
        floor_memory: seconds after which another look at the floor counts as a new one.
        floor_limit: so many looks at the floor count at most.
        floor_track: log odds that a tracker over all cameras is right: in favour of tracklets it
            took for one person, against those of two at one time.
    """

    max_distance: float | None = None
    same_camera: float = 0.7
    appearance_weight: float = 8.0
    appearance_limit: float = 4.0
    floor_spread: float = 0.3
    floor_area: float = 60.0
    floor_outliers: float = 0.1
    floor_memory: float = 1.0
    floor_limit: float = 10.0
    floor_track: float = 6.0

    def __post_init__(self) -> None:
        if self.max_distance is not None:
            require(0 < self.max_distance <= 2, "max_distance must be in 0..2")
        for name in (
            "same_camera",
            "appearance_weight",
            "appearance_limit",
            "floor_spread",
            "floor_area",
            "floor_memory",
            "floor_limit",
            "floor_track",
        ):
            value = getattr(self, name)
            require(math.isfinite(value) and value > 0, f"{name} must be above 0, got {value}")
        require(0 < self.floor_outliers < 1, "floor_outliers must be between 0 and 1")


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What people look like in one camera each.

    Args:
        sums: ``(N, D)`` embeddings summed by crop quality, zero rows where nothing is known.
        weights: ``(N,)`` how much each counts among other looks of the person: the length of its
            sum, thus the more and the more alike the crops are; 0 where unknown.
        cameras: ``(N,)`` of str.
    """

    sums: NDArray[np.float32]
    weights: NDArray[np.float32]
    cameras: NDArray[np.str_]

    @classmethod
    def make(cls, sums: Sequence[NDArray[np.float32] | None], cameras: Sequence[str]) -> Looks:
        """From summed embeddings, None where there is no crop."""
        dim = next((len(s) for s in sums if s is not None), 1)
        rows = [np.zeros(dim, np.float32) if s is None else s for s in sums]
        stacked = np.stack(rows) if rows else np.zeros((0, dim), np.float32)
        return cls(stacked, np.linalg.norm(stacked, axis=1), np.array(cameras, dtype=str))

    @classmethod
    def of(cls, tracklets: Sequence[Tracklet]) -> Looks:
        """The looks of tracklets."""
        sums = [t.gallery.sum() if len(t.gallery) else None for t in tracklets]
        return cls.make(sums, [t.key.camera for t in tracklets])


def appearance(
    a: Looks, b: Looks, max_distance: float, config: EvidenceConfig
) -> NDArray[np.float32]:
    """Log odds by appearance between all looks of ``a`` and ``b``.

    Linear in the cosine distance, zero at ``max_distance``, bounded by ``appearance_limit``.

    Returns:
        ``(N, M)``, 0 where nothing is known.
    """
    if a.sums.shape[1] != b.sums.shape[1]:  # nothing at all is known of one side
        return np.zeros((len(a.sums), len(b.sums)), np.float32)
    same_camera = a.cameras[:, None] == b.cameras[None]
    even = max_distance * np.where(same_camera, config.same_camera, 1.0)
    odds = config.appearance_weight * (1 - cosine_distance(a.sums, b.sums) / even)
    odds = np.clip(odds, -config.appearance_limit, config.appearance_limit)
    return np.where(np.outer(a.weights, b.weights) > 0, odds, 0).astype(np.float32)


def cosine_distance(a: Floats, b: Floats) -> Floats:
    """``(N, M)`` distances 0..2 of rows ``(N, D)`` and ``(M, D)`` of any length; 1 for zero."""
    length = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    return 1 - (a @ b.T) / np.where(length > 0, length, np.inf)


def floor_odds(
    distance: NDArray[np.float64], variance: NDArray[np.float64], config: EvidenceConfig
) -> NDArray[np.float64]:
    """Log odds of one look at two floor positions taken at the same moment.

    One person: both positions scatter around one place (a two-dimensional Gaussian, with a share
    of outliers). Two people: the second is anywhere in the scene.

    Args:
        distance: between the two, m.
        variance: the sum of theirs, m² per axis.
        config: the weights.
    """
    anywhere = 1 / config.floor_area
    spread = variance + config.floor_spread**2
    near = np.exp(-(distance**2) / (2 * spread)) / (2 * np.pi * spread)
    share = config.floor_outliers
    odds: NDArray[np.float64] = np.log((1 - share) * near / anywhere + share)
    return odds


def floor_evidence(tracklets: Sequence[Tracklet], config: EvidenceConfig) -> NDArray[np.float32]:
    """Log odds by the floor between all tracklets.

    Where a tracker followed people over all cameras, what it says; it has compared their places
    with everybody else's. Elsewhere, between tracklets of different cameras, all positions at
    each tick are compared; looks closer together in time than ``floor_memory`` are not independent
    and count less.

    Returns:
        ``(N, N)`` symmetric, 0 for those never located at the same time.
    """
    if any(t.person is not None for t in tracklets):
        return _tracked_evidence(tracklets, config)
    total = np.zeros((len(tracklets), len(tracklets)))
    looks = np.zeros_like(total)
    cameras = np.unique([t.key.camera for t in tracklets], return_inverse=True)[1]
    for rows, points, variances in _positions_by_tick(tracklets):
        distance = np.linalg.norm(points[:, None] - points[None], axis=2)
        odds = floor_odds(distance, variances[:, None] + variances[None], config)
        other = cameras[rows][:, None] != cameras[rows][None]
        cell = np.ix_(rows, rows)
        total[cell] += np.where(other, odds, 0)
        looks[cell] += other
    independent = np.minimum(looks * min(1, TICK / config.floor_memory), config.floor_limit)
    return (total / np.maximum(looks, 1) * independent).astype(np.float32)


def _tracked_evidence(tracklets: Sequence[Tracklet], config: EvidenceConfig) -> NDArray[np.float32]:
    people = np.array([-1 if t.person is None else t.person for t in tracklets])
    start, end = np.array([t.start for t in tracklets]), np.array([t.end for t in tracklets])
    same = people[:, None] == people[None]
    together = (start[:, None] <= end[None]) & (start[None] <= end[:, None])
    odds = np.where(same, config.floor_track, np.where(together, -config.floor_track, 0.0))
    known = people >= 0
    odds *= known[:, None] & known[None]
    np.fill_diagonal(odds, 0)
    return odds.astype(np.float32)


def _positions_by_tick(
    tracklets: Sequence[Tracklet],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
    """For every tick that locates more than one: rows, points ``(K, 2)`` and variances ``(K,)``."""
    seen: dict[int, list[tuple[int, tuple[float, float], float]]] = defaultdict(list)
    for row, tracklet in enumerate(tracklets):
        path = tracklet.path
        for tick, point, variance in zip(path.ticks, path.points, path.variances, strict=True):
            seen[tick].append((row, point, variance))
    for looks in seen.values():
        if len(looks) > 1:
            rows, points, variances = zip(*looks, strict=True)
            yield np.array(rows), np.array(points), np.array(variances)
