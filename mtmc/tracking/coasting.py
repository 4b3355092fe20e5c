"""People a camera has just lost, shown where the other cameras see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtmc.calibration.camera import PERSON_HEIGHT
from mtmc.trackers import Tracks
from mtmc.trackers.figures import moved, off
from mtmc.tracking.pace import Pace
from mtmc.tracking.view import View
from mtmc.types import Doubles

COAST = 1.0  # seconds for which a camera shows somebody it has lost,
COAST_FRAMES = 1  # but not less than so many frames


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A person when the camera last saw them."""

    time: float
    box: NDArray[np.float32]
    score: float
    place: Sequence[float]


class Coasting:
    """What one camera shows of people followed over all cameras.

    Args:
        view: the camera, calibrated.
    """

    def __init__(self, view: View) -> None:
        self._view, self._pace = view, Pace(view.fps)
        self._seen: dict[int, _Seen] = {}

    def extended(
        self, tracks: Tracks, people: Mapping[int, Sequence[float]], time: float
    ) -> Tracks:
        """The tracks, and the boxes of the people this camera has lost.

        Args:
            tracks: what it sees.
            people: where those are on the floor, m, whom any camera sees now, by id.
            time: now, s.
        """
        seen = tracks.ids.tolist()
        for row, track in enumerate(seen):
            here = _Seen(time, tracks.boxes[row], float(tracks.scores[row]), people[track])
            self._seen[track] = here
        self._pace.see(time)
        since = time - max(COAST, (COAST_FRAMES + 0.5) * self._pace.seconds)
        self._seen = {track: s for track, s in self._seen.items() if s.time >= since}
        lost = {track: s for track, s in self._seen.items() if s.time < time and track in people}
        if not lost:
            return tracks
        places = np.array([people[track] for track in lost], np.float64)
        boxes = self._view.clipped(self._there(list(lost.values()), places))
        inside = np.flatnonzero(((boxes[:, 2:] - boxes[:, :2]) >= 1).all(axis=1))
        scores = np.array([s.score for s in lost.values()])
        return Tracks(
            np.concatenate([tracks.ids, np.array(list(lost))[inside]]),
            np.concatenate([tracks.boxes, boxes[inside]]),
            np.concatenate([tracks.scores, scores[inside]]),
            np.concatenate([tracks.det_index, np.full(len(inside), -1)]),
        )

    def _there(self, seen: Sequence[_Seen], places: Doubles) -> Doubles:
        """Boxes as off as they were from those of anybody who stands there."""
        model, tall = self._view.calibration, np.full(len(seen), PERSON_HEIGHT)
        before = model.standing(np.array([s.place for s in seen], np.float64), tall)
        boxes = np.stack([s.box for s in seen]).astype(np.float64)
        return moved(model.standing(places, tall), off(boxes, before))
