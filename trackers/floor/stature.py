"""How tall people are by the tops of their boxes, which tells who is who where two come close.

The bottom of a box tells a place; at that place the top tells a height. Nothing else need be known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mtmc.trackers.floor.reading import OUTLIERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

USUAL, USUAL_SPREAD = 1.70, 0.12  # m, mean and standard deviation of adults' heights
TOP_SPREAD = 0.1  # m, of a height by one box: twice what they differ by, since errors last
WANDER = 0.01  # m, standard deviation of what a height changes by within one second
RANGE = 1.8  # m in which heights lie that are just wrong
NOTHING = 1e-6  # 1/m², information of who was not seen


def standing(statures: Array, away: Array, covariances: Array) -> tuple[Array, Array]:
    """How tall people are who stand elsewhere than their boxes end.

    Args:
        statures: ``(..., 3)`` as `Detections` have them.
        away: ``(..., 2)`` m, from the person to the place of the box.
        covariances: ``(..., 2, 2)`` m² of where the person is.

    Returns:
        m, and variances, m²; NaN where unknown.
    """
    slopes = statures[..., 1:]
    tall = statures[..., 0] - np.einsum("...i,...i->...", slopes, away)
    unsure = np.einsum("...i,...ij,...j->...", slopes, covariances, slopes)
    return tall, TOP_SPREAD**2 + unsure


@dataclass(slots=True, eq=False)
class Statures:
    """What is known of how tall people are.

    Args:
        mean: ``(N,)`` m.
        variance: ``(N,)`` m².
    """

    mean: Array
    variance: Array

    @classmethod
    def unknown(cls, count: int) -> Self:
        """Of people nobody has seen."""
        return cls(np.full(count, USUAL), np.full(count, USUAL_SPREAD**2))

    def __getitem__(self, rows: Any) -> Self:
        """Those of some people, a copy."""
        return type(self)(self.mean[rows].copy(), self.variance[rows].copy())

    def __setitem__(self, rows: Ints | slice, new: Statures) -> None:
        """Those of some people from now on."""
        self.mean[rows], self.variance[rows] = new.mean, new.variance

    def add(self, count: int) -> None:
        """Append people nobody has seen."""
        new = self.unknown(count)
        self.mean = np.concatenate([self.mean, new.mean])
        self.variance = np.concatenate([self.variance, new.variance])

    def predict(self, step: float | Array) -> None:
        """``step`` s go by, of all or ``(N,)``."""
        self.variance = np.minimum(self.variance + WANDER**2 * step, USUAL_SPREAD**2)

    def correct(self, rows: Ints, tall: Array, variance: Array) -> None:
        """Take in heights, each as far as it is likely to be no outlier.

        Args:
            rows: ``(K,)`` whose; of one there may be several.
            tall: ``(K,)`` m, NaN where unknown.
            variance: ``(K,)`` m².
        """
        known = np.isfinite(tall)
        rows, tall, variance = rows[known], tall[known], variance[known]
        good = (1 - OUTLIERS) * _density(tall - self.mean[rows], self.variance[rows] + variance)
        share = good / (good + OUTLIERS / RANGE)
        sure, pull = 1 / self.variance, self.mean / self.variance
        np.add.at(sure, rows, share / variance)
        np.add.at(pull, rows, share * tall / variance)
        self.mean, self.variance = pull / sure, 1 / sure

    def told(self) -> tuple[Array, Array]:
        """``(N,)`` m, and variances, m², by what was seen alone; NaN where nothing was."""
        sure = 1 / self.variance - 1 / USUAL_SPREAD**2
        variance = 1 / np.where(sure > NOTHING, sure, np.nan)
        return (self.mean / self.variance - USUAL / USUAL_SPREAD**2) * variance, variance

    def odds(self, tall: Array, variance: Array) -> Array:
        """Log odds that heights are of these people rather than of anybody; 0 where unknown.

        Args:
            tall: ``(N,)`` m, or what goes with it.
            variance: m², of the same shape.
        """
        wrong = OUTLIERS / RANGE
        theirs = _density(tall - self.mean, variance + self.variance)
        anybody = _density(tall - USUAL, variance + USUAL_SPREAD**2)
        share = 1 - OUTLIERS
        return np.nan_to_num(np.log((wrong + share * theirs) / (wrong + share * anybody)))


def _density(away: Array, variance: Array) -> Array:
    """Of a Gaussian, 1/m."""
    return np.asarray(np.exp(-0.5 * away**2 / variance) / np.sqrt(2 * np.pi * variance))
