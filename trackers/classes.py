"""Following people, cars and what else there is at once, each kind by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers.types import Detections, Tracks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mtmc.trackers.types import Tracker

    Ints = NDArray[np.int64]


class ByClass:
    """One tracker for each class, with ids that are unique over all.

    Args:
        new: makes a tracker.
        started: whether there was a frame before.
    """

    def __init__(self, new: Callable[[], Tracker], started: bool = False) -> None:
        self._new = new
        self._started = started
        self._trackers: dict[int, Tracker] = {}
        self._ids: dict[tuple[int, int], int] = {}  # (class, id by its tracker) -> id

    def update(
        self, detections: Detections, image: NDArray[np.uint8] | None = None, steps: int = 1
    ) -> Tracks:
        """As `Tracker.update`; the tracks have the classes of the detections.

        Raises:
            ValueError: the detections have no classes.
        """
        classes = detections.classes
        if classes is None:
            if len(detections):
                raise ValueError("these detections have no classes, those before had")
            classes = np.zeros(0, np.int64)
        for new in sorted({*classes.tolist()} - {*self._trackers}):
            self._trackers[new] = self._new()
            if self._started:  # who comes later is not there from the beginning
                self._trackers[new].update(Detections(), image)
        self._started = True
        parts = [
            self._follow(number, np.flatnonzero(classes == number), detections, image, steps)
            for number in self._trackers
        ]
        return _joined(parts)

    def _follow(
        self,
        number: int,
        rows: Ints,
        detections: Detections,
        image: NDArray[np.uint8] | None,
        steps: int,
    ) -> Tracks:
        """One class's tracks, of some rows of the detections."""
        mine = replace(detections[rows], classes=None)
        tracks = self._trackers[number].update(mine, image, steps)
        ids = [
            self._ids.setdefault((number, own), len(self._ids) + 1) for own in tracks.ids.tolist()
        ]
        det_index = np.full(len(tracks), -1)
        taken = tracks.det_index >= 0
        det_index[taken] = rows[tracks.det_index[taken]]
        classes = np.full(len(tracks), number)
        return Tracks(np.array(ids), tracks.boxes, tracks.scores, det_index, classes)


def _joined(parts: list[Tracks]) -> Tracks:
    """The tracks of all classes, ids ascending."""
    parts = parts or [Tracks(classes=np.zeros(0, np.int64))]
    columns = [np.concatenate([getattr(p, name) for p in parts]) for name in Tracks.__slots__]
    return Tracks(*columns)[np.argsort(columns[0])]
