"""Every box of every track: spooled to disk while it runs, then written with global ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtmc.files import explained, replacing, write_text
from mtmc.mot import MotRows, format_mot
from mtmc.tracking.rows import Rows
from mtmc.types import TrackKey


class TrackTable:
    """The rows of a run with their global ids, by camera and frame.

    Args:
        rows: of all cameras.
        cameras: their names, by number.
        ids: the global id of each track; tracks without one are left out.
    """

    def __init__(self, rows: Rows, cameras: Sequence[str], ids: Mapping[TrackKey, int]) -> None:
        self.cameras = cameras
        self._rows: list[Rows] = []
        self._ids: list[NDArray[np.int64]] = []
        for number, name in enumerate(cameras):
            mine = rows[rows["camera"] == number]
            tracks, inverse = np.unique(mine["track"], return_inverse=True)
            known = np.array([ids.get(TrackKey(name, int(t)), 0) for t in tracks], np.int64)
            global_ids = known[inverse] if len(mine) else np.zeros(0, np.int64)
            order = np.lexsort((~mine["detected"], global_ids, mine["frame"]))
            order = order[global_ids[order] > 0]
            # Where a person was found again while one of their tracks was still predicted.
            place = np.stack([mine["frame"][order], global_ids[order]])
            repeated = (np.diff(place, axis=1) == 0).all(axis=0)
            order = order[np.concatenate([np.ones(min(len(order), 1), bool), ~repeated])]
            self._rows.append(mine[order])
            self._ids.append(global_ids[order])

    def camera(self, number: int) -> tuple[Rows, NDArray[np.int64]]:
        """Rows and global ids of a camera, sorted by frame and id."""
        return self._rows[number], self._ids[number]

    def at(self, number: int, frame: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Boxes ``(M, 4)`` px and global ids ``(M,)`` of one frame."""
        first, last = np.searchsorted(self._rows[number]["frame"], [frame, frame + 1])
        return self._rows[number]["box"][first:last], self._ids[number][first:last]


def to_mot(rows: Rows, ids: NDArray[np.int64]) -> str:
    """Rows as MOT text with global ids."""
    return format_mot(MotRows.make(rows["frame"], ids, rows["box"], scores=rows["score"]))


def write_mot_files(table: TrackTable, folder: Path) -> None:
    """Write ``<camera>.txt`` for every camera, also for those that saw nobody."""
    for number, name in enumerate(table.cameras):
        write_text(folder / f"{name}.txt", to_mot(*table.camera(number)))


def write_parquet(table: TrackTable, path: Path) -> None:
    """Write one table of all cameras: times in s, boxes in px, floor positions in m or null."""
    import polars as pl

    parts = []
    for number, name in enumerate(table.cameras):
        rows, ids = table.camera(number)
        boxes, floor = rows["box"], rows["floor"]
        columns = {
            "camera": pl.Series([name] * len(rows), dtype=pl.String),
            "frame": rows["frame"],
            "time": rows["time"],
            "global_id": ids,
            "track_id": rows["track"],
            **{side: boxes[:, i] for i, side in enumerate(("x1", "y1", "x2", "y2"))},
            "score": rows["score"],
            **{f"floor_{axis}": floor[:, i] for i, axis in enumerate("xy")},
        }
        parts.append(
            pl.DataFrame(columns).with_columns(pl.col("floor_x", "floor_y").fill_nan(None))
        )
    with replacing(path) as partial:
        pl.concat(parts).write_parquet(partial)


class LiveTracks:
    """Writes ``<camera>.txt`` while the run goes on, each row as soon as its id is known.

    Predicted boxes are left to the end, when it is known whether the person was found meanwhile.
    """

    def __init__(self, folder: Path, cameras: Sequence[str]) -> None:
        self._folder = folder
        self._cameras = cameras
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._files = [(folder / f"{n}.txt").open("w", encoding="utf-8") for n in cameras]
        self._pending: dict[TrackKey, list[Rows]] = {}
        self._ids: dict[TrackKey, int] = {}

    def write(self, rows: Rows, decided: Mapping[TrackKey, int]) -> None:
        """Take in a step's rows and decisions."""
        for key, number in decided.items():
            self._ids[key] = number
            for row in self._pending.pop(key, []):
                self._put(row, number)
        for position in np.flatnonzero(rows["detected"]):
            row = rows[position : position + 1]
            key = TrackKey(self._cameras[int(row["camera"][0])], int(row["track"][0]))
            if key in self._ids:
                self._put(row, self._ids[key])
            else:
                self._pending.setdefault(key, []).append(row)
        with explained(self._folder):
            for file in self._files:
                file.flush()

    def _put(self, row: Rows, number: int) -> None:
        self._files[int(row["camera"][0])].write(to_mot(row, np.array([number])))

    def close(self) -> None:
        """Close the files; rows without an id are not written."""
        for file in self._files:
            file.close()
