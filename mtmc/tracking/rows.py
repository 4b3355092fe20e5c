"""The table of boxes: a row for each box of each camera and frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtmc.files import explained
from mtmc.trackers import Detections, Tracks
from mtmc.trackers.offline import ROW as BOXES
from mtmc.types import Frame, TrackKey

Rows = NDArray[np.void]

# What the refinement of tracks works on, and beside it which camera's, when, and where in the room.
# ``changed`` is the share of a box's pixels that have changed of late, NaN where nobody looked.
# ``track`` is 0 for a detection that no track took, ``detected`` False for a box that was predicted
# where the person is hidden, ``kind`` what it is by its place in ``View.kinds``; ``step`` and
# ``person`` are found out in the end.
ROW = np.dtype(
    [
        ("camera", np.uint16),
        ("frame", np.int32),
        ("time", np.float64),
        *BOXES.descr,
        ("floor", np.float32, 2),
        ("changed", np.float32),
        ("kind", np.uint8),
    ]
)


def make_rows(
    camera: int,
    frame: Frame,
    tracks: Tracks,
    floor: NDArray[np.floating] | None,
    changed: NDArray[np.floating] | None = None,
) -> Rows:
    """The tracks of one frame as rows of the table.

    Args:
        camera: the camera's number.
        frame: whose tracks these are.
        tracks: ``M`` of them.
        floor: ``(M, 2)`` m, by the boxes alone; None without a calibration.
        changed: of each detection; None where nobody looked.
    """
    rows = np.zeros(len(tracks), ROW)
    rows["camera"], rows["frame"], rows["time"] = camera, frame.index, frame.time
    rows["track"], rows["box"], rows["score"] = tracks.ids, tracks.boxes, tracks.scores
    rows["floor"] = np.nan if floor is None else floor
    rows["detected"], rows["changed"] = tracks.det_index >= 0, np.nan
    if changed is not None:
        rows["changed"][rows["detected"]] = changed[tracks.det_index[rows["detected"]]]
    if tracks.classes is not None:
        rows["kind"] = tracks.classes
    return rows


def as_detected(tracks: Tracks, detections: Detections) -> Tracks:
    """The tracks of one frame with the boxes of their detections in place of the tracker's."""
    boxes, found = tracks.boxes.copy(), tracks.det_index >= 0
    boxes[found] = detections.boxes[tracks.det_index[found]]
    return replace(tracks, boxes=boxes)


def untracked_rows(camera: int, frame: Frame, detections: Detections, tracks: Tracks) -> Rows:
    """The detections of one frame that no track took, as rows of the table.

    Args:
        camera: the camera's number.
        frame: whose detections these are.
        detections: all of them.
        tracks: which of them were taken.
    """
    free = np.ones(len(detections), bool)
    free[tracks.det_index[tracks.det_index >= 0]] = False
    rows = np.zeros(np.count_nonzero(free), ROW)
    rows["camera"], rows["frame"], rows["time"] = camera, frame.index, frame.time
    rows["box"], rows["score"] = detections.boxes[free], detections.scores[free]
    rows["floor"], rows["changed"], rows["detected"] = np.nan, np.nan, True
    if detections.classes is not None:
        rows["kind"] = detections.classes[free]
    return rows


# Whose a track is, as soon as it is decided.
DECISION = np.dtype([("camera", np.uint16), ("track", np.int64), ("id", np.int64)])

ROWS_NAME, DECISIONS_NAME = ".tracks.partial", ".ids.partial"


class TrackSpool:
    """All rows and decisions of a run, on disk: memory does not grow with the length of the video.

    They are there at once, so that a run that is killed leaves them, and until ``remove``.

    Args:
        folder: of the run.
        cameras: their names, by number; more may be added.
    """

    def __init__(self, folder: Path, cameras: Sequence[str]) -> None:
        self._paths = folder / ROWS_NAME, folder / DECISIONS_NAME
        self._cameras = cameras
        with explained(folder):
            self._rows, self._decisions = (path.open("wb") for path in self._paths)

    def append(self, rows: Rows, decided: Mapping[TrackKey, int] | None = None) -> None:
        """Add rows at the end, and the global ids that were decided with them."""
        with explained(self._paths[0]):
            self._rows.write(rows.tobytes())
            self._rows.flush()
            if decided:
                number = {name: number for number, name in enumerate(self._cameras)}
                ids = [(number[key.camera], key.track_id, i) for key, i in decided.items()]
                self._decisions.write(np.array(ids, DECISION).tobytes())
                self._decisions.flush()

    def rows(self) -> Rows:
        """All rows so far, mapped from the file, which stays as it is when they are changed."""
        return _read(self._paths[0], ROW)

    def ids(self) -> dict[TrackKey, int]:
        """The global ids decided so far."""
        return _ids(_read(self._paths[1], DECISION), self._cameras)

    def remove(self) -> None:
        """Remove the files; what was read of them stays."""
        for file, path in zip((self._rows, self._decisions), self._paths, strict=True):
            file.close()
            with suppress(OSError):  # Windows keeps what is still mapped
                path.unlink(missing_ok=True)


def read_spool(folder: Path, cameras: Sequence[str]) -> tuple[Rows, dict[TrackKey, int]]:
    """What a run that was killed has left: whole rows, and the global ids of their tracks."""
    ids = _ids(_read(folder / DECISIONS_NAME, DECISION), cameras)
    return _read(folder / ROWS_NAME, ROW), ids


def _read(path: Path, dtype: np.dtype[np.void]) -> Rows:
    """The whole entries of a file; the last one may have been cut off."""
    count = path.stat().st_size // dtype.itemsize if path.exists() else 0
    return np.memmap(path, dtype, mode="c", shape=count) if count else np.zeros(0, dtype)


def _ids(decisions: Rows, cameras: Sequence[str]) -> dict[TrackKey, int]:
    return {TrackKey(cameras[camera], track): i for camera, track, i in decisions.tolist()}
