"""The trackers of all cameras, and what is remembered of their tracks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mtmc.calibration.check import HeightCheck
from mtmc.config import Plugin
from mtmc.trackers import Detections, SceneTracker, Tracks
from mtmc.tracking.agreement import Agreement, Places
from mtmc.tracking.camera import (
    CameraTracking,
    Sighting,
    alone_tracker,
    follows_all_cameras,
    make_tracker,
)
from mtmc.tracking.clocks import Clocks
from mtmc.tracking.coasting import Coasting
from mtmc.tracking.messages import Decisions
from mtmc.tracking.presence import Presence
from mtmc.types import Frame, Ints


class SceneTracking:
    """All cameras' tracking, by a tracker in each or by one for all of them.

    Args:
        tracker: the tracker plug-in.
        cameras: by name.
        online: whether what is told of a moment stays.
    """

    def __init__(
        self, tracker: Plugin, cameras: dict[str, CameraTracking], *, online: bool = False
    ) -> None:
        self.cameras = cameras
        self.config = tracker.config
        kinds = [tracker.cls]
        if not all(camera.view.model for camera in cameras.values()):
            kinds.append(alone_tracker(tracker).cls)
        self.needs_image: bool = any(kind.needs_image for kind in kinds)
        self.needs_embeddings: bool = any(kind.needs_embeddings for kind in kinds)
        self._checks = {
            name: HeightCheck(name, camera.view.model, camera.view.size)
            for name, camera in cameras.items()
            if camera.view.model
        }
        # Offline, `mtmc calibrate` tells.
        self.clocks = Clocks(list(self._checks)) if online else None
        self.joint: SceneTracker | None = None  # that follows people over all cameras
        if follows_all_cameras(tracker):
            self._calibrated = [name for name, camera in cameras.items() if camera.view.model]
            self._coasting = {name: Coasting(cameras[name].view) for name in self._calibrated}
            rate = max(cameras[name].view.fps for name in self._coasting)
            self.joint = make_tracker(tracker, rate)
            views = [cameras[name].view for name in self._calibrated]
            self._presence = Presence(views) if online else None
            self._agreement = Agreement([view.bias for view in views])

    def join(self, camera: CameraTracking) -> None:
        """Take in a camera that was added while the run goes on."""
        view = camera.view
        self.cameras[view.name] = camera
        if view.model:
            self._checks[view.name] = HeightCheck(view.name, view.model, view.size)
            if self.clocks is not None:
                self.clocks.join(view.name)

    def obey(self, decisions: Decisions) -> None:
        """Do what the association says of the tracks, from the next frame on."""
        for camera in self.cameras.values():
            camera.obey(decisions)

    def update(
        self,
        frames: Mapping[str, Frame],
        detections: Mapping[str, Detections],
        embedded: Mapping[str, Ints] | None = None,
    ) -> list[Sighting]:
        """Follow the people of one time step.

        Args:
            frames: of some cameras, by name.
            detections: of the same.
            embedded: which of them were embedded once, where no others can be.
        """
        known = embedded or {}
        together = {} if self.joint is None else self._followed(frames, detections)
        return [
            self.cameras[name].follow(frame, together[name], known.get(name))
            if name in together
            else self.cameras[name].update(frame, detections[name], known.get(name))
            for name, frame in frames.items()
        ]

    def note(self, sighting: Sighting, *, keep: bool) -> None:
        """Take in what a camera saw, wherever it was followed.

        Args:
            sighting: of its next frame.
            keep: whether it is remembered when each frame was taken.
        """
        frame, tracks, view = (
            sighting.frame,
            sighting.tracks,
            self.cameras[sighting.frame.camera].view,
        )
        if keep:
            view.clock.add(frame.index, frame.time)
        if check := self._checks.get(frame.camera):
            found = (tracks.det_index >= 0) & view.known(tracks.classes, len(tracks))
            check.add(frame.time, tracks.boxes[found])
            if self.clocks is not None and sighting.floor is not None:
                self.clocks.see(frame.camera, frame.time, tracks.ids[found], sighting.floor[found])

    def _learn(self, frames: Mapping[str, Frame], detections: Mapping[str, Detections]) -> None:
        """Learn from one time step how far the cameras' places are off."""
        now = [n for n, name in enumerate(self._calibrated) if name in frames]
        time = max(frame.time for frame in frames.values())
        if len(now) < 2 or not self._agreement.due(time):
            return
        said = {}
        for number in now:
            name = self._calibrated[number]
            view, found = self.cameras[name].view, detections[name]
            found = found[view.known(found.classes, len(found))]
            points, covariances = view.calibration.locate(found.boxes)
            said[number] = Places(points, covariances, view.rays(found.boxes), found.scores)
        self._agreement.see(time, said)

    def check_calibration(self) -> None:
        """Warn of cameras by whose calibration people cannot be as tall as they are."""
        for check in self._checks.values():
            check.finish()

    def _followed(
        self, frames: Mapping[str, Frame], detections: Mapping[str, Detections]
    ) -> dict[str, Tracks]:
        """What the tracker over all calibrated cameras says of those that have a frame now."""
        assert self.joint is not None
        now = {name: frame for name, frame in frames.items() if name in self._coasting}
        if not now:
            return {}
        self._learn(now, detections)
        nothing = Detections()
        located = [
            self.cameras[name].located(detections.get(name, nothing)) for name in self._coasting
        ]
        time = max(frame.time for frame in now.values())
        tracks = dict(zip(self._coasting, self.joint.update(time, located), strict=True))
        for ended, stays in self.joint.merged.items():
            for name in self._coasting:
                self.cameras[name].rename(ended, stays)
        ids, places = self.joint.positions()
        if self._presence is not None:
            numbers = [n for n, name in enumerate(self._calibrated) if name in now]
            seen = [tracks[self._calibrated[n]].ids for n in numbers]
            there = self._presence.believed(time, numbers, seen, ids, places)
            tracks = {name: found[np.isin(found.ids, there)] for name, found in tracks.items()}
            kept = np.isin(ids, there)
            ids, places = ids[kept], places[kept]
        people = dict(zip(ids.tolist(), places.tolist(), strict=True))
        return {name: self._coasting[name].extended(tracks[name], people, time) for name in now}
