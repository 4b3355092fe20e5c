"""Things around and before people: cut from other places, so that they look photographed."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mtmc.simulate.body import Floats
from mtmc.simulate.panorama import Panorama


def background(
    rays: Floats, place: Panorama, azimuth: float, zoom: float, others: Sequence[Panorama],
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """What is behind a person, linear RGB.

    Args:
        rays: ``(h, w, 3)`` unit directions, see `Shot.rays`.
        place: where.
        azimuth: rad, by which the place is turned.
        zoom: how much wider than the camera's the shown part is: a crop shows few degrees, of
            which a small panorama knows only few pixels.
        others: places that things are cut from.
        rng: what stands there.
    """
    height, width = rays.shape[:2]
    around = np.arctan2(rays[..., 1], rays[..., 0])
    middle = around[height // 2, width // 2]
    around = middle + np.mod(around - middle + np.pi, 2 * np.pi) - np.pi
    up = np.arcsin(np.clip(rays[..., 2], -1, 1))
    level = up[height // 2, width // 2]
    light = place.look(middle + zoom * (around - middle) + azimuth, level + zoom * (up - level))
    light = np.array(light, np.float32)
    set_about(light, others, int(rng.choice([0, 1, 2, 4], p=[0.4, 0.25, 0.2, 0.15])), rng)
    if rng.random() < 0.35:
        sigma = float(rng.uniform(0.4, 0.02 * height + 0.5))
        light = cv2.GaussianBlur(light, (0, 0), sigma)
    if rng.random() < 0.3:
        light *= grain(height, width, rng)[..., None]
    return light


def set_about(
    light: Floats, places: Sequence[Panorama], count: int, rng: np.random.Generator
) -> None:
    """Put so many boxes, posts and blobs with the look of some place into ``(h, w, 3)`` light."""
    height, width = light.shape[:2]
    for _ in range(count):
        mask = shape(height, width, rng)[..., None]
        light += mask * (patch(height, width, places, rng) - light)


def grain(height: int, width: int, rng: np.random.Generator) -> Floats:
    """The grain of asphalt, grass or foliage: factors on the light, ``(height, width)``."""
    fine = cv2.GaussianBlur(
        rng.normal(size=(height, width)).astype(np.float32), (0, 0), float(rng.uniform(0.4, 1.5))
    )
    return np.asarray(np.exp(0.25 * fine / fine.std()))


def patch(height: int, width: int, places: Sequence[Panorama], rng: np.random.Generator) -> Floats:
    """A piece of some place, at any scale and brightness, linear RGB ``(height, width, 3)``."""
    place = places[int(rng.integers(len(places)))]
    span = float(rng.uniform(0.15, 0.9))
    a = rng.uniform(-np.pi, np.pi) + np.linspace(0, span, width) * width / height
    e = rng.uniform(-0.8, 0.5) - np.linspace(0, span, height)
    azimuth, elevation = np.meshgrid(a, e)
    return np.asarray(place.look(azimuth, elevation) * np.float32(np.exp(rng.normal(0, 0.5))))


def shape(height: int, width: int, rng: np.random.Generator) -> Floats:
    """A box, a post or a blob somewhere, 0..1 with soft edges."""
    mask = np.zeros((height, width), np.float32)
    kind = rng.random()
    x, y = int(rng.integers(-width // 4, width)), int(rng.integers(-height // 4, height))
    if kind < 0.35:
        w, h = int(rng.integers(2, max(width // 6, 3))), 3 * height
        cv2.rectangle(mask, (x, -height), (x + w, h), 1.0, -1)
    elif kind < 0.75:
        w, h = int(width * rng.uniform(0.2, 1.2)), int(height * rng.uniform(0.1, 0.6))
        cv2.rectangle(mask, (x, y), (x + w, y + h), 1.0, -1)
    else:
        centre = np.array([x, y])
        turn = np.sort(rng.uniform(0, 2 * np.pi, 9))
        reach = rng.uniform(0.1, 0.35, 9) * height
        points = centre + np.stack([np.cos(turn), np.sin(turn)], 1) * reach[:, None]
        cv2.fillPoly(mask, [points.astype(np.int32)], 1.0)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.3, 1.2))))


def obstacle(height: int, width: int, rng: np.random.Generator) -> Floats:
    """Something before a person, 0..1: furniture or a car below, a post, a door at the side."""
    mask = np.zeros((height, width), np.float32)
    kind = rng.random()
    if kind < 0.5:
        top = int(height * rng.uniform(0.55, 0.92))
        left = int(width * rng.uniform(-0.6, 0.6))
        slope = int(height * rng.normal(0, 0.05))
        right = left + int(width * rng.uniform(0.5, 1.6))
        corners = [(left, top), (right, top + slope), (right, height + 9), (left, height + 9)]
        cv2.fillPoly(mask, [np.array(corners, np.int32)], 1.0)
    elif kind < 0.75:
        x = int(width * rng.uniform(0, 1))
        cv2.rectangle(
            mask, (x, -9), (x + int(width * rng.uniform(0.04, 0.15)), 3 * height), 1.0, -1
        )
    else:
        w = int(width * rng.uniform(0.1, 0.4))
        x = -9 if rng.random() < 0.5 else width - w
        cv2.rectangle(mask, (x, -9), (x + w + 9, 3 * height), 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.5))
