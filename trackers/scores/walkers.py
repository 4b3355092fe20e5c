"""Which detections surely show people: those of somebody who goes from place to place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers import geometry
from mtmc.trackers.rate import frames_in
from mtmc.trackers.sort import Sort, SortConfig

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.types import Detections

SEEN = 0.5  # seconds of detections that somebody who walks has, at least,
MOVED = 1.0  # widths of the box from where they began
LOST = 0.33  # seconds without any, after which a track has ended
COVERED = 0.5  # share of a box inside a stronger one, of which it may show a part

# Margins below 0 are left out: chains of such boxes wander from thing to thing, and pass for walks.
_EVERY = SortConfig(birth_score=0.0, min_score=0.0, min_hits=1, max_age=LOST)


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How many detections have scores in each bin.

    Args:
        seen: ``(B,)`` of all whose track is known well enough,
        walked: ``(B,)`` and of them, those of somebody who walked.
    """

    seen: NDArray[np.float64]
    walked: NDArray[np.float64]


class Walkers(Sort):
    """Links all detections of a camera that score 0 or more, and counts those that walk.

    What stands still may be furniture, and what comes and goes is noise; a detection inside a
    stronger one moves with the person whose part it shows. None of these counts as walking, and
    all are counted: who was found walking is a fair sample of people, but not all of them.

    Args:
        bins: how many bins of scores there are.
        fps: frames per second.
    """

    _columns = (*Sort._columns, "_seen", "_alone", "_start", "_moved")

    def __init__(self, bins: int, fps: float) -> None:
        super().__init__(_EVERY, fps)
        self._seen = np.zeros((0, bins), np.int32)  # each track's detections, by bin of the score
        self._alone = np.zeros((0, bins), np.int32)  # those of them no stronger one covers
        self._start = np.zeros((0, 2))
        self._moved = np.zeros(0, bool)
        self._least = max(3, frames_in(SEEN, fps))
        self._ended = np.zeros((2, bins))
        self._bins = np.zeros(0, np.intp)  # of this frame's detections
        self._free = np.zeros(0, bool)

    def look(self, detections: Detections, bins: NDArray[np.intp], steps: int = 1) -> None:
        """Takes one frame's detections, each with the bin of its score."""
        self._bins = bins
        self._free = ~_covered(detections)
        self.update(detections, steps=steps)

    def counts(self) -> Counts:
        """So far; tracks that have just begun are left out."""
        seen, walked = self._ended + self._total(self.hits >= self._least)
        return Counts(seen, walked)

    def _total(self, some: NDArray[np.bool_]) -> NDArray[np.float64]:
        walked = self._alone[some & self._moved & (self.hits >= self._least)].sum(axis=0)
        return np.stack([self._seen[some].sum(axis=0), walked]).astype(np.float64)

    def _take(self, rows: NDArray[np.intp], detections: Detections, cols: NDArray[np.intp]) -> None:
        super()._take(rows, detections, cols)
        self._count(rows, cols)
        x1, y1, x2, y2 = self.motion.boxes()[rows].T
        away = np.hypot(
            0.5 * (x1 + x2) - self._start[rows, 0], 0.5 * (y1 + y2) - self._start[rows, 1]
        )
        self._moved[rows] |= away > MOVED * (x2 - x1)

    def _count(self, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> None:
        self._seen[rows, self._bins[cols]] += 1
        self._alone[rows, self._bins[cols]] += self._free[cols]

    def _add(self, detections: Detections, born: NDArray[np.intp]) -> None:
        super()._add(detections, born)
        count, bins = len(born), self._seen.shape[1]
        boxes = detections.boxes[born]
        self._append(
            _seen=np.zeros((count, bins), np.int32),
            _alone=np.zeros((count, bins), np.int32),
            _start=0.5 * (boxes[:, :2] + boxes[:, 2:]),
            _moved=np.zeros(count, bool),
        )
        self._count(len(self.ids) - count + np.arange(count), born)

    def _keep(self, mask: NDArray[np.bool_]) -> None:
        self._ended += self._total(~mask)
        super()._keep(mask)


def _covered(detections: Detections) -> NDArray[np.bool_]:
    """Boxes that lie for the most part inside a stronger one."""
    pairs = geometry.coverage(detections.boxes, detections.boxes)
    scores = detections.scores
    weaker = (scores[pairs.rows] < scores[pairs.cols]) & (pairs.values > COVERED)
    covered = np.zeros(len(detections), bool)
    covered[pairs.rows[weaker]] = True
    return covered
