"""Crops of people nobody has named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtmc.reid.data.images import Images
from mtmc.reid.errors import ReidError
from mtmc.reid.pictures import is_picture

if TYPE_CHECKING:
    from pathlib import Path


def read_crops(folder: Path) -> Images:
    """All images in a folder and in folders inside it, each taken for a person of its own.

    Raises:
        ReidError: there is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise ReidError(f"{folder}: no such folder; expected crops of people")
    paths = tuple(sorted(filter(is_picture, folder.rglob("*"))))
    if not paths:
        raise ReidError(f"{folder}: holds no image; expected crops of people as jpg, png, ...")
    return Images(paths, np.arange(1, len(paths) + 1), np.zeros(len(paths), np.int64))
