"""The boxes of a finished run, one list per camera."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtmc.errors import UserError
from mtmc.mot import MotKind, read_mot
from mtmc.types import Doubles


@dataclass(frozen=True, slots=True, eq=False)
class SeenTracks:
    """One camera's boxes, ordered by track and time.

    Args:
        size: ``(width, height)`` px of the images.
        times: ``(N,)`` s.
        tracks: ``(N,) int64``, which of them one track has.
        boxes: ``(N, 4)`` ``x1, y1, x2, y2`` px.
    """

    size: tuple[int, int]
    times: Doubles
    tracks: NDArray[np.int64]
    boxes: Doubles

    @classmethod
    def make(
        cls, size: tuple[int, int], times: Doubles, tracks: NDArray[np.int64], boxes: Doubles
    ) -> SeenTracks:
        """Put rows in order."""
        order = np.lexsort((times, tracks))
        return cls(size, times[order], tracks[order], boxes[order])


def read_run(folder: Path) -> dict[str, SeenTracks]:
    """What each camera of a finished ``mtmc run`` saw.

    Raises:
        UserError: it is not the folder of a run, or a file in it cannot be read.
    """
    cameras = read_record(folder)["cameras"]
    table = folder / "tracks.parquet"
    if table.exists():
        return _from_parquet(table, cameras)
    return {name: _from_mot(folder / "tracks", name, about) for name, about in cameras.items()}


def read_record(folder: Path) -> dict[str, Any]:
    """The ``run.json`` of a run.

    Raises:
        UserError: there is none, or it is not what a run writes.
    """
    path = folder / "run.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        for about in record["cameras"].values():
            float(about["fps"]), int(about["size"][0]), int(about["size"][1])
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; expected the --out folder of a run") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise UserError(f"{path}: not what `mtmc run` writes ({error!r})") from error
    return dict(record)


def _from_parquet(path: Path, cameras: dict[str, Any]) -> dict[str, SeenTracks]:
    import polars as pl

    try:
        table = pl.read_parquet(path)
        result = {}
        for name, about in cameras.items():
            mine = table.filter(pl.col("camera") == name)
            boxes = mine.select("x1", "y1", "x2", "y2").to_numpy().astype(np.float64)
            # A track that was given to two people is two.
            _, tracks = np.unique(
                mine.select("global_id", "track_id").to_numpy(), axis=0, return_inverse=True
            )
            times = mine["time"].to_numpy().astype(np.float64)
            result[name] = SeenTracks.make(tuple(about["size"]), times, tracks.reshape(-1), boxes)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(f"{path}: not the table that `mtmc run` writes: {error}") from error
    return result


def _from_mot(folder: Path, name: str, about: dict[str, Any]) -> SeenTracks:
    rows = read_mot(folder / f"{name}.txt", MotKind.TRACKS)
    times = (rows.frames - 1) / float(about["fps"])
    return SeenTracks.make(tuple(about["size"]), times, rows.ids, rows.boxes)
