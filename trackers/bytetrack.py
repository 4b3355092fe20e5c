"""ByteTrack: every detection is used, the confident ones first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtmc.trackers import geometry
from mtmc.trackers.assignment import Rounds
from mtmc.trackers.lifecycle import LiveTracker, check_at_least, check_share
from mtmc.trackers.motion import AreaModel, Motion

if TYPE_CHECKING:
    from mtmc.trackers.assignment import Pairs
    from mtmc.trackers.types import Detections


@dataclass(frozen=True, slots=True)
class ByteTrackConfig:
    """Settings of ByteTrack.

    Args:
        high_score: detections from here on are matched first.
        low_score: detections from here on are matched second, to tracks seen in the last frame.
        birth_score: an unmatched detection starts a track from here on.
        first_iou: least IoU (times the score) in the first round.
        second_iou: least IoU in the second round.
        tentative_iou: least IoU (times the score) for tracks not yet confirmed.
        min_hits: matches until a track is reported; in the first frame all are.
        max_age: frames a track is kept without a match.
    """

    high_score: float = 0.6
    low_score: float = 0.1
    birth_score: float = 0.7
    first_iou: float = 0.2
    second_iou: float = 0.5
    tentative_iou: float = 0.3
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
        )
        check_at_least(1, min_hits=self.min_hits)
        check_at_least(0, max_age=self.max_age)


class ByteTrack(LiveTracker):
    """Matches confident detections first and the remaining tracks to the unsure ones.

    Args:
        config: settings; the defaults where None.

    Source:
        Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box",
        ECCV 2022, algorithm 1.
    """

    Config = ByteTrackConfig

    def __init__(self, config: ByteTrackConfig | None = None) -> None:
        self.config = config or ByteTrackConfig()
        super().__init__(
            Motion(AreaModel()),
            birth_score=self.config.birth_score,
            min_hits=self.config.min_hits,
            max_age=self.config.max_age,
        )

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
