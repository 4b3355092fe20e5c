"""OC-SORT: observations rather than estimates, where tracks get lost and turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers import geometry
from mtmc.trackers.assignment import Rounds
from mtmc.trackers.lifecycle import LiveTracker
from mtmc.trackers.motion import AreaModel, Motion, ReplayMotion
from mtmc.trackers.rate import NOMINAL_FPS
from mtmc.trackers.settings import TrackerConfig, setting, share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.assignment import Pairs
    from mtmc.trackers.types import Detections


@dataclass(frozen=True, slots=True)
class OcSortConfig(TrackerConfig):
    """Settings of OC-SORT.

    Args:
        high_score: detections from here on are matched first.
        low_score: detections from here on are matched second; 1 leaves that round out, as the
            paper does by default.
        min_iou: least IoU of a match.
        second_iou: least IoU in the second round.
        inertia: weight of a change of direction (half a turn costs this much).
        direction_span: detections over which a track's direction is measured.
    """

    high_score: float = share(0.6, public=True)
    low_score: float = share(0.1, public=True)
    min_iou: float = share(0.2)
    second_iou: float = share(0.5)
    inertia: float = setting(0.2, ge=0)
    direction_span: int = setting(3, ge=1)


def _centres(boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    return 0.5 * (boxes[:, :2] + boxes[:, 2:])


class OcSort(LiveTracker):
    """Adds direction consistency, recovery at the last detection and a replay of gaps to SORT.

    Args:
        config: settings; the defaults where None.
        fps: frames per second.

    Source:
        Cao et al., "Observation-Centric SORT: Rethinking SORT for Robust Multi-Object Tracking",
        CVPR 2023: re-update (section 4.1), momentum (section 4.2), recovery (section 4.3).
    """

    Config = OcSortConfig
    config: OcSortConfig
    _columns = (*LiveTracker._columns, "_history")

    def __init__(self, config: OcSortConfig | None = None, fps: float = NOMINAL_FPS) -> None:
        super().__init__(config, fps)
        # The last detections of every track, newest last.
        self._history = np.zeros((0, self.config.direction_span + 1, 4))

    def _new_motion(self) -> Motion:
        return ReplayMotion(AreaModel())

    def _associate(self, detections: Detections) -> Pairs:
        config, scores = self.config, detections.scores
        high = scores >= config.high_score
        low = (scores >= config.low_score) & ~high
        rows, cols, iou = geometry.iou(self.motion.boxes(), detections.boxes)
        distance = 1.0 - iou
        near = (iou >= config.min_iou).nonzero()[0]
        close = rows[near], cols[near]
        cost = distance[near] + config.inertia * self._turn(detections, *close)
        rounds = Rounds(len(self.ids), len(detections))
        rounds.match(close, cost, 1.0 - config.min_iou + config.inertia, detections=high)
        if low.any():
            rounds.match((rows, cols), distance, 1.0 - config.second_iou, detections=low)
        if rounds.free_rows.any() and (rounds.free_cols & high).any():
            rows, cols, iou = geometry.iou(self._history[:, -1], detections.boxes)
            rounds.match((rows, cols), 1.0 - iou, 1.0 - config.min_iou, detections=high)
        return rounds.pairs()

    def _turn(
        self, detections: Detections, rows: NDArray[np.intp], cols: NDArray[np.intp]
    ) -> NDArray[np.floating]:
        """Angle between a track's direction and the way to a detection, as a share of 180°."""
        newest = self._history[rows, -1]
        direction = _centres(newest) - _centres(self._history[rows, 0])
        way = _centres(detections.boxes[cols]) - _centres(newest)
        along = (way * direction).sum(axis=1)
        across = way[:, 0] * direction[:, 1] - way[:, 1] * direction[:, 0]
        angle: NDArray[np.floating] = np.abs(np.arctan2(across, along)) / np.pi
        return angle * detections.scores[cols]

    def _take(self, rows: NDArray[np.intp], detections: Detections, cols: NDArray[np.intp]) -> None:
        super()._take(rows, detections, cols)
        self._history[rows, :-1] = self._history[rows, 1:]
        self._history[rows, -1] = detections.boxes[cols]

    def _add(self, detections: Detections, born: NDArray[np.intp]) -> None:
        super()._add(detections, born)
        boxes = detections.boxes[born].astype(np.float64)
        self._append(_history=np.repeat(boxes[:, None], self.config.direction_span + 1, axis=1))
