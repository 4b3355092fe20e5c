"""CUHK-SYSU: people in whole frames, each query with a gallery of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from mtmc.reid.data.images import Cut, Dataset, Images, count_note, find_folder
from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Box = tuple[int, int, int, int]  # x, y, width, height px, as published
    Rows = list[tuple[str, Box, int]]  # a frame's name, a box in it, the person

T = TypeVar("T")

FRAMES, IMAGES, POOL = "Image/SSM", "annotation/Images.mat", "annotation/pool.mat"
LISTS = "annotation/test/train_test"
PUBLISHED = {"train people": 5532, "queries": 2900, "frames": 18184, "test frames": 6978}


def _read(root: Path, size: int) -> Dataset:
    """CUHK-SYSU: 5,532 people to train, 2,900 queries, each looked for in frames of its own.

    A crop is a hand-drawn box, cut out of its frame; boxes without width or height are left out.
    Each frame counts as a camera, so that nobody is found in the query's own. The gallery is every
    box in the frames of the queries' lists, also those of people without a name (id 0).

    Args:
        root: where ``Image`` and ``annotation`` are.
        size: frames that each query is looked for in, as ``TestG<size>.mat`` lists them.

    Source: Xiao et al., "Joint Detection and Identification Feature Learning for Person Search",
    CVPR 2017.

    Raises:
        ReidError: a file is missing or not as published.
    """
    name = "cuhk_sysu" if size == 100 else f"cuhk_sysu_{size}"
    folder = find_folder(root, ("CUHK-SYSU", "cuhk_sysu"), (FRAMES, IMAGES, LISTS), "CUHK-SYSU")
    boxes = _table(folder / IMAGES, "Img", _boxes)
    pool = _table(folder / POOL, "pool", len)
    train = _table(folder / LISTS / "Train.mat", "Train", _trained)
    asked, right, within = _table(folder / LISTS / f"TestG{size}.mat", f"TestG{size}", _tested)
    camera = {frame: number for number, frame in enumerate(boxes, 1)}
    missing = {frame for frame, *_ in train + asked}.union(*within) - boxes.keys()
    if missing:
        raise ReidError(f"{folder / IMAGES}: lacks {min(missing)}, which is listed in {LISTS}")
    shown = set().union(*within)
    people = {(frame, box): 0 for frame in boxes if frame in shown for box in boxes[frame]}
    people |= {(frame, box): pid for frame, box, pid in right + asked if frame in shown}
    counts = (len({pid for *_, pid in train}), len(asked), len(boxes), pool)
    notes: list[str] = []
    for (what, published), count in zip(PUBLISHED.items(), counts, strict=True):
        notes += count_note(name, what, count, published)

    def cut(rows: Rows) -> Images:
        return Images(
            tuple(Cut(folder / FRAMES / f, (x, y, x + w, y + h)) for f, (x, y, w, h), _ in rows),
            np.array([pid for *_, pid in rows], np.int64),
            np.array([camera[frame] for frame, *_ in rows], np.int64),
        )

    return Dataset(
        name,
        cut(train),
        cut(asked),
        cut([(frame, box, pid) for (frame, box), pid in people.items()]),
        within=np.array([[camera[frame] for frame in names] for names in within], np.int64),
        notes=tuple(notes),
    )


read_50, read_100, read_500, read_1000, read_2000, read_4000 = (
    partial(_read, size=size) for size in (50, 100, 500, 1000, 2000, 4000)
)


def _table(file: Path, key: str, rows: Callable[[NDArray[Any]], T]) -> T:
    from scipy.io import loadmat

    if not file.is_file():
        raise ReidError(f"{file}: no such file; expected CUHK-SYSU's annotation as published")
    try:
        return rows(loadmat(file)[key].ravel())
    except Exception as error:  # scipy raises many kinds for a damaged file
        raise ReidError(
            f"{file}: expected the table {key} as CUHK-SYSU's authors publish it "
            f"({type(error).__name__}: {error})"
        ) from error


def _boxes(table: NDArray[Any]) -> dict[str, list[Box]]:
    """All boxes of each frame."""
    return {_name(each): [b for row in each["box"].flat if (b := _box(row))] for each in table}


def _trained(table: NDArray[Any]) -> Rows:
    """Boxes of the people to train on."""
    rows: Rows = []
    for pid, person in enumerate(table, 1):
        scenes = person.flat[0]["scene"].flat
        rows += [(_name(scene), box, pid) for scene in scenes if (box := _box(scene))]
    return rows


def _tested(table: NDArray[Any]) -> tuple[Rows, Rows, list[list[str]]]:
    """Queries, right answers, and the frames that each query is looked for in."""
    asked: Rows = []
    right: Rows = []
    within = []
    for pid, (queries, gallery) in enumerate(zip(table["Query"], table["Gallery"], strict=True), 1):
        query, found = queries.flat[0], gallery.ravel()
        box = _box(query)
        if box is None:
            raise ValueError(f"query {pid} has no box")
        asked.append((_name(query), box, pid))
        right += [(_name(frame), box, pid) for frame in found if (box := _box(frame))]
        within.append([_name(frame) for frame in found])
    if len(set(map(len, within))) != 1:
        raise ValueError("galleries are not of one size")
    return asked, right, within


def _name(row: Any) -> str:
    return str(row["imname"].flat[0])


def _box(row: Any) -> Box | None:
    """None where there is none, or one without an area."""
    numbers = row["idlocate"].ravel().astype(int).tolist()
    if not numbers:
        return None
    x, y, width, height = numbers
    return (x, y, width, height) if width > 0 and height > 0 else None
