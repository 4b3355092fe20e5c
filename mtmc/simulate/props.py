"""Things that are nobody, drawn alone: what detectors take for people, and what hides people.

Each is built from boxes, cylinders and balls, lit by a sun and a sky of its own, and kept as a
cutout that `views` puts on the floor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mtmc.simulate.backdrop import Backdrop
from mtmc.simulate.body import Floats
from mtmc.simulate.camera import look_at
from mtmc.simulate.geometry import Builder
from mtmc.simulate.place import (
    BRICKS,
    LEAVES,
    PATCHES,
    PLAIN,
    PLANKS,
    SPECKLED,
    TILES,
    WRITING,
    Place,
)
from mtmc.simulate.stage import Lamp, Stage, Surface
from mtmc.simulate.ways import Seat, free_spots

FINE, SIDE = 320, 160  # px, as drawn and as kept
FAR = 14.0  # m from the camera
NOWHERE = 0xFFFFFFFFFFFFFFFF  # key of a sample that meets nothing


@dataclass(frozen=True)
class Prop:
    """A thing.

    Attributes:
        light: ``(h, w, 3)`` linear RGB, already multiplied by `alpha`.
        alpha: ``(h, w)``.
        height: m from the lowest to the highest visible point, as seen.
        pitch: rad, by which the camera looked down on it.
    """

    light: Floats
    alpha: Floats
    height: float
    pitch: float


class _Shop:
    """Builds things of surfaces that are all drawn anew."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.build, self.surfaces = rng, Builder(), list[Surface]()

    def surface(self, kind: int = PLAIN, scale: float = 0.1, dark: float = 0.35) -> int:
        """A surface of some colour, black or grey in that share of cases."""
        rng = self.rng
        grey = rng.random() < dark
        first = (
            np.full(3, np.exp(rng.uniform(np.log(0.05), np.log(0.5)))) * rng.normal(1, 0.05, 3)
            if grey
            else np.clip(rng.uniform(0.1, 0.9) * (1 + rng.normal(0, 0.22, 3)), 0.03, 0.95)
        )
        second = np.clip(first * np.exp(rng.normal(0, 0.7, 3)), 0.02, 0.95)
        a, b = ((float(c[0]), float(c[1]), float(c[2])) for c in (np.clip(first, 0, 1), second))
        self.surfaces.append(Surface(kind, a, b, scale, int(rng.integers(1000))))
        return len(self.surfaces) - 1

    def any(self, *kinds: int) -> int:
        """A surface of one of these kinds."""
        return self.surface(int(self.rng.choice(kinds)), float(self.rng.uniform(0.04, 0.4)))

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))


def _office_chair(s: _Shop) -> None:
    b, cloth, metal = s.build, s.surface(dark=0.75), s.surface(dark=0.9)
    seat, top = s.between(0.42, 0.55), s.between(0.9, 1.3)
    round_ = s.rng.random() < 0.7
    b.ball((0, 0, seat), (0.25, 0.25, 0.06), cloth)
    middle, half = (seat + 0.18 + top) / 2, (top - seat - 0.18) / 2
    if round_:
        b.ball((-0.24, 0, middle), (0.06, s.between(0.18, 0.26), half), cloth)
    else:
        b.box((-0.28, -0.23, middle - half), (-0.22, 0.23, middle + half), cloth)
    b.box((-0.25, -0.04, seat), (-0.21, 0.04, middle), metal)
    if s.rng.random() < 0.3:
        b.ball((-0.25, 0, top + 0.12), (0.05, 0.15, 0.08), cloth)
    if s.rng.random() < 0.6:
        for y in (-0.27, 0.27):
            b.box((-0.15, y - 0.03, seat + 0.2), (0.12, y + 0.03, seat + 0.24), metal)
            b.box((-0.03, y - 0.02, seat), (0.02, y + 0.02, seat + 0.22), metal)
    b.cylinder((0, 0, 0.08), 0.03, seat - 0.1, metal)
    for turn in np.arange(5) * 2 * np.pi / 5:
        b.box((0.0, -0.025, 0.05), (0.32, 0.025, 0.1), metal, float(turn), (0, 0))
        b.ball((0.3 * np.cos(turn), 0.3 * np.sin(turn), 0.03), (0.03, 0.03, 0.03), metal)


def _chair(s: _Shop) -> None:
    b, cloth, legs = s.build, s.any(PLAIN, PLANKS), s.surface(dark=0.7)
    seat, top, wide = s.between(0.4, 0.8), s.between(0.35, 0.55), s.between(0.18, 0.25)
    b.box((-wide, -wide, seat - 0.04), (wide, wide, seat), cloth)
    b.box((-wide, -wide, seat + 0.1), (-wide + 0.04, wide, seat + top), cloth)
    for x in (-wide, wide - 0.03):
        for y in (-wide, wide - 0.03):
            high = seat + top if x < 0 else seat
            b.box((x, y, 0), (x + 0.03, y + 0.03, high), legs)


def _table(s: _Shop, low: float = 0.45) -> None:
    b, board, legs = s.build, s.any(PLAIN, PLANKS), s.surface(dark=0.7)
    x, y, high = s.between(0.3, 0.6), s.between(0.4, 0.9), s.between(low, 1.0)
    b.box((-x, -y, high - 0.04), (x, y, high), board)
    for cx in (-x + 0.03, x - 0.07):
        for cy in (-y + 0.03, y - 0.07):
            b.box((cx, cy, 0), (cx + 0.04, cy + 0.04, high - 0.04), legs)
    for _ in range(int(s.rng.integers(0, 7))):
        _thing_on(s, s.between(-x, x) * 0.8, s.between(-y, y) * 0.8, high)


def _thing_on(s: _Shop, x: float, y: float, z: float) -> None:
    """A screen, a box, a bottle, a lamp or a ball on top of something."""
    b, surface, kind = s.build, s.any(PLAIN, PATCHES), s.rng.integers(4)
    if kind == 0:
        turn = s.between(-1, 1)
        b.box((x - 0.02, y - 0.26, z + 0.1), (x + 0.02, y + 0.26, z + 0.42), surface, turn, (x, y))
        b.box((x - 0.03, y - 0.04, z), (x + 0.03, y + 0.04, z + 0.12), surface, turn, (x, y))
    elif kind == 1:
        w, d, h = s.between(0.05, 0.25), s.between(0.05, 0.25), s.between(0.03, 0.4)
        b.box((x - w, y - d, z), (x + w, y + d, z + h), surface, s.between(0, 3))
    elif kind == 2:
        b.cylinder((x, y, z), s.between(0.03, 0.1), s.between(0.1, 0.4), surface, 0.03)
    else:
        radius = s.between(0.05, 0.15)
        b.ball((x, y, z + radius), (radius, radius, radius * s.between(0.6, 1.3)), surface)


def _cupboard(s: _Shop) -> None:
    b, side = s.build, s.any(PLAIN, PLANKS, PATCHES)
    x, y, high = s.between(0.15, 0.4), s.between(0.2, 0.6), s.between(0.5, 2.1)
    b.box((-x, -y, 0), (x, y, high), side)
    b.box((x, -y + 0.03, 0.06), (x + 0.01, y - 0.03, high - 0.04), s.any(PATCHES, PLAIN, WRITING))
    for _ in range(int(s.rng.integers(0, 3))):
        _thing_on(s, 0.0, s.between(-y, y) * 0.7, high)


def _trolley(s: _Shop) -> None:
    """Boxes on boxes: a printer, a machine, a kiosk, a heap."""
    high = 0.0
    for _ in range(int(s.rng.integers(2, 6))):
        x, y, h = s.between(0.1, 0.35), s.between(0.1, 0.35), s.between(0.08, 0.6)
        s.build.box((-x, -y, high), (x, y, high + h), s.any(PLAIN, PATCHES, TILES), s.between(0, 2))
        high += h
        if s.rng.random() < 0.4:
            s.build.cylinder((0, 0, high), 0.03, 0.2, s.surface())
            high += 0.2
    _thing_on(s, 0.0, 0.0, high)


def _stand(s: _Shop) -> None:
    """A lamp, a tripod, an easel, a coat stand, a sign: a thin thing with something on top."""
    b, metal, high = s.build, s.surface(dark=0.7), s.between(1.2, 2.4)
    if s.rng.random() < 0.4:
        for turn in np.arange(3) * 2 * np.pi / 3:
            x, y = 0.35 * np.cos(turn), 0.35 * np.sin(turn)
            for share in np.linspace(0, 1, 9):
                at = np.array([x, y, 0]) * (1 - share) + np.array([0, 0, high * 0.7]) * share
                b.ball(at.tolist(), (0.025, 0.025, high * 0.06), metal)
    else:
        b.cylinder((0, 0, 0), s.between(0.1, 0.3), 0.04, metal)
    b.cylinder((0, 0, 0), s.between(0.015, 0.06), high, metal)
    top = s.any(PLAIN, PATCHES, WRITING)
    kind = s.rng.integers(4)
    if kind == 0:
        b.ball((0, 0, high), (0.16, 0.16, s.between(0.08, 0.2)), top)
    elif kind == 1:
        w, h = s.between(0.15, 0.5), s.between(0.2, 0.9)
        b.box((-0.02, -w, high - h), (0.02, w, high), top)
    elif kind == 2:
        for _ in range(int(s.rng.integers(1, 4))):  # coats and bags on hooks
            cloth, y = s.surface(), s.between(-0.15, 0.15)
            b.ball((s.between(-0.1, 0.1), y, high - s.between(0.4, 0.6)),
                   (0.12, 0.16, s.between(0.3, 0.5)), cloth)  # fmt: skip
    else:
        b.cylinder((0, 0, high), s.between(0.1, 0.25), 0.2, top, s.between(0.05, 0.2))


def _post(s: _Shop) -> None:
    """A bollard, a pillar, a bin, a lamp post, a hydrant."""
    b, radius, high = s.build, s.between(0.04, 0.3), s.between(0.5, 2.6)
    b.cylinder(
        (0, 0, 0), radius, high, s.any(PLAIN, SPECKLED, BRICKS), radius * s.between(0.7, 1.2)
    )
    if s.rng.random() < 0.6:
        r = radius * s.between(0.7, 1.6)
        b.ball((0, 0, high), (r, r, r * s.between(0.3, 1.2)), s.surface())
    if s.rng.random() < 0.3:
        at = high * s.between(0.3, 0.8)
        b.cylinder((0, 0, at), radius * 1.08, high * s.between(0.05, 0.2), s.surface())


def _plant(s: _Shop) -> None:
    b, leaf = s.build, s.surface(LEAVES, 0.1, dark=0.1)
    green = np.clip([0.13, 0.26, 0.11] * np.exp(s.rng.normal(0, 0.4, 3)), 0.02, 0.9)
    color = (float(green[0]), float(green[1]), float(green[2]))
    lighter = np.clip(2 * green, 0, 0.9)
    s.surfaces[leaf] = Surface(
        LEAVES, color, (float(lighter[0]), float(lighter[1]), float(lighter[2])), 0.1
    )
    wide, tall, foot = s.between(0.2, 0.8), s.between(0.25, 0.9), s.between(0.1, 0.5)
    kind = s.rng.integers(3)
    if kind == 0:  # in a pot
        b.cylinder((0, 0, 0), 0.17, foot, s.any(PLAIN, BRICKS), 0.2)
    elif kind == 1:  # a young tree
        foot = s.between(0.8, 1.6)
        b.cylinder((0, 0, 0), s.between(0.03, 0.12), foot + 0.3, s.surface(SPECKLED, 0.03))
    else:
        foot = 0.0
    b.foliage((0, 0, foot + tall), (wide, wide, tall), leaf, int(s.rng.integers(200, 900)),
              s.between(0.05, 0.14))  # fmt: skip


def _car(s: _Shop) -> None:
    b, paint, dark = s.build, s.surface(dark=0.5), s.surface(dark=1.0)
    length, wide, high = s.between(1.7, 2.3), 0.85, s.between(1.4, 1.9)
    b.box((-length, -wide, 0.25), (length, wide, high * 0.6), paint)
    b.box((-length * 0.75, -wide * 0.9, high * 0.6), (length * 0.55, wide * 0.9, high - 0.06), dark)
    b.box((-length * 0.7, -wide * 0.88, high - 0.06), (length * 0.45, wide * 0.88, high), paint)
    for x in (-length * 0.62, length * 0.62):
        for y in (-wide, wide):
            b.ball((x, y, 0.32), (0.32, 0.1, 0.32), dark)
            b.ball((x, y * 1.02, 0.32), (0.18, 0.1, 0.18), paint)


def _bicycle(s: _Shop) -> None:
    b, tyre, frame = s.build, s.surface(dark=1.0), s.surface()

    def tube(start: tuple[float, float], end: tuple[float, float], thick: float) -> None:
        for share in np.linspace(0, 1, 12):
            x = start[0] + share * (end[0] - start[0])
            z = start[1] + share * (end[1] - start[1])
            b.ball((x, 0, z), (thick + 0.02, thick, thick + 0.02), frame)

    for x in (-0.52, 0.52):
        for turn in np.linspace(0, 2 * np.pi, 24, endpoint=False):
            b.ball((x + 0.33 * np.cos(turn), 0, 0.35 + 0.33 * np.sin(turn)), (0.05,) * 3, tyre)
    tube((-0.52, 0.35), (-0.15, 0.85), 0.02)
    tube((-0.15, 0.35), (-0.2, 0.95), 0.02)
    tube((0.52, 0.35), (0.4, 1.05), 0.02)
    tube((-0.15, 0.85), (0.42, 0.85), 0.02)
    tube((-0.15, 0.35), (0.42, 0.8), 0.02)
    b.ball((-0.2, 0, 0.97), (0.13, 0.07, 0.04), tyre)
    b.box((0.36, -0.28, 1.03), (0.42, 0.28, 1.07), tyre)


def _board(s: _Shop) -> None:
    """A poster, a partition, a curtain, a door: flat and upright, some as tall as people."""
    w, h, low = s.between(0.2, 0.9), s.between(0.5, 2.2), s.between(0, 0.4)
    s.build.box((-0.02, -w, low), (0.02, w, low + h), s.any(PLAIN, PATCHES, WRITING, BRICKS, TILES))
    for y in (-w, w):
        s.build.box((-0.03, y - 0.02, 0), (0.03, y + 0.02, low + h), s.surface(dark=0.6))


KINDS: list[Callable[[_Shop], None]] = [
    _office_chair, _office_chair, _office_chair, _chair, _table, _cupboard, _trolley, _stand,
    _stand, _post, _plant, _plant, _car, _bicycle, _board,
]  # fmt: skip

INDOORS = [k for k in KINDS if k not in (_post, _car)]


def _desk(s: _Shop) -> None:
    """A table that knees go under."""
    _table(s, 0.68)


def furnish(place: Place, rng: np.random.Generator) -> Place:
    """The same place with more furniture in it, some of it desks with a seat."""
    builder, surfaces = Builder(), list(place.stage.surfaces)
    builder.add(place.stage.vertices, place.stage.faces, place.stage.surface)
    blocked, seats = list(place.floor.blocked), list(place.floor.seats)

    def put(kind: Callable[[_Shop], None], spot: Floats, turn: float, gap: float = 0.0) -> None:
        """Set a thing down; `gap` m is from the spot to its near side."""
        shop = _Shop(rng)
        kind(shop)
        vertices, faces, kinds = shop.build.build()
        ahead = np.array([np.cos(turn), np.sin(turn)])
        flat = vertices[:, :2] + [gap - vertices[:, 0].min() if gap else 0.0, 0.0]
        flat = spot + flat @ np.stack([ahead, [-ahead[1], ahead[0]]])
        builder.add(np.column_stack([flat, vertices[:, 2]]), faces, kinds + len(surfaces))
        surfaces.extend(shop.surfaces)
        low, high = flat.min(0), flat.max(0)
        blocked.append((float(low[0]), float(low[1]), float(high[0]), float(high[1])))

    spots = free_spots(place.floor, int(rng.integers(0, 11)), rng)
    for spot in spots:
        turn, at_desk = float(rng.uniform(-np.pi, np.pi)), rng.random() < 0.3
        kind = _office_chair if at_desk else INDOORS[rng.integers(len(INDOORS))]
        put(kind, spot, turn)
        if at_desk:
            put(_desk, spot, turn, float(rng.uniform(0.25, 0.5)))
            x, y = spot + 0.34 * np.array([np.cos(turn), np.sin(turn)])
            seats.append(Seat((float(x), float(y)), turn, 0.48))
    vertices, faces, surface = builder.build()
    stage = replace(place.stage, vertices=vertices, faces=faces, surface=surface, surfaces=surfaces)
    return replace(place, stage=stage, floor=replace(place.floor, blocked=blocked, seats=seats))


def draw_props(count: int, rng: np.random.Generator) -> list[Prop]:
    """Draw so many things, of all kinds in turn."""
    return [_draw(KINDS[number % len(KINDS)], rng) for number in range(count)]


def _draw(kind: Callable[[_Shop], None], rng: np.random.Generator) -> Prop:
    shop = _Shop(rng)
    kind(shop)
    if rng.random() < 0.3:  # things stand together
        _thing_on(shop, float(rng.uniform(-0.3, 0.3)), float(rng.uniform(-0.3, 0.3)), 0.0)
    vertices, faces, surface = shop.build.build()
    sun = rng.normal(size=3) + np.array([0, 0, 1.5])
    sun[2] = max(abs(sun[2]), 0.4)
    stage = Stage(
        vertices, faces, surface, shop.surfaces,
        [Lamp(tuple((sun / np.linalg.norm(sun)).tolist()), (1.2, 1.15, 1.05), sun=True,
              extent=3.0)],
        sky=(0.9, 0.95, 1.0), inside=(0.9, 0.9, 0.85), ambient=((0.5,) * 3, (0.3,) * 3),
    )  # fmt: skip
    pitch = float(np.radians(rng.choice([rng.uniform(0, 12), rng.uniform(5, 50)])))
    azimuth = float(rng.uniform(-np.pi, np.pi))
    low, high = vertices.min(0), vertices.max(0)
    away = np.array([np.cos(azimuth), np.sin(azimuth), 0]) * np.cos(pitch)
    middle = (low + high) / 2
    eye = middle + FAR * (away + np.array([0, 0, np.sin(pitch)]))
    reach = float(np.linalg.norm(high - low)) * 0.52
    view = float(np.degrees(2 * np.arctan(reach / FAR)))
    camera = look_at("prop", eye, middle, FINE, FINE, view, k1=0.0)
    drawn = Backdrop(stage, 128).view(camera, 4)
    pixels = drawn.pixels
    light = pixels.ambient.numpy() + pixels.direct.numpy().sum(0)
    image = (pixels.albedo.numpy() * light).reshape(FINE, FINE, 3)
    # The sky shines through at the edges of a thing: pixels that it does not fill are left out.
    full = (drawn.empty.numpy() != NOWHERE).all(0).reshape(FINE, FINE).astype(np.float32)
    rows, columns = np.flatnonzero(full.any(1)), np.flatnonzero(full.any(0))
    image, full = (
        a[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        for a in (image * full[..., None], full)
    )
    size = (max(image.shape[1] * SIDE // FINE, 2), max(image.shape[0] * SIDE // FINE, 2))
    small = cv2.resize(np.ascontiguousarray(image), size, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(np.ascontiguousarray(full), size, interpolation=cv2.INTER_AREA)
    height = len(full) / camera.focal * FAR
    return Prop(np.asarray(small, np.float32), np.asarray(alpha, np.float32), height, pitch)
