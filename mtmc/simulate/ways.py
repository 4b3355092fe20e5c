"""A floor, and the ways on it around what stands still: a distance field on a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse.csgraph import dijkstra

from mtmc.simulate.body import Floats
from mtmc.simulate.geometry import Rectangle

RADIUS = 0.27  # m, half a person's width


@dataclass(frozen=True)
class Seat:
    """A chair: where one stands in front of it and which way one then faces; height of the seat."""

    position: tuple[float, float]
    heading: float
    height: float = 0.45


@dataclass(frozen=True)
class Floor:
    """What of a place matters to those who walk in it.

    Attributes:
        bounds: xmin, ymin, xmax, ymax in m; what is outside cannot be walked.
        blocked: rectangles (xmin, ymin, xmax, ymax) nobody walks through.
        doors: points where people come from and go to (out of sight).
        stops: points worth standing at; drawn anywhere if empty.
        through: people cross from door to door rather than stay.
        crowd: how many fit at the same time; 0 for no limit.
        inside: share of the people who are there from the beginning.
    """

    bounds: Rectangle
    blocked: Sequence[Rectangle]
    doors: Sequence[tuple[float, float]]
    seats: Sequence[Seat] = ()
    stops: Sequence[tuple[float, float]] = ()
    through: bool = False
    crowd: int = 0
    inside: float = 0.0


class Ways:
    """Directions to walk from anywhere to a target, on a grid."""

    def __init__(self, floor: Floor, cell: float) -> None:
        self.cell = cell
        x0, y0, x1, y1 = floor.bounds
        self.origin = np.array([x0, y0])
        self.shape = (int(np.ceil((x1 - x0) / cell)) + 1, int(np.ceil((y1 - y0) / cell)) + 1)
        xs = x0 + np.arange(self.shape[0]) * cell
        ys = y0 + np.arange(self.shape[1]) * cell
        free = np.ones(self.shape, dtype=bool)
        for bx0, by0, bx1, by1 in floor.blocked:
            inside = (xs[:, None] > bx0 - RADIUS) & (xs[:, None] < bx1 + RADIUS)
            free &= ~(inside & (ys > by0 - RADIUS) & (ys < by1 + RADIUS))
        self.free = free
        room = ndimage.distance_transform_edt(free) * cell
        # Walking near things costs more: people keep off walls where they can.
        self.cost = np.where(free, 1 + 1.5 * np.exp(-room / 0.2), 60.0)
        self.graph = self._graph()
        self.fields: dict[tuple[int, int], Floats] = {}

    def _graph(self) -> sparse.csr_matrix:
        index = np.arange(self.cost.size).reshape(self.shape)
        rows, columns, weights = [], [], []
        for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1)):
            a = index[: self.shape[0] - dx, max(-dy, 0) : self.shape[1] - max(dy, 0)]
            b = index[dx:, max(dy, 0) : self.shape[1] + min(dy, 0)]
            rows.append(a.ravel())
            columns.append(b.ravel())
            mean = 0.5 * (self.cost.ravel()[a] + self.cost.ravel()[b])
            weights.append((mean * np.hypot(dx, dy) * self.cell).ravel())
        return sparse.csr_matrix(
            (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))),
            shape=(self.cost.size, self.cost.size),
        )

    def node(self, point: Floats) -> tuple[int, int]:
        """The cell a point is in."""
        i = np.clip(np.round((point - self.origin) / self.cell), 0, np.array(self.shape) - 1)
        return int(i[0]), int(i[1])

    def is_free(self, point: Floats) -> bool:
        """Whether somebody can stand there."""
        return bool(self.free[self.node(point)])

    def toward(self, point: Floats, target: Floats) -> Floats:
        """Unit direction of the shortest way, ``(2,)``."""
        straight = target - point
        distance = float(np.hypot(*straight))
        if distance < 2 * self.cell:
            return np.asarray(straight / max(distance, 1e-9))
        goal = self.node(target)
        if goal not in self.fields:
            flat = goal[0] * self.shape[1] + goal[1]
            self.fields[goal] = dijkstra(self.graph, directed=False, indices=flat).reshape(
                self.shape
            )
        far = self.fields[goal]
        here = point
        for _ in range(max(int(0.5 / self.cell), 2)):  # look half a metre ahead: smooth turns
            i, j = self.node(here)
            i0, j0 = max(i - 1, 0), max(j - 1, 0)
            window = far[i0 : i + 2, j0 : j + 2]
            best = np.unravel_index(int(np.argmin(window)), window.shape)
            here = self.origin + np.array([i0 + best[0], j0 + best[1]]) * self.cell
        ahead = here - point
        return np.asarray(ahead / max(float(np.hypot(*ahead)), 1e-9))


def ways_of(floor: Floor) -> Ways:
    """The ways of a floor, worked out once."""
    return _ways(floor.bounds, tuple(floor.blocked))


def free_spots(floor: Floor, count: int, rng: np.random.Generator) -> list[Floats]:
    """So many spots, ``(2,)`` m, where somebody can stand."""
    ways, spots = ways_of(floor), list[Floats]()
    x0, y0, x1, y1 = floor.bounds
    while len(spots) < count:
        spot = np.asarray(rng.uniform([x0, y0], [x1, y1]))
        if ways.is_free(spot):
            spots.append(spot)
    return spots


@lru_cache(maxsize=4)
def _ways(bounds: Rectangle, blocked: tuple[Rectangle, ...]) -> Ways:
    x0, y0, x1, y1 = bounds
    return Ways(Floor(bounds, blocked, ()), 0.1 if (x1 - x0) * (y1 - y0) < 150 else 0.25)
