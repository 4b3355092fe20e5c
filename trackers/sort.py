"""SORT: a Kalman filter and the Hungarian algorithm on IoU."""

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
class SortConfig(TrackerConfig):
    """Settings of SORT.

    Args:
        min_score: detections below are not used.
        min_iou: least IoU of a match.
    """

    min_score: float = share(0.4)
    min_iou: float = share(0.2)


class Sort(LiveTracker):
    """Matches detections to predicted boxes by IoU.

    Args:
        config: settings; the defaults where None.
        fps: frames per second.

    Source:
        Bewley et al., "Simple Online and Realtime Tracking", ICIP 2016.
    """

    Config = SortConfig
    config: SortConfig

    def _new_motion(self) -> Motion:
        return Motion(AreaModel())

    def _associate(self, detections: Detections) -> Pairs:
        rows, cols, iou = geometry.iou(self.motion.boxes(), detections.boxes)
        used = detections.scores >= self.config.min_score
        rounds = Rounds(len(self.ids), len(detections))
        rounds.match((rows, cols), 1.0 - iou, 1.0 - self.config.min_iou, detections=used)
        return rounds.pairs()
