"""From camera pictures to a network's input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.detectors.network.layouts import LayoutName
from mtmc.types import Floats, Image

METADATA_KEY = "mtmc.detector"  # of a file that says itself how it wants its images: `Preprocess`
PADDING = 114  # grey level around a letterboxed image, as the families were trained with
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Preprocess:
    """How a network wants its images and its boxes thinned; `mtmc train-detector` stores it.

    Args:
        layout: of the output, see `OnnxConfig`.
        color: order of the channels.
        scale: factor on grey levels of 0..255.
        centered: whether the image lies in the middle of the padding, not in the upper left.
        iou: see `OnnxConfig`.
        soft_nms: see `OnnxConfig`.
        stretch: whether the image fills the input, whatever that does to its aspect.
        imagenet: whether scaled pixels are normalised by ImageNet's mean and standard deviation.
    """

    layout: LayoutName
    color: Literal["rgb", "bgr"] = "rgb"
    scale: float = 1 / 255
    centered: bool = True
    iou: float = 0.65
    soft_nms: float = 0.0
    stretch: bool = False
    imagenet: bool = False


class Fitted(NamedTuple):
    """An image in the size of a network's input.

    Args:
        image: ``(H, W, 3)``.
        scale: ``(x, y)`` px of the input per px of the picture.
        shift: ``(x, y)`` px that followed.
    """

    image: Image
    scale: tuple[float, float]
    shift: tuple[int, int]

    def restore(self, boxes: Floats) -> Floats:
        """Boxes in the input ``(N, 4)`` px as boxes in the picture."""
        moved = boxes - np.array(self.shift * 2, np.float32)
        return np.asarray(moved / np.array(self.scale * 2, np.float32), np.float32)


def fit(image: Image, size: tuple[int, int], preprocess: Preprocess) -> Fitted:
    """An image in a network's ``(height, width)`` px."""
    if preprocess.stretch:
        height, width = image.shape[:2]
        stretched = cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR)
        return Fitted(np.asarray(stretched, np.uint8), (size[1] / width, size[0] / height), (0, 0))
    return letterbox(image, size, preprocess.centered)


def letterbox(image: Image, size: tuple[int, int], centered: bool) -> Fitted:
    """Scale an image into ``size`` with its aspect kept and the rest padded.

    Args:
        image: ``(H, W, 3)``.
        size: ``(height, width)`` px of the result.
        centered: padding on both sides, as YOLOv8, or right and below only, as YOLOX.
    """
    height, width = image.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    left, top = ((size[1] - inner[0]) // 2, (size[0] - inner[1]) // 2) if centered else (0, 0)
    if inner == size[::-1]:
        resized = cv2.resize(image, inner, interpolation=cv2.INTER_LINEAR)
        return Fitted(np.asarray(resized, np.uint8), (scale, scale), (0, 0))
    padded = np.full((*size, 3), PADDING, np.uint8)
    place = padded[top : top + inner[1], left : left + inner[0]]
    cv2.resize(image, inner, dst=place, interpolation=cv2.INTER_LINEAR)
    return Fitted(padded, (scale, scale), (left, top))


def to_tensor(images: Sequence[Image], preprocess: Preprocess, dtype: str) -> NDArray[np.generic]:
    """Images ``(H, W, 3)`` BGR of one size as ``(B, 3, H, W)``.

    Args:
        images: at least one.
        preprocess: order and scale of the channels.
        dtype: of the result; ``uint8`` are the grey levels themselves.
    """
    rgb = preprocess.color == "rgb"
    if dtype == "uint8":
        levels = np.stack(images)[..., :: -1 if rgb else 1]
        return np.ascontiguousarray(levels.transpose(0, 3, 1, 2))
    blob: Floats = cv2.dnn.blobFromImages(images, preprocess.scale, swapRB=rgb)
    if preprocess.imagenet:
        step = 1 if rgb else -1
        blob -= np.array(IMAGENET_MEAN[::step], np.float32)[:, None, None]
        blob /= np.array(IMAGENET_STD[::step], np.float32)[:, None, None]
    return blob.astype(dtype, copy=False)
