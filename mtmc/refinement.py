"""Recorded video may look ahead: each camera's finished tracks are refined before association."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mtmc.calibration import Calibration
from mtmc.outputs.tracks import ROW, Rows
from mtmc.tracklets import Tracklet
from mtmc.types import TrackKey
from trackers.floor import FloorConfig
from trackers.offline import RefineConfig, TrackRows, refine
from trackers.offline.floor import relink


def relink_people(
    rows: Rows,
    views: Sequence[tuple[Calibration, tuple[int, int]]],
    config: FloorConfig,
    people: Mapping[tuple[int, int], int],
) -> NDArray[np.int64]:
    """Who is where, over all cameras, with the future known.

    Args:
        rows: of all cameras, with the detections' own boxes.
        views: by number of the camera: its calibration, and ``(width, height)`` px of its images.
        config: of the tracker that followed people over all cameras.
        people: the id it gave to each track of each camera, by numbers of both.

    Returns:
        ``(len(rows),)`` new ids, 0 for predicted rows.
    """
    found = np.flatnonzero(rows["detected"])
    points, covariances = np.full((len(found), 2), np.nan), np.zeros((len(found), 2, 2))
    for number, (model, size) in enumerate(views):
        mine = rows["camera"][found] == number
        points[mine], covariances[mine] = model.locate(rows["box"][found[mine]], size)
    keys = zip(rows["camera"][found].tolist(), rows["track"][found].tolist(), strict=True)
    ids = np.array([people[key] for key in keys], np.int64)
    result = np.zeros(len(rows), np.int64)
    result[found] = relink(rows["time"][found], ids, points, covariances, config)
    return result


CLOCK = 1e-3  # s, what times may be off by


def refine_camera(
    rows: Rows,
    tracklets: dict[int, Tracklet],
    config: RefineConfig,
    camera: str,
    stride: int,
    fps: float,
    model: Calibration | None,
    size: tuple[int, int],
    people: NDArray[np.int64] | None = None,
) -> tuple[Rows, list[Tracklet]]:
    """Link, fill, smooth and clean one camera's tracks.

    Args:
        rows: all of the camera's rows, with the detections' own boxes.
        tracklets: what is remembered of each track, by its id.
        config: of the refinement, at 30 frames per second.
        camera: its name.
        stride: between the frames that were read; the refinement counts these.
        fps: of the frames that were read.
        model: the camera's calibration for images of ``size``, if there is one.
        size: ``(width, height)`` px.
        people: ``(len(rows),)`` who each row shows, where that is known from all cameras; then
            nobody is linked here.

    Returns:
        the refined rows, and the tracklets they are now; a linked tracklet looks like all its
        parts.
    """
    order = np.lexsort((rows["track"], rows["frame"]))
    order = order[rows["detected"][order]]  # what was predicted is made anew
    rows, ids = rows[order], rows["track"][order]
    if people is not None:
        ids, config = people[order], replace(config, link_gap=0)
    steps = (rows["frame"].astype(np.int64) - 1) // stride + 1
    # In place of the detection's number goes the row's own, to find out where a row came from.
    source = np.where(rows["detected"], np.arange(len(rows)), -1)
    refined = refine(TrackRows(steps, ids, rows["box"], rows["score"], source), config.at_rate(fps))
    refined = refined[_area_inside(refined.boxes, size) >= 1]  # px
    result = _to_rows(refined, rows, steps, stride, model, size)
    origin = np.where(refined.det_index >= 0, rows["track"][refined.det_index], 0)
    tracks = []
    for track in np.unique(refined.ids):
        mine = (refined.ids == track) & (refined.det_index >= 0)
        parts = [tracklets[int(part)] for part in np.unique(origin[mine])]
        joined = _join(TrackKey(camera, int(track)), result[mine], parts, model, size)
        if people is not None:
            joined.person = int(ids[refined.det_index[mine][0]])
        tracks.append(joined)
    return result, tracks


def _area_inside(boxes: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """``(N,)`` px² of each box that lie in the image."""
    inside = np.clip(boxes, 0, [*size, *size])
    area: NDArray[np.float32] = np.prod(inside[:, 2:] - inside[:, :2], axis=1)
    return area


def _to_rows(
    refined: TrackRows,
    rows: Rows,
    steps: NDArray[np.int64],
    stride: int,
    model: Calibration | None,
    size: tuple[int, int],
) -> Rows:
    result = np.zeros(len(refined), ROW)
    if len(refined) == 0:
        return result
    result["camera"] = rows["camera"][0]
    result["frame"] = (refined.frames - 1) * stride + 1
    # Of frames in which nobody was found, the time was not kept; it lies between its neighbours.
    result["time"] = np.interp(refined.frames, steps, rows["time"])
    result["track"], result["score"] = refined.ids, refined.scores
    result["box"] = np.clip(refined.boxes, 0, [*size, *size])
    result["floor"] = model.locate(result["box"], size)[0] if model else np.nan
    result["detected"] = refined.det_index >= 0
    return result


def _during(times: NDArray[np.float64], start: float, end: float) -> NDArray[np.bool_]:
    """Which times lie between start and end, s; all, where none does."""
    inside = (times >= start - CLOCK) & (times <= end + CLOCK)
    return inside if inside.any() else np.ones(len(times), bool)


def _join(
    key: TrackKey,
    rows: Rows,
    parts: list[Tracklet],
    model: Calibration | None,
    size: tuple[int, int],
) -> Tracklet:
    """One tracklet with the rows' sightings and the parts' looks."""
    tracklet = Tracklet(key, float(rows["time"][0]), float(rows["time"][-1]))
    for frame, time in zip(rows["frame"].tolist(), rows["time"].tolist(), strict=True):
        tracklet.see(frame, time)
    for part in parts:
        # Of a track that was cut, each piece looks like what was seen of it.
        times = part.gallery.times()
        tracklet.gallery.extend(part.gallery.part(_during(times, tracklet.start, tracklet.end)))
    if model:
        points, covariances = model.locate(rows["box"], size)
        for time, point, covariance in zip(rows["time"], points, covariances, strict=True):
            tracklet.path.add(float(time), point, covariance, model.position)
    return tracklet
