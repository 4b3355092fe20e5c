"""Detections that are already there with the looks of each: arrays and tables beside MOT's text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtmc.errors import UserError
from mtmc.mot import UNKNOWN, MotRows

Table = NDArray[np.float64]

MOT_COLUMNS = 10  # of an array, before the embedding
ROW = 5  # x1, y1, x2, y2, score: of an archive, before the embedding
LAYOUTS = {
    ".npy": "one array, of each row MOT's ten columns and the embedding",
    ".npz": "an array per frame, named by its number, of rows x1, y1, x2, y2, score, embedding",
    ".parquet": "columns frame, x1, y1, x2, y2 (or x, y, w, h), score, embedding",
}


def read_described(path: Path, last_frame: int | None = None) -> MotRows:
    """The detections of a file with embeddings.

    Args:
        path: of one of ``LAYOUTS``. Frames count from 1, or from 0 where one is numbered so.
        last_frame: the length of the sequence, where it is known.

    Raises:
        UserError: it cannot be read as one of these; says what was expected.
    """
    try:
        rows = _READERS[path.suffix](path)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as e:
        why = " ".join(str(e).split())
        raise UserError(f"{path}: cannot be read ({why}); expected {LAYOUTS[path.suffix]}") from e
    if last_frame is not None and rows.last_frame > last_frame:
        raise UserError(
            f"{path}: frame {rows.last_frame}; expected at most {last_frame}, the sequence's length"
        )
    return rows


def _array(path: Path) -> MotRows:
    table = np.load(path, allow_pickle=False)
    boxes = np.concatenate([table[:, 2:4], table[:, 2:4] + table[:, 4:6]], axis=1)
    return _rows(table[:, 0], boxes, table[:, 6], table[:, MOT_COLUMNS:])


def _archive(path: Path) -> MotRows:
    with np.load(path, allow_pickle=False) as archive:
        names = sorted(archive.files, key=int)
        tables = [np.atleast_2d(archive[name]) for name in names]
    frames = np.repeat([int(name) for name in names], [len(each) for each in tables])
    full = [each for each in tables if each.size]
    table = np.concatenate(full) if full else np.zeros((0, ROW + 1))
    return _rows(frames, table[:, :4], table[:, 4], table[:, ROW:])


def _table(path: Path) -> MotRows:
    import polars as pl  # takes a while

    try:
        table = pl.read_parquet(path)
    except pl.exceptions.PolarsError as error:
        raise ValueError(error) from error
    corners = {"x1", "y1", "x2", "y2"} <= set(table.columns)
    names = ["x1", "y1", "x2", "y2"] if corners else ["x", "y", "w", "h"]
    if lacking := {"frame", *names, "score", "embedding"} - set(table.columns):
        raise ValueError(f"no column {min(lacking)}")
    boxes = table.select(names).to_numpy().astype(float)
    if not corners:
        boxes[:, 2:] += boxes[:, :2]
    looks = np.array(table["embedding"].to_list(), float).reshape(len(table), -1)
    return _rows(table["frame"].to_numpy(), boxes, table["score"].to_numpy(), looks)


def _rows(frames: NDArray[Any], boxes: Table, scores: Table, looks: NDArray[Any]) -> MotRows:
    if not all(np.isfinite(each).all() for each in (frames, boxes, scores, looks)):
        raise ValueError("NaN or infinity")
    whole = np.asarray(frames, np.int64)
    if (whole != frames).any() or (whole < 0).any():
        raise ValueError("a frame is no whole number, or below 0")
    if looks.shape[1] == 0:
        raise ValueError("no embeddings")
    if not np.linalg.norm(looks, axis=1).all():
        raise ValueError("an embedding of zeros only")
    if len(whole) and whole.min() == 0:
        whole = whole + 1
    return MotRows.make(whole, np.full(len(whole), UNKNOWN), boxes, scores=scores, embeddings=looks)


_READERS: Mapping[str, Callable[[Path], MotRows]] = {
    ".npy": _array,
    ".npz": _archive,
    ".parquet": _table,
}
