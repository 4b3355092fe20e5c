"""The trackers of all cameras, and what is remembered of their tracks."""

from __future__ import annotations

from collections.abc import Mapping

from mtmc.config import Plugin
from mtmc.trackers import Detections, SceneTracker
from mtmc.tracking.camera import CameraTracking, Sighting, follows_all_cameras, make_tracker
from mtmc.tracking.coasting import Coasting
from mtmc.types import Frame


class SceneTracking:
    """All cameras' tracking, by a tracker in each or by one for all of them.

    Args:
        tracker: the tracker plug-in.
        cameras: by name.
    """

    def __init__(self, tracker: Plugin, cameras: Mapping[str, CameraTracking]) -> None:
        self.cameras = cameras
        self.config = tracker.config
        self.needs_image: bool = tracker.cls.needs_image
        self.needs_embeddings: bool = tracker.cls.needs_embeddings
        self._joint: SceneTracker | None = None
        if follows_all_cameras(tracker):
            self._joint = make_tracker(tracker, max(c.view.fps for c in cameras.values()))
            self._coasting = {
                name: Coasting(camera.view)  # all are calibrated, which is checked before a run
                for name, camera in cameras.items()
            }

    def update(
        self, frames: Mapping[str, Frame], detections: Mapping[str, Detections]
    ) -> list[Sighting]:
        """Follow the people of one time step.

        Args:
            frames: of some cameras, by name.
            detections: of the same.
        """
        if self._joint is None:
            return [self.cameras[n].update(frame, detections[n]) for n, frame in frames.items()]
        nothing = Detections()
        located = [
            self.cameras[name].located(detections.get(name, nothing)) for name in self.cameras
        ]
        time = max(frame.time for frame in frames.values())
        tracks = dict(zip(self.cameras, self._joint.update(time, located), strict=True))
        for ended, stays in self._joint.merged.items():
            for camera in self.cameras.values():
                camera.rename(ended, stays)
        ids, places = self._joint.positions()
        people = dict(zip(ids.tolist(), places.tolist(), strict=True))
        shown = {name: self._coasting[name].extended(tracks[name], people, time) for name in frames}
        return [self.cameras[name].follow(frame, shown[name]) for name, frame in frames.items()]
