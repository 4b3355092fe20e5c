"""What a score says of how probable it is that the box shows a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_MOST = 12.0  # log odds, of scores that round to 0 or 1, and of probabilities


@dataclass(frozen=True, slots=True)
class ScoreCurve:
    """A logistic curve from scores to probabilities.

    Args:
        middle: the score at which half of the detections show a person.
        slope: how much the log odds of a person rise with the log odds of the score; of margins,
            with the score itself.
        margins: the scores are a classifier's margins, any numbers, and not shares in 0..1.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999.
    """

    middle: float
    slope: float
    margins: bool = False

    def probability(self, scores: NDArray[np.floating]) -> NDArray[np.float32]:
        """``(N,)`` in 0..1 of ``(N,)`` scores."""
        return logistic(self.log_odds(scores)).astype(np.float32)

    def log_odds(self, scores: NDArray[np.floating]) -> Array:
        """``(N,)`` of a person, at ``(N,)`` scores."""
        middle = self.axis(np.array([self.middle]))
        odds: Array = self.slope * (self.axis(scores) - middle)
        return odds.clip(-_MOST, _MOST)

    def score(self, probability: NDArray[np.floating]) -> NDArray[np.float32]:
        """``(N,)`` the scores that have these probabilities."""
        place = _log_odds(probability) / self.slope + self.axis(np.array([self.middle]))
        return (place if self.margins else logistic(place)).astype(np.float32)

    def axis(self, scores: NDArray[np.floating]) -> Array:
        """Where ``(N,)`` scores lie on the axis on which the curve is logistic."""
        values = np.asarray(scores, np.float64)
        return values if self.margins else _log_odds(values)

    def at(self, middle: float, slope: float) -> ScoreCurve:
        """The same kind of curve through another middle, given on the axis."""
        place = middle if self.margins else float(logistic(np.array([middle]))[0])
        return ScoreCurve(place, slope, self.margins)

    def __str__(self) -> str:
        half, sure = (float(x) for x in self.score(np.array([0.5, 0.9])))
        return f"{half:.2f} as 50 %, {sure:.2f} as 90 %"


def logistic(log_odds: Array) -> Array:
    """Probabilities of log odds, of any shape."""
    share: Array = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -50, 50)))
    return share


def _log_odds(shares: NDArray[np.floating]) -> Array:
    least = 1.0 / (1.0 + np.exp(_MOST))
    inside = np.asarray(shares, np.float64).clip(least, 1.0 - least)
    odds: Array = np.log(inside / (1.0 - inside))
    return odds


PROBABILITIES = ScoreCurve(0.5, 1.0)  # scores that mean what they say
# Where nothing but the kind of scores is known of a detector.
SHARES = ScoreCurve(0.5, 2.0)  # of 0..1
MARGINS = ScoreCurve(0.0, 2.0, margins=True)  # of classifiers, which decide at 0
