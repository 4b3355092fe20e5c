"""COAST, the default tracker: a camera- and occlusion-aware SORT.

What it takes from others: confident detections first (ByteTrack), boxes grown before they are
compared (C-BIoU), overlap weighted by height (Hybrid-SORT). What it adds: the filter trusts a
track's velocity over many frames, the camera's motion is read off the boxes themselves, and a
track that steps behind somebody coasts on, reported where it is expected, until it is seen again.
What each part brings is measured in docs/trackers.md.
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
from mtmc.trackers.motion import Motion, SizeModel
from mtmc.trackers.rate import NOMINAL_FPS, frames_in
from mtmc.trackers.settings import TrackerConfig, setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.assignment import Pairs
    from mtmc.trackers.types import Detections, Tracks

SURE = 0.5  # probability from which on detections are matched first,
UNSURE = 0.3  # and from which on second, to tracks just lost
FIRST_OVERLAP = 0.25  # least height-weighted IoU of grown boxes, times the score, in round one,
TENTATIVE_OVERLAP = 0.3  # and for tracks not yet confirmed
SECOND_IOU = 0.5  # least IoU in the second round
GROWTH = 0.1  # of boxes, per side, before they are compared, as a share of their size
LOW_AGE = 0.16  # seconds a track may be lost and still take an unsure detection
COAST_HITS = 0.33  # seconds of matches a track must have to be reported without one
COAST_COVER = 0.2  # share of the box that one visible person must cover
COAST_OPEN = 0.07  # seconds a lost track is reported even when nobody covers it
# No longer once the camera may have moved this share of the box's width since it was seen.
COAST_DRIFT = 0.3
POSITION_STD = 0.03  # filter noise of a position, as a share of the box size,
VELOCITY_STD = 1 / 640  # and of a velocity per frame, at 30 per second

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
        # The velocity is a random walk in time: over a step ``s`` times as long it changes
        # ``sqrt(s)`` times as much per second, and a step covers ``s`` times the distance.
        step = NOMINAL_FPS / self.fps
        return Motion(SizeModel(POSITION_STD, VELOCITY_STD * step**1.5))

    def _predict(self) -> None:
        self.motion.predict(frozen_size=self.misses > 0)

    def _associate(self, detections: Detections) -> Pairs:
        scores = detections.scores
        high = scores >= SURE
        boxes, (rows, cols, overlap) = self._compare(detections, high)
        pairs, cost = (rows, cols), 1.0 - overlap * scores[cols]
        rounds = Rounds(len(self.ids), len(detections))
        rounds.match(pairs, cost, 1.0 - FIRST_OVERLAP, tracks=self.confirmed, detections=high)
        low = (scores >= UNSURE) & ~high
        if np.count_nonzero(low):
            seen = self.confirmed & self._within(self._low_age)
            # Boxes that overlap also do when grown.
            some = ((rounds.free_rows & seen)[rows] & low[cols]).nonzero()[0]
            rows, cols = rows[some], cols[some]
            iou = geometry.pair_iou(boxes.take(rows, axis=0), detections.boxes.take(cols, axis=0))
            rounds.match((rows, cols), 1.0 - iou, 1.0 - SECOND_IOU)
        if np.count_nonzero(self.confirmed) < len(self.ids):
            limit = 1.0 - TENTATIVE_OVERLAP
            rounds.match(pairs, cost, limit, tracks=~self.confirmed, detections=high)
        return rounds.pairs()

    def _compare(
        self, detections: Detections, high: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], geometry.Overlaps]:
        """Where the tracks are, camera motion included, and how they overlap the detections."""
        config = self.config
        boxes = self.motion.boxes()
        grown = geometry.expand_boxes(detections.boxes, GROWTH)
        overlaps = geometry.height_iou(geometry.expand_boxes(boxes, GROWTH), grown)
        if not config.camera:
            return boxes, overlaps
        steady = self.confirmed & (self.misses == 0)
        sure = steady[overlaps.rows] & high[overlaps.cols] & (overlaps.values >= _CAMERA_OVERLAP)
        shift = camera_shift(boxes, detections.boxes, overlaps, sure)
        length = math.hypot(*shift.tolist())
        speed = length / self._steps
        self._camera_speed += (1.0 - _CAMERA_MEMORY**self._steps) * (speed - self._camera_speed)
        if length >= _LEAST_SHIFT:
            self.motion.shift(shift)
            boxes = self.motion.boxes()
            overlaps = geometry.height_iou(geometry.expand_boxes(boxes, GROWTH), grown)
        return boxes, overlaps

    def _report(self, detections: Detections) -> Tracks:
        self._widen(detections.boxes)
        boxes = self.motion.boxes()
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
