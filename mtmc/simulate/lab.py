"""A lab: desks, chairs and monitors in one room, seen from its corners."""

from __future__ import annotations

import numpy as np

from mtmc.simulate.geometry import Builder, Rectangle, outside, shell
from mtmc.simulate.place import (
    LEAVES,
    PATCHES,
    PLAIN,
    PLANKS,
    SPECKLED,
    TILES,
    WRITING,
    Palette,
    Place,
    around,
    tint,
)
from mtmc.simulate.stage import Lamp, Stage
from mtmc.simulate.ways import Floor, Seat


def _chair(b: Builder, x: float, y: float, heading: float, cloth: int, metal: int) -> Seat:
    """An office chair; whoever sits looks along `heading`."""
    parts = [
        ((-0.22, -0.22, 0.39), (0.22, 0.22, 0.46), cloth),
        ((-0.24, -0.20, 0.58), (-0.18, 0.20, 0.98), cloth),
        ((-0.24, -0.03, 0.42), (-0.20, 0.03, 0.6), metal),
        ((-0.03, -0.03, 0.06), (0.03, 0.03, 0.4), metal),
        ((-0.30, -0.03, 0.03), (0.30, 0.03, 0.09), metal),
        ((-0.03, -0.30, 0.03), (0.03, 0.30, 0.09), metal),
    ]
    for low, high, surface in parts:
        place = np.array([x, y, 0.0])
        lo, hi = (np.array(low) + place).tolist(), (np.array(high) + place).tolist()
        b.box(lo, hi, surface, heading, (x, y))
    return Seat((x + 0.34 * np.cos(heading), y + 0.34 * np.sin(heading)), heading, 0.46)


def _desk(b: Builder, area: Rectangle, top: int, leg: int, height: float = 0.73) -> Rectangle:
    x0, y0, x1, y1 = area
    b.box((x0, y0, height - 0.035), (x1, y1, height), top)
    for x in (x0 + 0.05, x1 - 0.09):
        for y in (y0 + 0.05, y1 - 0.09):
            b.box((x, y, 0), (x + 0.04, y + 0.04, height - 0.03), leg)
    return area


def _monitor(b: Builder, x: float, y: float, heading: float, screen: int, frame: int) -> None:
    """A monitor on a desk; `heading` is where its screen looks."""
    about = (x, y)
    b.box((x - 0.02, y - 0.27, 0.86), (x + 0.02, y + 0.27, 1.19), frame, heading, about)
    b.box((x + 0.02, y - 0.25, 0.88), (x + 0.025, y + 0.25, 1.17), screen, heading, about)
    b.box((x - 0.03, y - 0.04, 0.73), (x + 0.0, y + 0.04, 0.9), frame, heading, about)
    b.box((x - 0.1, y - 0.12, 0.73), (x + 0.1, y + 0.12, 0.745), frame, heading, about)


def lab(rng: np.random.Generator, cameras: int) -> Place:
    """A 6 x 5 m room with a door, desks, chairs and cameras in the corners (640 x 480, 15 Hz)."""
    p, b = Palette(), Builder()
    floors = [
        (SPECKLED, (0.55, 0.54, 0.50), {"second": (0.40, 0.39, 0.36), "scale": 0.012}),
        (TILES, (0.62, 0.60, 0.56), {"second": (0.45, 0.43, 0.40), "scale": 0.45}),
        (PLANKS, (0.52, 0.38, 0.25), {"second": (0.40, 0.28, 0.18), "scale": 0.14}),
        (SPECKLED, (0.30, 0.33, 0.38), {"second": (0.22, 0.24, 0.28), "scale": 0.008}),
    ]
    kind, color, other = floors[rng.integers(len(floors))]
    ground = p.add(kind, tint(rng, color), **other)
    walls = [(0.83, 0.82, 0.78), (0.75, 0.78, 0.80), (0.86, 0.80, 0.68), (0.70, 0.74, 0.68)]
    wall = p.add(PLAIN, tint(rng, walls[rng.integers(len(walls))]))
    ceiling = p.add(TILES, (0.9, 0.9, 0.88), second=(0.7, 0.7, 0.7), scale=0.6)
    wood = p.add(PLANKS, tint(rng, (0.66, 0.54, 0.40), 0.15), second=(0.55, 0.42, 0.3), scale=0.3)
    white = p.add(PLAIN, (0.85, 0.85, 0.84))
    metal = p.add(PLAIN, (0.22, 0.22, 0.24))
    cloth = p.add(
        PLAIN,
        tint(rng, [(0.08, 0.08, 0.09), (0.12, 0.16, 0.3), (0.35, 0.1, 0.1)][rng.integers(3)]),
    )
    screen = p.add(PATCHES, (0.08, 0.12, 0.2), second=(0.45, 0.55, 0.65), scale=0.11, glow=0.25)
    board = p.add(WRITING, (0.92, 0.92, 0.92), second=(0.15, 0.2, 0.45), scale=0.09)
    poster = p.add(PATCHES, tint(rng, (0.7, 0.4, 0.3), 0.3), second=(0.2, 0.35, 0.5), scale=0.17)
    books = p.add(PATCHES, (0.42, 0.36, 0.30), second=(0.24, 0.27, 0.32), scale=0.07)
    leaf = p.add(LEAVES, (0.13, 0.26, 0.11), second=(0.26, 0.4, 0.16), scale=0.1)
    window = p.add(PATCHES, (0.85, 0.9, 0.97), second=(0.95, 0.97, 1.0), scale=0.9, glow=1.6)
    panel = p.add(PLAIN, (1.0, 1.0, 0.97), glow=4.0)
    dark = p.add(PLAIN, (0.3, 0.3, 0.31))
    rooms: list[Rectangle] = [(0, 0, 6, 5), (4.55, -0.2, 5.55, 0), (3.0, -1.7, 8.0, -0.2)]
    shell(b, rooms, 2.7, ground, wall, ceiling)
    b.box((4.55, -0.2, 2.08), (5.55, 0.0, 2.7), wall)
    b.box((4.45, -0.01, 0), (4.55, 0.03, 2.15), wood)
    b.box((5.55, -0.01, 0), (5.65, 0.03, 2.15), wood)
    for low, high in (((0.0, 0.0, 0.0), (6, 0.012, 0.09)), ((0, 4.988, 0), (6, 5, 0.09)),
                      ((0, 0, 0), (0.012, 5, 0.09)), ((5.988, 0, 0), (6, 5, 0.09))):  # fmt: skip
        if low[1] or high[1] > 1:
            b.box(low, high, dark)
    blocked = [_desk(b, (0.02, 0.9, 0.72, 3.9), white, metal)]
    blocked.append(_desk(b, (2.3, 4.28, 4.9, 4.98), white if rng.random() < 0.5 else wood, metal))
    table = (2.45 + float(rng.uniform(-0.2, 0.2)), 1.75, 3.65, 2.5)
    blocked.append(_desk(b, table, wood, metal))
    for y in (1.35, 2.4, 3.4):
        _monitor(b, 0.28, y, 0.0, screen, metal)
        b.box((0.45, y - 0.2, 0.735), (0.58, y + 0.2, 0.75), metal)
    for x in (2.9, 4.2):
        _monitor(b, x, 4.72, -np.pi / 2, screen, metal)
    b.box((5.55, 2.2, 0), (5.98, 3.4, 1.75), books)
    b.box((5.53, 2.18, 1.75), (5.98, 3.42, 1.79), wood)
    blocked.append((5.53, 2.18, 5.98, 3.42))
    b.box((0.05, 0.05, 0), (0.55, 0.6, 1.2), metal)
    blocked.append((0.05, 0.05, 0.55, 0.6))
    b.cylinder((5.6, 4.6, 0), 0.17, 0.35, metal, 0.21)
    b.foliage((5.6, 4.6, 0.85), (0.33, 0.33, 0.48), leaf, 400, 0.05)
    blocked.append((5.35, 4.35, 5.9, 4.9))
    b.box((1.2, 0.005, 0.9), (3.0, 0.03, 2.0), board)
    b.box((5.97, 0.7, 1.1), (5.995, 1.5, 2.1), poster)
    b.box((0.003, 1.0, 1.15), (0.02, 3.7, 2.2), window)
    b.box((3.2, 4.97, 1.2), (3.9, 4.99, 2.2), poster)
    b.cylinder((1.05, 4.65, 0), 0.14, 0.32, metal, 0.17)
    # Chairs are turned to the room, so that there is a spot to stand up in.
    seats = [
        _chair(b, x, y, heading + float(rng.uniform(-0.5, 0.5)), cloth, metal)
        for x, y, heading in (
            (1.05, 1.45, 0.0),
            (1.05, 2.85, 0.0),
            (3.0, 3.95, -np.pi / 2),
            (4.3, 3.95, -np.pi / 2),
            (2.05, 2.15, np.pi),
        )
    ]
    lamps = [(1.8, 2.5), (4.3, 2.5)]
    for x, y in lamps:
        b.box((x - 0.3, y - 0.6, 2.66), (x + 0.3, y + 0.6, 2.69), panel)
    tone = tint(rng, (1.0, 0.96, 0.88), 0.05)
    light = (4.2 * tone[0], 4.2 * tone[1], 4.2 * tone[2])
    vertices, faces, surface = b.build()
    stage = Stage(
        vertices, faces, surface, p.surfaces,
        [Lamp((x, y, 2.62), light, radius=0.35, focus=(x, y, 0.0)) for x, y in lamps],
        sky=(0.9, 0.9, 0.95), inside=(0.95, 0.93, 0.88),
        ambient=((0.52, 0.51, 0.49), (0.30, 0.28, 0.26)),
    )  # fmt: skip
    floor = Floor(
        bounds=(0, -1.7, 8, 5), blocked=blocked + outside([(0, -1.7, 0, 5), *rooms]),
        doors=[(3.4, -0.95), (7.5, -0.95)], seats=seats,
        stops=[(2.0, 0.7), (4.8, 3.6), (3.0, 1.3), (4.6, 1.6), (2.0, 3.3)], crowd=7,
    )  # fmt: skip
    views = around(
        rng,
        cameras,
        (0.12, 0.12, 5.88, 4.88),
        2.42,
        np.array([3.0, 2.5, 0.75]),
        (640, 480),
        78,
        False,
    )
    return Place(stage, floor, views, 15.0)
