"""Who crossed a line, which way, and who was in a zone, for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from mtmc.detectors.people import PERSON
from mtmc.outputs.paths import FloorPaths, paths_of
from mtmc.outputs.zones import Place
from mtmc.results import Results
from mtmc.types import Doubles, Mask

MARGIN = 0.3  # m on each side of a line, or around a zone, in which nothing is decided
TALL = 1.7  # m, of a box in an image
RATE = 10.0  # moments per second at which people are looked at


class Event(NamedTuple):
    """Somebody crossed a line, or was in a zone.

    Args:
        place: the name of the line or zone.
        person: global id.
        start: s.
        end: s; of a crossing the same.
        way: ``in`` or ``out``; ``unseen`` of somebody who was lost on one side of a line and found
            on the other, which is not counted; ``stay`` in a zone.
    """

    place: str
    person: int
    start: float
    end: float
    way: str


def count_events(results: Results, places: Sequence[Place]) -> list[Event]:
    """All crossings and stays of people, in order of time.

    On the floor somebody is where ``floor_x`` and ``floor_y`` say, in an image at the middle of
    the box's lower edge.
    """
    paths = {each.camera: _paths(results, each.camera) for each in places}
    found = []
    for place in places:
        walked = paths[place.camera]
        for person, path in walked.people.items():
            at, margin = path.points[:, :2], path.points[:, 2]
            events = _crossings if place.is_line else _stays
            for first, last, way in events(at, margin, place):
                start, end = (walked.start + (path.first + n) / RATE for n in (first, last))
                found.append(Event(place.name, person, round(start, 3), round(end, 3), way))
    return sorted(found, key=lambda event: (event.start, event.place, event.person))


def _paths(results: Results, camera: str | None) -> FloorPaths:
    """Everybody's places, with the margin that suits each."""
    table = results.table.filter(pl.col("class") == PERSON)
    if camera is None:
        table = table.drop_nulls(["floor_x", "floor_y"])
        columns = pl.col("floor_x"), pl.col("floor_y"), pl.lit(MARGIN)
    else:
        table = table.filter(pl.col("camera") == camera)
        tall = pl.col("y2") - pl.col("y1")
        columns = (pl.col("x1") + pl.col("x2")) / 2, pl.col("y2"), MARGIN / TALL * tall
    points = table.select(x=columns[0], y=columns[1], margin=columns[2]).to_numpy()
    return paths_of(table["time"].to_numpy(), table["global_id"].to_numpy(), points, RATE)


def _crossings(at: Doubles, margin: Doubles, line: Place) -> Iterator[tuple[int, int, str]]:
    """When somebody went from beyond the margin on one side to beyond it on the other."""
    start, end = line.points
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length
    # To the right as one looks along the line. In an image y points down.
    down = 1 if line.camera is None else -1
    right = down * ((at - start) @ np.array([along[1], -along[0]]))
    share = (at - start) @ along / length
    side = (right > margin).astype(int) - (right < -margin)
    for a, b in pairwise(np.flatnonzero(side).tolist()):
        if side[a] == side[b]:
            continue
        known = bool(np.isfinite(right[a : b + 1]).all())
        # Who stood on the line for long has crossed it where they did for the last time.
        last = a + int(np.flatnonzero(right[a:b] * side[b] <= 0)[-1]) if known else a
        then = last + 1 if known else b
        part = right[last] / (right[last] - right[then])
        if 0 <= share[last] + part * (share[then] - share[last]) <= 1:
            yield then, then, ("in" if side[b] > 0 else "out") if known else "unseen"


def _stays(at: Doubles, margin: Doubles, zone: Place) -> Iterator[tuple[int, int, str]]:
    """From when to when somebody was inside; who is not seen for a second has left."""
    beyond = _distance(at, zone.points)
    inside = _inside(at, zone.points)
    left = ~inside & ~(beyond <= margin)  # NaN is not inside, either
    decided = np.where(inside | left, np.arange(len(at)), 0)
    stays = inside[np.maximum.accumulate(decided)]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], stays, [False]]).astype(int)))
    for first, after in edges.reshape(-1, 2).tolist():
        yield first, after, "stay"


def _inside(at: Doubles, corners: Doubles) -> Mask:
    """``(T,)`` whether points ``(T, 2)`` are in a polygon ``(K, 2)``: a ray leaves it once more."""
    x, y = at.T[..., None]
    (x1, y1), (x2, y2) = corners.T, np.roll(corners, -1, axis=0).T
    with np.errstate(divide="ignore", invalid="ignore"):
        crossed = ((y1 > y) != (y2 > y)) & (x < x1 + (y - y1) / (y2 - y1) * (x2 - x1))
    odd: Mask = crossed.sum(axis=1) % 2 == 1
    return odd


def _distance(at: Doubles, corners: Doubles) -> Doubles:
    """``(T,)`` how far points ``(T, 2)`` are from the edges of a polygon ``(K, 2)``."""
    edge = np.roll(corners, -1, axis=0) - corners
    offset = at[:, None] - corners
    square = np.maximum((edge**2).sum(axis=1), 1e-12)
    nearest = np.clip((offset * edge).sum(axis=2) / square, 0, 1)
    away: Doubles = np.linalg.norm(offset - nearest[..., None] * edge, axis=2).min(axis=1)
    return away
