"""One camera's tracker, and the tracklets it makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtmc.config import Plugin, choose
from mtmc.registry import DEFAULT_TRACKER, TRACKERS
from mtmc.trackers import Detections, Tracker, Tracks
from mtmc.tracking.crops import CropsConfig, crop_quality, wants_crop
from mtmc.tracking.pace import Pace
from mtmc.tracking.tracklet import Tracklet
from mtmc.tracking.view import View
from mtmc.types import Frame, TrackKey

# A tracker may find somebody again after any time; across a long gap that is the association's
# to decide.
LOST_AFTER = 2.0  # seconds unseen after which a tracklet has ended,
LOST_AFTER_FRAMES = 5  # but not before so many frames
LATELY = 2000  # runs and floor positions that are kept of somebody who does not go: minutes


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


def make_tracker(tracker: Plugin, fps: float) -> Any:
    """A new instance of the tracker for a camera, or the cameras, of that frame rate."""
    if follows_all_cameras(tracker):
        return tracker.cls(tracker.config)  # it is told the time at every step
    return tracker.cls(tracker.config, fps)


def follows_all_cameras(tracker: Plugin) -> bool:
    """Whether one instance follows people over all cameras together, on the floor."""
    return getattr(tracker.cls, "needs_floor", False)


def alone_tracker(tracker: Plugin) -> Plugin:
    """The tracker of a camera by itself: the same, or the default one where that needs a floor."""
    return choose(TRACKERS, {}, DEFAULT_TRACKER) if follows_all_cameras(tracker) else tracker


class CameraTracking:
    """One camera's tracker and tracklets.

    Args:
        tracker: the tracker plug-in; this camera gets an instance of its own. Where one follows
            people over all calibrated cameras, one that is not gets ``alone_tracker``.
        crops: which boxes are embedded.
        view: the camera.
        keep: whether ended tracklets, and when each frame was taken, are remembered.
    """

    def __init__(
        self,
        tracker: Plugin,
        crops: CropsConfig,
        view: View,
        keep: bool,
    ) -> None:
        self.view = view
        self._joint = follows_all_cameras(tracker) and view.model is not None
        self._tracker: Tracker | None = None
        if not self._joint:
            self._tracker = make_tracker(alone_tracker(tracker), view.fps)
        self._crops = crops
        self._keep = keep
        self._pace = Pace(view.fps)
        self.count = 0  # of tracklets so far
        self.ended: list[Tracklet] = []
        self._open: dict[int, Tracklet] = {}  # by the tracker's id

    def located(self, detections: Detections) -> Detections:
        """The detections with their places on the floor; as they are without a calibration."""
        if self.view.model is None:
            return detections
        floor, covariance = self.view.locate(detections.boxes)
        return replace(detections, floor=floor, floor_covariance=covariance)

    def update(self, frame: Frame, detections: Detections) -> Sighting:
        """Follow the people of one frame with this camera's own tracker."""
        assert self._tracker is not None
        image = frame.image if self._tracker.needs_image else None
        return self.follow(frame, self._tracker.update(detections, image, frame.steps))

    def rename(self, person: int, other: int) -> None:
        """Take in that a person is another one, as the tracker over all cameras has found out.

        Tracklets that one frame shows beside the other's stay somebody else's.
        """
        there = [t for t in self.tracklets if t.person == other]
        for tracklet in self.tracklets:
            if tracklet.person == person and not any(tracklet.meets(t) for t in there):
                tracklet.person = other

    def follow(self, frame: Frame, tracks: Tracks) -> Sighting:
        """Take in what a tracker says of one frame."""
        if self._keep:
            self.view.clock.add(frame.index, frame.time)
        self._pace.see(frame.time)
        self._close(frame.time - max(LOST_AFTER, LOST_AFTER_FRAMES * self._pace.seconds))
        self._renew()
        # Of a tracklet that has ended, nothing is predicted any more.
        tracks = tracks[(tracks.det_index >= 0) | np.isin(tracks.ids, list(self._open))]
        tracklets = [
            self._see(int(track), frame) if found else self._open[int(track)]
            for track, found in zip(tracks.ids, tracks.det_index >= 0, strict=True)
        ]
        ids = np.array([tracklet.key.track_id for tracklet in tracklets], np.int64)
        tracks = Tracks(ids, tracks.boxes, tracks.scores, tracks.det_index)
        floor = self._locate(tracks, tracklets, frame.time)
        quality = crop_quality(tracks.boxes, tracks.scores, self.view.size, self._crops.full_height)
        wanted = [
            row
            for row, tracklet in enumerate(tracklets)
            if tracks.det_index[row] >= 0
            and wants_crop(tracklet, frame.time, float(quality[row]), self._crops)
        ]
        return Sighting(frame, tracks, tracklets, floor, np.array(wanted, np.int64), quality)

    def open_keys(self) -> Iterator[TrackKey]:
        """Of the tracklets that may go on."""
        return (tracklet.key for tracklet in self._open.values())

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

    def _renew(self) -> None:
        """Go on under another key with tracklets that others found to be somebody else's."""
        for tracklet in self._open.values():
            if tracklet.renewed:
                tracklet.key, tracklet.renewed = self._new_key(tracklet.key.camera), False

    def _new_key(self, camera: str) -> TrackKey:
        self.count += 1
        return TrackKey(camera, self.count)

    def _see(self, track: int, frame: Frame) -> Tracklet:
        """The tracklet of the tracker's id; a new one when it was lost for too long."""
        tracklet = self._open.get(track)
        if tracklet is None:
            key = self._new_key(frame.camera)
            person = track if self._joint else None
            tracklet = Tracklet(key, frame.time, frame.time, person=person)
            self._open[track] = tracklet
        tracklet.see(frame.index, frame.time)
        if not self._keep:
            tracklet.let_go(LATELY)
        return tracklet

    def _locate(
        self, tracks: Tracks, tracklets: list[Tracklet], time: float
    ) -> NDArray[np.float64] | None:
        if self.view.model is None:
            return None
        points, covariances = self.view.locate(tracks.boxes)
        for row in np.flatnonzero(tracks.det_index >= 0):
            path = tracklets[row].path
            path.add(time, points[row], covariances[row], self.view.model.position)
        return points


def remember_crops(
    sighting: Sighting, rows: NDArray[np.int64], embeddings: NDArray[np.float32]
) -> None:
    """Give embeddings ``(K, D)`` to the tracklets of rows ``(K,)``."""
    for row, embedding in zip(rows, embeddings, strict=True):
        tracklet = sighting.tracklets[row]
        tracklet.gallery.add(embedding, float(sighting.quality[row]), sighting.frame.time)
        tracklet.embedded_at = sighting.frame.time
