"""A plaza: people cross it, or stand on it, among buildings."""

from __future__ import annotations

import numpy as np

from mtmc.simulate.geometry import Builder, Rectangle, outside, shell
from mtmc.simulate.place import (
    BRICKS,
    LEAVES,
    PATCHES,
    PLAIN,
    PLANKS,
    TILES,
    Palette,
    Place,
    around,
    tint,
)
from mtmc.simulate.stage import Lamp, Stage
from mtmc.simulate.ways import Floor


def plaza(rng: np.random.Generator, cameras: int) -> Place:
    """A square among buildings, seen from above; people come and go by four lanes."""
    p, b = Palette(), Builder()
    ground = p.add(TILES, tint(rng, (0.52, 0.50, 0.46)), second=(0.36, 0.35, 0.33), scale=0.8)
    walls = [(0.52, 0.30, 0.23), (0.62, 0.55, 0.44), (0.50, 0.47, 0.44)]
    wall = p.add(
        BRICKS, tint(rng, walls[rng.integers(3)], 0.1), second=(0.62, 0.60, 0.56), scale=0.12
    )
    glass = p.add(TILES, (0.20, 0.25, 0.30), second=(0.55, 0.54, 0.5), scale=0.85)
    stone = p.add(PLAIN, (0.62, 0.60, 0.56))
    wood = p.add(PLANKS, (0.45, 0.32, 0.2), second=(0.36, 0.25, 0.16), scale=0.1)
    metal = p.add(PLAIN, (0.15, 0.17, 0.18))
    leaf = p.add(LEAVES, (0.13, 0.24, 0.09), second=(0.28, 0.38, 0.15), scale=0.3)
    awning = p.add(PATCHES, tint(rng, (0.6, 0.2, 0.18), 0.2), second=(0.8, 0.75, 0.65), scale=0.5)
    half_x, half_y, high = 10.0, 7.5, 7.0
    rooms: list[Rectangle] = [
        (-half_x, -half_y, half_x, half_y),
        (-half_x - 5, -5.5, -half_x, -2.5), (-half_x - 8, -9, -half_x - 5, -2.5),
        (half_x, 2.5, half_x + 5, 5.5), (half_x + 5, 2.5, half_x + 8, 9),
        (-6, half_y, -3, half_y + 5), (-6, half_y + 5, 1, half_y + 8),
        (3, -half_y - 5, 6, -half_y), (-1, -half_y - 8, 6, -half_y - 5),
    ]  # fmt: skip
    shell(b, rooms, high, ground, wall, None)
    doors = [(-16.5, -8.0), (16.5, 8.0), (0.2, half_y + 6.5), (-0.2, -half_y - 6.5)]
    _windows(b, half_x, half_y, glass, stone, awning, rng)
    blocked: list[Rectangle] = []
    for x, y in ((-5.0, 2.5), (4.5, -2.6), (1.5, 5.6)):
        b.box((x - 0.9, y - 0.25, 0.4), (x + 0.9, y + 0.25, 0.46), wood)
        b.box((x - 0.7, y - 0.2, 0.0), (x - 0.6, y + 0.2, 0.4), metal)
        b.box((x + 0.6, y - 0.2, 0.0), (x + 0.7, y + 0.2, 0.4), metal)
        blocked.append((x - 0.9, y - 0.25, x + 0.9, y + 0.25))
    for x, y in ((-3.2, -2.4), (3.4, 2.6), (-1.0, 5.9)):
        x, y = x + float(rng.normal(0, 0.3)), y + float(rng.normal(0, 0.3))  # noqa: PLW2901
        b.box((x - 0.7, y - 0.7, 0), (x + 0.7, y + 0.7, 0.45), stone)
        b.cylinder((x, y, 0.4), 0.11, 2.6, wood, 0.08)
        b.cylinder((x, y, 2.6), 0.07, 1.2, wood, 0.02)
        b.foliage((x, y, 3.7), (1.25, 1.25, 1.05), leaf, 2600, 0.09)
        blocked.append((x - 0.7, y - 0.7, x + 0.7, y + 0.7))
    for x, y in ((-1.5, -7.2), (0.8, 7.2)):
        b.cylinder((x, y, 0), 0.06, 4.6, metal, 0.04)
        b.ball((x, y, 4.6), (0.2, 0.2, 0.14), stone)
        blocked.append((x - 0.1, y - 0.1, x + 0.1, y + 0.1))
    azimuth, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.75, 1.15)
    sun = (
        float(np.cos(azimuth) * np.cos(height)),
        float(np.sin(azimuth) * np.cos(height)),
        float(np.sin(height)),
    )
    cloudy = float(rng.uniform(0.25, 1.0))
    light = (2.3 * cloudy, 2.15 * cloudy, 1.9 * cloudy)
    vertices, faces, surface = b.build()
    sky = (0.72 + 0.3 * (1 - cloudy), 0.80 + 0.3 * (1 - cloudy), 0.98 + 0.15 * (1 - cloudy))
    stage = Stage(
        vertices, faces, surface, p.surfaces, [Lamp(sun, light, sun=True, extent=13.0)],
        sky=sky, inside=(0.55, 0.52, 0.48),
        ambient=((0.8 * sky[0], 0.8 * sky[1], 0.8 * sky[2]), (0.36, 0.33, 0.29)),
    )  # fmt: skip
    xs = [v for r in rooms for v in (r[0], r[2])]
    ys = [v for r in rooms for v in (r[1], r[3])]
    floor = Floor(
        bounds=(min(xs), min(ys), max(xs), max(ys)), blocked=blocked + outside(rooms),
        doors=doors, through=True,
        inside=0.85, stops=[(0, 0), (-4, -1), (3, 2), (7, -4)],
    )  # fmt: skip
    views = around(
        rng, cameras, (-9.5, -7.1, 9.5, 7.1), 4.6, np.array([0, 0, 0.6]), (960, 540), 64, True
    )
    return Place(stage, floor, views, 15.0)


def _windows(
    b: Builder,
    half_x: float,
    half_y: float,
    glass: int,
    frame: int,
    awning: int,
    rng: np.random.Generator,
) -> None:
    """Rows of windows on the four fronts, shop windows below with an awning here and there."""
    for sign in (-1, 1):
        for along in np.arange(-half_x + 1.2, half_x - 1, 2.4):
            _front(b, along, sign * half_y, 0, sign, glass, frame, awning, rng)
        for along in np.arange(-half_y + 1.2, half_y - 1, 2.4):
            _front(b, along, sign * half_x, 1, sign, glass, frame, awning, rng)


def _front(
    b: Builder,
    along: float,
    wall: float,
    axis: int,
    sign: int,
    glass: int,
    frame: int,
    awning: int,
    rng: np.random.Generator,
) -> None:
    lanes = {(1, -1): (-5.5, -2.5), (1, 1): (2.5, 5.5), (0, 1): (-6, -3), (0, -1): (3, 6)}
    lane = lanes[(axis, sign)]
    low_free = not lane[0] - 0.9 < along < lane[1] + 0.9

    def put(a: float, c: float, z0: float, z1: float, out: float, surface: int) -> None:
        near, far = wall - sign * out, wall + sign * 0.05
        lo, hi = sorted((near, far))
        if axis == 0:
            b.box((a, lo, z0), (c, hi, z1), surface)
        else:
            b.box((lo, a, z0), (hi, c, z1), surface)

    if not low_free:
        return
    edge = 10.0 if axis == 0 else 7.5
    by_camera = abs(along) > edge - 5.0  # nothing sticks out in front of a corner's camera
    put(along - 0.6, along + 0.6, 4.0, 5.6, 0.02, glass)
    put(along - 0.68, along + 0.68, 3.9, 4.0, 0.08, frame)
    put(along - 0.85, along + 0.85, 0.5, 2.4, 0.02, glass)
    put(along - 0.92, along + 0.92, 0.4, 0.5, 0.06, frame)
    if rng.random() < 0.4 and not by_camera:
        put(along - 1.0, along + 1.0, 2.6, 2.72, 0.9, awning)
