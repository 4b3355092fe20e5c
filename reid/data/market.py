"""Market-1501 and everything that is laid out like it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mtmc.reid.data.images import Dataset, Images, count_note, find_folder, images_of
from mtmc.reid.errors import ReidError
from mtmc.reid.pictures import is_picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TRAIN, QUERY, GALLERY = "bounding_box_train", "query", "bounding_box_test"
MORE_QUERIES = "gt_bbox"
TESTS = (QUERY, GALLERY)
# 0002_c1s1_000451_03.jpg (Market-1501), 0001_c2_f0046182.jpg (DukeMTMC-reID), -1_c3... (junk)
NAME = re.compile(r"(-?\d+)_c(\d+)")


def read_images(folder: Path) -> Images:
    """All images of a folder, by name; ``<pid>_c<camera>...`` in jpg, png, bmp, tif or webp.

    Raises:
        ReidError: there is none, or a name does not follow the pattern.
    """
    rows = []
    for path in sorted(filter(is_picture, folder.iterdir())):
        match = NAME.match(path.name)
        if match is None:
            raise ReidError(
                f"{path}: expected a name like 0002_c1s1_000451_03.jpg "
                "(person id, _c, camera number)"
            )
        rows.append((path, int(match[1]), int(match[2])))
    if not rows:
        raise ReidError(f"{folder}: holds no image; expected files like 0002_c1s1_000451_03.jpg")
    return images_of(rows)


def read_market1501(root: Path) -> Dataset:
    """Market-1501: 751 people to train (12,936 images), 750 to test (3,368 and 19,732).

    Source: Zheng et al., "Scalable Person Re-identification: A Benchmark", ICCV 2015.
    """
    dataset = _read(root, "market1501", "Market-1501", ("Market-1501-v15.09.15", "market1501"))
    return _checked(dataset, (12936, 751), (3368, 750), (19732, 750))


def read_dukemtmc(root: Path) -> Dataset:
    """DukeMTMC-reID: 702 people to train (16,522 images), 702 to test (2,228 and 17,661).

    Source: Ristani et al., ECCV 2016 workshops; Zheng et al., ICCV 2017.
    """
    dataset = _read(root, "dukemtmc", "DukeMTMC-reID", ("DukeMTMC-reID", "dukemtmc-reid"))
    return _checked(dataset, (16522, 702), (2228, 702), (17661, 1110))


def _read(root: Path, name: str, what: str, folders: Sequence[str]) -> Dataset:
    folder = find_folder(root, folders, (TRAIN, *TESTS), what, TESTS, (TRAIN,))
    train, query, gallery = read_parts(folder)
    more = more_queries(folder / MORE_QUERIES, query)
    return Dataset(name, train.where(train.pids > 0), query, gallery, more)


def read_parts(folder: Path) -> tuple[Images, Images, Images]:
    """Images to train on, queries and gallery; none where a folder is missing."""
    train, query, gallery = (
        read_images(folder / part) if (folder / part).exists() else images_of([])
        for part in (TRAIN, QUERY, GALLERY)
    )
    return train, query, gallery


def more_queries(folder: Path, query: Images) -> Images | None:
    """Hand-drawn boxes of the queries' people in the queries' cameras."""
    if not folder.is_dir():
        return None
    images = read_images(folder)
    asked = set(zip(query.pids.tolist(), query.camids.tolist(), strict=True))
    pairs = zip(images.pids.tolist(), images.camids.tolist(), strict=True)
    return images.where(np.array([pair in asked for pair in pairs]))


def _checked(
    dataset: Dataset, train: tuple[int, int], query: tuple[int, int], gallery: tuple[int, int]
) -> Dataset:
    """The dataset with notes where (images, people) are not the published numbers."""
    notes: list[str] = []
    for part, (images, people) in (("train", train), ("query", query), ("gallery", gallery)):
        found: Images = getattr(dataset, part)
        if len(found) == 0:  # not here, and asked for only by who needs it
            continue
        notes += count_note(dataset.name, f"{part} images", len(found), images)
        notes += count_note(dataset.name, f"{part} people", found.people, people)
    return replace(dataset, notes=tuple(notes))
