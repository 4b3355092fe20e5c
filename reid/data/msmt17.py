"""MSMT17, versions 1 and 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtmc.reid.data.images import Dataset, Images, count_note, find_folder, images_of
from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from pathlib import Path

LISTS = ("list_train.txt", "list_val.txt", "list_query.txt", "list_gallery.txt")
VERSIONS = {"MSMT17_V1": ("train", "test"), "MSMT17_V2": ("mask_train_v2", "mask_test_v2")}


def read_msmt17(root: Path) -> Dataset:
    """MSMT17: 1,041 people to train (30,248 + 2,373 validation images), 3,060 to test.

    Training and validation images are learned from together, as usual.

    Source: Wei et al., "Person Transfer GAN", CVPR 2018.

    Raises:
        ReidError: the lists or the image folders are missing, or a line cannot be read.
    """
    usual = (*VERSIONS, "MSMT17")
    folder = find_folder(root, usual, LISTS, "MSMT17 (V1 or V2)", LISTS[2:], LISTS[:2])
    for train, test in VERSIONS.values():
        if (folder / train).is_dir() or (folder / test).is_dir():
            break
    else:
        raise ReidError(f"{folder}: expected train/ and test/, or mask_train_v2/ and mask_test_v2/")
    learn = _rows(folder / LISTS[0], folder / train) + _rows(folder / LISTS[1], folder / train)
    query = images_of(_rows(folder / LISTS[2], folder / test))
    gallery = images_of(_rows(folder / LISTS[3], folder / test))
    parts: tuple[tuple[str, Images, int], ...] = (
        ("train", images_of(learn), 32621),
        ("query", query, 11659),
        ("gallery", gallery, 82161),
    )
    notes = [
        n
        for part, images, count in parts
        for n in count_note("msmt17", f"{part} images", len(images), count)
        if len(images)
    ]
    return Dataset("msmt17", images_of(learn), query, gallery, notes=tuple(notes))


def _rows(listing: Path, images: Path) -> list[tuple[Path, int, int]]:
    """Lines like ``0000/0000_000_01_0303morning_0015_0.jpg 0``: camera 01, person 0."""
    rows: list[tuple[Path, int, int]] = []
    if not listing.is_file() or not images.is_dir():
        return rows
    for number, line in enumerate(listing.read_text().splitlines(), 1):
        if not line.strip():
            continue
        try:
            name, pid = line.rsplit(maxsplit=1)
            camera = int(name.rsplit("/", maxsplit=1)[-1].split("_")[2])
            # Ids begin at 0 there; 0 means distractor elsewhere.
            rows.append((images / name, int(pid) + 1, camera))
        except (ValueError, IndexError) as error:
            raise ReidError(
                f"{listing}, line {number}: expected '0000/0000_000_01_....jpg 0', got {line!r}"
            ) from error
    return rows
