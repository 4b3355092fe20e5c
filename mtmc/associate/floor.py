"""How strongly floor positions speak for two tracklets being one person, in log odds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.associate.evidence import EvidenceConfig
from mtmc.tracklets import TICK, Tracklet

PAIRS_AT_ONCE = 1 << 18  # bounds the memory of crowded scenes

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]


def floor_odds(distance: Doubles, variance: Doubles, config: EvidenceConfig) -> Doubles:
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
    odds: Doubles = np.log((1 - share) * near / anywhere + share)
    return odds


def floor_evidence(
    a: Sequence[Tracklet], b: Sequence[Tracklet], config: EvidenceConfig
) -> sparse.csr_array:
    """Log odds by the floor between tracklets.

    Where a tracker followed people over all cameras, what it says; it has compared their places
    with everybody else's. Elsewhere, between tracklets of different cameras, all positions at each
    tick are compared; looks closer together in time than ``floor_memory`` are not independent and
    count less.

    Returns:
        ``(len(a), len(b)) float32``; empty for those never located at the same time.
    """
    shape = (len(a), len(b))
    if any(tracklet.person is not None for tracklet in (*a, *b)):
        return sparse.csr_array(_tracked_evidence(a, b, config))
    first = Positions.of(a, -np.inf, np.inf)
    if len(first.ticks) == 0:
        return sparse.csr_array(shape, dtype=np.float32)
    second = Positions.of(b, first.ticks.min(), first.ticks.max())
    cameras = np.unique([t.key.camera for t in (*a, *b)], return_inverse=True)[1]
    places, totals, counts = [], [], []
    for left, right in same_tick(first.ticks, second.ticks):
        rows, columns = first.rows[left], second.rows[right]
        other = cameras[rows] != cameras[len(a) + columns]
        left, right = left[other], right[other]  # noqa: PLW2901
        odds = position_odds(first, left, second, right, config)
        place, looks = np.unique(rows[other] * len(b) + columns[other], return_inverse=True)
        places.append(place)
        totals.append(np.bincount(looks, odds, len(place)))
        counts.append(np.bincount(looks, minlength=len(place)))
    place, part = np.unique(np.concatenate(places), return_inverse=True)
    total = np.bincount(part, np.concatenate(totals), len(place))
    count = np.bincount(part, np.concatenate(counts), len(place))
    independent = np.minimum(count * min(1, TICK / config.floor_memory), config.floor_limit)
    values = (total / count * independent).astype(np.float32)
    return sparse.csr_array((values, np.divmod(place, len(b))), shape)


def _tracked_evidence(
    a: Sequence[Tracklet], b: Sequence[Tracklet], config: EvidenceConfig
) -> NDArray[np.float32]:
    """Log odds between tracklets of which a tracker over all cameras says who they are.

    Returns:
        ``(len(a), len(b))``: for one person, against two at the same time, else 0.
    """

    def column(tracklets: Sequence[Tracklet], name: str) -> Doubles:
        values = (getattr(tracklet, name) for tracklet in tracklets)
        return np.array([np.nan if value is None else value for value in values], np.float64)

    people, others = column(a, "person")[:, None], column(b, "person")[None]
    together = (column(a, "start")[:, None] <= column(b, "end")[None]) & (
        column(b, "start")[None] <= column(a, "end")[:, None]
    )
    apart = together & np.isfinite(people) & np.isfinite(others)
    odds = np.where(people == others, 1.0, np.where(apart, -1.0, 0.0)) * config.floor_track
    keys = {tracklet.key: row for row, tracklet in enumerate(b)}
    own = [(row, keys[t.key]) for row, t in enumerate(a) if t.key in keys]
    odds[tuple(np.array(own, np.int64).reshape(-1, 2).T)] = 0
    return odds.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Positions:
    """Where tracklets were, sorted by tick.

    Args:
        rows: ``(K,)`` whose.
        ticks: ``(K,)`` when.
        points: ``(K, 2)`` m.
        variances: ``(K,)`` m².
    """

    rows: Ints
    ticks: Ints
    points: Doubles
    variances: Doubles

    @classmethod
    def of(cls, tracklets: Sequence[Tracklet], first: float, last: float) -> Self:
        """From the ticks ``first`` to ``last``."""
        rows: list[int] = []
        ticks: list[int] = []
        points: list[tuple[float, float]] = []
        variances: list[float] = []
        for row, tracklet in enumerate(tracklets):
            path = tracklet.path
            part = slice(bisect_left(path.ticks, first), bisect_right(path.ticks, last))
            rows += [row] * len(path.ticks[part])
            ticks += path.ticks[part]
            points += path.points[part]
            variances += path.variances[part]
        when = np.array(ticks, np.int64)
        order = np.argsort(when, kind="stable")
        return cls(
            np.array(rows, np.int64)[order],
            when[order],
            np.array(points, np.float64).reshape(-1, 2)[order],
            np.array(variances, np.float64)[order],
        )


def position_odds(
    a: Positions, left: Ints, b: Positions, right: Ints, config: EvidenceConfig
) -> Doubles:
    """Log odds of pairs of positions, some of ``a`` and as many of ``b``."""
    distance = np.linalg.norm(a.points[left] - b.points[right], axis=1)
    return floor_odds(distance, a.variances[left] + b.variances[right], config)


def same_tick(a: Ints, b: Ints) -> Iterator[tuple[Ints, Ints]]:
    """All pairs of positions of one tick, some at a time; both are sorted."""
    start = np.searchsorted(b, a, "left")
    partners = np.searchsorted(b, a, "right") - start
    total = np.cumsum(partners)
    cuts = np.searchsorted(total, np.arange(PAIRS_AT_ONCE, total[-1], PAIRS_AT_ONCE))
    for left in np.split(np.arange(len(a)), cuts):
        count = partners[left]
        first = np.repeat(start[left] - (np.cumsum(count) - count), count)
        yield np.repeat(left, count), first + np.arange(len(first))
