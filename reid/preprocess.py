"""From crops to network input: one recipe for training, evaluation, checkpoints and ONNX."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from numpy.typing import NDArray

Color = Literal["rgb", "bgr"]
Interpolation = Literal["linear", "area", "cubic"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
LARGEST = 2048  # px of a side; more fills the memory
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Preprocess:
    """How a crop becomes network input; travels inside every checkpoint and exported file.

    Args:
        size: ``(height, width)`` in pixels.
        mean: per channel in ``color`` order, of pixels scaled to 0..1.
        std: likewise.
        color: channel order the network expects.
        interpolation: ``linear``, ``cubic``, or ``area`` (averages where a crop shrinks along both
            sides, linear where it grows).

    Raises:
        ValueError: a field is out of range.
    """

    size: tuple[int, int] = (256, 128)
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    color: Color = "rgb"
    interpolation: Interpolation = "area"

    def __post_init__(self) -> None:
        whole = all(type(side) is int and 1 <= side <= LARGEST for side in self.size)
        if len(self.size) != 2 or not whole:
            raise ValueError(
                f"size must be (height, width) of 1 to {LARGEST} pixels, got {self.size}"
            )
        if len(self.mean) != 3 or len(self.std) != 3:
            raise ValueError(f"mean and std must have 3 values, got {self.mean} and {self.std}")
        if not np.isfinite(self.mean).all() or not np.isfinite(self.std).all():
            raise ValueError(f"mean and std must be finite, got {self.mean} and {self.std}")
        if min(self.std) <= 0:
            raise ValueError(f"std must be positive, got {self.std}")
        if self.color not in get_args(Color):
            raise ValueError(f"color must be one of {get_args(Color)}, got {self.color!r}")
        if self.interpolation not in get_args(Interpolation):
            raise ValueError(
                f"interpolation must be one of {get_args(Interpolation)}, "
                f"got {self.interpolation!r}"
            )

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain lists, numbers and strings."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`.

        Raises:
            ValueError: a field is missing, unknown or out of range.
        """
        try:
            plain: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()
            }
            return cls(**plain)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"not a preprocessing recipe: {error}") from error

    def resize(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Bring BGR crops to the network's size and channel order.

        Args:
            crops: ``(h, w, 3) uint8`` BGR each.

        Returns:
            ``(N, height, width, 3) uint8`` in ``color`` order.

        Raises:
            ValueError: a crop has another shape or dtype, or no pixel.
        """
        check_crops(crops)
        height, width = self.size
        batch = np.empty((len(crops), height, width, 3), np.uint8)
        for crop, out in zip(crops, batch, strict=True):
            shrinks = crop.shape[0] >= height and crop.shape[1] >= width
            mode = {
                "linear": cv2.INTER_LINEAR,
                "cubic": cv2.INTER_CUBIC,
                "area": cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
            }[self.interpolation]
            cv2.resize(crop, (width, height), dst=out, interpolation=mode)
        if self.color == "rgb":
            for out in batch:
                cv2.cvtColor(out, cv2.COLOR_BGR2RGB, dst=out)
        return batch

    def normalize(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Scale a resized batch ``(N, H, W, 3) uint8`` to ``(N, 3, H, W) float32``."""
        scale, shift = self._affine()
        planes = np.empty((len(batch), 3, *self.size), np.float32)
        for channel in range(3):
            np.multiply(batch[..., channel], scale[channel], out=planes[:, channel])
            planes[:, channel] += shift[channel]
        return planes

    def normalize_tensor(self, batch: torch.Tensor) -> torch.Tensor:
        """Like `normalize`, on the tensor's own device, from ``(N, 3, H, W) uint8``."""
        pixels = batch.float()
        scale, shift = (pixels.new_tensor(v).view(3, 1, 1) for v in self._affine())
        return pixels.mul_(scale).add_(shift)

    def __call__(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Resize and normalise BGR crops to network input ``(N, 3, H, W) float32``."""
        return self.normalize(self.resize(crops))

    def _affine(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """``(x / 255 - mean) / std`` as one multiplication and one addition per channel."""
        mean, std = np.asarray(self.mean), np.asarray(self.std)
        return (1 / (255 * std)).astype(np.float32), (-mean / std).astype(np.float32)


def check_crops(crops: Sequence[NDArray[np.uint8]]) -> None:
    """Raise ValueError for the first crop that is not a ``(h, w, 3) uint8`` picture."""
    for i, crop in enumerate(crops):
        if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype != np.uint8 or crop.size == 0:
            raise ValueError(
                f"crop {i} must be (h, w, 3) uint8 with at least one pixel, "
                f"got {crop.shape} {crop.dtype}"
            )


def crop_boxes(
    image: NDArray[np.uint8], boxes: NDArray[np.floating[Any]]
) -> list[NDArray[np.uint8]]:
    """Cut boxes out of a frame, as views.

    Args:
        image: ``(H, W, 3) uint8``.
        boxes: ``(N, 4)`` ``x1, y1, x2, y2`` in pixels; clipped to the image, and never narrower
            than one pixel.
    """
    height, width = image.shape[:2]
    x1, y1 = (np.floor(boxes[:, :2]).clip(0, (width - 1, height - 1)).astype(int)).T
    x2, y2 = (np.ceil(boxes[:, 2:]).clip(0, (width, height)).astype(int)).T
    x2, y2 = np.maximum(x2, x1 + 1), np.maximum(y2, y1 + 1)
    return [
        image[top:bottom, left:right]
        for left, top, right, bottom in zip(x1, y1, x2, y2, strict=True)
    ]
