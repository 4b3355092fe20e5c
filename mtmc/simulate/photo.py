"""What a camera makes of light: its own colours and tone, sharpness, noise and compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mtmc.simulate.body import Floats
from mtmc.simulate.panorama import Pixels

GREY = 0.18  # linear, where exposure puts the mean of a scene
STEPS = 2048  # of the tone curve, over 0..2


@dataclass(frozen=True)
class Eye:
    """One camera, as far as its pictures of people go.

    Attributes:
        height: m above the floor.
        aspect: height over width of its boxes; 0 where boxes fit each person.
        margin: mean room above and below a person, in shares of the height.
        exposure: factor on the light, gamma, contrast, saturation: 1 is neutral.
        white: gains of red, green, blue.
        haze: light added everywhere, in linear units.
        blur: of the lens, px at a person 128 px high; sharpen: strength of edge enhancement.
        noise: deviation in grey levels.
        quality: of its JPEGs; coarse: share of pictures that went through a video codec before.
        size: height and width its crops are scaled to, or None for their own.
        tall: lowest and highest person, px.
    """

    height: float
    aspect: float
    margin: float
    exposure: float
    gamma: float
    contrast: float
    saturation: float
    white: tuple[float, float, float]
    haze: float
    blur: float
    sharpen: float
    noise: float
    quality: float
    coarse: float
    size: tuple[int, int] | None
    tall: tuple[float, float]


def draw_eye(rng: np.random.Generator) -> Eye:
    """Draw a camera; no two agree in colours, and some are bad."""
    low = float(np.exp(rng.uniform(np.log(38), np.log(130))))
    red, blue = np.exp(rng.normal(0, 0.13, 2))
    sizes: list[tuple[int, int] | None] = [(128, 64), (160, 60), (128, 48), (256, 128)]
    return Eye(
        height=float(rng.uniform(1.5, 6.0) if rng.random() < 0.6 else rng.uniform(1.5, 3.2)),
        aspect=0.0 if rng.random() < 0.4 else float(rng.uniform(1.9, 2.8)),
        margin=float(rng.uniform(-0.01, 0.09)),
        exposure=float(np.exp(rng.normal(0, 0.35))),
        gamma=float(np.exp(rng.normal(0, 0.16))),
        contrast=float(np.exp(rng.normal(0.05, 0.14))),
        saturation=float(np.clip(np.exp(rng.normal(-0.1, 0.4)), 0.15, 1.8)),
        white=(float(red), 1.0, float(blue)),
        haze=float(rng.uniform(0, 0.04)) if rng.random() < 0.4 else 0.0,
        blur=float(rng.uniform(0.2, 0.9)),
        sharpen=float(rng.uniform(0.0, 1.1)),
        noise=float(rng.uniform(0.5, 5.0)),
        quality=float(rng.uniform(55, 94)),
        coarse=float(rng.choice([0.0, 0.5, 1.0])),
        size=sizes[rng.integers(4)] if rng.random() < 0.45 else None,
        tall=(low, min(low * float(rng.uniform(1.3, 2.6)), 210.0)),
    )


def expose(light: Floats, eye: Eye, level: float, rng: np.random.Generator) -> Pixels:
    """Take a picture.

    Args:
        light: ``(H, W, 3)`` linear RGB.
        eye: the camera.
        level: mean light of what the camera sees, on which its exposure settles.
        rng: noise, and how this picture differs from the camera's others.

    Returns:
        ``(H, W, 3) uint8`` BGR.
    """
    gain = GREY / max(level, 1e-3) * eye.exposure * float(np.exp(rng.normal(0, 0.15)))
    light = light * (gain * np.array(eye.white, np.float32)) + np.float32(eye.haze)
    sigma = eye.blur * max(light.shape[0] / 150, 0.35)
    light = cv2.GaussianBlur(light.astype(np.float32), (0, 0), max(sigma, 0.15))
    index = np.clip(light * (STEPS / 2), 0, STEPS - 1).astype(np.int32)
    image = _curve(eye)[index]
    grey = image @ np.array([0.299, 0.587, 0.114], np.float32)
    image = grey[..., None] + (image - grey[..., None]) * np.float32(eye.saturation)
    if eye.sharpen > 0.1:
        image = image + eye.sharpen * (image - cv2.GaussianBlur(image, (0, 0), 1.0))
    grain = rng.normal(size=image.shape[:2]).astype(np.float32)
    colour = rng.normal(size=image.shape).astype(np.float32)
    image = image + eye.noise * (0.8 * grain[..., None] + 0.5 * colour)
    return np.ascontiguousarray(np.clip(image + 0.5, 0, 255).astype(np.uint8)[..., ::-1])


def _curve(eye: Eye) -> Floats:
    """Linear 0..2 to grey levels: a shoulder, sRGB, gamma and contrast."""
    x = np.linspace(0, 2, STEPS)
    x = x * (1 + x / 4.0) / (1 + 0.5 * x)
    y = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)
    y = np.clip(y, 0, 1.2) ** eye.gamma
    return np.asarray(255 * (0.45 + (y - 0.45) * eye.contrast), np.float32)


def develop(image: Pixels, eye: Eye, rng: np.random.Generator) -> bytes:
    """Compress a crop as its camera and whoever stored it did; a JPEG file's content."""
    if rng.random() < eye.coarse:
        # What a codec leaves of a person in motion: blocks and smeared colour.
        image = compressed(image, int(rng.uniform(28, 65)))
    if eye.size is not None:
        grows = image.shape[0] < eye.size[0]
        how = cv2.INTER_CUBIC if grows and rng.random() < 0.5 else cv2.INTER_LINEAR
        image = cv2.resize(image, eye.size[::-1], interpolation=how if grows else cv2.INTER_AREA)
    return _encoded(image, int(np.clip(rng.normal(eye.quality, 4), 30, 96)))


def _encoded(image: Pixels, quality: int) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)


def compressed(image: Pixels, quality: int) -> Pixels:
    """What is left of a picture after JPEG of some quality, 1 to 100."""
    data = np.frombuffer(_encoded(image, quality), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
