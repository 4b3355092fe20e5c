"""What trackers with appearance share: a running mean embedding per track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mtmc.trackers.lifecycle import LiveTracker
from mtmc.trackers.rate import NOMINAL_FPS
from mtmc.trackers.settings import TrackerConfig, share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.types import Detections


@dataclass(frozen=True, slots=True)
class AppearanceConfig(TrackerConfig):
    """What trackers with appearance can be told.

    Args:
        momentum: share of the old in a track's running mean embedding.
    """

    momentum: float = share(0.9)


class AppearanceTracker(LiveTracker):
    """A tracker that also remembers how its people look.

    Detections may come without embeddings; then the looks say nothing.

    Args:
        config: settings; the defaults where None.
        fps: frames per second.
    """

    Config = AppearanceConfig
    config: AppearanceConfig
    needs_embeddings: ClassVar[bool] = True
    _columns = (*LiveTracker._columns, "looks")

    def __init__(self, config: AppearanceConfig | None = None, fps: float = NOMINAL_FPS) -> None:
        super().__init__(config, fps)
        self.looks = np.zeros((0, 0), np.float32)  # unit rows, zero where not known yet

    def look_distance(
        self, detections: Detections, rows: NDArray[np.intp], cols: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Cosine distance of tracks' mean embeddings and detections'.

        Args:
            detections: this frame's.
            rows: ``(P,)`` tracks.
            cols: ``(P,)`` detections.

        Returns:
            ``(P,)`` in 0..2; 2 where there is nothing to compare.
        """
        if detections.embeddings is None or not self.looks.shape[1]:
            return np.full(len(rows), 2.0)
        known = self.looks[rows].any(axis=1)
        likeness = np.einsum("pd,pd->p", self.looks[rows], detections.embeddings[cols])
        # Rounding may make the likeness of equal looks a hair more than 1.
        distance = np.clip(1.0 - likeness.astype(np.float64), 0.0, 2.0)
        return np.where(known, distance, 2.0)

    def _take(self, rows: NDArray[np.intp], detections: Detections, cols: NDArray[np.intp]) -> None:
        super()._take(rows, detections, cols)
        if detections.embeddings is None:
            return
        new = detections.embeddings[cols]
        self._make_room(new.shape[1])
        old, momentum = self.looks[rows], self.config.momentum
        mean = np.where(old.any(axis=1, keepdims=True), momentum * old, 0.0)
        mean += (1.0 - momentum) * new
        length = np.linalg.norm(mean, axis=1, keepdims=True)
        self.looks[rows] = mean / np.maximum(length, 1e-12)

    def _add(self, detections: Detections, born: NDArray[np.intp]) -> None:
        super()._add(detections, born)
        if detections.embeddings is None:
            new = np.zeros((len(born), self.looks.shape[1]), np.float32)
        else:
            new = detections.embeddings[born]
            self._make_room(new.shape[1])
        self._append(looks=new)

    def _make_room(self, size: int) -> None:
        if self.looks.shape[1] != size:
            self.looks = np.zeros((len(self.looks), size), np.float32)
