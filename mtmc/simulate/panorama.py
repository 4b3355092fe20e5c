"""Surroundings all around a person: photographs of places without people, or made-up ones.

A panorama is equirectangular: columns are azimuth, rows elevation from straight up to straight
down. It gives both what is behind a person and the light that falls on the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.errors import UserError
from mtmc.simulate.body import Floats
from mtmc.simulate.dress import linear

Pixels = NDArray[np.uint8]

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
WIDTH = 1024  # px, panoramas are held no larger
MADE_UP = 24  # places drawn where no folder is given
TO_LINEAR = linear(np.arange(256) / 255.0).astype(np.float32)


@dataclass(frozen=True)
class Daylight:
    """The light of a place; radiances are linear RGB.

    Attributes:
        sky: mean radiance of the upper half, weighted as a floor would receive it.
        ground: likewise of the lower half.
        sun: unit vector to the brightest part.
        sun_color: its colour, of mean 1.
        strength: how much brighter than the sky that part is, 0 for an even light.
    """

    sky: Floats
    ground: Floats
    sun: Floats
    sun_color: Floats
    strength: float


class Panorama:
    """One place.

    Args:
        image: ``(H, 2H, 3) uint8`` RGB.
    """

    def __init__(self, image: Pixels) -> None:
        # One column more on each side, so that sampling goes round.
        self.image = np.ascontiguousarray(cv2.copyMakeBorder(image, 0, 0, 1, 1, cv2.BORDER_WRAP))
        self.height, self.width = image.shape[:2]
        self.light = _daylight(cv2.resize(image, (128, 64), interpolation=cv2.INTER_AREA))

    def look(self, azimuth: Floats, elevation: Floats) -> Floats:
        """Linear RGB radiance in some directions, float32; angles in rad, any equal shape."""
        column = np.mod(azimuth / (2 * np.pi) + 0.5, 1.0) * self.width + 0.5
        row = (0.5 - np.clip(elevation / np.pi, -0.499, 0.499)) * self.height - 0.5
        seen = cv2.remap(
            self.image, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        return np.asarray(TO_LINEAR[seen])


def _daylight(image: Pixels) -> Daylight:
    light = TO_LINEAR[image]
    height, width = light.shape[:2]
    elevation = (0.5 - (np.arange(height) + 0.5) / height) * np.pi
    azimuth = ((np.arange(width) + 0.5) / width - 0.5) * 2 * np.pi
    # What is white in a picture is brighter than it looks.
    clipped = np.clip((light.min(-1, keepdims=True) - 0.8) / 0.2, 0, 1)
    light = light * (1 + 3 * clipped)

    def half(rows: NDArray[np.bool_]) -> Floats:
        weight = (np.abs(np.sin(elevation)) * np.cos(elevation))[rows, None, None]
        return np.asarray((light[rows] * weight).sum((0, 1)) / (weight.sum() * width))

    sky, ground = half(elevation > 0), half(elevation < 0)
    above = elevation > np.radians(8)
    grey = cv2.GaussianBlur(light.mean(-1), (0, 0), 2.0)[above]
    bright = np.clip(grey - np.quantile(grey, 0.985), 0, None) + 1e-6 * grey
    e, a = np.meshgrid(elevation[above], azimuth, indexing="ij")
    to = np.stack([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)], -1)
    sun = (to * bright[..., None]).sum((0, 1))
    color = (light[above] * bright[..., None]).sum((0, 1))
    strength = float(grey.max() / max(sky.mean(), 1e-3)) - 1
    return Daylight(
        sky, ground, sun / np.linalg.norm(sun), color / color.mean(), float(np.clip(strength, 0, 6))
    )


def read_panoramas(folder: Path) -> list[Panorama]:
    """All panoramas of a folder, in the order of their names.

    Raises:
        UserError: there is none, or one cannot be read.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; expected panoramas (360 degrees) as jpg or png")
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise UserError(f"{folder}: holds no image; expected panoramas (360 degrees) as jpg or png")
    panoramas = []
    for path in paths:
        image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
        if image is None or abs(image.shape[1] - 2 * image.shape[0]) > 2:
            raise UserError(f"{path}: expected a picture that is twice as wide as it is high")
        size = (min(WIDTH, image.shape[1]), min(WIDTH, image.shape[1]) // 2)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        panoramas.append(Panorama(np.ascontiguousarray(small[..., ::-1])))
    return panoramas


def made_up_panoramas(seed: int) -> list[Panorama]:
    """Places of coloured floors, walls, openings and things, for use without photographs."""
    return [_made_up(np.random.default_rng([seed, 5000, n])) for n in range(MADE_UP)]


def _made_up(rng: np.random.Generator) -> Panorama:
    height, width = 256, 512
    outside = rng.random() < 0.5
    horizon = height // 2
    image = np.empty((height, width, 3))
    top = rng.uniform([0.35, 0.5, 0.7], [0.8, 0.9, 1.0]) if outside else _color(rng, 0.5, 0.95)
    floor = _color(rng, 0.15, 0.7)
    image[:horizon], image[horizon:] = top, floor
    image[horizon:] *= 1 + 0.35 * _texture(rng, height - horizon, width)[..., None]
    wall = int(rng.uniform(0.15, 0.42) * height)
    image[horizon - wall : horizon + wall // 4] = _color(rng, 0.2, 0.9)
    for _ in range(int(rng.integers(15, 70))):
        _thing(image, rng, horizon, wall)
    lights = int(rng.integers(1, 8))
    for x, y in zip(
        rng.integers(0, width, lights), rng.integers(4, horizon - 8, lights), strict=True
    ):
        cv2.ellipse(image, (int(x), int(y)), (int(rng.integers(4, 30)), int(rng.integers(2, 9))),
                    0, 0, 360, (1.0, 1.0, 0.97), -1)  # fmt: skip
    image += 0.06 * rng.normal(size=image.shape[:2])[..., None]
    return Panorama((255 * np.clip(image, 0, 1)).astype(np.uint8))


def _color(rng: np.random.Generator, low: float, high: float) -> Floats:
    """The colour of a thing: mostly near grey, as walls and furniture are."""
    strong = 0.4 if rng.random() < 0.15 else 0.1
    return np.asarray(np.clip(rng.uniform(low, high) * (1 + rng.normal(0, strong, 3)), 0.02, 0.98))


def _texture(rng: np.random.Generator, height: int, width: int) -> Floats:
    """Noise of a random grain, or tiles, in -1..1."""
    if rng.random() < 0.4:
        period = rng.uniform(8, 40)
        y, x = np.mgrid[:height, :width]
        return np.asarray(
            np.where((np.mod(x, period) < 1.5) | (np.mod(y, period) < 1.5), -0.7, 0.1)
        )
    grain = int(rng.choice([2, 4, 12, 40]))
    small = rng.uniform(-1, 1, (height // grain + 2, width // grain + 2)).astype(np.float32)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _thing(image: Floats, rng: np.random.Generator, horizon: int, wall: int) -> None:
    """Something that stands at the wall or on the floor: a door, a sign, a box, a bush."""
    width = image.shape[1]
    w, h = int(rng.integers(4, 70)), int(rng.integers(6, max(wall, 12) + 40))
    x, y = int(rng.integers(0, width)), horizon - wall + int(rng.integers(0, wall + 60))
    part = image[y : y + h, x : x + w]
    if not part.size:
        return
    color = _color(rng, 0.05, 0.95)
    part[:] = color * (1 + 0.5 * _texture(rng, *part.shape[:2])[..., None])
