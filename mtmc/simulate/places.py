"""The places: a lab, a corridor and a plaza, with their furniture, light and cameras.

Each is a function of its random generator and the number of cameras, so that colours, furniture and
views differ from seed to seed while the layout stays what its name says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mtmc.simulate.body import Floats
from mtmc.simulate.camera import Camera, Picture, look_at
from mtmc.simulate.choreography import Floor, Seat
from mtmc.simulate.geometry import Builder, Rectangle, outside, shell
from mtmc.simulate.stage import Lamp, Stage, Surface

# What `Surface.kind` means in the kernels.
PLAIN, TILES, PLANKS, SPECKLED, BRICKS, PATCHES, LEAVES, WRITING = range(8)


@dataclass(frozen=True)
class Place:
    """A place: what is drawn, where one can walk, and who watches."""

    stage: Stage
    floor: Floor
    cameras: list[Camera]
    fps: float


class _Palette:
    """Surfaces by name, in the order they are added."""

    def __init__(self) -> None:
        self.surfaces: list[Surface] = []

    def add(self, kind: int, color: tuple[float, float, float], **other: object) -> int:
        self.surfaces.append(
            Surface(kind, color, **{"seed": len(self.surfaces) * 7 + 1} | other)  # type: ignore[arg-type]
        )
        return len(self.surfaces) - 1


def _tint(
    rng: np.random.Generator, color: tuple[float, float, float], by: float = 0.05
) -> tuple[float, float, float]:
    c = np.clip(np.array(color) * rng.normal(1, by) + rng.normal(0, by * 0.4, 3), 0.02, 0.97)
    return float(c[0]), float(c[1]), float(c[2])


def draw_picture(rng: np.random.Generator, outdoors: bool) -> Picture:
    """How one camera's pictures come out: no two cameras agree on colours."""
    warm = rng.normal(0, 0.055)
    green = rng.normal(0, 0.025)
    return Picture(
        exposure=float(np.exp(rng.normal(0.0, 0.22))),
        gamma=float(np.exp(rng.normal(0, 0.07))),
        white=(float(1 + warm), float(1 + green), float(1 - warm)),
        contrast=float(rng.normal(1.0, 0.07)),
        saturation=float(np.clip(rng.normal(0.88, 0.14), 0.5, 1.2)),
        noise=float(rng.uniform(1.0, 2.5) if outdoors else rng.uniform(1.5, 4.0)),
        blur=float(rng.uniform(0.35, 0.85)),
        vignette=float(rng.uniform(0.05, 0.3)),
        shutter=float(1 / rng.choice([100, 200, 400] if outdoors else [30, 50, 60, 100])),
    )


def _around(
    rng: np.random.Generator, count: int, box: Rectangle, height: float, aim: Floats,
    size: tuple[int, int], view: float, outdoors: bool,
) -> list[Camera]:  # fmt: skip
    """Cameras around a rectangle: the corners first, then between them."""
    x0, y0, x1, y1 = box
    corners = [(x0, y0), (x1, y1), (x1, y0), (x0, y1)]
    cameras = []
    for i in range(count):
        if i < 4:
            x, y = corners[i]
        else:
            # Golden-ratio steps around the border spread any number evenly.
            along = (0.5 + 0.618034 * i) % 1 * 2 * (x1 - x0 + y1 - y0)
            width, depth = x1 - x0, y1 - y0
            if along < width:
                x, y = x0 + along, y0
            elif along < width + depth:
                x, y = x1, y0 + along - width
            elif along < 2 * width + depth:
                x, y = x1 - (along - width - depth), y1
            else:
                x, y = x0, y1 - (along - 2 * width - depth)
        eye = np.array([x, y, height]) + rng.normal(0, 0.04, 3)
        target = aim + np.append(rng.normal(0, 0.25, 2), 0)
        cameras.append(
            look_at(
                f"cam{i}",
                eye,
                target,
                *size,
                view + float(rng.normal(0, 2)),
                draw_picture(rng, outdoors),
                k1=float(rng.uniform(-0.26, -0.12)),
                roll=float(rng.normal(0, 0.012)),
            )
        )
    return cameras


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
    p, b = _Palette(), Builder()
    floors = [
        (SPECKLED, (0.55, 0.54, 0.50), {"second": (0.40, 0.39, 0.36), "scale": 0.012}),
        (TILES, (0.62, 0.60, 0.56), {"second": (0.45, 0.43, 0.40), "scale": 0.45}),
        (PLANKS, (0.52, 0.38, 0.25), {"second": (0.40, 0.28, 0.18), "scale": 0.14}),
        (SPECKLED, (0.30, 0.33, 0.38), {"second": (0.22, 0.24, 0.28), "scale": 0.008}),
    ]
    kind, color, other = floors[rng.integers(len(floors))]
    ground = p.add(kind, _tint(rng, color), **other)
    walls = [(0.83, 0.82, 0.78), (0.75, 0.78, 0.80), (0.86, 0.80, 0.68), (0.70, 0.74, 0.68)]
    wall = p.add(PLAIN, _tint(rng, walls[rng.integers(len(walls))]))
    ceiling = p.add(TILES, (0.9, 0.9, 0.88), second=(0.7, 0.7, 0.7), scale=0.6)
    wood = p.add(PLANKS, _tint(rng, (0.66, 0.54, 0.40), 0.15), second=(0.55, 0.42, 0.3), scale=0.3)
    white = p.add(PLAIN, (0.85, 0.85, 0.84))
    metal = p.add(PLAIN, (0.22, 0.22, 0.24))
    cloth = p.add(
        PLAIN,
        _tint(rng, [(0.08, 0.08, 0.09), (0.12, 0.16, 0.3), (0.35, 0.1, 0.1)][rng.integers(3)]),
    )
    screen = p.add(PATCHES, (0.08, 0.12, 0.2), second=(0.45, 0.55, 0.65), scale=0.11, glow=0.25)
    board = p.add(WRITING, (0.92, 0.92, 0.92), second=(0.15, 0.2, 0.45), scale=0.09)
    poster = p.add(PATCHES, _tint(rng, (0.7, 0.4, 0.3), 0.3), second=(0.2, 0.35, 0.5), scale=0.17)
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
    tone = _tint(rng, (1.0, 0.96, 0.88), 0.05)
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
    views = _around(
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


def corridor(rng: np.random.Generator, cameras: int) -> Place:
    """A corridor with a bend between any two cameras, so that no two see the same spot."""
    p, b = _Palette(), Builder()
    floors = [
        (SPECKLED, (0.50, 0.50, 0.47), {"second": (0.36, 0.36, 0.34), "scale": 0.012}),
        (TILES, (0.66, 0.63, 0.57), {"second": (0.5, 0.48, 0.44), "scale": 0.6}),
        (SPECKLED, (0.24, 0.27, 0.34), {"second": (0.18, 0.2, 0.25), "scale": 0.009}),
    ]
    kind, color, other = floors[rng.integers(len(floors))]
    ground = p.add(kind, _tint(rng, color), **other)
    wall = p.add(PLAIN, _tint(rng, (0.80, 0.79, 0.74)))
    ceiling = p.add(TILES, (0.86, 0.86, 0.84), second=(0.65, 0.65, 0.65), scale=0.6)
    wood = p.add(PLANKS, _tint(rng, (0.50, 0.36, 0.24), 0.2), second=(0.42, 0.3, 0.2), scale=0.9)
    dark = p.add(PLAIN, (0.25, 0.26, 0.28))
    poster = p.add(PATCHES, _tint(rng, (0.6, 0.45, 0.3), 0.3), second=(0.25, 0.35, 0.55), scale=0.2)
    seat = p.add(PLAIN, _tint(rng, (0.2, 0.3, 0.45), 0.3))
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
            tone = _tint(rng, (1.0, 0.96, 0.88), 0.06)
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


def plaza(rng: np.random.Generator, cameras: int) -> Place:
    """A square among buildings, seen from above; people come and go by four lanes."""
    p, b = _Palette(), Builder()
    ground = p.add(TILES, _tint(rng, (0.52, 0.50, 0.46)), second=(0.36, 0.35, 0.33), scale=0.8)
    walls = [(0.52, 0.30, 0.23), (0.62, 0.55, 0.44), (0.50, 0.47, 0.44)]
    wall = p.add(
        BRICKS, _tint(rng, walls[rng.integers(3)], 0.1), second=(0.62, 0.60, 0.56), scale=0.12
    )
    glass = p.add(TILES, (0.20, 0.25, 0.30), second=(0.55, 0.54, 0.5), scale=0.85)
    stone = p.add(PLAIN, (0.62, 0.60, 0.56))
    wood = p.add(PLANKS, (0.45, 0.32, 0.2), second=(0.36, 0.25, 0.16), scale=0.1)
    metal = p.add(PLAIN, (0.15, 0.17, 0.18))
    leaf = p.add(LEAVES, (0.13, 0.24, 0.09), second=(0.28, 0.38, 0.15), scale=0.3)
    awning = p.add(PATCHES, _tint(rng, (0.6, 0.2, 0.18), 0.2), second=(0.8, 0.75, 0.65), scale=0.5)
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
    views = _around(
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


PLACES: dict[str, Callable[[np.random.Generator, int], Place]] = {
    "lab": lab,
    "corridor": corridor,
    "plaza": plaza,
}
