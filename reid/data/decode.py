"""Image files to pixels."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mtmc.reid.data.images import Cut
from mtmc.reid.errors import ReidError
from mtmc.reid.pictures import find_range, read_pixels
from mtmc.reid.threads import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mtmc.reid.preprocess import Preprocess

CHUNK = 256

log = logging.getLogger("mtmc.reid")


def read_image(path: Path | Cut) -> NDArray[np.uint8]:
    """One image as ``(h, w, 3) uint8`` BGR; what has more bits is brought to eight, which is told.

    Raises:
        ReidError: the file is missing, empty or no image, or a box is outside of it.
    """
    if not isinstance(path, Cut):
        return _read_file(path)
    picture = _read_picture(path.picture)
    x1, y1, x2, y2 = (max(0, side) for side in path.box)
    crop = picture[y1:y2, x1:x2]
    if not crop.size:
        height, width = picture.shape[:2]
        raise ReidError(f"{path}: the box is outside of the picture, which is {width}x{height}")
    return np.ascontiguousarray(crop)


def _read_file(path: Path) -> NDArray[np.uint8]:
    try:
        pixels = read_pixels(path)
    except OSError as error:
        raise ReidError(f"{path}: cannot be read ({error.strerror})") from error
    if pixels is None:
        raise ReidError(f"{path}: not a readable image; replace it or remove it from the dataset")
    if pixels.dtype == np.uint8:
        return pixels
    _tell_depth(path.parent)
    return find_range([pixels]).apply(pixels)


_read_picture = lru_cache(16)(_read_file)  # boxes of one picture mostly come together


@cache
def _tell_depth(folder: Path) -> None:
    """Say once for a folder what becomes of its pictures."""
    log.warning("%s: pictures of more than 8 bits; each is spread over 0 to 255", folder)


def decoded(
    paths: Sequence[Path | Cut],
    preprocess: Preprocess,
    progress: Callable[[int], object] | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """Images at the network's size, some at a time, decoded on all cores.

    Yields:
        ``(n, H, W, 3) uint8`` in the network's channel order.

    Raises:
        ReidError: a file is no image.
    """
    with ThreadPoolExecutor(available_cores()) as pool:
        for start in range(0, len(paths), CHUNK):
            part = paths[start : start + CHUNK]
            crops = pool.map(read_image, part)
            yield preprocess.resize(list(crops))
            if progress is not None:
                progress(len(part))


def decode_all(
    paths: Sequence[Path | Cut],
    preprocess: Preprocess,
    progress: Callable[[int], object] | None = None,
) -> NDArray[np.uint8]:
    """All images as one ``(N, 3, H, W) uint8`` array."""
    out = np.empty((len(paths), 3, *preprocess.size), np.uint8)
    start = 0
    for batch in decoded(paths, preprocess, progress):
        out[start : start + len(batch)] = batch.transpose(0, 3, 1, 2)
        start += len(batch)
    return out
