"""Bayesian optimisation: what is known of a function from a few values, and where to look next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = dict[str, float | int]  # value per setting
Space = Mapping[str, "Range"]

CANDIDATES = 1000  # of which the best one is proposed
NOISE = 1e-3  # of a value, as a share of the variance of all
NARROWEST = 1e-3  # bandwidth, where all points have one value of a setting
DROP = 0.15  # of the loss, by which a training is healthy
SAME = 1e-9  # difference of two shares of a range that are one value


@dataclass(frozen=True)
class Range:
    """What a setting may be.

    Args:
        low: the least.
        high: the most; equal to ``low`` for a setting that stays.
        integer: whether only whole numbers count.
        log: whether factors matter, not differences.

    Raises:
        ValueError: the range is upside down, not finite, or not above 0 on a logarithmic scale.
    """

    low: float
    high: float
    integer: bool = False
    log: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"a range goes up, got {self.low:g}..{self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic range is above 0, got {self.low:g}..{self.high:g}")

    def snapped(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values ``(M,)`` that lie so far up the range, 0..1."""
        start, end = self._ends()
        values = start + shares * (end - start)
        values = np.exp(values) if self.log else values
        return np.clip(np.round(values) if self.integer else values, self.low, self.high)

    def shares(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far up the range values lie, 0..1."""
        start, end = self._ends()
        scaled = np.log(values) if self.log else values
        return (scaled - start) / (end - start) if end > start else np.full(len(values), 0.5)

    def _ends(self) -> tuple[float, float]:
        # Every whole number gets as much room as any other.
        border = 0.5 if self.integer else 0.0
        low, high = self.low - border, self.high + border
        return (math.log(low), math.log(high)) if self.log else (low, high)


def random_points(space: Space, count: int, rng: np.random.Generator) -> list[Point]:
    """Points drawn evenly from all ranges."""
    return [_point(space, row) for row in _drawn(space, count, rng)]


def shares(space: Space, points: Sequence[Point]) -> NDArray[np.float64]:
    """Points as rows ``(N, D)`` of the unit cube."""
    rows = [[point[name] for name in space] for point in points]
    return _shares(space, np.array(rows, np.float64).reshape(len(points), len(space)))


def _drawn(space: Space, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Values ``(count, D)``."""
    columns = zip(space.values(), rng.random((count, len(space))).T, strict=True)
    return np.column_stack([limits.snapped(column) for limits, column in columns])


def _shares(space: Space, values: NDArray[np.float64]) -> NDArray[np.float64]:
    columns = zip(space.values(), values.T, strict=True)
    return np.column_stack([limits.shares(column) for limits, column in columns])


def _point(space: Space, row: NDArray[np.float64]) -> Point:
    pairs = zip(space.items(), row.tolist(), strict=True)
    return {name: int(value) if limits.integer else value for (name, limits), value in pairs}


class GaussianProcess:
    """What is known of a function from its values at some points.

    The kernel is ``var(f) exp(-1/2 (a - b)^T B^-1 (a - b))`` with a diagonal B by Scott's rule for
    the points, the prior mean is that of the values.

    Args:
        points: ``(N, D)`` of the unit cube.
        values: ``(N,)``.
        noise: of each value, as a share of ``var(f)``.

    Source: Li et al., "Progressive Learning Algorithm for Efficient Person Re-Identification",
    Eq. 6. The kernel as printed has ``a^T B^-1 b``, which is largest far from both.
    """

    def __init__(
        self, points: NDArray[np.float64], values: NDArray[np.float64], noise: float = NOISE
    ) -> None:
        count, dims = points.shape
        self._points, self._mean, self._variance = points, values.mean(), values.var()
        spread = points.std(axis=0, ddof=1) if count > 1 else np.ones(dims)
        self._bandwidth = np.maximum(spread * count ** (-1 / (dims + 4)), NARROWEST)
        self._factor = cho_factor(self._likeness(points) + noise * np.eye(count))
        self._weights = cho_solve(self._factor, values - self._mean)

    def __call__(
        self, points: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation ``(M,)`` of what the function may be at points ``(M, D)``."""
        likeness = self._likeness(points)  # (M, N)
        known = (likeness * cho_solve(self._factor, likeness.T).T).sum(axis=1)
        deviation = np.sqrt(self._variance * np.maximum(1 - known, 0))
        return self._mean + likeness @ self._weights, deviation

    def _likeness(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        apart = (points[:, None] - self._points) / self._bandwidth
        likeness: NDArray[np.float64] = np.exp(-0.5 * np.square(apart).sum(axis=2))
        return likeness


def expected_improvement(
    mean: NDArray[np.float64], deviation: NDArray[np.float64], best: float
) -> NDArray[np.float64]:
    """By how much values are expected to lie below the best, which is the lowest.

    Args:
        mean: ``(M,)`` of the values.
        deviation: their standard deviations.
        best: the lowest value so far.

    Source: Li et al., Eqs. 7 and 8; Z as printed is for a function that is maximised.
    """
    gain = best - mean
    with np.errstate(divide="ignore", invalid="ignore"):
        z = gain / deviation
        expected = gain * ndtr(z) + deviation * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return np.where(deviation > 0, expected, np.maximum(gain, 0))


def propose(
    space: Space, tried: Sequence[Point], values: Sequence[float], rng: np.random.Generator
) -> Point | None:
    """The point that is expected to improve most on the lowest value, of many random ones.

    Args:
        space: ranges of all settings.
        tried: points with known values, at least one.
        values: theirs.
        rng: draws the candidates.

    Returns:
        A point that was not tried; None where every candidate was.
    """
    rows, known = shares(space, tried), np.array(values, np.float64)
    drawn = _drawn(space, CANDIDATES, rng)
    candidates = _shares(space, drawn)
    new = (np.abs(candidates[:, None] - rows).max(axis=2) > SAME).all(axis=1)
    if not new.any():
        return None
    posterior = GaussianProcess(rows, known)
    gains = expected_improvement(*posterior(candidates[new]), known.min())
    return _point(space, drawn[new][gains.argmax()])


def drop_error(losses: Sequence[float], drop: float = DROP) -> float:
    """How far a loss's relative drop, from the first half of some epochs to the second, is off.

    Args:
        losses: mean of each epoch, an even number of them.
        drop: what it should be.

    Source: Li et al., Eq. 9.
    """
    half = len(losses) // 2
    first, second = np.mean(losses[:half]), np.mean(losses[half:])
    return float(abs((first - second) / first - drop))
