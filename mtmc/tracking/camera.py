"""One camera's tracker, and what is told of its tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtmc.config import Plugin, choose
from mtmc.registry import DEFAULT_TRACKER, TRACKERS
from mtmc.trackers import Detections, Tracker, Tracks
from mtmc.trackers.classes import ByClass
from mtmc.tracking.crops import CropsConfig, CropsTaken, crop_quality, wants_crop
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.tracking.pace import Pace
from mtmc.tracking.view import View
from mtmc.types import Doubles, Floats, Frame, Ints, Mask

# A tracker may find somebody again after any time; across a long gap that is the association's
# to decide.
LOST_AFTER = 2.0  # seconds unseen after which a track has ended,
LOST_AFTER_FRAMES = 5  # but not before so many frames


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """The tracks of one frame.

    Args:
        frame: the frame.
        tracks: ``M`` tracks.
        floor: ``(M, 2)`` m, None without a calibration.
        wanted: rows of the tracks whose crop should be embedded now.
        step: all that is to be told of it but the embeddings.
    """

    frame: Frame
    tracks: Tracks
    floor: NDArray[np.float64] | None
    wanted: NDArray[np.int64]
    step: CameraStep

    def embedded(self, embeddings: Floats, reliability: Floats | None = None) -> CameraStep:
        """What is to be told, with the embeddings ``(K, D)`` of the wanted crops.

        Args:
            embeddings: of them.
            reliability: ``(K,)`` as how much of a good one each counts; None for all the same.
        """
        quality = self.step.quality if reliability is None else self.step.quality * reliability
        return replace(self.step, embeddings=embeddings, quality=quality)

    def unembedded(self) -> CameraStep:
        """What is to be told where nothing is embedded."""
        nothing = np.zeros(0, np.int64)
        return replace(self.step, crops=nothing, quality=np.zeros(0, np.float32))


@dataclass(slots=True)
class _Track:
    """What a camera knows of a track that may go on.

    Args:
        number: its id.
        seen: when it was last, s.
        crops: of it.
    """

    number: int
    seen: float
    crops: CropsTaken


def make_tracker(tracker: Plugin, fps: float) -> Any:
    """A new instance of the tracker for a camera, or the cameras, of that frame rate."""
    if follows_all_cameras(tracker):
        return tracker.cls(tracker.config)  # it is told the time at every step
    return tracker.cls(tracker.config, fps)


def follows_all_cameras(tracker: Plugin) -> bool:
    """Whether one instance follows people over all cameras together, on the floor."""
    return bool(tracker.cls.needs_floor)


def alone_tracker(tracker: Plugin) -> Plugin:
    """The tracker of a camera by itself: the same, or the default one where that needs a floor."""
    return choose(TRACKERS, {}, DEFAULT_TRACKER) if follows_all_cameras(tracker) else tracker


class CameraTracking:
    """One camera's tracker and tracks.

    Args:
        tracker: the tracker plug-in; this camera gets an instance of its own. Where one follows
            people over all calibrated cameras, one that is not gets ``alone_tracker``.
        crops: which boxes are embedded.
        view: the camera.
    """

    def __init__(self, tracker: Plugin, crops: CropsConfig, view: View) -> None:
        self.view = view
        self._joint = follows_all_cameras(tracker) and view.model is not None
        self._tracker: Tracker | ByClass | None = None
        self._needs_image: bool = alone_tracker(tracker).cls.needs_image
        if not self._joint:
            make = partial(make_tracker, alone_tracker(tracker), view.fps)
            self._tracker = ByClass(make) if len(view.kinds) > 1 else make()
        self._crops = crops
        self._pace = Pace(view.fps)
        self.count = 0  # of tracks so far
        self._open: dict[int, _Track] = {}  # by the tracker's id
        self._to_end: set[int] = set()
        self._to_renew: set[int] = set()
        self._merged: dict[int, int] = {}

    def located(self, detections: Detections) -> Detections:
        """The detections with their places on the floor; as they are without a calibration."""
        if self.view.model is None:
            return detections
        floor, covariance = self.view.locate(detections.boxes)
        return replace(detections, floor=floor, floor_covariance=covariance)

    def update(
        self, frame: Frame, detections: Detections, embedded: Ints | None = None
    ) -> Sighting:
        """Follow the people of one frame with this camera's own tracker; see ``follow``."""
        assert self._tracker is not None
        image = frame.image if self._needs_image else None
        return self.follow(frame, self._tracker.update(detections, image, frame.steps), embedded)

    def rename(self, person: int, other: int) -> None:
        """Tell that a person is another one, as the tracker over all cameras has found out."""
        self._merged[person] = other

    def obey(self, decisions: Decisions) -> None:
        """Do what the association says of this camera's tracks, from the next frame on."""
        self._to_end |= {key.track_id for key in decisions.ended if key.camera == self.view.name}
        self._to_renew |= {
            key.track_id for key in decisions.renewed if key.camera == self.view.name
        }

    def follow(self, frame: Frame, tracks: Tracks, embedded: Ints | None = None) -> Sighting:
        """Take in what a tracker says of one frame.

        Args:
            frame: the frame.
            tracks: of it.
            embedded: the detections that were embedded once, where no others can be; None where
                this is to say which are.
        """
        self._pace.see(frame.time)
        ended = self._close(frame.time - max(LOST_AFTER, LOST_AFTER_FRAMES * self._pace.seconds))
        renewed = self._renew()
        # Of a track that has ended, nothing is predicted any more.
        going_on = [
            detection >= 0 or track in self._open
            for track, detection in zip(tracks.ids.tolist(), tracks.det_index.tolist(), strict=True)
        ]
        tracks = tracks if all(going_on) else tracks[np.array(going_on)]
        people, found = tracks.ids, tracks.det_index >= 0
        known = [
            self._see(int(track), frame.time) if seen else self._open[int(track)]
            for track, seen in zip(tracks.ids, found, strict=True)
        ]
        ids = np.array([track.number for track in known], np.int64)
        tracks = replace(tracks, ids=ids)
        floor, covariances = self._locate(tracks)
        quality = crop_quality(tracks.boxes, tracks.scores, self.view.size, self._crops.full_height)
        looked_at = found & self.view.known(tracks.classes, len(tracks))
        wanted = self._wanted(frame.time, known, looked_at, quality)
        if embedded is not None:
            good = np.isin(tracks.det_index, embedded) & (quality >= self._crops.min_quality)
            wanted = np.flatnonzero(looked_at & good)
        step = CameraStep(
            self.view.name,
            frame.index,
            frame.time,
            ids,
            tracks.boxes,
            tracks.scores,
            found,
            people if self._joint else np.zeros_like(people),
            floor,
            covariances,
            self.view.model.position if self.view.model else None,
            wanted,
            quality[wanted],
            ended=np.array(ended, np.int64),
            renewed=_pairs(renewed),
            merged=_pairs(self._merged),
            kinds=tracks.classes,
        )
        self._merged = {}
        return Sighting(frame, tracks, floor, wanted, step)

    def _wanted(
        self, time: float, known: Sequence[_Track], found: Mask, quality: Floats
    ) -> NDArray[np.int64]:
        """Rows of the tracks whose crop is worth embedding, which are taken to be."""
        rows = []
        for row in np.flatnonzero(found).tolist():
            crops = known[row].crops
            if wants_crop(crops, time, float(quality[row]), self._crops):
                crops.add(time, float(quality[row]))
                rows.append(row)
        return np.array(rows, np.int64)

    def _close(self, before: float) -> list[int]:
        """End the tracks last seen before that time, s, and those that are to be ended."""
        gone = {
            track: known.number
            for track, known in self._open.items()
            if known.number in self._to_end or known.seen < before
        }
        for track in gone:
            del self._open[track]
        self._to_end = set()
        return list(gone.values())

    def _renew(self) -> dict[int, int]:
        """Give other ids to the tracks that are somebody else's than was said."""
        renewed = {}
        for track in self._open.values():
            if track.number in self._to_renew:
                old, track.number = track.number, self._new_number()
                renewed[old] = track.number
                track.crops = CropsTaken()  # of somebody else, who is to be known soon
        self._to_renew = set()
        return renewed

    def _new_number(self) -> int:
        self.count += 1
        return self.count

    def _see(self, track: int, time: float) -> _Track:
        """The track of the tracker's id; a new one when it was lost for too long."""
        if track not in self._open:
            self._open[track] = _Track(self._new_number(), time, CropsTaken())
        self._open[track].seen = time
        return self._open[track]

    def _locate(self, tracks: Tracks) -> tuple[Doubles, Doubles] | tuple[None, None]:
        if not self.view.model:
            return None, None
        return self.view.placed(tracks.boxes, tracks.classes)


def _pairs(changes: Mapping[int, int]) -> Ints:
    """``(N, 2)`` from what to what."""
    return np.array(list(changes.items()), np.int64).reshape(-1, 2)
