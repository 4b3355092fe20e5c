"""What a dataset is: lists of image files with who and which camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Cut:
    """A crop that is cut out of a larger picture when it is read.

    Args:
        picture: the file.
        box: ``x1, y1, x2, y2`` px; what of it is outside is left out.
    """

    picture: Path
    box: tuple[int, int, int, int]

    @property
    def name(self) -> str:
        """As a file's."""
        return f"{self.picture.name} {self.box}"

    def __str__(self) -> str:
        return f"{self.picture} {self.box}"


@dataclass(frozen=True, eq=False)
class Images:
    """Images of known people.

    Args:
        paths: the files, or the parts of files.
        pids: ``(N,) int64`` person ids; -1 is junk, 0 a distractor.
        camids: ``(N,) int64`` cameras, 1-based as in the file names.
        tracklets: ``(N,) int64`` tracklet of each image where the dataset has tracklets.
    """

    paths: tuple[Path | Cut, ...]
    pids: NDArray[np.int64]
    camids: NDArray[np.int64]
    tracklets: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def people(self) -> int:
        """How many people there are, not counting distractors and junk."""
        return len(np.unique(self.pids[self.pids > 0]))

    @property
    def cameras(self) -> int:
        """How many cameras there are."""
        return len(np.unique(self.camids))

    def one_of_each(self) -> tuple[Path | Cut, ...]:
        """A file of each tracklet, ascending, or all of them where there are no tracklets."""
        if self.tracklets is None:
            return self.paths
        first = np.unique(self.tracklets, return_index=True)[1]
        return tuple(self.paths[i] for i in first)

    def where(self, mask: NDArray[np.bool_]) -> Images:
        """The images a boolean mask selects."""
        chosen = np.flatnonzero(mask)
        return Images(
            tuple(self.paths[i] for i in chosen),
            self.pids[chosen],
            self.camids[chosen],
            None if self.tracklets is None else self.tracklets[chosen],
        )


@dataclass(frozen=True, eq=False)
class Dataset:
    """A re-identification dataset.

    Args:
        name: for tables and checkpoints.
        train: images to learn from; people numbered in any way, none of them junk. May be empty,
            as may query and gallery: who makes use of one asks by `need`.
        query: who is looked for.
        gallery: where.
        more_queries: further images of the queries' people in the queries' cameras, for the
            multi-query protocol; None where the dataset has none.
        within: ``(Q, K) int64`` cameras that each query is looked for in; None for all.
        notes: what the user should know, for example that counts differ from the published ones.
    """

    name: str
    train: Images
    query: Images
    gallery: Images
    more_queries: Images | None = None
    within: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = field(default=())

    def need(self, *parts: str) -> None:
        """Make sure that there are images for what is about to be done.

        Raises:
            ReidError: one of ``train``, ``query`` and ``gallery`` that is asked for is empty.
        """
        for part in parts:
            if len(getattr(self, part)) == 0:
                raise ReidError(f"dataset {self.name}: there are no {part} images")

    def need_one_gallery(self, what: str) -> None:
        """Make sure that every query is looked for in the whole gallery.

        Raises:
            ReidError: they are looked for in cameras of their own.
        """
        if self.within is not None:
            raise ReidError(
                f"dataset {self.name}: each query has a gallery of its own, expected one for all; "
                f"leave {what} out"
            )


def images_of(rows: Sequence[tuple[Path | Cut, int, int]]) -> Images:
    """Images from (path, pid, camid) rows."""
    return Images(
        tuple(row[0] for row in rows),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.int64),
    )


def joined(parts: Sequence[Images]) -> Images:
    """Images of several parts of one dataset, without tracklets."""
    return Images(
        tuple(path for part in parts for path in part.paths),
        np.concatenate([part.pids for part in parts]),
        np.concatenate([part.camids for part in parts]),
    )


def combine(parts: Sequence[Images]) -> Images:
    """Images of several datasets as one training set.

    Ids and cameras of different datasets are kept apart; ids become 0..P-1, so that they can be
    classes.
    """
    pids, camids, first_pid, first_camera = [], [], 0, 0
    for part in parts:
        labels = np.unique(part.pids, return_inverse=True)[1] + first_pid
        cameras = np.unique(part.camids, return_inverse=True)[1] + first_camera
        first_pid = int(labels.max(initial=first_pid - 1)) + 1
        first_camera = int(cameras.max(initial=first_camera - 1)) + 1
        pids.append(labels)
        camids.append(cameras)
    paths = tuple(path for part in parts for path in part.paths)
    return Images(paths, np.concatenate(pids), np.concatenate(camids))


def find_folder(
    root: Path, names: Sequence[str], holds: Sequence[str], what: str, *enough: Sequence[str]
) -> Path:
    """The folder of a dataset: ``root`` itself or one of its usual names inside.

    Args:
        root: where the user keeps datasets, or this one.
        names: usual names of the dataset's folder.
        holds: what must be inside.
        what: the dataset, for the message.
        enough: parts of ``holds`` that will do by themselves.

    Raises:
        ReidError: none of them holds what is expected.
    """
    if not root.is_dir():
        raise ReidError(f"{root}: no such folder; expected the root of {what}")
    for wanted in (holds, *enough):
        for folder in (*(root / name for name in names), root):
            if all((folder / item).exists() for item in wanted):
                return folder
    places = " or ".join([f"{root}/{name}" for name in names] + [str(root)])
    raise ReidError(f"{what} not found: expected {', '.join(holds)} in {places}")


def count_note(name: str, what: str, found: int, published: int) -> list[str]:
    """A note where a count is not the published one."""
    if found == published:
        return []
    return [f"{name}: {found} {what}, published are {published}: scores are not comparable"]
