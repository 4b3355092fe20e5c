"""From a simulated frame to something less tidy: framing, light, lens, codec, clutter.

Simulated pictures lack the variety of real ones, so everything a detector could take for a sign
of the simulator is varied far beyond what is likely (domain randomisation: Tobin et al., "Domain
randomization for transferring deep neural networks from simulation to the real world", IROS 2017).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.types import Floats, Image

COVERED = 0.4  # clutter hides at most this share of a person


def reframe(
    image: Image, boxes: Floats, size: tuple[int, int], rng: np.random.Generator
) -> tuple[Image, Floats]:
    """Scale, squeeze, shift and mirror an image into ``size`` (height, width) px.

    Boxes ``(N, 4)`` xyxy px follow, uncut.
    """
    height, width = image.shape[:2]
    fit = min(size[0] / height, size[1] / width)
    zoom = fit * float(np.exp(rng.uniform(np.log(0.7), np.log(2.2))))
    squeeze = float(np.exp(rng.normal(0, 0.06)))
    scale = np.array([zoom * squeeze, zoom / squeeze])
    room = np.array([size[1], size[0]]) - scale * [width, height]
    # Where there is more picture than frame any part may be cut out, else it lies anywhere.
    shift = room * rng.uniform(0, 1, 2)
    mirror = rng.random() < 0.5
    # The matrix maps pixels' middles, boxes are in pixels' edges: half a pixel apart.
    across, down = shift + 0.5 * scale - 0.5
    matrix = np.array([[scale[0], 0, across], [0, scale[1], down]])
    if mirror:
        matrix[0] = [-scale[0], 0, size[1] - 1 - across]
    pad = [int(v) for v in (rng.integers(0, 256, 3) if rng.random() < 0.5 else [114] * 3)]
    image = cv2.warpAffine(image, matrix, size[::-1], flags=cv2.INTER_LINEAR, borderValue=pad)
    boxes = boxes * np.tile(scale, 2) + np.tile(shift, 2)
    if mirror:
        boxes = boxes[:, [2, 1, 0, 3]]
        boxes[:, [0, 2]] = size[1] - boxes[:, [0, 2]]
    return image, boxes.astype(np.float32)


def disguise(image: Image, boxes: Floats, rng: np.random.Generator) -> Image:
    """Another light, lens, sensor and codec, with clutter in front; the size stays."""
    image = _clutter(image.copy(), boxes, rng)
    tone = (np.arange(256) / 255) ** np.exp(rng.normal(0, 0.3))
    light: Floats = np.asarray(cv2.LUT(image, tone.astype(np.float32)), np.float32)
    if rng.random() < 0.7:
        light = np.minimum(_shade(light, rng), np.float32(1))
    white = np.exp(rng.normal(0, 0.1, 3) + rng.normal(0, 0.25))  # white balance and exposure
    contrast = np.exp(rng.normal(0, 0.2))
    level = 0.5 - 0.5 * contrast + rng.normal(0, 0.05)
    light = light * (white * contrast).astype(np.float32) + np.float32(level)
    grey = cv2.transform(light, np.full((1, 3), 1 / 3, np.float32))[..., None]
    light = grey + (light - grey) * np.float32(0 if rng.random() < 0.1 else rng.uniform(0.3, 1.7))
    if rng.random() < 0.1:
        light = light[..., rng.permutation(3)]
    if rng.random() < 0.5:
        light = _blur_or_sharpen(light, rng)
    if rng.random() < 0.6:
        noise = np.float32(rng.uniform(0, 0.06))
        light = light + noise * rng.standard_normal(light.shape, dtype=np.float32)
    image = np.asarray(np.clip(light, 0, 1) * 255, np.uint8)
    return _compressed(image, int(rng.integers(15, 85))) if rng.random() < 0.5 else image


def _compressed(image: Image, quality: int) -> Image:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _shade(light: Floats, rng: np.random.Generator) -> Floats:
    """Uneven light: a few soft blobs over the whole picture."""
    blobs = np.exp(rng.normal(0, 0.35, (rng.integers(2, 6), rng.integers(2, 6)))).astype(np.float32)
    shade = cv2.resize(blobs, light.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(light * np.clip(shade, 0.2, 4)[..., None], np.float32)


def _blur_or_sharpen(light: Floats, rng: np.random.Generator) -> Floats:
    kind = rng.integers(3)
    if kind == 0:
        return np.asarray(cv2.GaussianBlur(light, (0, 0), float(rng.uniform(0.3, 1.6))), np.float32)
    if kind == 1:  # enlarged from fewer pixels
        share = float(rng.uniform(0.4, 0.9))
        small = cv2.resize(light, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        wide = cv2.resize(small, light.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return np.asarray(wide, np.float32)
    soft = cv2.GaussianBlur(light, (0, 0), 1.5)
    return np.asarray(light + (light - soft) * rng.uniform(0.3, 1.5), np.float32)


def _clutter(image: Image, boxes: Floats, rng: np.random.Generator) -> Image:
    """Things that are nobody: boards, poles, balls and stripes, some of a person's shape."""
    height, width = image.shape[:2]
    for _ in range(rng.integers(0, 7)):
        w, h = np.exp(rng.uniform(np.log(6), np.log([0.4 * width, 0.6 * height])))
        if rng.random() < 0.3:
            w = h * rng.uniform(0.2, 0.45)
        x, y = rng.uniform([-w / 2, -h / 2], [width - w / 2, height - h / 2])
        if _hides(np.array([x, y, x + w, y + h]), boxes):
            continue
        x1, y1 = max(int(x), 0), max(int(y), 0)
        x2, y2 = min(int(x + w) + 1, width), min(int(y + h) + 1, height)
        colors = rng.integers(0, 256, (2, 3), np.uint8)
        if rng.random() < 0.6:  # of the picture's own colours
            colors = image[rng.integers(0, height, 2), rng.integers(0, width, 2)]
        cloth = _texture((y2 - y1, x2 - x1), colors, rng)
        shape = np.full((y2 - y1, x2 - x1), 255, np.uint8)
        if rng.random() < 0.5:
            shape[:] = 0
            middle, half = ((x2 - x1) // 2, (y2 - y1) // 2), ((x2 - x1) // 2, (y2 - y1) // 2)
            cv2.ellipse(shape, middle, half, 0, 0, 360, 255, -1)
        part = image[y1:y2, x1:x2]
        part[shape > 0] = cloth[shape > 0]
    return image


def _hides(thing: NDArray[np.float64], boxes: Floats) -> bool:
    overlap = np.minimum(thing[2:], boxes[:, 2:]) - np.maximum(thing[:2], boxes[:, :2])
    hidden = np.clip(overlap, 0, None).prod(axis=1)
    return bool((hidden > COVERED * (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)).any())


def _texture(size: tuple[int, int], colors: Image, rng: np.random.Generator) -> Image:
    """A plain, graded, striped or noisy patch of two colours."""
    first, second = colors.astype(np.float32)
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    angle, period = rng.uniform(0, np.pi), rng.uniform(3, 60)
    along = x * np.cos(angle) + y * np.sin(angle)
    kind = rng.integers(4)
    if kind == 0:
        share = np.zeros(size, np.float32)
    elif kind == 1:
        share = (along - along.min()) / max(float(np.ptp(along)), 1.0)
    elif kind == 2:
        share = ((along / period) % 1 < 0.5).astype(np.float32)
    else:
        cells = rng.random((rng.integers(2, 12), rng.integers(2, 12))).astype(np.float32)
        share = cv2.resize(cells, size[::-1], interpolation=cv2.INTER_LINEAR)
    mixed = first + (second - first) * share[..., None]
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)
