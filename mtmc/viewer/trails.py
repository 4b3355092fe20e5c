"""Where everybody walked on the floor, in few points."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mtmc.outputs.paths import REACH
from mtmc.results import Results

if TYPE_CHECKING:
    from mtmc.types import Doubles

RATES = (5.0, 2.0, 1.0, 0.5, 0.2, 0.1)  # points a second, the first of which is few enough
MOST = 60_000  # points of all people
STEP = 0.05  # m, less is standing still
STANDING = 10.0  # s after which there is a point, also of who stands still


def trails(results: Results) -> dict[str, list[list[float]]]:
    """By person: pieces of ``t, x, y, t, x, y, ...`` in s and m.

    Places are means over short times and over all cameras. A piece ends where nobody saw the person
    for a while.
    """
    if not results.calibration:
        return {}
    import polars as pl

    known = results.table.filter(pl.col("floor_x").is_not_null() & pl.col("floor_x").is_not_nan())
    for rate in RATES:
        tick = (pl.col("time") * rate).floor()
        means = known.group_by("global_id", tick.alias("tick")).agg(
            pl.col("time", "floor_x", "floor_y").mean()
        )
        if len(means) <= MOST:
            break
    means = means.sort("global_id", "tick")
    ids = means["global_id"].to_numpy()
    points = means.select("time", "floor_x", "floor_y").to_numpy()
    bounds = np.flatnonzero(np.diff(ids, prepend=-1, append=-1))
    gap = max(REACH, 2.5 / rate)
    return {
        str(ids[first]): _pieces(points[first:last], gap)
        for first, last in pairwise(bounds.tolist())
    }


def _pieces(points: Doubles, gap: float) -> list[list[float]]:
    """``(N, 3)`` times and places cut where they are further apart than ``gap`` s."""
    parts = np.split(points, np.flatnonzero(np.diff(points[:, 0]) > gap) + 1)
    return [np.round(_moving(part), 2).ravel().tolist() for part in parts]


def _moving(points: Doubles) -> Doubles:
    """Without the points that say nothing new."""
    kept = [0]
    for row in range(1, len(points)):
        time, *step = points[row] - points[kept[-1]]
        if np.hypot(*step) >= STEP or time >= STANDING or row == len(points) - 1:
            kept.append(row)
    return points[kept]
