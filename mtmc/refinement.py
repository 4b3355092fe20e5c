"""Recorded video may look ahead: each camera's finished tracks are refined before association."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtmc.calibration import CameraModel
from mtmc.outputs.tracks import ROW, Rows
from mtmc.tracklets import Tracklet
from mtmc.types import TrackKey
from trackers.offline import RefineConfig, TrackRows, refine

CLOCK = 1e-3  # s, what times may be off by


def refine_camera(
    rows: Rows,
    tracklets: dict[int, Tracklet],
    config: RefineConfig,
    camera: str,
    stride: int,
    fps: float,
    model: CameraModel | None,
    size: tuple[int, int],
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

    Returns:
        the refined rows, and the tracklets they are now; a linked tracklet looks like all its
        parts.
    """
    rows = rows[np.lexsort((rows["track"], rows["frame"]))]
    steps = (rows["frame"].astype(np.int64) - 1) // stride + 1
    # In place of the detection's number goes the row's own, to find out where a row came from.
    source = np.where(rows["detected"], np.arange(len(rows)), -1)
    refined = refine(
        TrackRows(steps, rows["track"], rows["box"], rows["score"], source), config.at_rate(fps)
    )
    refined = refined[_area_inside(refined.boxes, size) >= 1]  # px
    result = _to_rows(refined, rows, steps, stride, model, size)
    origin = np.where(refined.det_index >= 0, rows["track"][refined.det_index], 0)
    people = []
    for track in np.unique(refined.ids):
        mine = (refined.ids == track) & (refined.det_index >= 0)
        parts = [tracklets[int(part)] for part in np.unique(origin[mine])]
        people.append(_join(TrackKey(camera, int(track)), result[mine], parts, model, size))
    return result, people


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
    model: CameraModel | None,
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
    model: CameraModel | None,
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
        points, variances = model.locate(rows["box"], size)
        for time, point, variance in zip(rows["time"], points, variances, strict=True):
            tracklet.path.add(float(time), point, float(variance))
    return tracklet
