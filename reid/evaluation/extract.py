"""Embeddings of a dataset's images, with test-time augmentation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from mtmc.reid.data.decode import read_image
from mtmc.reid.evaluation.embeddings import Embeddings
from mtmc.reid.threads import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mtmc.reid.data.images import Images
    from mtmc.reid.embedder import Embedder

Augmentation = Literal["none", "flip", "ten_crop"]

CHUNK = 256
CROP_SHARE = 8 / 9  # side of each of the ten crops, as a share of the image's


def extract(
    embedder: Embedder,
    images: Images,
    augmentation: Augmentation = "none",
    progress: Callable[[int], object] | None = None,
    *,
    unit: bool = True,
) -> Embeddings:
    """Embed all images; those of a tracklet are averaged as they come.

    Args:
        embedder: any, see `reid.load`.
        images: files with ids.
        augmentation: ``flip`` averages with the mirrored image; ``ten_crop`` averages four corners
            and the centre, each also mirrored.
        progress: told how many images are done.
        unit: whether rows are made unit ones, before they are averaged and after.

    Returns:
        One row per image, or per tracklet (in ascending order) where there are tracklets.

    Raises:
        ReidError: a file is no image.
        ValueError: unknown augmentation.
    """
    if augmentation not in get_args(Augmentation):
        raise ValueError(f"augmentation must be one of {get_args(Augmentation)}")
    rows = np.arange(len(images)) if images.tracklets is None else images.tracklets
    _, first, member, counts = np.unique(
        rows, return_index=True, return_inverse=True, return_counts=True
    )
    sums = np.zeros((len(first), embedder.dim), np.float32)
    with ThreadPoolExecutor(available_cores()) as pool:
        for start in range(0, len(images), CHUNK):
            crops = list(pool.map(read_image, images.paths[start : start + CHUNK]))
            views = [_views(crop, augmentation) for crop in crops]
            embedded = embedder.embed([view for of_crop in views for view in of_crop])
            means = embedded.reshape(len(crops), -1, embedder.dim).mean(axis=1)
            if unit:
                means /= np.linalg.norm(means, axis=1, keepdims=True).clip(1e-12)
            np.add.at(sums, member[start : start + len(crops)], means)
            if progress is not None:
                progress(len(crops))
    sums /= counts[:, None].astype(np.float32)
    found = Embeddings(sums, images.pids[first], images.camids[first])
    return found.normalized() if unit else found


def _views(crop: NDArray[np.uint8], augmentation: Augmentation) -> list[NDArray[np.uint8]]:
    windows = _five_crops(crop) if augmentation == "ten_crop" else [crop]
    if augmentation == "none":
        return windows
    return windows + [np.ascontiguousarray(window[:, ::-1]) for window in windows]


def _five_crops(crop: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    height, width = crop.shape[:2]
    tall, wide = max(1, round(height * CROP_SHARE)), max(1, round(width * CROP_SHARE))
    bottom, right = height - tall, width - wide
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)]
    return [crop[top : top + tall, left : left + wide] for top, left in corners]
