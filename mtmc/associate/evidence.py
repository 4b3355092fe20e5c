"""How strongly what was seen speaks for two tracklets being one person.

All evidence is in log odds (nats): positive for the same person, negative for two, and
independent pieces add up.
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

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class EvidenceConfig:
    """How appearance and floor positions are weighed.

    Args:
        max_distance: cosine distance between mean embeddings up to which two tracklets are more
            likely one person than two; None takes the one that suits the embedder.
        appearance_weight: log odds per unit of cosine distance.
        appearance_limit: appearance never speaks louder than this, log odds.
        floor_spread: how far apart two cameras see one person beyond the known uncertainty, m.
        floor_area: of the scene, m²: how unlikely it is to meet another person at a place.
        floor_outliers: share of floor positions that are just wrong.
        floor_memory: seconds after which another look at the floor counts as a new one.
        floor_limit: so many looks at the floor count at most.
    """

    max_distance: float | None = None
    appearance_weight: float = 20.0
    appearance_limit: float = 4.0
    floor_spread: float = 0.3
    floor_area: float = 60.0
    floor_outliers: float = 0.1
    floor_memory: float = 1.0
    floor_limit: float = 10.0

    def __post_init__(self) -> None:
        if self.max_distance is not None:
            require(
                0 <= self.max_distance <= 2,
                f"max_distance must be in 0..2, got {self.max_distance}",
            )
        for name in (
            "appearance_weight",
            "appearance_limit",
            "floor_spread",
            "floor_area",
            "floor_memory",
            "floor_limit",
        ):
            value = getattr(self, name)
            require(math.isfinite(value) and value > 0, f"{name} must be above 0, got {value}")
        require(
            0 < self.floor_outliers < 1,
            f"floor_outliers must be in 0..1, got {self.floor_outliers}",
        )


def appearance(a: Floats, b: Floats, max_distance: float, config: EvidenceConfig) -> Floats:
    """Log odds by appearance between two sets of people.

    Args:
        a: ``(N, D)`` summed embeddings of each, zero rows where nothing is known.
        b: ``(M, D)``.
        max_distance: where the odds are even.
        config: the weights.

    Returns:
        ``(N, M)``, 0 where nothing is known.
    """
    if a.shape[1] != b.shape[1]:  # nothing at all is known of one side
        return np.zeros((len(a), len(b)), np.float32)
    length_a = np.linalg.norm(a, axis=1)
    length_b = np.linalg.norm(b, axis=1)
    product = np.outer(length_a, length_b)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = 1 - (a @ b.T) / product
    odds = config.appearance_weight * (max_distance - distance)
    limit = config.appearance_limit
    odds = np.where(product > 0, np.clip(odds, -limit, limit), 0)
    return odds.astype(np.float32)


def embedding_sums(tracklets: Sequence[Tracklet]) -> Floats:
    """``(N, D)`` summed embeddings of the tracklets, zero rows for those without a crop."""
    return stack_sums([t.gallery.sum() if len(t.gallery) else None for t in tracklets])


def stack_sums(sums: Sequence[Floats | None]) -> Floats:
    """``(N, D)`` of vectors ``(D,)``, a zero row for each None."""
    dim = next((len(s) for s in sums if s is not None), 1)
    return np.stack([np.zeros(dim, np.float32) if s is None else s for s in sums])


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


def floor_evidence(tracklets: Sequence[Tracklet], config: EvidenceConfig) -> Floats:
    """Log odds by the floor between all tracklets of different cameras.

    At each tick all positions are compared; looks closer together in time than
    ``floor_memory`` are not independent and count less.

    Returns:
        ``(N, N)`` symmetric, 0 for those never located at the same time.
    """
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
    with np.errstate(divide="ignore", invalid="ignore"):
        evidence = np.where(looks > 0, total / looks * independent, 0)
    return evidence.astype(np.float32)


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
