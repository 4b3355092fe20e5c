"""Pictures of more than eight bits, made such that one sees what is in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtmc.types import Image

BITS = (8, 10, 12, 14, 16)  # that sensors have; their values often come in 16
FLAT = 0.25  # a picture that uses less of its range is spread over all of it
TAILS = (0.1, 99.9)  # percent; single hot and dead pixels tell nothing of the range


@dataclass(frozen=True)
class Range:
    """The values of a camera's pictures that become 0 and 255."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.6g} to {self.high:.6g}"

    def apply(self, pixels: NDArray[Any]) -> Image:
        """``(H, W, 3) uint8`` of any numbers."""
        if pixels.dtype == np.uint8:
            return pixels
        scale = 255.0 / max(self.high - self.low, 1e-12)
        level = (np.nan_to_num(pixels.astype(np.float32)) - np.float32(self.low)) * scale
        return np.asarray(np.clip(np.rint(level), 0, 255), np.uint8)


def find_range(pictures: Iterable[NDArray[Any]]) -> Range:
    """The range of pictures that are not of eight bits each.

    That of a sensor, 10 to 16 bits or 0 to 1, or, where the values fill little of it (thermal
    cameras), the one they are in.
    """
    values = [p[np.isfinite(p)] for p in pictures]
    values = [v for v in values if v.size]
    if not values:
        return Range(0.0, 255.0)
    top, bottom = max(float(v.max()) for v in values), min(float(v.min()) for v in values)
    high = 1.0 if top <= 1 else next((2.0**b - 1 for b in BITS if top < 2**b), top)
    low = min(0.0, bottom)
    ends = np.array([np.percentile(v, TAILS) for v in values])
    seen = Range(float(ends[:, 0].min()), float(ends[:, 1].max()))
    if 0 < seen.high - seen.low < FLAT * (high - low):
        return seen
    return Range(low, high)
