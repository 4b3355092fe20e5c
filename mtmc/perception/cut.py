"""Crops of pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtmc.types import Image


def cut_out(image: Image, box: NDArray[np.floating]) -> Image:
    """The part of an image inside a box, at least one pixel."""
    height, width = image.shape[:2]
    x1, y1 = np.floor(box[:2]).astype(int).clip(0, (width - 1, height - 1))
    x2, y2 = np.ceil(box[2:]).astype(int).clip((x1 + 1, y1 + 1), (width, height))
    return image[y1:y2, x1:x2]
