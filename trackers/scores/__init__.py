"""From a detector's scores to probabilities: what a score means, and how to find that out."""

from __future__ import annotations

from mtmc.trackers.scores.calibrator import Calibrator, probable
from mtmc.trackers.scores.curve import MARGINS, PROBABILITIES, ScoreCurve

__all__ = ["MARGINS", "PROBABILITIES", "Calibrator", "ScoreCurve", "probable"]
