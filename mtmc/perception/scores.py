"""What the detector's scores mean: from here on, everybody is given probabilities."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mtmc.perception.log import Inference
from mtmc.trackers import Detections
from mtmc.trackers.scores import SHARES, Calibrator, ScoreCurve
from mtmc.types import Floats, Frame, Ints

log = logging.getLogger("mtmc")

DIGITS = 3


class Meaning:
    """Turns scores into probabilities, by what is known of the detector and learned as it goes.

    Args:
        detector: whose ``curve``, if it has one, says what its scores mean beforehand; of
            detections in files it is known once one was read.
        fps: frames per second of each camera, by name.
    """

    def __init__(self, detector: Any, fps: dict[str, float]) -> None:
        self._detector, self._fps = detector, fps
        self._calibrator: Calibrator | None = None

    @property
    def curve(self) -> ScoreCurve:
        """What the scores mean as far as is known now."""
        return self._calibrator.curve if self._calibrator else SHARES

    def take(self, frames: Sequence[Frame], inferences: Sequence[Inference]) -> None:
        """Learn from the detections of one time step."""
        if self._calibrator is None:
            self._calibrator = Calibrator(getattr(self._detector, "curve", SHARES))
        for frame, inference in zip(frames, inferences, strict=True):
            fps = self._fps[frame.camera]
            self._calibrator.look(inference.detections, fps, frame.camera, frame.steps)
        self._calibrator.learn()

    def probable(self, detections: Detections) -> Detections:
        """The same detections with probabilities for scores."""
        return replace(detections, scores=self.curve.probability(detections.scores))

    def own_scores(self, probabilities: Floats, rows: Ints, found: Detections) -> Floats:
        """The detector's own scores.

        Args:
            probabilities: ``(M,)`` of boxes.
            rows: ``(M,)`` their detections; those that are predicted, -1, get a score that has
                this probability.
            found: the detections, with the detector's own scores.
        """
        scores = self.curve.score(probabilities)
        scores[rows >= 0] = found.scores[rows[rows >= 0]]
        return scores

    def told(self) -> dict[str, Any]:
        """For the record of the run: what was known beforehand, and what was learned."""
        if self._calibrator is None:
            return {}
        return {
            "kind": "margins" if self.curve.margins else "shares",
            "stated": _plain(self._calibrator.prior),
            "learned": _plain(self.curve),
            "looks": round(self._calibrator.looks),
        }

    def note(self) -> None:
        """One line of the log, where anything was learned."""
        if self._calibrator and self.curve != self._calibrator.prior:
            log.info(
                "detector scores: %s that it is a person, learned from about %d looks; %s stated "
                "beforehand",
                self.curve,
                self._calibrator.looks,
                self._calibrator.prior,
            )


def _plain(curve: ScoreCurve) -> dict[str, float]:
    return {"middle": round(curve.middle, DIGITS), "slope": round(curve.slope, DIGITS)}
