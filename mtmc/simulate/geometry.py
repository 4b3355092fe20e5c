"""Shapes to build places from: boxes, cylinders, balls and the shell of a floor plan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtmc.simulate.body import Floats, Ints

Rectangle = tuple[float, float, float, float]  # xmin, ymin, xmax, ymax in m


class Builder:
    """Collects triangles, each with the index of its surface."""

    def __init__(self) -> None:
        self._vertices: list[Floats] = []
        self._faces: list[Ints] = []
        self._surface: list[Ints] = []
        self._count = 0

    def add(self, vertices: Floats, faces: Ints, surface: int | Ints) -> None:
        """Add triangles ``(F, 3)`` over vertices ``(V, 3)``, of one surface or ``(F,)``."""
        self._vertices.append(vertices)
        self._faces.append(faces + self._count)
        self._surface.append(np.full(len(faces), surface))
        self._count += len(vertices)

    def quad(self, corners: Sequence[Sequence[float]], surface: int) -> None:
        """Add a quadrilateral from its corners in turn."""
        self.add(np.array(corners, float), np.array([[0, 1, 2], [0, 2, 3]]), surface)

    def box(
        self, low: Sequence[float], high: Sequence[float], surface: int,
        turn: float = 0.0, about: Sequence[float] | None = None,
    ) -> None:  # fmt: skip
        """Add a box; `turn` rad about the vertical through `about` (x, y)."""
        lo, hi = np.array(low, float), np.array(high, float)
        corners = np.array([[(lo, hi)[(i >> k) & 1][k] for k in range(3)] for i in range(8)])
        if turn:
            centre = 0.5 * (lo + hi)[:2] if about is None else np.array(about, float)
            c, s = np.cos(turn), np.sin(turn)
            corners[:, :2] = (corners[:, :2] - centre) @ np.array([[c, s], [-s, c]]) + centre
        sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
        faces = [f for a, b, c, d in sides for f in ((a, b, c), (a, c, d))]
        self.add(corners, np.array(faces), surface)

    def cylinder(
        self,
        foot: Sequence[float],
        radius: float,
        height: float,
        surface: int,
        top: float | None = None,
    ) -> None:
        """Add an upright cylinder, or a cone with another radius at the top."""
        n = 14
        angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
        ring = np.stack([np.cos(angle), np.sin(angle), np.zeros(n)], 1)
        base = np.array(foot, float)
        low = ring * radius + base
        lift = np.array([0.0, 0.0, height])
        high = ring * (radius if top is None else top) + base + lift
        vertices = np.concatenate([low, high, [base + lift]])
        i = np.arange(n)
        j = (i + 1) % n
        faces = np.concatenate(
            [
                np.stack([i, j, j + n], 1),
                np.stack([i, j + n, i + n], 1),
                np.stack([i + n, j + n, 0 * i + 2 * n], 1),
            ]
        )
        self.add(vertices, faces, surface)

    def ball(self, centre: Sequence[float], radii: Sequence[float], surface: int) -> None:
        """Add an ellipsoid."""
        rows, columns = 8, 14
        lat = np.linspace(-np.pi / 2, np.pi / 2, rows)
        lon = np.linspace(0, 2 * np.pi, columns, endpoint=False)
        a, o = np.meshgrid(lat, lon, indexing="ij")
        ball = np.stack([np.cos(a) * np.cos(o), np.cos(a) * np.sin(o), np.sin(a)], -1).reshape(
            -1, 3
        )
        i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
        p, q = (i * columns + j).ravel(), (i * columns + (j + 1) % columns).ravel()
        faces = np.concatenate(
            [np.stack([p, q, q + columns], 1), np.stack([p, q + columns, p + columns], 1)]
        )
        self.add(ball * np.array(radii) + np.array(centre), faces, surface)

    def foliage(
        self,
        centre: Sequence[float],
        radii: Sequence[float],
        surface: int,
        leaves: int = 500,
        size: float = 0.16,
    ) -> None:
        """Add a crown: clumps of leaves as small quadrilaterals, denser towards its skin."""
        rng = np.random.default_rng(int(abs(centre[0]) * 971 + abs(centre[1]) * 313 + leaves))
        out = rng.normal(size=(leaves, 3))
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        reach = rng.uniform(0.35, 1, (leaves, 1)) ** 0.5 * (
            1 + 0.18 * np.sin(5 * out[:, :1] + out[:, 1:2] * 7)
        )
        middle = np.array(centre) + out * reach * np.array(radii)
        normal = out + 0.8 * rng.normal(size=(leaves, 3))
        side = np.cross(normal, rng.normal(size=(leaves, 3)))
        side *= (
            size * rng.uniform(0.5, 1, (leaves, 1)) / np.linalg.norm(side, axis=1, keepdims=True)
        )
        up = np.cross(normal, side)
        up *= np.linalg.norm(side, axis=1, keepdims=True) / np.linalg.norm(
            up, axis=1, keepdims=True
        )
        corners = np.stack(
            [middle - side - up, middle + side - up, middle + side + up, middle - side + up], 1
        )
        quads = 4 * np.arange(leaves)[:, None]
        faces = np.concatenate([quads + np.array(half) for half in ([0, 1, 2], [0, 2, 3])])
        self.add(corners.reshape(-1, 3), faces, surface)

    def build(self) -> tuple[Floats, Ints, Ints]:
        """Vertices ``(V, 3)``, faces ``(F, 3)``, surfaces ``(F,)``."""
        return (
            np.concatenate(self._vertices),
            np.concatenate(self._faces),
            np.concatenate(self._surface),
        )


def _cells(rooms: Sequence[Rectangle]) -> tuple[Floats, Floats, np.ndarray]:
    xs = np.unique([v for r in rooms for v in (r[0], r[2])])
    ys = np.unique([v for r in rooms for v in (r[1], r[3])])
    cx, cy = 0.5 * (xs[1:] + xs[:-1]), 0.5 * (ys[1:] + ys[:-1])
    free = np.zeros((len(cx), len(cy)), dtype=bool)
    for x0, y0, x1, y1 in rooms:
        inside = ((cx > x0) & (cx < x1))[:, None] & ((cy > y0) & (cy < y1))
        free |= inside
    return xs, ys, free


def outside(rooms: Sequence[Rectangle]) -> list[Rectangle]:
    """The rectangles of the bounding box that belong to no room."""
    xs, ys, free = _cells(rooms)
    return [
        (float(xs[i]), float(ys[j]), float(xs[i + 1]), float(ys[j + 1]))
        for i, j in zip(*np.nonzero(~free), strict=True)
    ]


def shell(
    builder: Builder,
    rooms: Sequence[Rectangle],
    height: float,
    floor: int,
    wall: int,
    ceiling: int | None,
) -> None:
    """Floor, walls and ceiling of the union of some rectangles."""
    xs, ys, free = _cells(rooms)
    padded = np.pad(free, 1)
    for i, j in zip(*np.nonzero(free), strict=True):
        x0, x1, y0, y1 = xs[i], xs[i + 1], ys[j], ys[j + 1]
        builder.quad([(x0, y0, 0), (x1, y0, 0), (x1, y1, 0), (x0, y1, 0)], floor)
        if ceiling is not None:
            top = [(x0, y0, height), (x1, y0, height), (x1, y1, height), (x0, y1, height)]
            builder.quad(top, ceiling)
        for (di, dj), (a, b) in {
            (-1, 0): ((x0, y0), (x0, y1)),
            (1, 0): ((x1, y0), (x1, y1)),
            (0, -1): ((x0, y0), (x1, y0)),
            (0, 1): ((x0, y1), (x1, y1)),
        }.items():
            if not padded[i + 1 + di, j + 1 + dj]:
                builder.quad([(*a, 0), (*b, 0), (*b, height), (*a, height)], wall)
