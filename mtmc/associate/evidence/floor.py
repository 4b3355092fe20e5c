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

from mtmc.associate.evidence.config import FLOOR_MEMORY, FLOOR_TRACK, EvidenceConfig
from mtmc.trackers.floor.reading import AREA, HIDDEN, OUTLIERS, REACH, apart, behind
from mtmc.trackers.steps import pairs_of_steps
from mtmc.tracking.tracklet import TICK, Tracklet
from mtmc.types import Doubles, Ints

FAR = 6.0  # standard deviations, beyond which two positions are not one person's


def floor_odds(
    away: Doubles,
    covariance: Doubles,
    rays: tuple[Doubles, Doubles] | None = None,
) -> Doubles:
    """Log odds of one look at two floor positions taken at the same moment.

    One person: both positions scatter around one place (a two-dimensional Gaussian), with a share
    of outliers, and where the feet are hidden one lies behind the other. Two people: the second is
    anywhere in the scene.

    Args:
        away: ``(K, 2)`` first position less the second, m.
        covariance: ``(K, 2, 2)`` the sum of theirs, m².
        rays: ``(K, 2)`` for each of the two the unit direction in which its camera looks there,
            zeros where that is not known; None for none.
    """
    share, hidden = np.full(len(away), 1.0 - OUTLIERS), np.zeros(len(away))
    for ray, towards in zip(rays, (1.0, -1.0), strict=True) if rays else ():
        density, known = behind(towards * away, covariance, ray)
        hidden += HIDDEN * density
        share -= HIDDEN * known
    near = np.exp(apart(away, covariance)[1])
    odds: Doubles = np.log((share * near + hidden) * AREA + OUTLIERS)
    return odds


def floor_evidence(
    a: Sequence[Tracklet], b: Sequence[Tracklet], config: EvidenceConfig
) -> sparse.csr_array:
    """Log odds by the floor between tracklets.

    Where a tracker followed people over all cameras, what it says; it has compared their places
    with everybody else's. Elsewhere, between tracklets of different cameras, all positions at each
    tick are compared; looks closer together in time than ``FLOOR_MEMORY`` are not independent and
    count less.

    Returns:
        ``(len(a), len(b)) float32``; empty for those never located at the same time.
    """
    shape = (len(a), len(b))
    if any(tracklet.person is not None for tracklet in (*a, *b)):
        return sparse.csr_array(_tracked_evidence(a, b))
    first = Positions.of(a, -np.inf, np.inf)
    if len(first.ticks) == 0:
        return sparse.csr_array(shape, dtype=np.float32)
    itself = a is b  # then each pair is compared once
    second = first if itself else Positions.of(b, first.ticks.min(), first.ticks.max())
    cameras = np.unique([t.key.camera for t in (*a, *b)], return_inverse=True)[1]
    places, totals, counts = [], [], []
    for left, right in pairs_of_steps(first.ticks, second.ticks):
        rows, columns = first.rows[left], second.rows[right]
        other = cameras[rows] != cameras[len(a) + columns]
        if itself:
            other &= rows < columns
        left, right = left[other], right[other]  # noqa: PLW2901
        odds = position_odds(first, left, second, right)
        place, looks = np.unique(rows[other] * len(b) + columns[other], return_inverse=True)
        places.append(place)
        totals.append(np.bincount(looks, odds, len(place)))
        counts.append(np.bincount(looks, minlength=len(place)))
    place, part = np.unique(np.concatenate(places), return_inverse=True)
    total = np.bincount(part, np.concatenate(totals), len(place))
    count = np.bincount(part, np.concatenate(counts), len(place))
    independent = np.minimum(count * min(1, TICK / FLOOR_MEMORY), config.floor_limit)
    values = (total / count * independent).astype(np.float32)
    found = sparse.csr_array((values, np.divmod(place, len(b))), shape)
    return sparse.csr_array(found + found.T) if itself else found


def _tracked_evidence(a: Sequence[Tracklet], b: Sequence[Tracklet]) -> NDArray[np.float32]:
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
    odds = np.where(people == others, 1.0, np.where(apart, -1.0, 0.0)) * FLOOR_TRACK
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


def position_odds(a: Positions, left: Ints, b: Positions, right: Ints) -> Doubles:
    """Log odds of pairs of positions, some of ``a`` and as many of ``b``."""
    away = a.points[left] - b.points[right]
    odds = np.full(len(away), math.log(OUTLIERS))
    spread = a.variances[left] + b.variances[right]
    reach = REACH + FAR * np.sqrt(spread)
    close = np.flatnonzero((away**2).sum(axis=1) < reach**2)
    left, right = left[close], right[close]
    covariance = a.covariances[left] + b.covariances[right]
    rays = a.rays[left], b.rays[right]
    odds[close] = floor_odds(away[close], covariance, rays)
    return odds
