"""Crops of pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtmc.reid.preprocess import crop_boxes
from mtmc.types import Image


def cut_out(image: Image, box: NDArray[np.floating]) -> Image:
    """The part of an image inside a box, at least one pixel."""
    return crop_boxes(image, box[None])[0]
