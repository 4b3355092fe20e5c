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
from trackers import Detections, Tracker, Tracks

# A tracker may find somebody again after any time; across a long gap that is the association's
# to decide.
LOST_AFTER = 2.0  # seconds unseen after which a tracklet has ended,
LOST_AFTER_FRAMES = 5  # but not before so many frames


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """The tracks of one frame.

    Args:
        frame: the frame.
        tracks: ``M`` tracks, by the tracklets' ids.
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


def make_tracker(tracker: Plugin, fps: float) -> Tracker:
    """A new instance of the tracker for one camera of that frame rate."""
    # Settings with this method count frames, and are given for 30 per second.
    at_rate = getattr(tracker.config, "at_rate", None)
    made: Tracker = tracker.cls(at_rate(fps) if at_rate else tracker.config)
    return made


class CameraTracking:
    """One camera's tracker and tracklets.

    Args:
        tracker: the tracker plug-in; this camera gets an instance of its own.
        crops: which boxes are embedded.
        model: the camera's calibration, if there is one.
        size: ``(width, height)`` px of the images.
        fps: frames per second.
        keep: whether ended tracklets are remembered.
    """

    def __init__(
        self,
        tracker: Plugin,
        crops: CropsConfig,
        model: CameraModel | None,
        size: tuple[int, int],
        fps: float,
        keep: bool,
    ) -> None:
        self._tracker = make_tracker(tracker, fps)
        self._crops = crops
        self._model = model.resized(size) if model else None
        self._size = size
        self._keep = keep
        self.needs_image: bool = self._tracker.needs_image
        self.needs_embeddings: bool = self._tracker.needs_embeddings
        self._patience = max(LOST_AFTER, LOST_AFTER_FRAMES / fps)
        self.count = 0  # of tracklets so far
        self.ended: list[Tracklet] = []
        self._open: dict[int, Tracklet] = {}  # by the tracker's id

    def update(self, frame: Frame, detections: Detections) -> Sighting:
        """Follow the people of one frame."""
        image = frame.image if self.needs_image else None
        tracks = self._tracker.update(detections, image)
        self._close(frame.time - self._patience)
        # Of a tracklet that has ended, nothing is predicted any more.
        tracks = tracks[(tracks.det_index >= 0) | np.isin(tracks.ids, list(self._open))]
        tracklets = [
            self._see(int(track), frame) if found else self._open[int(track)]
            for track, found in zip(tracks.ids, tracks.det_index >= 0, strict=True)
        ]
        ids = np.array([tracklet.key.track_id for tracklet in tracklets], np.int64)
        tracks = Tracks(ids, tracks.boxes, tracks.scores, tracks.det_index)
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

    def _close(self, before: float) -> None:
        """End the tracklets last seen before that time, s, or declared ended by others."""
        for track in [t for t, a in self._open.items() if a.closed or a.end < before]:
            tracklet = self._open.pop(track)
            tracklet.gallery.settle()
            tracklet.closed = True
            if self._keep:
                self.ended.append(tracklet)

    def _see(self, track: int, frame: Frame) -> Tracklet:
        """The tracklet of the tracker's id; a new one when it was lost for too long."""
        tracklet = self._open.get(track)
        if tracklet is None:
            self.count += 1
            key = TrackKey(frame.camera, self.count)
            tracklet = self._open[track] = Tracklet(key, frame.time, frame.time)
        tracklet.see(frame.index, frame.time)
        return tracklet

    def _locate(
        self, tracks: Tracks, tracklets: list[Tracklet], time: float
    ) -> NDArray[np.float64] | None:
        if self._model is None:
            return None
        points, variances = self._model.locate(tracks.boxes, self._size)
        for row in np.flatnonzero(tracks.det_index >= 0):
            tracklets[row].path.add(time, points[row], float(variances[row]))
        return points


def remember_crops(
    sighting: Sighting, rows: NDArray[np.int64], embeddings: NDArray[np.float32]
) -> None:
    """Give embeddings ``(K, D)`` to the tracklets of rows ``(K,)``."""
    for row, embedding in zip(rows, embeddings, strict=True):
        tracklet = sighting.tracklets[row]
        tracklet.gallery.add(embedding, float(sighting.quality[row]), sighting.frame.time)
        tracklet.embedded_at = sighting.frame.time
