"""COAST, the default tracker: a camera- and occlusion-aware SORT.

The filter trusts a track's velocity over many frames, and follows heads, which are hidden less
than feet. Who takes which detection is decided at once, by how likely each is to be the track's own
rather than somebody else's, given what the filter is unsure of. The camera's motion is read off the
boxes themselves, and a track that steps behind somebody coasts on, reported where it is expected,
until it is seen again. What each part brings is measured in docs/research/trackers-2026-11.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers import geometry
from mtmc.trackers.assignment import Rounds
from mtmc.trackers.camera_motion import camera_shift
from mtmc.trackers.lifecycle import LiveTracker
from mtmc.trackers.motion import Motion, TopModel, student
from mtmc.trackers.rate import NOMINAL_FPS, frames_in
from mtmc.trackers.settings import TrackerConfig, setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.assignment import Pairs
    from mtmc.trackers.types import Detections, Tracks

SURE = 0.5  # probability of a person from which on every track may take a detection,
UNSURE = 0.3  # and from which on confirmed ones that were seen just now
LOW_AGE = 0.16  # seconds a track may be lost and still take an unsure detection
COAST_HITS = 0.33  # seconds of matches a track must have to be reported without one
COAST_COVER = 0.2  # share of the box that one visible person must cover
COAST_OPEN = 0.07  # seconds a lost track is reported even when nobody covers it
# No longer once the camera may have moved this share of the box's width since it was seen.
COAST_DRIFT = 0.3
# Filter noise, as shares of the box height, at 30 frames per second.
NOISE = {"measured": 0.02, "position": 0.004, "velocity": 0.0006, "start": 0.02, "size": 2.0}
BLURRED = 3.5  # noise of the last boxes before somebody was lost, in those of others: they are cut
# Log odds that a detection is the track's own, against somebody else's, of whom one may be in every
# height by height (and of any size within one height): of who was seen just now,
SEEN_ODDS = 6.5
LOST_ODDS = -0.5  # and of who was lost
CUT = 0.15  # share of boxes that end anywhere, cut by what stands in front

_CAMERA_MEMORY = 0.9  # per frame, of the running mean of the camera's speed
_CAMERA_OVERLAP = 0.1  # least overlap of a pair that tells the camera's motion
_LEAST_SHIFT = 0.5  # pixels
_FEET_MARGIN = 5.0  # pixels
_OUTWARDS = np.array([-1.0, -1.0, 1.0, 1.0], np.float32)


@dataclass(frozen=True, slots=True)
class CoastConfig(TrackerConfig):
    """Settings of COAST.

    Args:
        max_age: a track is kept for so long without a match.
        coast_age: a lost track is still reported for so long while somebody in front covers it; 0
            reports matched tracks only.
        camera: whether to estimate the camera's motion.
    """

    max_age: float = setting(2.0, ge=0, unit="s", public=True)
    coast_age: float = setting(1.0, ge=0, unit="s", public=True)
    camera: bool = setting(True, public=True)


class Coast(LiveTracker):
    """Follows people through camera motion and occlusion, from boxes and scores alone.

    Args:
        config: settings; the defaults where None.
        fps: frames per second.
    """

    Config = CoastConfig
    config: CoastConfig

    def __init__(self, config: CoastConfig | None = None, fps: float = NOMINAL_FPS) -> None:
        super().__init__(config, fps)
        self._low_age = frames_in(LOW_AGE, fps)
        self._coast_age = frames_in(self.config.coast_age, fps)
        self._coast_hits = frames_in(COAST_HITS, fps)
        self._coast_open = frames_in(COAST_OPEN, fps)
        self._camera_speed = 0.0  # pixels per frame, running mean
        self._extent = np.full(4, -np.inf)  # of all detections so far: -x1, -y1, x2, y2

    def _new_motion(self) -> Motion:
        return Motion(TopModel(**NOISE, step=NOMINAL_FPS / self.fps))

    def _associate(self, detections: Detections) -> Pairs:
        sure = detections.scores >= SURE
        rows, cols, _ = self._meeting(detections, sure)
        recent = self.confirmed & self._within(self._low_age)
        some = sure[cols] | (recent[rows] & (detections.scores >= UNSURE)[cols])
        rows, cols = rows[some], cols[some]
        rounds = Rounds(len(self.ids), len(detections))
        rounds.match((rows, cols), -self._log_odds(rows, cols, detections), 0.0)
        return rounds.pairs()

    def _meeting(self, detections: Detections, sure: NDArray[np.bool_]) -> geometry.Overlaps:
        """The tracks, moved with the camera, and the detections that meet."""
        overlaps = geometry.iou(self.motion.boxes(), detections.boxes)
        if not self.config.camera:
            return overlaps
        steady = self.confirmed & (self.misses == 0)
        telling = steady[overlaps.rows] & sure[overlaps.cols] & (overlaps.values >= _CAMERA_OVERLAP)
        shift = camera_shift(*self.motion.places(detections.boxes), overlaps, telling)
        length = math.hypot(*shift.tolist())
        speed = length / self._steps
        self._camera_speed += (1.0 - _CAMERA_MEMORY**self._steps) * (speed - self._camera_speed)
        if length >= _LEAST_SHIFT:
            self.motion.shift(shift)
            overlaps = geometry.iou(self.motion.boxes(), detections.boxes)
        return overlaps

    def _log_odds(
        self, rows: NDArray[np.intp], cols: NDArray[np.intp], detections: Detections
    ) -> NDArray[np.float64]:
        """``(P,)`` that a track and a detection are one person, against two."""
        lost = self.misses > 0
        blur = np.where(lost, 1.0 + BLURRED**2, 1.0)[:, None]
        away, variance = self.motion.innovation(detections.boxes, rows, cols, blur)
        log_density = student(away, variance)
        log_density[:, 3] = np.log((1.0 - CUT) * np.exp(log_density[:, 3]) + 0.5 * CUT)
        odds: NDArray[np.float64] = log_density.sum(axis=1)
        odds += np.where(lost, LOST_ODDS, SEEN_ODDS)[rows]
        odds += np.log(detections.scores[cols])
        return odds

    def _report(self, detections: Detections) -> Tracks:
        self._widen(detections.boxes)
        boxes = self.motion.boxes()
        # The filter is steadier, the detection later: halfway between them fits best.
        taken = (self.det_index >= 0).nonzero()[0]
        boxes[taken] = 0.5 * (boxes[taken] + detections.boxes[self.det_index[taken]])
        seen = self.confirmed & (self.misses == 0)
        lost = (self.misses > 0) & self._within(self._coast_age)
        rows = (lost & (self.hits >= self._coast_hits) & self.confirmed).nonzero()[0]
        if len(rows):
            visible = boxes.take(seen.nonzero()[0], axis=0)
            there = self._surely_there(boxes.take(rows, axis=0), rows, visible)
            seen[rows[there]] = True
        return self._tracks(seen.nonzero()[0], boxes)

    def _widen(self, boxes: NDArray[np.float32]) -> None:
        """Keeps the extent of all detections, for want of the image's."""
        if len(boxes):
            self._extent = np.maximum(self._extent, np.maximum.reduce(boxes * _OUTWARDS))

    def _surely_there(
        self, lost: NDArray[np.float64], tracks: NDArray[np.intp], seen: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Which lost boxes, of those tracks, are in the image, well predicted, hidden or missed."""
        x1, y1, x2, y2 = lost.T
        left, top, right, bottom = (2.0 * self._extent).tolist()
        x, y = x1 + x2, y1 + y2  # twice the centre
        inside = (x > -left) & (x < right) & (y > -top) & (y < bottom)
        drift = self.lost[tracks] * self._camera_speed
        likely = inside & (drift <= COAST_DRIFT * (x2 - x1))
        sure: NDArray[np.bool_] = likely & self._within(self._coast_open)[tracks]
        if np.count_nonzero(sure) < np.count_nonzero(likely):
            rows, cols, cover = geometry.coverage(lost, seen)
            # Who stands nearer to the camera has the feet lower in the image.
            in_front = seen[:, 3][cols] > y2[rows] - _FEET_MARGIN
            covered = rows[in_front & (cover >= COAST_COVER)]
            sure[covered] = likely[covered]
        return sure
