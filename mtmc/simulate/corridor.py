"""A corridor with bends, no two of whose cameras see the same spot."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from mtmc.simulate.body import Floats
from mtmc.simulate.camera import look_at
from mtmc.simulate.geometry import Builder, Rectangle, outside, shell
from mtmc.simulate.place import (
    PATCHES,
    PLAIN,
    PLANKS,
    SPECKLED,
    TILES,
    Palette,
    Place,
    draw_picture,
    tint,
)
from mtmc.simulate.stage import Lamp, Stage
from mtmc.simulate.ways import Floor


def corridor(rng: np.random.Generator, cameras: int) -> Place:
    """A corridor with a bend between any two cameras, so that no two see the same spot."""
    p, b = Palette(), Builder()
    floors = [
        (SPECKLED, (0.50, 0.50, 0.47), {"second": (0.36, 0.36, 0.34), "scale": 0.012}),
        (TILES, (0.66, 0.63, 0.57), {"second": (0.5, 0.48, 0.44), "scale": 0.6}),
        (SPECKLED, (0.24, 0.27, 0.34), {"second": (0.18, 0.2, 0.25), "scale": 0.009}),
    ]
    kind, color, other = floors[rng.integers(len(floors))]
    ground = p.add(kind, tint(rng, color), **other)
    wall = p.add(PLAIN, tint(rng, (0.80, 0.79, 0.74)))
    ceiling = p.add(TILES, (0.86, 0.86, 0.84), second=(0.65, 0.65, 0.65), scale=0.6)
    wood = p.add(PLANKS, tint(rng, (0.50, 0.36, 0.24), 0.2), second=(0.42, 0.3, 0.2), scale=0.9)
    dark = p.add(PLAIN, (0.25, 0.26, 0.28))
    poster = p.add(PATCHES, tint(rng, (0.6, 0.45, 0.3), 0.3), second=(0.25, 0.35, 0.55), scale=0.2)
    seat = p.add(PLAIN, tint(rng, (0.2, 0.3, 0.45), 0.3))
    panel = p.add(PLAIN, (1.0, 1.0, 0.97), glow=4.0)
    length, half, height = 9.0, 1.35, 2.6
    corners = [np.array([0.0, 0.0])]
    for i in range(cameras):
        corners.append(
            corners[-1] + (np.array([length, 0]) if i % 2 == 0 else np.array([0, length]))
        )
    last = np.array([0, 3.5]) if cameras % 2 == 1 else np.array([3.5, 0])
    points = [np.array([0.0, -3.5]), *corners, corners[-1] + last]
    rooms: list[Rectangle] = []
    for a, c in pairwise(points):
        low, high = np.minimum(a, c) - half, np.maximum(a, c) + half
        rooms.append((float(low[0]), float(low[1]), float(high[0]), float(high[1])))
    shell(b, rooms, height, ground, wall, ceiling)
    lamps, views = [], []
    for i in range(cameras):
        a, c = corners[i], corners[i + 1]
        ahead = (c - a) / length
        side = np.array([-ahead[1], ahead[0]])
        for along in (2.2, 6.4):
            x, y = a + ahead * along
            b.box((x - 0.25, y - 0.25, height - 0.04), (x + 0.25, y + 0.25, height - 0.01), panel)
            tone = tint(rng, (1.0, 0.96, 0.88), 0.06)
            light = (3.6 * tone[0], 3.6 * tone[1], 3.6 * tone[2])
            lamps.append(Lamp((x, y, height - 0.08), light, radius=0.3, focus=(x, y, 0.0)))
        for along in (2.9, 5.2):
            for sign in (-1, 1):
                centre = a + ahead * (along + float(rng.uniform(-0.3, 0.3))) + side * sign * half
                _panel(b, centre, ahead, 0.45, (0.0, 2.1), wood if rng.random() < 0.6 else poster)
        stool = a + ahead * (4.1 + float(rng.uniform(-0.5, 0.5))) - side * (half - 0.25)
        reach = np.abs(ahead) * 0.55 + np.abs(side) * 0.2
        b.box((*(stool - reach), 0.38), (*(stool + reach), 0.46), seat)
        b.box((*(stool - reach * 0.8), 0.0), (*(stool + reach * 0.8), 0.38), dark)
        eye = np.append(
            a - ahead * (half - 0.15) + side * float(rng.uniform(-0.6, 0.6)), height - 0.2
        )
        target = np.append(a + ahead * 4.6, 0.8)
        views.append(
            look_at(
                f"cam{i}",
                eye,
                target,
                640,
                480,
                70 + float(rng.normal(0, 3)),
                draw_picture(rng, False),
                k1=float(rng.uniform(-0.26, -0.12)),
                roll=float(rng.normal(0, 0.01)),
            )
        )
    vertices, faces, surface = b.build()
    stage = Stage(
        vertices, faces, surface, p.surfaces, lamps,
        sky=(0.9, 0.9, 0.95), inside=(0.75, 0.73, 0.68),
        ambient=((0.42, 0.41, 0.39), (0.24, 0.22, 0.2)),
    )  # fmt: skip
    xs = [v for r in rooms for v in (r[0], r[2])]
    ys = [v for r in rooms for v in (r[1], r[3])]
    floor = Floor(
        bounds=(min(xs), min(ys), max(xs), max(ys)), blocked=outside(rooms),
        doors=[(0.0, -4.2), tuple((points[-1] + last / 3.5 * 0.7).tolist())], through=True,
        inside=0.85,
    )  # fmt: skip
    return Place(stage, floor, views, 15.0)


def _panel(
    b: Builder,
    centre: Floats,
    ahead: Floats,
    half: float,
    heights: tuple[float, float],
    surface: int,
) -> None:
    """A door or poster flat on a wall."""
    reach = np.abs(ahead) * half + 0.02
    b.box((*(centre - reach), heights[0]), (*(centre + reach), heights[1]), surface)
