"""People a camera has just lost, shown where the other cameras see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtmc.calibration import Calibration
from mtmc.trackers import Tracks
from mtmc.tracking.pace import Pace

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
        model: the camera's calibration for images of that size.
        size: ``(width, height)`` px of the images.
        fps: frames per second.
    """

    def __init__(self, model: Calibration, size: tuple[int, int], fps: float) -> None:
        self._model = model
        self._size = size
        self._pace = Pace(fps)
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
        boxes = self._moved(list(lost.values()), places)
        large = ((boxes[:, 2:] - boxes[:, :2]) >= 1).all(axis=1)
        inside = np.flatnonzero(large & self._in_front(places))
        scores = np.array([s.score for s in lost.values()])
        return Tracks(
            np.concatenate([tracks.ids, np.array(list(lost))[inside]]),
            np.concatenate([tracks.boxes, boxes[inside]]),
            np.concatenate([tracks.scores, scores[inside]]),
            np.concatenate([tracks.det_index, np.full(len(inside), -1)]),
        )

    def _moved(self, seen: Sequence[_Seen], places: NDArray[np.float64]) -> NDArray[np.float32]:
        """Boxes moved and scaled as the image of whoever stands there is."""
        boxes = np.stack([s.box for s in seen]).astype(np.float64)
        feet, scale = self._image_of(np.array([s.place for s in seen], np.float64))
        new_feet, new_scale = self._image_of(places)
        growth = (new_scale / np.maximum(scale, 1e-6))[:, None]
        moved = (boxes - np.tile(feet, 2)) * growth + np.tile(new_feet, 2)
        return np.clip(moved, 0, [*self._size, *self._size]).astype(np.float32)

    def _image_of(
        self, places: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Image points ``(N, 2)`` px of places, and px per metre ``(N,)`` across the view there."""
        step = 0.05  # m
        feet = self._model.from_floor(places)
        moves = [self._model.from_floor(places + step * side) - feet for side in np.eye(2)]
        # Along the line of sight the floor is foreshortened; across it it is not.
        stretch = np.linalg.svd(np.stack(moves, axis=2) / step, compute_uv=False)
        return feet, np.asarray(stretch[:, 0], np.float64)

    def _in_front(self, places: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the camera looks that way at all; what is behind it has an image point, too."""
        back = self._model.to_floor(self._image_of(places)[0])
        in_front: NDArray[np.bool_] = np.linalg.norm(back - places, axis=1) < 0.1  # m
        return in_front
