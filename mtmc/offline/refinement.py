"""Recorded video may look ahead: each camera's finished tracks are refined around association."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mtmc.calibration import Calibration
from mtmc.offline.completion import View
from mtmc.trackers.floor.relink import relink
from mtmc.trackers.floor.tracker import FloorConfig
from mtmc.trackers.offline import (
    NOBODY,
    RefineConfig,
    RefineFrames,
    TrackRows,
    complete,
    linked,
    on_things,
)
from mtmc.tracking.frame_clock import FrameClock
from mtmc.tracking.rows import ROW, Rows
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey


def relink_people(
    rows: Rows,
    views: Mapping[int, tuple[Calibration, tuple[int, int]]],
    config: FloorConfig,
    people: Mapping[tuple[int, int], int],
) -> NDArray[np.int64]:
    """Who is where, over all cameras, with the future known.

    Args:
        rows: of all cameras, with the detections' own boxes, and the detections of no track.
        views: of the calibrated cameras, by number: the calibration, and ``(width, height)`` px of
            the images.
        config: of the tracker that followed people over all cameras.
        people: the id it gave to each track of each camera, by numbers of both.

    Returns:
        ``(len(rows),)`` new ids, 0 for predicted rows, detections of no track and other cameras.
    """
    here = np.isin(rows["camera"], list(views))
    found = np.flatnonzero(here & rows["detected"] & (rows["track"] != NOBODY))
    points, covariances = np.full((len(found), 2), np.nan), np.zeros((len(found), 2, 2))
    for number, (model, size) in views.items():
        mine = rows["camera"][found] == number
        points[mine], covariances[mine] = model.locate(rows["box"][found[mine]], size)
    keys = zip(rows["camera"][found].tolist(), rows["track"][found].tolist(), strict=True)
    ids = np.array([people[key] for key in keys], np.int64)
    result = np.zeros(len(rows), np.int64)
    result[found] = relink(rows["time"][found], ids, points, covariances, config)
    return result


CLOCK = 1e-3  # s, what times may be off by


@dataclass(frozen=True, slots=True, eq=False)
class CameraRefinement:
    """One camera's finished tracks: linked before the association, completed after it.

    Args:
        config: of the refinement, at 30 frames per second.
        camera: its name.
        fps: of the frames that were read.
        model: the camera's calibration for images of ``size``, if there is one.
        size: ``(width, height)`` px.
        clock: when each frame was taken.
    """

    config: RefineConfig
    camera: str
    fps: float
    model: Calibration | None
    size: tuple[int, int]
    clock: FrameClock

    def linked(
        self,
        rows: Rows,
        tracklets: Mapping[int, Tracklet],
        people: NDArray[np.int64] | None = None,
    ) -> tuple[Rows, list[Tracklet]]:
        """Link the tracks, and leave out those with hardly any evidence.

        Args:
            rows: all of the camera's rows, with the detections' own boxes, and the detections of
                no track.
            tracklets: what is remembered of each track, by its id.
            people: ``(len(rows),)`` who each row shows, where that is known from all cameras;
                then nobody is linked here.

        Returns:
            the rows with a detection and the ids they have now, and the tracklets they are now; a
            linked tracklet looks like all its parts, and its path is smooth.
        """
        order = np.lexsort((rows["track"], rows["frame"]))
        order = order[rows["detected"][order]]  # what was predicted is made anew
        rows, config = rows[order], self._config()
        given = self._track_rows(rows, rows["track"])
        if people is not None:
            given, config = given.renamed(people[order]), replace(config, link_gap=0)
        given = given.renamed(linked(given, config))
        persons = ~on_things(given, config)
        rows, order, given = rows[persons], order[persons], given[persons]
        given = replace(given, det_index=np.arange(len(given)))  # rows of what is left
        smooth = complete(given[given.ids != NOBODY], replace(config, whole_period=0))
        smooth = smooth[smooth.det_index >= 0]
        sightings = self._to_rows(smooth, rows)
        tracks = []
        for track in np.unique(smooth.ids):
            mine = smooth.ids == track
            source = smooth.det_index[mine]
            parts = [tracklets[part] for part in np.unique(rows["track"][source]).tolist()]
            tracks.append(self._joined(int(track), sightings[mine], parts))
            if people is not None:
                tracks[-1].person = int(people[order[source[0]]])
        rows["track"] = given.ids
        return rows, tracks

    @property
    def view(self) -> View | None:
        """What the completion by other cameras needs to know, with a calibration."""
        if self.model is None:
            return None
        return View(self.model, self.size, 1.0 / self.fps, self.clock)

    def evidence(self, rows: Rows) -> dict[int, float]:
        """The scores of each track's detections, as a share of what it takes to be no ghost."""
        found = rows[rows["detected"]]
        tracks, place = np.unique(found["track"], return_inverse=True)
        total = np.bincount(place, found["score"]) / max(self._config().ghost_score, 1e-9)
        return dict(zip(tracks.tolist(), total.tolist(), strict=True))

    def completed(self, rows: Rows, people: NDArray[np.int64]) -> Rows:
        """Take up detections of nobody, fill gaps, smooth and continue.

        Args:
            rows: as ``linked`` returned them, and boxes that other cameras tell of.
            people: ``(len(rows),)`` who each row shows, 0 for nobody.

        Returns:
            all rows of these people.
        """
        rows = rows.copy()
        rows["track"][people == NOBODY] = NOBODY  # of tracks that are nobody after all
        refined = complete(self._track_rows(rows, people), self._config())
        refined = refined[_area_inside(refined.boxes, self.size) >= 1]  # px
        return self._to_rows(refined, rows)

    def _config(self) -> RefineFrames:
        return self.config.at_rate(self.fps)

    def _track_rows(self, rows: Rows, ids: NDArray[np.int64]) -> TrackRows:
        # In place of the detection's number goes the row's own, to find out where a row came from.
        source = np.where(rows["detected"], np.arange(len(rows)), -1)
        return TrackRows(self.clock.steps(rows["frame"]), ids, rows["box"], rows["score"], source)

    def _to_rows(self, refined: TrackRows, rows: Rows) -> Rows:
        result = np.zeros(len(refined), ROW)
        if len(refined) == 0:
            return result
        result["camera"] = rows["camera"][0]
        result["frame"] = self.clock.frames(refined.frames)
        result["time"] = self.clock.times(refined.frames)
        result["track"] = _tracks_nearby(refined, rows["track"])
        result["score"] = refined.scores
        result["box"] = np.clip(refined.boxes, 0, [*self.size, *self.size])
        located = self.model.locate(result["box"], self.size)[0] if self.model else np.nan
        result["floor"] = located
        result["detected"] = refined.det_index >= 0
        return result[result["frame"] > 0]

    def _joined(self, track: int, rows: Rows, parts: Sequence[Tracklet]) -> Tracklet:
        """One tracklet with the rows' sightings and the parts' looks."""
        start, end = float(rows["time"][0]), float(rows["time"][-1])
        tracklet = Tracklet(TrackKey(self.camera, track), start, end)
        for frame, time in zip(rows["frame"].tolist(), rows["time"].tolist(), strict=True):
            tracklet.see(frame, time)
        for part in parts:
            # Of a track that was cut, each piece looks like what was seen of it.
            times = part.gallery.times()
            tracklet.gallery.extend(part.gallery.part(_during(times, start, end)))
        if self.model:
            points, covariances = self.model.locate(rows["box"], self.size)
            for time, point, covariance in zip(rows["time"], points, covariances, strict=True):
                tracklet.path.add(float(time), point, covariance, self.model.position)
        return tracklet


def _area_inside(boxes: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """``(N,)`` px² of each box that lie in the image."""
    inside = np.clip(boxes, 0, [*size, *size])
    area: NDArray[np.float32] = np.prod(inside[:, 2:] - inside[:, :2], axis=1)
    return area


def _tracks_nearby(refined: TrackRows, tracks: NDArray[np.int64]) -> NDArray[np.int64]:
    """``(len(refined),)`` the track each row is part of: its own, or the person's last or first.

    Args:
        refined: rows of people; ``det_index`` says where in ``tracks`` each came from, if at all.
        tracks: with 0 for none.
    """
    order = np.lexsort((refined.frames, refined.ids))
    source, people = refined.det_index[order], refined.ids[order]
    known = np.where(source >= 0, tracks[source], NOBODY)
    seen = np.flatnonzero(known != NOBODY)
    every = np.arange(len(known))
    last = seen[np.maximum(np.searchsorted(seen, every, "right") - 1, 0)]
    following = seen[np.minimum(np.searchsorted(seen, every), len(seen) - 1)]
    result = np.empty(len(known), np.int64)
    result[order] = known[np.where((people[last] == people) & (last <= every), last, following)]
    return result


def _during(times: NDArray[np.float64], start: float, end: float) -> NDArray[np.bool_]:
    """Which times lie between start and end, s; all, where none does."""
    inside = (times >= start - CLOCK) & (times <= end + CLOCK)
    return inside if inside.any() else np.ones(len(times), bool)
