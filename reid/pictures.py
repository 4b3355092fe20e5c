"""Picture files to pixels; of more than eight bits, such that one sees what is in them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".png", ".bmp", ".dib", ".tif", ".tiff", ".webp"}
    | {".avif", ".gif", ".ppm", ".pgm", ".pbm", ".pnm", ".pam", ".pfm", ".hdr", ".ras", ".sr"}
)
BITS = (8, 10, 12, 14, 16)  # that sensors have; their values often come in 16
FLAT = 0.25  # a picture that uses less of its range is spread over all of it
TAILS = (0.1, 99.9)  # percent; single hot and dead pixels tell nothing of the range
LOOKS_AT_RANGE = 5  # pictures that tell the range of a folder with more than eight bits
# What OpenCV cannot read we report ourselves, once.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def is_picture(path: Path) -> bool:
    """Whether a file is taken for a picture, by its name.

    Those that begin with a dot are none: a Mac writes ``._NAME`` beside every file.
    """
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def read_pixels(path: Path) -> NDArray[Any] | None:
    """``(H, W, 3)`` BGR of whatever type the file has; None if it is no picture.

    Raises:
        OSError: it cannot be read.
    """
    # imdecode, because imread cannot open every path on every system.
    data = np.fromfile(path, np.uint8)
    if not len(data):
        return None
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        if image is None:  # of 32 or 64 bits
            image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if image is None or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)):
        return None
    colours = np.atleast_3d(image)[:, :, :3]
    return np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else np.ascontiguousarray(colours)


class PictureReader:
    """Pictures that belong together, all by the same range, which is told once.

    Args:
        name: whose they are, for the message.
        paths: all of them, of which some tell the range.
        log: where it is told.
    """

    def __init__(self, name: str, paths: Sequence[Path], log: logging.Logger) -> None:
        self._name, self._paths, self._log = name, paths, log
        self._range: Range | None = None

    def read(self, path: Path) -> NDArray[np.uint8] | None:
        """``(H, W, 3) uint8`` BGR; None if it cannot be read."""
        pixels = _read_or_none(path)
        if pixels is None or pixels.dtype == np.uint8:
            return pixels
        if self._range is None:
            self._range = self._find_range(pixels)
        return self._range.apply(pixels)

    def _find_range(self, first: NDArray[Any]) -> Range:
        rows = np.linspace(0, len(self._paths) - 1, LOOKS_AT_RANGE).astype(int)
        some = map(_read_or_none, [self._paths[row] for row in rows])
        found = find_range([first, *(p for p in some if p is not None and p.dtype == first.dtype)])
        self._log.info(
            "%s: pictures of more than 8 bits; their values from %s are shown as 0 to 255",
            self._name,
            found,
        )
        return found


def _read_or_none(path: Path) -> NDArray[Any] | None:
    try:
        return read_pixels(path)
    except OSError:
        return None


@dataclass(frozen=True)
class Range:
    """The values of a camera's pictures that become 0 and 255."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.6g} to {self.high:.6g}"

    def apply(self, pixels: NDArray[Any]) -> NDArray[np.uint8]:
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
