"""Augmentation of a whole batch at once, on the device where the batch is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from mtmc.reid.training.recipe import AugmentConfig

# Random erasing, as Zhong et al. and Lawen et al. have it: share of the image, height over width.
ERASE_AREA, ERASE_ASPECT = (0.02, 0.4), (0.3, 3.3)
ERASE_ATTEMPTS = 10  # proposals per image, of which the first that fits is used


def augment(
    images: Tensor,
    size: tuple[int, int],
    config: AugmentConfig,
    mean: Tensor,
    std: Tensor,
    rng: torch.Generator,
) -> Tensor:
    """Augment and normalise.

    Args:
        images: ``(N, 3, H, W) uint8``.
        size: ``(height, width)`` of the result, at most that of the images.
        config: what is done.
        mean: ``(3,)`` of pixels in 0..1.
        std: likewise.
        rng: random numbers, on the images' device.

    Returns:
        ``(N, 3, *size) float32``, normalised; erased places are 0, the mean colour.
    """
    images = _flip(images, config.flip, rng)
    images = _cut(images, size, config.crop, rng)
    pixels = images.float().div_(255)
    if config.jitter > 0:
        pixels = _jitter(pixels, config.jitter, rng)
    pixels = (pixels - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    return pixels * _kept(pixels.shape, config, rng)


def _uniform(shape: tuple[int, ...], low: float, high: float, rng: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=rng, device=rng.device) * (high - low) + low


def _flip(images: Tensor, probability: float, rng: torch.Generator) -> Tensor:
    mirrored = _uniform((len(images), 1, 1, 1), 0, 1, rng) < probability
    return torch.where(mirrored, images.flip(3), images)


def _cut(images: Tensor, size: tuple[int, int], border: int, rng: torch.Generator) -> Tensor:
    """A part of each image within a black border of so many pixels, anywhere in it."""
    count = len(images)
    padded = functional.pad(images, (border,) * 4)
    spare = [whole - part for whole, part in zip(padded.shape[2:], size, strict=True)]
    if spare == [0, 0]:
        return images
    places = [torch.randint(0, n + 1, (count, 1), generator=rng, device=rng.device) for n in spare]
    rows = places[0] + torch.arange(size[0], device=rng.device)  # (N, H)
    cols = places[1] + torch.arange(size[1], device=rng.device)  # (N, W)
    which = torch.arange(count, device=rng.device).view(-1, 1, 1)
    # Indexing puts the channels last: (N, H, W, 3).
    return padded[which, :, rows[:, :, None], cols[:, None, :]].permute(0, 3, 1, 2)


def _jitter(pixels: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    count = len(pixels)

    def gain(channels: int = 1, share: float = 1.0) -> Tensor:
        return 1 + _uniform((count, channels, 1, 1), -strength * share, strength * share, rng)

    pixels = pixels * gain() * gain(channels=3, share=0.5)
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    pixels = mean + (pixels - mean) * gain()
    grey = pixels.mean(dim=1, keepdim=True)
    return (grey + (pixels - grey) * gain()).clamp(0, 1)


def _kept(shape: torch.Size, config: AugmentConfig, rng: torch.Generator) -> Tensor:
    """``(N, 1, H, W)``: 0 in the erased rectangle of an image, 1 elsewhere."""
    count, _, height, width = shape
    size = (count, ERASE_ATTEMPTS)
    area = _uniform(size, *ERASE_AREA, rng) * height * width
    aspect = _uniform(size, *ERASE_ASPECT, rng)
    tall, wide = (area * aspect).sqrt().round(), (area / aspect).sqrt().round()
    fits = (tall < height) & (wide < width)
    # argmax finds the first that fits; where none does, nothing is erased.
    first = fits.int().argmax(dim=1, keepdim=True)
    tall, wide = tall.gather(1, first), wide.gather(1, first)  # (N, 1)
    erased = fits.any(dim=1, keepdim=True) & (_uniform((count, 1), 0, 1, rng) < config.erase)
    top = (_uniform((count, 1), 0, 1, rng) * (height - tall + 1)).floor()
    left = (_uniform((count, 1), 0, 1, rng) * (width - wide + 1)).floor()
    y = torch.arange(height, device=rng.device)
    x = torch.arange(width, device=rng.device)
    inside_y = (y >= top) & (y < top + tall) & erased  # (N, H)
    inside_x = (x >= left) & (x < left + wide)  # (N, W)
    return 1 - (inside_y[:, None, :, None] & inside_x[:, None, None, :]).float()
