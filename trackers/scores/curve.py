"""What a score says of how probable it is that the box shows a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    F = TypeVar("F", bound=np.floating[Any])

_MOST = 12.0  # log odds of the surest


@dataclass(frozen=True, slots=True)
class ScoreCurve:
    """A logistic curve from a classifier's margins, any numbers, to probabilities.

    Args:
        middle: the score at which half of the detections show a person.
        slope: how much the log odds of a person rise with the score.
        margins: whether that is what the scores are; else they are believed as they stand.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999.
    """

    middle: float
    slope: float
    margins: bool = False

    def probability(self, scores: NDArray[np.floating]) -> NDArray[np.float32]:
        """``(N,)`` in 0..1 of ``(N,)`` scores."""
        odds = self.slope * (np.asarray(scores, np.float64) - self.middle)
        return logistic(odds.clip(-_MOST, _MOST)).astype(np.float32)

    def score(self, probability: NDArray[np.floating]) -> NDArray[np.float32]:
        """``(N,)`` the scores that have these probabilities, which are neither 0 nor 1."""
        share = np.asarray(probability, np.float64)
        return (np.log(share / (1.0 - share)) / self.slope + self.middle).astype(np.float32)

    def __str__(self) -> str:
        half, sure = (float(x) for x in self.score(np.array([0.5, 0.9])))
        return f"{half:.2f} as 50 %, {sure:.2f} as 90 %"


def logistic(log_odds: NDArray[F]) -> NDArray[F]:
    """Probabilities of log odds, of any shape."""
    share: NDArray[F] = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -50, 50)))
    return share


PROBABILITIES = ScoreCurve(0.5, 1.0)  # scores in 0..1, which mean what they say
MARGINS = ScoreCurve(0.0, 2.0, margins=True)  # as far as is known beforehand: they decide at 0
