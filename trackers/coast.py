"""COAST, the default tracker: a camera- and occlusion-aware SORT.

What it takes from others: confident detections first (ByteTrack), boxes grown before they are
compared (C-BIoU), overlap weighted by height (Hybrid-SORT). What it adds: the filter trusts a
track's velocity over many frames, the camera's motion is read off the boxes themselves, and a
track that steps behind somebody coasts on, reported where it is expected, until it is seen again.
What each part brings is measured in docs/trackers.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers import geometry
from mtmc.trackers.assignment import Rounds
from mtmc.trackers.camera_motion import camera_shift
from mtmc.trackers.lifecycle import LiveTracker, check_at_least, check_share
from mtmc.trackers.motion import Motion, SizeModel
from mtmc.trackers.rate import NOMINAL_FPS, frames_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.assignment import Pairs
    from mtmc.trackers.types import Detections, Tracks

_CAMERA_MEMORY = 0.9  # per frame, of the running mean of the camera's speed
_CAMERA_OVERLAP = 0.1  # least overlap of a pair that tells the camera's motion
_LEAST_SHIFT = 0.5  # pixels
_FEET_MARGIN = 5.0  # pixels
_OUTWARDS = np.array([-1.0, -1.0, 1.0, 1.0], np.float32)


@dataclass(frozen=True, slots=True)
class CoastConfig:
    """Settings of COAST, for 30 frames per second; `at_rate` gives those for another rate.

    Args:
        high_score: detections from here on are matched first.
        low_score: detections from here on are matched second, to tracks lost for at most
            `low_age` frames.
        birth_score: an unmatched detection starts a track from here on.
        first_overlap: least height-weighted IoU of grown boxes, times the score, in the first
            round.
        second_iou: least IoU in the second round.
        tentative_overlap: like `first_overlap`, for tracks not yet confirmed.
        growth: how much boxes grow per side before they are compared in the first round, as a
            share of their size.
        low_age: frames a track may be lost and still take an unsure detection.
        min_hits: matches until a track is reported; in the first frame all are.
        max_age: frames a track is kept without a match.
        coast_age: frames a lost track is still reported while somebody in front covers it; 0
            reports matched tracks only.
        coast_hits: matches a track must have to be reported without one.
        coast_cover: share of the box that one visible person must cover.
        coast_open: frames a lost track is reported even when nobody covers it.
        coast_drift: a track is no longer reported once the camera may have moved this share of
            the box's width since the track was last seen.
        camera: whether to estimate the camera's motion.
        position_std: filter noise of a position, as a share of the box size.
        velocity_std: filter noise of a velocity per frame, likewise.
    """

    high_score: float = 0.5
    low_score: float = 0.3
    birth_score: float = 0.7
    first_overlap: float = 0.25
    second_iou: float = 0.5
    tentative_overlap: float = 0.3
    growth: float = 0.1
    low_age: int = 5
    min_hits: int = 2
    max_age: int = 60
    coast_age: int = 30
    coast_hits: int = 10
    coast_cover: float = 0.2
    coast_open: int = 2
    coast_drift: float = 0.3
    camera: bool = True
    position_std: float = 0.03
    velocity_std: float = 1 / 640

    def __post_init__(self) -> None:
        check_share(
            high_score=self.high_score,
            low_score=self.low_score,
            birth_score=self.birth_score,
            first_overlap=self.first_overlap,
            second_iou=self.second_iou,
            tentative_overlap=self.tentative_overlap,
            coast_cover=self.coast_cover,
        )
        check_at_least(1, min_hits=self.min_hits)
        check_at_least(
            0,
            growth=self.growth,
            low_age=self.low_age,
            max_age=self.max_age,
            coast_age=self.coast_age,
            coast_hits=self.coast_hits,
            coast_open=self.coast_open,
            coast_drift=self.coast_drift,
        )
        check_at_least(1e-6, position_std=self.position_std, velocity_std=self.velocity_std)

    def at_rate(self, fps: float) -> CoastConfig:
        """These settings, which are given for 30 frames per second, for another frame rate.

        Ages keep their duration. The velocity per frame is a random walk in time: over a step
        ``s`` times as long it changes ``sqrt(s)`` times as much per second, and a step covers
        ``s`` times the distance.

        Args:
            fps: frames per second of the video.
        """
        step = NOMINAL_FPS / fps
        return replace(
            self,
            low_age=frames_at(self.low_age, fps),
            max_age=frames_at(self.max_age, fps),
            coast_age=frames_at(self.coast_age, fps),
            coast_hits=frames_at(self.coast_hits, fps),
            coast_open=frames_at(self.coast_open, fps),
            velocity_std=self.velocity_std * step**1.5,
        )


class Coast(LiveTracker):
    """Follows people through camera motion and occlusion, from boxes and scores alone.

    Args:
        config: settings; the defaults where None.
    """

    Config = CoastConfig

    def __init__(self, config: CoastConfig | None = None) -> None:
        self.config = config or CoastConfig()
        model = SizeModel(self.config.position_std, self.config.velocity_std)
        super().__init__(
            Motion(model),
            birth_score=self.config.birth_score,
            min_hits=self.config.min_hits,
            max_age=self.config.max_age,
        )
        self._camera_speed = 0.0  # pixels per frame, running mean
        self._extent = np.full(4, -np.inf)  # of all detections so far: -x1, -y1, x2, y2

    def _predict(self) -> None:
        self.motion.predict(frozen_size=self.misses > 0)

    def _associate(self, detections: Detections) -> Pairs:
        config, scores = self.config, detections.scores
        high = scores >= config.high_score
        boxes, (rows, cols, overlap) = self._compare(detections, high)
        pairs, cost = (rows, cols), 1.0 - overlap * scores[cols]
        rounds = Rounds(len(self.ids), len(detections))
        rounds.match(
            pairs, cost, 1.0 - config.first_overlap, tracks=self.confirmed, detections=high
        )
        low = (scores >= config.low_score) & ~high
        if np.count_nonzero(low):
            seen = self.confirmed & self._within(config.low_age)
            # Boxes that overlap also do when grown.
            some = ((rounds.free_rows & seen)[rows] & low[cols]).nonzero()[0]
            rows, cols = rows[some], cols[some]
            iou = geometry.pair_iou(boxes.take(rows, axis=0), detections.boxes.take(cols, axis=0))
            rounds.match((rows, cols), 1.0 - iou, 1.0 - config.second_iou)
        if np.count_nonzero(self.confirmed) < len(self.ids):
            limit = 1.0 - config.tentative_overlap
            rounds.match(pairs, cost, limit, tracks=~self.confirmed, detections=high)
        return rounds.pairs()

    def _compare(
        self, detections: Detections, high: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], geometry.Overlaps]:
        """Where the tracks are, camera motion included, and how they overlap the detections."""
        config = self.config
        boxes = self.motion.boxes()
        grown = geometry.expand_boxes(detections.boxes, config.growth)
        overlaps = geometry.height_iou(geometry.expand_boxes(boxes, config.growth), grown)
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
            overlaps = geometry.height_iou(geometry.expand_boxes(boxes, config.growth), grown)
        return boxes, overlaps

    def _report(self, detections: Detections) -> Tracks:
        self._widen(detections.boxes)
        config, boxes = self.config, self.motion.boxes()
        seen = self.confirmed & (self.misses == 0)
        lost = (self.misses > 0) & self._within(config.coast_age)
        rows = (lost & (self.hits >= config.coast_hits) & self.confirmed).nonzero()[0]
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
        config = self.config
        x1, y1, x2, y2 = lost.T
        left, top, right, bottom = (2.0 * self._extent).tolist()
        x, y = x1 + x2, y1 + y2  # twice the centre
        inside = (x > -left) & (x < right) & (y > -top) & (y < bottom)
        drift = self.lost[tracks] * self._camera_speed
        likely = inside & (drift <= config.coast_drift * (x2 - x1))
        sure: NDArray[np.bool_] = likely & self._within(config.coast_open)[tracks]
        if np.count_nonzero(sure) < np.count_nonzero(likely):
            rows, cols, cover = geometry.coverage(lost, seen)
            # Who stands nearer to the camera has the feet lower in the image.
            in_front = seen[:, 3][cols] > y2[rows] - _FEET_MARGIN
            covered = rows[in_front & (cover >= config.coast_cover)]
            sure[covered] = likely[covered]
        return sure
