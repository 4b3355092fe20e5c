"""The weights-free embedder: what colours are where on the body."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from mtmc.reid.preprocess import Preprocess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Chosen on the 25 training people of pku-reid.
HEIGHT, WIDTH = 64, 32
STRIPES = 8
CENTRE_SIGMA = 0.15  # of the crop's width: people stand in the middle, background beside them
BRIGHTNESS, BRIGHTNESS_POWER = 110.0, 0.4  # move this far towards a common brightness
EVEN_DISTANCE = 0.075  # at the equal error rate there
COLOR_STEP, COLOR_SIGMA = 40.0, 16.0  # CIELAB units: spacing and softness of the colour bins


class ColorEmbedder:
    """Soft CIELAB histograms of overlapping horizontal stripes.

    Every pixel is shared between colour bins (Gaussian in CIELAB) and between the two stripes it
    lies in, and counts more the nearer it is to the vertical axis. The square root of the
    histograms is the embedding, so that a dot product is the Bhattacharyya coefficient.
    """

    name = "color"
    even_distance = EVEN_DISTANCE

    def __init__(self) -> None:
        self._bins = _color_bins()  # (32 * 32 * 32, K)
        self._across, self._down = _stripe_weights()  # (W,), (S, H)
        self.dim = len(self._down) * self._bins.shape[1]
        self._preprocess = Preprocess(size=(HEIGHT, WIDTH), color="bgr")

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Embed a batch of crops, see `reid.Embedder.embed`."""
        out = np.empty((len(crops), self.dim), np.float32)
        if len(crops) == 0:
            return out
        pixels = self._preprocess.resize(crops).reshape(len(crops), -1, 3).astype(np.float32)
        brightness = np.maximum(pixels.mean(axis=(1, 2), keepdims=True), 1)
        pixels *= (BRIGHTNESS / brightness) ** BRIGHTNESS_POWER
        blue, green, red = np.moveaxis(np.minimum(pixels, 255).astype(np.int64) >> 3, 2, 0)
        colors = ((blue << 10) | (green << 5) | red).reshape(-1, HEIGHT, WIDTH)
        # One crop at a time, so that its shares (H, W, K), 400 kB, stay in the cache; einsum,
        # because products this small only suffer from BLAS's threads.
        for crop, row in zip(colors, out, strict=True):
            lines = np.einsum("w,hwk->hk", self._across, self._bins[crop])
            row[:] = np.einsum("sh,hk->sk", self._down, lines).ravel()  # each stripe sums to 1
        np.sqrt(out, out=out)
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        return out


@cache
def _color_bins() -> NDArray[np.float32]:
    """For each colour (5 bits per channel, BGR) its share in each bin ``(32768, K)``."""
    levels = (np.arange(32, dtype=np.float32) * 8 + 4) / 255
    bgr = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 1, 3)
    lab = cv2.cvtColor(bgr, cv2.COLOR_BGR2LAB).reshape(-1, 3)
    axes = [
        np.arange(low - low % COLOR_STEP, high + COLOR_STEP, COLOR_STEP)
        for low, high in zip(lab.min(axis=0), lab.max(axis=0), strict=True)
    ]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    squared = ((lab[:, None] - grid) ** 2).sum(axis=2)
    # Only grid points that some displayable colour is nearest to.
    squared = squared[:, np.unique(squared.argmin(axis=1))]
    shares = np.exp(-squared / (2 * COLOR_SIGMA**2))
    shares /= shares.sum(axis=1, keepdims=True)
    shares[shares < 1e-6] = 0  # arithmetic on float32's denormals is a hundred times slower
    return np.asarray(shares, np.float32)


@cache
def _stripe_weights() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weight of each column ``(W,)`` and of each line in each stripe ``(S, H)``; sums are 1."""
    x = (np.arange(WIDTH) + 0.5) / WIDTH - 0.5
    across = np.exp(-(x**2) / (2 * CENTRE_SIGMA**2))
    y = (np.arange(HEIGHT) + 0.5) / HEIGHT
    centres = np.arange(1, 2 * STRIPES) / (2 * STRIPES)
    # Triangles that end at the centre of the next stripe but one.
    down = np.maximum(0, 1 - np.abs(y - centres[:, None]) * STRIPES)
    return (
        np.asarray(across / across.sum(), np.float32),
        np.asarray(down / down.sum(axis=1, keepdims=True), np.float32),
    )
