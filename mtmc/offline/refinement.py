"""Recorded video may look ahead: each camera's finished tracks are refined around association."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mtmc.detectors.people import PERSON
from mtmc.trackers import SceneTracker
from mtmc.trackers.geometry import areas
from mtmc.trackers.offline import (
    NOBODY,
    RefineConfig,
    RefineFrames,
    complete,
    linked,
    on_things,
    smoothed,
)
from mtmc.tracking.rows import Rows
from mtmc.tracking.tracklet import Tracklet
from mtmc.tracking.view import View
from mtmc.types import Ints, TrackKey


def relink_people(
    rows: Rows,
    views: Sequence[View],
    tracker: SceneTracker,
    people: Mapping[tuple[int, int], int],
) -> Ints:
    """Who is where, over all cameras, with the future known.

    Args:
        rows: of all cameras, with the detections' own boxes, and the detections of no track.
        views: by number of the camera; the rows of those without a calibration are left out.
        tracker: that followed people over all cameras.
        people: the id it gave to each track of each camera, by numbers of both.

    Returns:
        ``(len(rows),)`` new ids, 0 for predicted rows, detections of no track and other cameras.
    """
    here = np.array([view.model is not None for view in views], bool)[rows["camera"]]
    found = np.flatnonzero(here & rows["detected"] & (rows["track"] != NOBODY))
    points, covariances = np.full((len(found), 2), np.nan), np.zeros((len(found), 2, 2))
    for number, view in enumerate(views):
        mine = rows["camera"][found] == number
        points[mine], covariances[mine] = view.locate(rows["box"][found[mine]])
    keys = zip(rows["camera"][found].tolist(), rows["track"][found].tolist(), strict=True)
    ids = np.array([people[key] for key in keys], np.int64)
    result = np.zeros(len(rows), np.int64)
    result[found] = tracker.relink(rows["time"][found], ids, points, covariances)
    return result


CLOCK = 1e-3  # s, what times may be off by


@dataclass(frozen=True, slots=True, eq=False)
class CameraRefinement:
    """One camera's finished tracks: linked before the association, completed after it.

    Args:
        config: of the refinement, at 30 frames per second.
        view: the camera.
    """

    config: RefineConfig
    view: View

    def linked(
        self, rows: Rows, tracklets: Mapping[int, Tracklet]
    ) -> tuple[Rows, list[Tracklet], Rows]:
        """Link the tracks, and leave out those with hardly any evidence.

        Args:
            rows: all of the camera's rows, with the detections' own boxes, and the detections of
                no track. Where it is known from all cameras whom they show, ``person`` says so;
                then nobody is linked here.
            tracklets: what is remembered of each track, by its id.

        Returns:
            the rows with a detection and the tracks they have now, and the tracklets they are now;
            a linked tracklet looks like all its parts, and its path is smooth. Apart from these the
            rows of tracks that are things.
        """
        rows = rows[rows["detected"]]  # what was predicted is made anew
        rows = rows[np.lexsort((rows["track"], rows["frame"]))]
        rows["step"] = self.view.clock.steps(rows["frame"])
        config, told = self._config(), rows["person"].copy()
        if told.any():
            config = replace(config, link_gap=0)
        else:
            rows["person"] = rows["track"]
        rows["person"] = linked(rows, config)
        # Cars stand for hours.
        only_people = all(self.view.kinds[kind] == PERSON for kind in np.unique(rows["kind"]))
        things = on_things(rows, config if only_people else replace(config, thing_age=0))
        apart = rows[things]
        apart["track"] = apart["person"]
        rows, told = rows[~things], told[~things]
        seen = smoothed(rows[rows["person"] != NOBODY], config)
        seen["box"] = self.view.clipped(seen["box"])
        people, first = np.unique(rows["person"], return_index=True)
        whom = dict(zip(people.tolist(), told[first].tolist(), strict=True))
        tracks = []
        for mine in _by_person(seen):
            track = int(mine["person"][0])
            parts = [tracklets[part] for part in np.unique(mine["track"]).tolist()]
            tracks.append(self._joined(track, mine, parts))
            tracks[-1].person = whom[track] or None
            tracks[-1].kind = int(mine["kind"][0])
        rows["track"], rows["person"] = rows["person"], NOBODY
        return rows, tracks, apart

    def evidence(self, rows: Rows) -> dict[int, float]:
        """The scores of each track's detections, as a share of what it takes to be no ghost."""
        found = rows[rows["detected"]]
        tracks, place = np.unique(found["track"], return_inverse=True)
        total = np.bincount(place, found["score"]) / max(self._config().ghost_score, 1e-9)
        return dict(zip(tracks.tolist(), total.tolist(), strict=True))

    def completed(self, rows: Rows) -> Rows:
        """Take up detections of nobody, fill gaps, smooth and continue.

        Args:
            rows: as ``linked`` returned them, and boxes that other cameras tell of; each with the
                person it shows.

        Returns:
            all rows of people.
        """
        rows, view, clock = rows.copy(), self.view, self.view.clock
        rows["track"][rows["person"] == NOBODY] = NOBODY  # of tracks that are nobody after all
        rows = complete(rows, self._config())
        rows["frame"], rows["time"] = clock.frames(rows["step"]), clock.times(rows["step"])
        rows["box"] = view.clipped(rows["box"])
        shown: Rows = rows[(areas(rows["box"]) >= 1) & (rows["frame"] > 0)]  # px²
        return shown

    def _config(self) -> RefineFrames:
        return self.config.at_rate(self.view.fps)

    def _joined(self, track: int, rows: Rows, parts: Sequence[Tracklet]) -> Tracklet:
        """One tracklet with the rows' sightings and the parts' looks."""
        start, end = float(rows["time"][0]), float(rows["time"][-1])
        tracklet = Tracklet(TrackKey(self.view.name, track), start, end)
        for frame, time in zip(rows["frame"].tolist(), rows["time"].tolist(), strict=True):
            tracklet.see(frame, time)
        for part in parts:
            # Of a track that was cut, each piece looks like what was seen of it.
            times = part.gallery.times()
            tracklet.gallery.extend(part.gallery.part(_during(times, start, end)))
        if self.view.model and self.view.known(rows["kind"], len(rows)).all():
            points, covariances = self.view.locate(rows["box"])
            for time, point, covariance in zip(rows["time"], points, covariances, strict=True):
                tracklet.path.add(float(time), point, covariance, self.view.model.position)
        return tracklet


def _by_person(rows: Rows) -> Iterator[Rows]:
    """The rows of each person, in their order."""
    order = np.argsort(rows["person"], kind="stable")
    starts = np.flatnonzero(np.diff(rows["person"][order], prepend=NOBODY))
    return (rows[mine] for mine in np.split(order, starts[1:]) if len(mine))


def _during(times: NDArray[np.float64], start: float, end: float) -> NDArray[np.bool_]:
    """Which times lie between start and end, s; all, where none does."""
    inside = (times >= start - CLOCK) & (times <= end + CLOCK)
    return inside if inside.any() else np.ones(len(times), bool)
