"""From birth to removal: what all trackers share.

A tracker says which tracks take which detections (`LiveTracker._associate`); everything else, the
same for all, is here:

    unmatched detection -> tentative -> matched ``min_hits`` times -> confirmed -> reported
    unmatched tentative track -> removed; unmatched confirmed track -> kept ``max_age`` seconds

Where frames are missing, nobody looked, but time went by.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from mtmc.trackers import geometry
from mtmc.trackers.classes import ByClass
from mtmc.trackers.rate import NOMINAL_FPS, check_rate, frames_in
from mtmc.trackers.settings import TrackerConfig
from mtmc.trackers.types import Detections, Tracks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.assignment import Pairs
    from mtmc.trackers.motion import Motion


# A detector may find somebody twice, as a whole and in part: two boxes that overlap so far, of
# which so much of one lies inside the other.
_TWICE_IOU, _TWICE_INSIDE = 0.3, 0.85


class LiveTracker(ABC):
    """A tracker's living tracks as columns, one row each, and their lifecycle.

    Args:
        config: settings; the defaults where None.
        fps: frames per second, which turn the seconds of the settings into frames.
    """

    Config: ClassVar[Any] = TrackerConfig
    needs_floor: ClassVar[bool] = False
    needs_embeddings: ClassVar[bool] = False
    needs_image: ClassVar[bool] = False
    _columns: ClassVar[tuple[str, ...]] = (
        "ids",
        "hits",
        "misses",
        "lost",
        "confirmed",
        "scores",
        "det_index",
    )

    def __init__(self, config: TrackerConfig | None = None, fps: float = NOMINAL_FPS) -> None:
        self.config = config or self.Config()
        self.fps = fps
        self.motion = self._new_motion()
        self.frame = 0
        self.ids = np.zeros(0, np.int64)
        self.hits = np.zeros(0, np.int64)
        self.misses = np.zeros(0, np.int64)  # updates since the last match,
        self.lost = np.zeros(0, np.int64)  # and frames, of which some may have been missing
        self.confirmed = np.zeros(0, bool)
        self.scores = np.zeros(0, np.float32)
        self.det_index = np.zeros(0, np.int64)  # in the current frame, -1 where unmatched
        self._min_hits = self.config.min_hits
        self._max_age = frames_in(self.config.max_age, fps)
        self._next_id = 1
        self._steps = 1  # frames since the last update
        self._by_class: ByClass | None = None  # follows everybody where there are classes

    def at_rate(self, fps: float) -> Self:
        """A new tracker of the same settings, for a video of so many frames per second."""
        check_rate(fps)
        return type(self)(self.config, fps)

    def reset(self) -> None:
        """Forgets everybody, as before the first frame of a video; ids start at 1 again."""
        vars(self).update(vars(self.at_rate(self.fps)))

    def update(
        self, detections: Detections, image: NDArray[np.uint8] | None = None, steps: int = 1
    ) -> Tracks:
        """Takes one frame's detections (also when there are none) and reports its tracks.

        Args:
            detections: this frame's people, or whatever else is followed; where they have
                classes, what is of another class is another one.
            image: ``(H, W, 3) uint8`` BGR, only where ``needs_image`` is set.
            steps: frames since the last update, this one included: more than 1 where some are
                missing.

        Returns:
            The reported tracks, ids ascending.

        Raises:
            ValueError: there are classes in some frames and none in others, or no step was made.
        """
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}")
        if detections.classes is not None and self._by_class is None:
            if len(self.ids):
                raise ValueError("these detections have classes, those before had none")
            self._by_class = ByClass(partial(self.at_rate, self.fps), started=self.frame > 0)
        if self._by_class is not None:
            return self._by_class.update(detections, image, steps)
        self.frame += 1
        self._steps = steps
        # Nobody is led on for longer than they are remembered.
        for _ in range(min(steps, self._max_age + 1)):
            self._predict()
        rows, cols = self._associate(detections)
        self.det_index.fill(-1)
        self.det_index[rows] = cols
        self.misses += 1
        self.lost += steps
        if len(rows):
            self._take(rows, detections, cols)
        if len(rows) < len(self.ids):
            # A tentative track may not miss.
            alive = (self.confirmed & self._within(self._max_age)) | (self.misses == 0)
            if np.count_nonzero(alive) < len(alive):
                self._keep(alive)
        born = self._births(detections, cols)
        if len(born):
            self._add(detections, born)
        return self._report(detections)

    def _within(self, frames: int) -> NDArray[np.bool_]:
        """Which tracks were matched within so many frames; of 1 or more, within one update.

        So one update may miss somebody however far apart the updates are.
        """
        return (self.lost <= frames) | (self.misses <= min(frames, 1))

    @abstractmethod
    def _new_motion(self) -> Motion:
        """What moves the boxes."""

    def _predict(self) -> None:
        self.motion.predict()

    @abstractmethod
    def _associate(self, detections: Detections) -> Pairs:
        """Which track (row) takes which detection (column)."""

    def _take(self, rows: NDArray[np.intp], detections: Detections, cols: NDArray[np.intp]) -> None:
        """Gives tracks their detections."""
        self.motion.correct(rows, detections.boxes.take(cols, axis=0))
        self.hits[rows] += 1
        self.misses[rows] = 0
        self.lost[rows] = 0
        self.scores[rows] = detections.scores[cols]
        self.confirmed |= self.hits >= self._min_hits

    def _births(self, detections: Detections, taken: NDArray[np.intp]) -> NDArray[np.intp]:
        """Detections that start a track, in an order that does not depend on theirs."""
        free = detections.scores >= self.config.birth_score
        free[taken] = False
        born = free.nonzero()[0]
        if len(born) > 1:
            keys = (*detections.boxes[born].T, -detections.scores[born])
            born = born[np.lexsort(keys)]
        return born[~_found_twice(detections.boxes, born, taken)]

    def _add(self, detections: Detections, born: NDArray[np.intp]) -> None:
        """Starts a track from each of the detections ``born``."""
        count = len(born)
        self.motion.add(detections.boxes[born])
        self._append(
            ids=np.arange(self._next_id, self._next_id + count),
            hits=np.ones(count, np.int64),
            misses=np.zeros(count, np.int64),
            lost=np.zeros(count, np.int64),
            confirmed=np.full(count, self._min_hits <= 1 or self.frame == 1),
            scores=detections.scores[born],
            det_index=born,
        )
        self._next_id += count

    def _append(self, **columns: NDArray[np.generic]) -> None:
        for name, values in columns.items():
            setattr(self, name, np.concatenate([getattr(self, name), values]))

    def _keep(self, mask: NDArray[np.bool_]) -> None:
        """Drops the tracks whose mask is False."""
        self.motion.keep(mask)
        for name in self._columns:
            setattr(self, name, getattr(self, name)[mask])

    def _report(self, detections: Detections) -> Tracks:
        """The tracks to report: those confirmed and matched."""
        rows = (self.confirmed & (self.misses == 0)).nonzero()[0]
        return self._tracks(rows, self.motion.boxes())

    def _tracks(self, rows: NDArray[np.intp], boxes: NDArray[np.float64]) -> Tracks:
        """Some of the tracks, with the boxes ``(N, 4)`` of all."""
        some = boxes.take(rows, axis=0).astype(np.float32)
        return Tracks.unchecked(self.ids[rows], some, self.scores[rows], self.det_index[rows])


def _found_twice(
    boxes: NDArray[np.float32], born: NDArray[np.intp], taken: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Which of the boxes ``born`` show somebody whom one before it, or one ``taken``, shows."""
    found = np.concatenate([taken, born])
    rows, cols, iou = geometry.iou(boxes[born], boxes[found])
    area = geometry.areas(boxes)
    mine, other = area[born[rows]], area[found[cols]]
    shared = iou / (1.0 + iou) * (mine + other)
    inside = shared / np.minimum(mine, other)  # of the smaller one
    some = (iou >= _TWICE_IOU) & (inside >= _TWICE_INSIDE) & (cols < len(taken) + rows)
    twice = np.zeros(len(born), bool)
    twice[rows[some]] = True
    return twice
