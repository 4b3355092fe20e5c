"""The table of boxes: a row for each box of each camera and frame."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mtmc.files import explained
from mtmc.trackers import Detections, Tracks
from mtmc.trackers.offline import ROW as BOXES
from mtmc.types import Frame

Rows = NDArray[np.void]

# What the refinement of tracks works on, and beside it which camera's, when, and where in the room.
# ``track`` is 0 for a detection that no track took, ``detected`` False for a box that was predicted
# where the person is hidden; ``step`` and ``person`` are found out in the end.
ROW = np.dtype(
    [
        ("camera", np.uint16),
        ("frame", np.int32),
        ("time", np.float64),
        *BOXES.descr,
        ("floor", np.float32, 2),
    ]
)


def make_rows(camera: int, frame: Frame, tracks: Tracks) -> Rows:
    """The tracks of one frame as rows of the table.

    Args:
        camera: the camera's number.
        frame: whose tracks these are.
        tracks: ``M`` of them.
    """
    rows = np.zeros(len(tracks), ROW)
    rows["camera"], rows["frame"], rows["time"] = camera, frame.index, frame.time
    rows["track"], rows["box"], rows["score"] = tracks.ids, tracks.boxes, tracks.scores
    rows["floor"], rows["detected"] = np.nan, tracks.det_index >= 0
    return rows


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
    rows["floor"], rows["detected"] = np.nan, True
    return rows


class TrackSpool:
    """All rows of a run, on disk, so that memory does not grow with the length of the video."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with explained(path):
            self._file = path.open("wb")

    def append(self, rows: Rows) -> None:
        """Add rows at the end."""
        with explained(self._path):
            self._file.write(rows.tobytes())

    def rows(self) -> Rows:
        """All rows so far, mapped from the file, which stays as it is when they are changed."""
        self._file.flush()
        if self._path.stat().st_size == 0:
            return np.zeros(0, ROW)
        return np.memmap(self._path, ROW, mode="c")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)
