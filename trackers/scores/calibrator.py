"""What a detector's scores mean, learned from what it finds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from mtmc.trackers.scores.curve import ScoreCurve, logistic
from mtmc.trackers.scores.walkers import Counts, Walkers
from mtmc.trackers.types import Detections

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LOOKS = 2.0  # per second, of which each says something new of a person
MIDDLE_STD, SLOPE_STD = 1.5, 0.5  # of detectors: middles times slope; slopes, log
REFIT = 1.1  # times as many detections, after which the curve is found anew

_EDGES = np.arange(-7.0, 7.05, 0.1)  # of bins of scores
_CENTRES = np.concatenate([[-7.05], 0.5 * (_EDGES[1:] + _EDGES[:-1]), [7.05]])


class Calibrator:
    """Learns, from the detections of all cameras, how probable a person is at a score.

    Whoever walks is a person, whatever the scores of the boxes. Of all detections at a score, a
    share walks; among the surest scores it is as large as it gets, since not all people walk. What
    this share is there, relative to that, is the probability of a person (learning from positive
    and unlabelled examples). A logistic curve and that largest share are fitted together, and what
    is known beforehand counts as much as it should.

    Args:
        curve: what the scores mean as far as is known beforehand; only of margins there is
            something to learn.

    Attributes:
        curve: what they mean as far as is known now.
        looks: how many independent detections it was learned from, about.

    Source: Elkan and Noto, "Learning classifiers from only positive and unlabeled data", KDD 2008.
    """

    def __init__(self, curve: ScoreCurve) -> None:
        self.curve = self.prior = curve
        self.looks = 0.0
        self._cameras: dict[Hashable, Walkers] = {}
        self._weights: dict[Hashable, float] = {}
        self._fitted = 0
        self._found = 0

    def look(
        self, detections: Detections, fps: float, camera: Hashable = None, steps: int = 1
    ) -> None:
        """Takes a frame's detections of a camera, also when there are none.

        Args:
            detections: with the detector's own scores.
            fps: frames per second of the camera.
            camera: which one.
            steps: frames since its last one, this one included.
        """
        if not self.prior.margins:
            return
        walkers = self._cameras.get(camera)
        if walkers is None:
            walkers = self._cameras[camera] = Walkers(len(_CENTRES), fps)
            self._weights[camera] = min(1.0, LOOKS / fps)
        found = Detections(detections.boxes, detections.scores)
        walkers.look(found, np.digitize(found.scores, _EDGES), steps)
        self._found += len(detections)

    def learn(self) -> ScoreCurve:
        """The curve, found anew where enough has been seen since the last time."""
        if self._found > REFIT * self._fitted:
            self._fitted = self._found
            counts = self._counts()
            self.looks = float(counts.seen.sum())
            self.curve = fitted(counts, self.prior)
        return self.curve

    def probable(self, detections: Detections) -> Detections:
        """The same detections with probabilities for scores."""
        return probable(detections, self.curve)

    def _counts(self) -> Counts:
        told = [(self._weights[name], w.counts()) for name, w in self._cameras.items()]
        none = np.zeros(len(_CENTRES))
        return Counts(
            sum((weight * counts.seen for weight, counts in told), none),
            sum((weight * counts.walked for weight, counts in told), none),
        )


def probable(detections: Detections, curve: ScoreCurve) -> Detections:
    """Detections with probabilities for scores, by what these mean."""
    if not curve.margins:
        return detections
    return replace(detections, scores=curve.probability(detections.scores))


def fitted(counts: Counts, prior: ScoreCurve) -> ScoreCurve:
    """The most probable curve after the counts.

    Args:
        counts: by bins of the scores.
        prior: the most probable one before.
    """
    some = counts.seen > 0
    if not counts.walked.any():
        return prior
    place, walked = _CENTRES[some], counts.walked[some]
    others = counts.seen[some] - walked
    middle = prior.middle

    def unlikely(values: Array) -> tuple[float, Array]:
        slope = prior.slope * np.exp(SLOPE_STD * values[1])
        away = place - middle - MIDDLE_STD / prior.slope * values[0]
        person, most = logistic(slope * away), float(logistic(values[2]))
        share = (most * person).clip(1e-9, 1 - 1e-9)
        loss = -(walked @ np.log(share) + others @ np.log1p(-share)) + 0.5 * (values @ values)
        wrong = (others / (1 - share) - walked / share) * most  # by the probability of a person
        by_odds = wrong * person * (1 - person)
        return float(loss), values + np.array(
            [
                -slope * MIDDLE_STD / prior.slope * by_odds.sum(),
                SLOPE_STD * slope * (by_odds @ away),
                (1 - most) * (wrong @ person),
            ]
        )

    starts = [np.array([start, 0.0, 1.0]) for start in (-1.0, 0.0, 1.0)]
    found = min((minimize(unlikely, s, jac=True) for s in starts), key=lambda r: float(r.fun))
    a, b, _ = found.x
    middle += MIDDLE_STD / prior.slope * float(a)
    return replace(prior, middle=middle, slope=prior.slope * float(np.exp(SLOPE_STD * b)))
