"""BoT-SORT: ByteTrack with appearance and camera motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers import geometry
from mtmc.trackers.appearance import AppearanceTracker
from mtmc.trackers.assignment import Rounds
from mtmc.trackers.camera_motion import camera_shift
from mtmc.trackers.lifecycle import check_at_least, check_share
from mtmc.trackers.motion import Motion, SizeModel

if TYPE_CHECKING:
    from mtmc.trackers.assignment import Pairs
    from mtmc.trackers.types import Detections

_CAMERA_OVERLAP = 0.1  # least IoU of a pair that tells the camera's motion


@dataclass(frozen=True, slots=True)
class BotSortConfig:
    """Settings of BoT-SORT.

    Args:
        high_score: detections from here on are matched first, by IoU and appearance.
        low_score: detections from here on are matched second, by IoU.
        birth_score: an unmatched detection starts a track from here on.
        first_iou: least IoU (times the score) in the first round, or what appearance makes up.
        second_iou: least IoU in the second round.
        tentative_iou: like `first_iou`, for tracks not yet confirmed.
        proximity_iou: appearance counts only for pairs of at least this IoU.
        appearance_distance: and only up to this half cosine distance.
        momentum: share of the old in a track's running mean embedding.
        camera: whether to estimate the camera's motion from the boxes.
        min_hits: matches until a track is reported; in the first frame all are.
        max_age: frames a track is kept without a match.
    """

    high_score: float = 0.6
    low_score: float = 0.1
    birth_score: float = 0.7
    first_iou: float = 0.2
    second_iou: float = 0.5
    tentative_iou: float = 0.3
    proximity_iou: float = 0.5
    appearance_distance: float = 0.25
    momentum: float = 0.9
    camera: bool = True
    min_hits: int = 2
    max_age: int = 30

    def __post_init__(self) -> None:
        check_share(
            high_score=self.high_score,
            low_score=self.low_score,
            birth_score=self.birth_score,
            first_iou=self.first_iou,
            second_iou=self.second_iou,
            tentative_iou=self.tentative_iou,
            proximity_iou=self.proximity_iou,
            appearance_distance=self.appearance_distance,
            momentum=self.momentum,
        )
        check_at_least(1, min_hits=self.min_hits)
        check_at_least(0, max_age=self.max_age)


class BotSort(AppearanceTracker):
    """Takes the better of IoU and appearance; without embeddings, IoU alone.

    Args:
        config: settings; the defaults where None.

    Source:
        Aharon et al., "BoT-SORT: Robust Associations Multi-Pedestrian Tracking", 2022: fused
        distance (equations 12 and 13), running mean embedding (equation 9). The camera's motion
        comes from the boxes instead of the image.
    """

    Config = BotSortConfig

    def __init__(self, config: BotSortConfig | None = None) -> None:
        self.config = config or BotSortConfig()
        super().__init__(
            Motion(SizeModel()),
            birth_score=self.config.birth_score,
            min_hits=self.config.min_hits,
            max_age=self.config.max_age,
            momentum=self.config.momentum,
        )

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
            shift = camera_shift(boxes, detections.boxes, overlaps, sure)
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
