"""Your own pictures, in any of the ways in which people keep them.

Market-1501's folders with its names (also as CVAT and Datumaro export them), or a folder for each
person, with or without folders for training, queries and gallery around them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from mtmc.reid.data.images import Dataset, Images, images_of
from mtmc.reid.data.market import (
    GALLERY,
    MORE_QUERIES,
    QUERY,
    TRAIN,
    more_queries,
    read_images,
)
from mtmc.reid.errors import ReidError
from mtmc.reid.pictures import is_picture

if TYPE_CHECKING:
    from pathlib import Path

TRAINS = (TRAIN, "train", "train_all")
QUERIES = (QUERY, "probe")
GALLERIES = (GALLERY, "gallery", "test", "val")
EXPORTED = "bounding_box_"  # and any name, in exports of annotation tools
# c1, cam1, camera_1, as a word of a file's name: 0002_c1s1_000451_03.jpg, anna-cam2-17.png
CAMERA = re.compile(r"(?:^|[^a-z0-9])c(?:am(?:era)?)?[ _-]?(\d+)", re.IGNORECASE)
JUNK, DISTRACTOR = "-1", "0000"  # Market-1501's folders of nobody
EXPECTED = (
    f"{TRAIN}/, {QUERY}/ and {GALLERY}/ with files like 0002_c1s1_000451_03.jpg, "
    "or a folder for each person"
)


def read_folder(root: Path) -> Dataset:
    """Any dataset of your own, or the simulator's crops.

    Where there is a gallery but no query folder, or neither, everybody is looked for by one picture
    from each camera. Without cameras in names or folders, each picture counts as one of its own.
    Junk (-1) and distractors (0000) are no one to learn from; in the gallery, junk is ignored and
    distractors count as wrong answers, as in Market-1501's protocol.

    Raises:
        ReidError: there is no image, or a name does not follow the pattern.
    """
    if not root.is_dir():
        raise ReidError(f"{root}: no such folder; expected {EXPECTED}")
    train, query, gallery = (_first(root, names) for names in (TRAINS, QUERIES, GALLERIES))
    gallery = gallery or _exported(root)
    if train is None and gallery is None:
        if not _people(root):
            raise ReidError(f"a dataset of your own not found: expected {EXPECTED} in {root}")
        return _unsplit(root)
    numbers = _Numbers()
    folders = [part for part in (train, query, gallery) if part is not None]
    by_folder = any(_is_by_folder(part) for part in folders)
    parts = [
        images_of([]) if part is None else _read(part, numbers if by_folder else None)
        for part in (train, query, gallery)
    ]
    queries = parts[1] if query is not None else _one_per_camera(parts[2])
    more = None if by_folder else more_queries(root / MORE_QUERIES, queries)
    return Dataset("folder", parts[0].where(parts[0].pids > 0), queries, parts[2], more)


def _unsplit(root: Path) -> Dataset:
    images = _read(root, _Numbers())
    note = "folder: no folders for training and gallery; the same people are in both"
    return Dataset(
        "folder", images.where(images.pids > 0), _one_per_camera(images), images, notes=(note,)
    )


def _first(root: Path, names: tuple[str, ...]) -> Path | None:
    return next((root / name for name in names if (root / name).is_dir()), None)


def _exported(root: Path) -> Path | None:
    """The one folder of boxes beside that for training."""
    found = [p for p in sorted(root.glob(f"{EXPORTED}*")) if p.is_dir() and p.name != TRAIN]
    return found[0] if len(found) == 1 else None


class _Numbers:
    """Numbers of people and cameras, the same in all parts of a dataset."""

    def __init__(self) -> None:
        self._people: dict[str, int] = {}
        self._cameras: dict[str, int] = {}

    def person(self, name: str) -> int:
        if name in (JUNK, DISTRACTOR):
            return int(name)
        key = name.lstrip("0") or "0"  # 0002 and 2 are one, where files are called so
        return self._people.setdefault(key, len(self._people) + 1)

    def camera(self, name: str) -> int:
        return self._cameras.setdefault(name, len(self._cameras) + 1)


def _is_by_folder(folder: Path) -> bool:
    return not any(map(is_picture, folder.iterdir())) and bool(_people(folder))


def _read(folder: Path, numbers: _Numbers | None) -> Images:
    """Images of a folder by the folders in it, else by their names.

    ``numbers`` are None where all parts go by names, whose numbers stand as they are.
    """
    if not _is_by_folder(folder):
        images = read_images(folder)
        if numbers is None:
            return images
        pids = [n if n < 1 else numbers.person(str(n)) for n in images.pids.tolist()]
        cameras = [numbers.camera(f"c{number}") for number in images.camids.tolist()]
        return images_of(list(zip(images.paths, pids, cameras, strict=True)))
    own = numbers or _Numbers()
    return images_of(
        [
            (path, own.person(person.name), own.camera(_camera(path, person)))
            for person in _people(folder)
            for path in sorted(filter(is_picture, person.rglob("*")))
        ]
    )


def _people(folder: Path) -> list[Path]:
    """Folders with images, which are people."""
    inside = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    return [person for person in inside if any(map(is_picture, person.rglob("*")))]


def _camera(path: Path, person: Path) -> str:
    """By the folder inside the person's, the file's name, or none: then the picture's own."""
    inside = path.relative_to(person).parts[:-1]
    match = CAMERA.search(path.stem)
    return inside[0] if inside else f"c{int(match[1])}" if match else str(path)


def _one_per_camera(images: Images) -> Images:
    """The first picture of each person in each camera."""
    pairs = np.stack([images.pids, images.camids], axis=1)
    first = np.unique(pairs, axis=0, return_index=True)[1] if len(pairs) else np.zeros(0, int)
    chosen = np.zeros(len(images), bool)
    chosen[first] = True
    return images.where(chosen & (images.pids > 0))
