"""What every format is made of: a camera's boxes, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from mtmc.results import Results

COLUMNS = (
    *("frame", "global_id", "track_id", "x1", "y1", "x2", "y2"),
    *("score", "class", "detected", "name"),
)


class Box(NamedTuple):
    """One box; its fields are the columns of ``tracks.parquet``."""

    frame: int
    global_id: int
    track_id: int
    x1: float
    y1: float
    x2: float
    y2: float
    score: float
    kind: str
    detected: bool
    name: str | None

    @property
    def xywh(self) -> list[float]:
        """Left, top, width, height, px in hundredths."""
        sides = self.x1, self.y1, self.x2 - self.x1, self.y2 - self.y1
        return [round(side, 2) for side in sides]


def boxes_of(results: Results, camera: str, *order: str) -> Iterator[Box]:
    """A camera's boxes.

    Args:
        results: of the run.
        camera: its name.
        order: the columns they are sorted by.
    """
    table = results.table.filter(pl.col("camera") == camera).sort(order, maintain_order=True)
    return (Box(*row) for row in table.select(COLUMNS).iter_rows())


def classes_of(results: Results) -> list[str]:
    """The names of what was followed, each once."""
    return results.table["class"].unique(maintain_order=True).sort().to_list()
