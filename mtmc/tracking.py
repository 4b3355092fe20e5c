"""Each camera's tracker, and what is remembered of its tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtmc.calibration import CameraModel
from mtmc.config import Plugin
from mtmc.crops import CropsConfig, crop_quality, wants_crop
from mtmc.tracklets import Tracklet
from mtmc.types import Frame, TrackKey
from trackers import Detections, Tracks


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """The tracks of one frame.

    Args:
        frame: the frame.
        tracks: ``M`` tracks.
        tracklets: the memory of each.
        floor: ``(M, 2)`` m, None without a calibration.
        wanted: rows of the tracks whose crop should be embedded now.
        quality: ``(M,)`` of the crops.
    """

    frame: Frame
    tracks: Tracks
    tracklets: list[Tracklet]
    floor: NDArray[np.float64] | None
    wanted: NDArray[np.int64]
    quality: NDArray[np.float32]


class CameraTracking:
    """One camera's tracker and tracklets.

    Args:
        tracker: the tracker plug-in; this camera gets an instance of its own.
        crops: which boxes are embedded.
        model: the camera's calibration, if there is one.
        size: ``(width, height)`` px of the images.
    """

    def __init__(
        self,
        tracker: Plugin,
        crops: CropsConfig,
        model: CameraModel | None,
        size: tuple[int, int],
    ) -> None:
        self._tracker = tracker.cls(tracker.config)
        self._crops = crops
        self._model = model.resized(size) if model else None
        self._size = size
        self.needs_image: bool = self._tracker.needs_image
        self.needs_embeddings: bool = self._tracker.needs_embeddings
        self.count = 0  # of tracks so far
        self.ended: list[Tracklet] = []
        self._open: dict[int, Tracklet] = {}

    def update(self, frame: Frame, detections: Detections) -> Sighting:
        """Follow the people of one frame."""
        image = frame.image if self.needs_image else None
        tracks = self._tracker.update(detections, image)
        tracklets = [self._see(int(track), frame) for track in tracks.ids]
        floor = self._locate(tracks, tracklets, frame.time)
        quality = crop_quality(tracks.boxes, tracks.scores, self._size, self._crops.full_height)
        wanted = [
            row
            for row, tracklet in enumerate(tracklets)
            if tracks.det_index[row] >= 0
            and wants_crop(tracklet, frame.time, float(quality[row]), self._crops)
        ]
        return Sighting(frame, tracks, tracklets, floor, np.array(wanted, np.int64), quality)

    @property
    def tracklets(self) -> list[Tracklet]:
        """All that are remembered."""
        return [*self.ended, *self._open.values()]

    def end(self, before: float, keep: bool) -> None:
        """Settle the tracks last seen before that time, s; forget them unless told to keep them."""
        for track in [t for t, tracklet in self._open.items() if tracklet.end < before]:
            tracklet = self._open.pop(track)
            tracklet.gallery.settle()
            if keep:
                self.ended.append(tracklet)

    def _see(self, track: int, frame: Frame) -> Tracklet:
        tracklet = self._open.get(track)
        if tracklet is None:
            key = TrackKey(frame.camera, track)
            tracklet = self._open[track] = Tracklet(key, frame.time, frame.time)
            self.count += 1
        tracklet.see(frame.index, frame.time)
        return tracklet

    def _locate(
        self, tracks: Tracks, tracklets: list[Tracklet], time: float
    ) -> NDArray[np.float64] | None:
        if self._model is None:
            return None
        points, variances = self._model.locate(tracks.boxes, self._size)
        for tracklet, point, variance in zip(tracklets, points, variances, strict=True):
            tracklet.path.add(time, point, float(variance))
        return points


def remember_crops(
    sighting: Sighting, rows: NDArray[np.int64], embeddings: NDArray[np.float32]
) -> None:
    """Give embeddings ``(K, D)`` to the tracklets of rows ``(K,)``."""
    for row, embedding in zip(rows, embeddings, strict=True):
        tracklet = sighting.tracklets[row]
        tracklet.gallery.add(embedding, float(sighting.quality[row]))
        tracklet.embedded_at = sighting.frame.time
