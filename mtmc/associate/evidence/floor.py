"""How strongly floor positions speak for two tracklets being one person, in log odds."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.steps import same_step
from mtmc.tracking.tracklet import TICK, Tracklet
from mtmc.types import Doubles, Ints

HIDDEN_REACH = 2.5  # m, how far behind the true place hidden feet put somebody, at most
FAR = 6.0  # standard deviations, beyond which two positions are not one person's


def floor_odds(
    away: Doubles,
    covariance: Doubles,
    config: EvidenceConfig,
    rays: tuple[Doubles, Doubles] | None = None,
) -> Doubles:
    """Log odds of one look at two floor positions taken at the same moment.

    One person: both positions scatter around one place (a two-dimensional Gaussian), with a share
    of outliers. Where the feet are hidden, a position lies behind the true one as its camera sees
    it: anywhere up to ``HIDDEN_REACH`` further along the ray, and as sure as ever across it. Two
    people: the second is anywhere in the scene.

    Args:
        away: ``(K, 2)`` first position less the second, m.
        covariance: ``(K, 2, 2)`` the sum of theirs, m².
        config: the weights.
        rays: ``(K, 2)`` for each of the two the unit direction in which its camera looks there,
            zeros where that is not known; None for none.
    """
    spread = covariance + config.floor_spread**2 * np.eye(2)
    xx, xy, yy = spread[:, 0, 0], spread[:, 0, 1], spread[:, 1, 1]
    determinant = xx * yy - xy**2
    x, y = away.T
    distance = (yy * x**2 - 2 * xy * x * y + xx * y**2) / determinant
    near = np.exp(-0.5 * distance) / (2 * np.pi * np.sqrt(determinant))
    share = np.full(len(away), 1.0 - config.floor_outliers)
    density = np.zeros(len(away))
    for ray, towards in zip(rays, (1.0, -1.0), strict=True) if rays else ():
        along = towards * (away * ray).sum(axis=1)
        across = x * ray[:, 1] - y * ray[:, 0]
        variance = xx * ray[:, 1] ** 2 - 2 * xy * ray[:, 0] * ray[:, 1] + yy * ray[:, 0] ** 2
        known = variance > 0
        variance = np.where(known, variance, 1.0)
        bearing = np.exp(-0.5 * across**2 / variance) / np.sqrt(2 * np.pi * variance)
        behind = known & (along > 0) & (along < HIDDEN_REACH)
        density += config.floor_hidden * np.where(behind, bearing / HIDDEN_REACH, 0.0)
        share -= config.floor_hidden * known
    odds: Doubles = np.log((share * near + density) * config.floor_area + config.floor_outliers)
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
    itself = a is b  # then each pair is compared once
    second = first if itself else Positions.of(b, first.ticks.min(), first.ticks.max())
    cameras = np.unique([t.key.camera for t in (*a, *b)], return_inverse=True)[1]
    places, totals, counts = [], [], []
    for left, right in same_step(first.ticks, second.ticks):
        rows, columns = first.rows[left], second.rows[right]
        other = cameras[rows] != cameras[len(a) + columns]
        if itself:
            other &= rows < columns
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
    found = sparse.csr_array((values, np.divmod(place, len(b))), shape)
    return sparse.csr_array(found + found.T) if itself else found


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
        covariances: ``(K, 2, 2)`` m².
        rays: ``(K, 2)`` unit directions in which the cameras look there, zeros where unknown.
    """

    rows: Ints
    ticks: Ints
    points: Doubles
    covariances: Doubles
    rays: Doubles

    @property
    def variances(self) -> Doubles:
        """``(K,)`` m², in no direction more."""
        trace: Doubles = self.covariances[:, 0, 0] + self.covariances[:, 1, 1]
        return trace

    @classmethod
    def of(cls, tracklets: Sequence[Tracklet], first: float, last: float) -> Self:
        """From the ticks ``first`` to ``last``."""
        rows: list[int] = []
        parts = []
        for row, tracklet in enumerate(tracklets):
            path = tracklet.path
            within = slice(bisect_left(path.ticks, first), bisect_right(path.ticks, last))
            parts.append(path.part(within))
            rows += [row] * len(parts[-1].ticks)

        def column(name: str, width: int) -> Doubles:
            values = [value for part in parts for value in getattr(part, name)]
            return np.array(values, np.float64).reshape(-1, width)

        when = column("ticks", 1)[:, 0].astype(np.int64)
        order = np.argsort(when, kind="stable")
        covariances = column("covariances", 3)[order][:, [0, 1, 1, 2]].reshape(-1, 2, 2)
        return cls(
            np.array(rows, np.int64)[order],
            when[order],
            column("points", 2)[order],
            covariances,
            column("rays", 2)[order],
        )


def position_odds(
    a: Positions, left: Ints, b: Positions, right: Ints, config: EvidenceConfig
) -> Doubles:
    """Log odds of pairs of positions, some of ``a`` and as many of ``b``."""
    away = a.points[left] - b.points[right]
    odds = np.full(len(away), math.log(config.floor_outliers))
    spread = a.variances[left] + b.variances[right] + config.floor_spread**2
    reach = HIDDEN_REACH + FAR * np.sqrt(spread)
    close = np.flatnonzero((away**2).sum(axis=1) < reach**2)
    left, right = left[close], right[close]
    covariance = a.covariances[left] + b.covariances[right]
    rays = a.rays[left], b.rays[right]
    odds[close] = floor_odds(away[close], covariance, config, rays)
    return odds
