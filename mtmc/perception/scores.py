"""What the detector's scores mean: from here on, everybody is given probabilities."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from mtmc.perception.log import Inference
from mtmc.trackers import Detections
from mtmc.trackers.scores import PROBABILITIES, Calibrator, ScoreCurve
from mtmc.types import Frame

log = logging.getLogger("mtmc")


def stated(detector: Any) -> ScoreCurve:
    """What a detector, or its class, says its scores mean; who says nothing is believed."""
    curve: ScoreCurve = getattr(detector, "curve", PROBABILITIES)
    return curve


class Meaning:
    """Turns scores into probabilities, by what is known of the detector or learned as it goes.

    Args:
        detector: whose ``curve`` says what its scores mean, or of what kind they are.
        fps: frames per second of each camera, by name.
    """

    def __init__(self, detector: Any, fps: dict[str, float]) -> None:
        self._fps = fps
        self._calibrator = Calibrator(stated(detector))

    def look(self, frames: Sequence[Frame], inferences: Sequence[Inference]) -> None:
        """Learn from the detections of one time step."""
        for frame, inference in zip(frames, inferences, strict=True):
            fps = self._fps[frame.camera]
            self._calibrator.look(inference.detections, fps, frame.camera, frame.steps)
        self._calibrator.learn()

    def probable(self, detections: Detections) -> Detections:
        """The same detections with probabilities for scores."""
        return self._calibrator.probable(detections)

    @property
    def curve(self) -> ScoreCurve:
        """What the scores mean, as far as is known now."""
        return self._calibrator.curve

    @property
    def told(self) -> str | None:
        """For the record of the run: what was learned; None where nothing was."""
        known = self._calibrator
        if known.curve == known.prior:
            return None
        return f"{known.curve} that it is a person, learned from about {known.looks:.0f} looks"

    def note(self) -> None:
        """One line of the log, where anything was learned."""
        if self.told:
            log.info("detector scores: %s", self.told)
