"""MOTDT: detections and the tracks' own predictions compete to be a person's box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers import geometry
from mtmc.trackers.appearance import AppearanceConfig, AppearanceTracker
from mtmc.trackers.assignment import Rounds
from mtmc.trackers.motion import HeightModel, Motion
from mtmc.trackers.rate import NOMINAL_FPS
from mtmc.trackers.settings import setting, share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.assignment import Pairs
    from mtmc.trackers.types import Detections, Tracks


@dataclass(frozen=True, slots=True)
class MotdtConfig(AppearanceConfig):
    """Settings of MOTDT.

    Args:
        min_score: candidates (detections and predictions) below are not used.
        overlap: of candidates that overlap more than this (IoU), only the best is kept.
        look_distance: highest Euclidean distance of embeddings in the first round.
        look_reach: highest squared Mahalanobis distance of a pair in the first round.
        min_iou: least IoU in the rounds by position.
        confidence_decay: how fast the trust in a track's prediction sinks without a detection
            (30 alpha of the paper, 1.5 there, where the classifier on the image also has to
            agree).
    """

    min_score: float = share(0.4)
    overlap: float = share(0.5)
    look_distance: float = setting(0.64, ge=0)
    look_reach: float = setting(9.4877, ge=0)
    min_iou: float = share(0.3)
    confidence_decay: float = setting(6.0, ge=0, unit="1/s")


class Motdt(AppearanceTracker):
    """Keeps the best of overlapping candidates; detections by appearance first, then by IoU.

    The paper scores candidates with a classifier on the image. Here the detector's score stands
    in: a detection's own, or the one the track was last detected with, times the confidence in
    the track.

    Args:
        config: settings; the defaults where None.
        fps: frames per second.

    Source:
        Long et al., "Real-time Multiple People Tracking with Deeply Learned Candidate Selection
        and Person Re-Identification", ICME 2018: track confidence (equation 2), candidate score
        (equation 3), hierarchical association (section 3.5).
    """

    Config = MotdtConfig
    config: MotdtConfig
    _columns = (*AppearanceTracker._columns, "_selected")

    def __init__(self, config: MotdtConfig | None = None, fps: float = NOMINAL_FPS) -> None:
        super().__init__(config, fps)
        self._selected = np.zeros(0, bool)  # the track's own prediction is the best candidate

    def _new_motion(self) -> Motion:
        return Motion(HeightModel())

    def _associate(self, detections: Detections) -> Pairs:
        config = self.config
        boxes = self.motion.boxes()
        kept = self._select(boxes, detections)
        count = len(detections)
        self._selected, usable = kept[count:], kept[:count]

        rounds = Rounds(len(self.ids), count)
        reach = self.motion.distance(detections.boxes) <= config.look_reach
        near = np.nonzero(reach)[0], np.nonzero(reach)[1]
        # Unit vectors: the squared Euclidean distance is twice the cosine distance.
        looks = np.sqrt(2.0 * self.look_distance(detections, *near))
        confirmed = self.confirmed
        rounds.match(near, looks, config.look_distance, tracks=confirmed, detections=usable)
        rows, cols, iou = geometry.iou(boxes, detections.boxes)
        pairs, distance, limit = (rows, cols), 1.0 - iou, 1.0 - config.min_iou
        rounds.match(pairs, distance, limit, tracks=confirmed, detections=usable)
        rounds.match(pairs, distance, limit, tracks=~confirmed, detections=usable)
        return rounds.pairs()

    def _confidence(self) -> NDArray[np.float64]:
        """Trust in the tracks' predictions, in 0..1."""
        decay = self.config.confidence_decay / self.fps
        faded: NDArray[np.float64] = 1.0 - np.log1p(decay * self.lost)
        return np.where(self.hits >= 2, np.maximum(faded, 0.0), 0.0)

    def _select(self, boxes: NDArray[np.float64], detections: Detections) -> NDArray[np.bool_]:
        """Non-maximum suppression over detections and predictions together."""
        candidates = np.concatenate([detections.boxes, boxes])
        predicted = self.scores * self._confidence() * self.confirmed
        scores = np.concatenate([detections.scores, predicted])
        kept = scores >= self.config.min_score
        rows, cols, iou = geometry.iou(candidates, candidates)
        rivals = (iou > self.config.overlap) & (rows != cols)
        rows, cols = rows[rivals], cols[rivals]  # ascending rows
        cut = np.searchsorted(rows, np.arange(len(candidates) + 1))
        # Equal scores: by position, so that the order of the detections does not matter.
        order = np.lexsort((*candidates.T, -scores))
        for index in order[kept[order]]:
            if kept[index]:
                kept[cols[cut[index] : cut[index + 1]]] = False
        return kept

    def _add(self, detections: Detections, born: NDArray[np.intp]) -> None:
        super()._add(detections, born)
        self._append(_selected=np.zeros(len(born), bool))

    def _report(self, detections: Detections) -> Tracks:
        seen = self.misses == 0
        rows = np.flatnonzero(self.confirmed & (seen | self._selected))
        return self._tracks(rows, self.motion.boxes())
