"""BoT-SORT: ByteTrack with appearance and camera motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers import geometry
from mtmc.trackers.appearance import AppearanceConfig, AppearanceTracker
from mtmc.trackers.assignment import Rounds
from mtmc.trackers.camera_motion import camera_shift
from mtmc.trackers.motion import Motion, SizeModel
from mtmc.trackers.settings import setting, share

if TYPE_CHECKING:
    from mtmc.trackers.assignment import Pairs
    from mtmc.trackers.types import Detections

_CAMERA_OVERLAP = 0.1  # least IoU of a pair that tells the camera's motion


@dataclass(frozen=True, slots=True)
class BotSortConfig(AppearanceConfig):
    """Settings of BoT-SORT.

    Args:
        high_score: detections from here on are matched first, by IoU and appearance.
        low_score: detections from here on are matched second, by IoU.
        first_iou: least IoU (times the score) in the first round, or what appearance makes up.
        second_iou: least IoU in the second round.
        tentative_iou: like `first_iou`, for tracks not yet confirmed.
        proximity_iou: appearance counts only for pairs of at least this IoU.
        appearance_distance: and only up to this half cosine distance.
        camera: whether to estimate the camera's motion from the boxes.
    """

    high_score: float = share(0.6, public=True)
    low_score: float = share(0.1, public=True)
    first_iou: float = share(0.2)
    second_iou: float = share(0.5)
    tentative_iou: float = share(0.3)
    proximity_iou: float = share(0.5)
    appearance_distance: float = share(0.25)
    camera: bool = setting(True, public=True)


class BotSort(AppearanceTracker):
    """Takes the better of IoU and appearance; without embeddings, IoU alone.

    Args:
        config: settings; the defaults where None.
        fps: frames per second.

    Source:
        Aharon et al., "BoT-SORT: Robust Associations Multi-Pedestrian Tracking", 2022: fused
        distance (equations 12 and 13), running mean embedding (equation 9). The camera's motion
        comes from the boxes instead of the image.
    """

    Config = BotSortConfig
    config: BotSortConfig

    def _new_motion(self) -> Motion:
        return Motion(SizeModel())

    def _predict(self) -> None:
        self.motion.predict(frozen_size=self.misses > 0)

    def _associate(self, detections: Detections) -> Pairs:
        config, scores = self.config, detections.scores
        high = scores >= config.high_score
        low = (scores >= config.low_score) & ~high
        boxes = self.motion.boxes()
        overlaps = geometry.iou(boxes, detections.boxes)
        seen = self.confirmed & (self.misses == 0)
        if config.camera:
            sure = seen[overlaps.rows] & high[overlaps.cols] & (overlaps.values >= _CAMERA_OVERLAP)
            shift = camera_shift(*self.motion.places(detections.boxes), overlaps, sure)
            if shift.any():
                self.motion.shift(shift)
                overlaps = geometry.iou(self.motion.boxes(), detections.boxes)

        # The looks decide only among neighbours who are alike enough.
        rows, cols, iou = overlaps
        pairs = rows, cols
        looks = 0.5 * self.look_distance(detections, rows, cols)
        looks[(iou < config.proximity_iou) | (looks > config.appearance_distance)] = 1.0
        fused = np.minimum(1.0 - iou * scores[cols], looks)
        rounds = Rounds(len(self.ids), len(detections))
        rounds.match(pairs, fused, 1.0 - config.first_iou, tracks=self.confirmed, detections=high)
        rounds.match(pairs, 1.0 - iou, 1.0 - config.second_iou, tracks=seen, detections=low)
        rounds.match(
            pairs, fused, 1.0 - config.tentative_iou, tracks=~self.confirmed, detections=high
        )
        return rounds.pairs()
