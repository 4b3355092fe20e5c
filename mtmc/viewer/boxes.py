"""Every box of a run, so many seconds at a time, as bytes that a page takes as they are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mtmc.results import Results, layout
from mtmc.types import Doubles, Ints

if TYPE_CHECKING:
    import polars as pl

LONGEST = 60.0  # seconds in a chunk,
OVERLAP = 1.0  # seconds of the chunks before and after it: clocks that are nearly even are rounded
MOST = 40_000  # fewer where there would be more boxes than that in one


class Boxes:
    """The boxes of people and, with numbers below 0, of things.

    Args:
        results: of a run.

    Attributes:
        start: of the first chunk, s on the run's clock.
        seconds: how long a chunk is.
        count: of the chunks.
    """

    def __init__(self, results: Results) -> None:
        self._cameras = list(results.cameras)
        rows = _rows(results.table, self._cameras)
        if (results.folder / layout.THINGS).is_file():
            things = _rows(results.things, self._cameras)
            things["person"] = -things["person"]
            rows = np.concatenate([rows, things])
        order = np.lexsort((rows["track"], rows["frame"], rows["camera"]))
        rows = rows[order]
        ends = np.searchsorted(rows["camera"], np.arange(len(self._cameras) + 1))
        self._rows = [rows[low:high] for low, high in pairwise(ends)]
        # The clock of a live camera may be set back.
        self._times = [np.maximum.accumulate(mine["time"]) for mine in self._rows]
        self.start = float(rows["time"].min()) if len(rows) else 0.0
        length = float(rows["time"].max()) - self.start if len(rows) else 0.0
        self.seconds = _chunk_seconds(len(rows), length)
        self.count = int(length // self.seconds) + 1 if len(rows) else 0

    @lru_cache(maxsize=16)  # noqa: B019 - there is one of it, for as long as the viewer runs
    def chunk(self, number: int) -> bytes:
        """The boxes of a chunk, little-endian.

        The number of cameras and of each one's rows (``int32``); then, for all rows by camera and
        frame, ``frame``, ``person`` and ``track`` (``int32``), ``x1``, ``y1``, ``x2``, ``y2`` (px,
        ``float32``), and whether each was detected (``uint8``).

        Raises:
            IndexError: there is no such chunk.
        """
        if not 0 <= number < self.count:
            raise IndexError(number)
        start = self.start + number * self.seconds
        limits = start - OVERLAP, start + self.seconds + OVERLAP
        parts = [
            rows[slice(*np.searchsorted(times, limits))]
            for rows, times in zip(self._rows, self._times, strict=True)
        ]
        head = np.array([len(parts), *map(len, parts)], "<i4")
        rows = np.concatenate(parts)
        columns = [np.ascontiguousarray(rows[name]) for name in COLUMNS]
        return b"".join(part.tobytes() for part in (head, *columns))

    def moments(self, camera: int) -> tuple[Ints, Doubles]:
        """``(N,)`` frames of a camera that show somebody, ascending, and their times, s."""
        rows = self._rows[camera]
        frames, first = np.unique(rows["frame"], return_index=True)
        return frames.astype(np.int64), rows["time"][first]


BOX = ("x1", "y1", "x2", "y2")
NUMBERS = {"time": "<f8", "frame": "<i4", "person": "<i4", "track": "<i4"}
COLUMNS = ("frame", "person", "track", *BOX, "seen")  # of a chunk, in their order
ROW = np.dtype(
    [*NUMBERS.items(), *dict.fromkeys(BOX, "<f4").items(), ("camera", "<u2"), ("seen", "u1")]
)


def _rows(table: pl.DataFrame, cameras: Sequence[str]) -> NDArray[np.void]:
    import polars as pl

    numbers = {name: number for number, name in enumerate(cameras)}
    rows = np.zeros(len(table), ROW)
    camera = table["camera"].replace_strict(numbers, return_dtype=pl.UInt16)
    rows["camera"], rows["seen"] = camera.to_numpy(), table["detected"].to_numpy()
    rows["person"], rows["track"] = table["global_id"].to_numpy(), table["track_id"].to_numpy()
    for name in ("time", "frame", *BOX):
        rows[name] = table[name].to_numpy()
    return rows


def _chunk_seconds(count: int, length: float) -> float:
    """So that a chunk of usual density is no more than one answer should hold."""
    if count <= MOST or length <= 0:
        return LONGEST
    return min(LONGEST, max(1.0, length * MOST / count))
