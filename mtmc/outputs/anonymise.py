"""Heads, or whole people, made unrecognizable in pictures."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.types import Doubles, Image

BLOCKS = 6  # across what is hidden, of which a head takes a third or less
# Of a box: a head takes a seventh of somebody who stands, and the most of one behind a desk.
HEAD_HEIGHT = 0.3  # of the box's height, at least,
HEAD_WIDTH = 0.8  # and of its width: who lies is hidden whole
ASIDE, ABOVE = 0.15, 0.1  # of its width and height beyond it


def hide(image: Image, boxes: NDArray[np.floating], mode: str) -> Image:
    """A copy in which nobody in the boxes is to be recognized: coarse blocks in their place.

    Args:
        image: ``(H, W, 3)``.
        boxes: ``(N, 4)`` px, of people.
        mode: ``head`` for the upper part of each, ``person`` for all of it.
    """
    result = image.copy()
    parts = hidden_parts(boxes, mode)
    whole = np.hstack([np.floor(parts[:, :2]), np.ceil(parts[:, 2:])])
    inside = np.clip(whole, 0, [image.shape[1], image.shape[0]] * 2).astype(int)
    for x1, y1, x2, y2 in inside.tolist():
        if x2 > x1 and y2 > y1:
            _pixelate(result[y1:y2, x1:x2])
    return result


def hidden_parts(boxes: NDArray[np.floating], mode: str) -> Doubles:
    """``(N, 4)`` px of what is hidden of each box ``(N, 4)``, generously."""
    parts = np.array(boxes, np.float64).reshape(-1, 4)
    width, height = (parts[:, 2:] - parts[:, :2]).T
    if mode == "head":
        tall = np.maximum(HEAD_HEIGHT * height, HEAD_WIDTH * width)
        parts[:, 3] = parts[:, 1] + np.minimum(tall, height)
    parts[:, 0] -= ASIDE * width
    parts[:, 2] += ASIDE * width
    parts[:, 1] -= ABOVE * height
    return parts


def _pixelate(part: Image) -> None:
    """Coarse blocks of its mean colours, in place."""
    height, width = part.shape[:2]
    size = (min(BLOCKS, width), max(1, round(height * BLOCKS / max(width, BLOCKS))))
    few = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    part[:] = cv2.resize(few, (width, height), interpolation=cv2.INTER_NEAREST)
