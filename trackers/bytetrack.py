"""ByteTrack: every detection is used, the confident ones first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtmc.trackers import geometry
from mtmc.trackers.assignment import Rounds
from mtmc.trackers.lifecycle import LiveTracker
from mtmc.trackers.motion import AreaModel, Motion
from mtmc.trackers.settings import TrackerConfig, share

if TYPE_CHECKING:
    from mtmc.trackers.assignment import Pairs
    from mtmc.trackers.types import Detections


@dataclass(frozen=True, slots=True)
class ByteTrackConfig(TrackerConfig):
    """Settings of ByteTrack.

    Args:
        high_score: detections from here on are matched first.
        low_score: detections from here on are matched second, to tracks seen in the last frame.
        first_iou: least IoU (times the score) in the first round.
        second_iou: least IoU in the second round.
        tentative_iou: least IoU (times the score) for tracks not yet confirmed.
    """

    high_score: float = share(0.6, public=True)
    low_score: float = share(0.1, public=True)
    first_iou: float = share(0.2)
    second_iou: float = share(0.5)
    tentative_iou: float = share(0.3)


class ByteTrack(LiveTracker):
    """Matches confident detections first and the remaining tracks to the unsure ones.

    Args:
        config: settings; the defaults where None.
        fps: frames per second.

    Source:
        Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box",
        ECCV 2022, algorithm 1.
    """

    Config = ByteTrackConfig
    config: ByteTrackConfig

    def _new_motion(self) -> Motion:
        return Motion(AreaModel())

    def _predict(self) -> None:
        self.motion.predict(frozen_size=self.misses > 0)

    def _associate(self, detections: Detections) -> Pairs:
        config, scores = self.config, detections.scores
        high = scores >= config.high_score
        low = (scores >= config.low_score) & ~high
        rows, cols, iou = geometry.iou(self.motion.boxes(), detections.boxes)
        pairs, fused = (rows, cols), 1.0 - iou * scores[cols]
        rounds = Rounds(len(self.ids), len(detections))
        rounds.match(pairs, fused, 1.0 - config.first_iou, tracks=self.confirmed, detections=high)
        if low.any():
            seen = self.confirmed & (self.misses == 0)
            rounds.match(pairs, 1.0 - iou, 1.0 - config.second_iou, tracks=seen, detections=low)
        if not self.confirmed.all():
            rounds.match(
                pairs, fused, 1.0 - config.tentative_iou, tracks=~self.confirmed, detections=high
            )
        return rounds.pairs()
