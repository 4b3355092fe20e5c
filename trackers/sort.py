"""SORT: a Kalman filter and the Hungarian algorithm on IoU."""

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
class SortConfig:
    """Settings of SORT.

    Args:
        min_score: detections below are not used.
        birth_score: an unmatched detection starts a track from here on.
        min_iou: least IoU of a match.
        min_hits: matches until a track is reported; in the first frame all are.
        max_age: frames a track is kept without a match (1 in the paper).
    """

    min_score: float = 0.4
    birth_score: float = 0.7
    min_iou: float = 0.2
    min_hits: int = 2
    max_age: int = 30

    def __post_init__(self) -> None:
        check_share(min_score=self.min_score, birth_score=self.birth_score, min_iou=self.min_iou)
        check_at_least(1, min_hits=self.min_hits)
        check_at_least(0, max_age=self.max_age)


class Sort(LiveTracker):
    """Matches detections to predicted boxes by IoU.

    Args:
        config: settings; the defaults where None.

    Source:
        Bewley et al., "Simple Online and Realtime Tracking", ICIP 2016.
    """

    Config = SortConfig

    def __init__(self, config: SortConfig | None = None) -> None:
        self.config = config or SortConfig()
        super().__init__(
            Motion(AreaModel()),
            birth_score=self.config.birth_score,
            min_hits=self.config.min_hits,
            max_age=self.config.max_age,
        )

    def _associate(self, detections: Detections) -> Pairs:
        rows, cols, iou = geometry.iou(self.motion.boxes(), detections.boxes)
        used = detections.scores >= self.config.min_score
        rounds = Rounds(len(self.ids), len(detections))
        rounds.match((rows, cols), 1.0 - iou, 1.0 - self.config.min_iou, detections=used)
        return rounds.pairs()
