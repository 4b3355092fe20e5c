"""Folders of pictures: which files they hold, and which frame each of them is."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtmc.reid.pictures import is_picture

LARGEST_NUMBER = 10_000_000  # that a name may bear as a frame's; beyond are times and dates
_NUMBER = re.compile(r"([0-9]+)")


def image_folder(folder: Path) -> Path | None:
    """``folder/img1`` or ``folder``, whichever holds images."""
    for candidate in (folder / "img1", folder):
        if candidate.is_dir() and next(list_images(candidate, limit=1), None):
            return candidate
    return None


def list_images(folder: Path, limit: int | None = None) -> Iterator[Path]:
    """The image files of a folder in the order of the numbers in their names."""
    paths = [path for path in folder.iterdir() if is_picture(path) and path.is_file()]
    yield from sorted(paths, key=natural)[:limit]


def natural(path: Path) -> list[tuple[int, str]]:
    """What a name is sorted by, so that the numbers in it count as such."""
    # Numbers as (length, digits): as int they would cost a name of thousands of digits its time.
    return [
        (len(part.lstrip("0")), part.lstrip("0")) if n % 2 else (0, part)
        for n, part in enumerate(_NUMBER.split(path.name))
    ]


@dataclass(frozen=True)
class Numbered:
    """The pictures of a camera in their order.

    Args:
        paths: of the pictures.
        frames: number of each, ascending from 1 or more.
        named: whether these are the numbers in the names; otherwise they are positions.
        left_out: pictures that are none of this camera's frames.
        beyond: the largest number in the names, where it is none of a frame.
    """

    paths: Sequence[Path]
    frames: Sequence[int]
    named: bool
    left_out: Sequence[Path]
    beyond: int | None = None

    @property
    def step(self) -> int:
        """What most numbers differ by."""
        steps = Counter(b - a for a, b in zip(self.frames, self.frames[1:], strict=False))
        return steps.most_common(1)[0][0] if steps else 1


def numbered(paths: Sequence[Path], length: int | None = None) -> Numbered:
    """Tell the frame of each picture by the number in its name, where the names are numbered.

    Names are numbered if they differ in nothing but one number; 0 as the first makes frame 1 of
    it. Otherwise, or if the numbers go beyond ``length``, the pictures are counted.

    Args:
        paths: pictures in their natural order.
        length: how many frames the sequence is said to have.
    """
    paths, left_out = _main_kind(paths)
    numbers = _varying(paths)
    if numbers and numbers[0] == 0:
        numbers = [number + 1 for number in numbers]
    if numbers is None or numbers[-1] > (length or LARGEST_NUMBER):
        beyond = numbers[-1] if numbers else None
        return Numbered(paths, range(1, len(paths) + 1), False, left_out, beyond)
    first = [n == 0 or numbers[n] != numbers[n - 1] for n in range(len(numbers))]
    left_out += [path for path, new in zip(paths, first, strict=True) if not new]  # 1.png, 01.jpg
    return Numbered(
        [path for path, new in zip(paths, first, strict=True) if new],
        [number for number, new in zip(numbers, first, strict=True) if new],
        True,
        left_out,
    )


def _main_kind(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Pictures named alike, and those of other names that bear the same numbers, or none.

    Beside ``1.jpg`` that is ``1_mask.png`` or ``thumbnail.jpg``, but not ``b_7.jpg`` beside
    ``a_1.jpg`` to ``a_6.jpg``.
    """
    kinds: dict[tuple[str, ...], dict[tuple[str, ...], Path]] = defaultdict(dict)
    for path in paths:
        parts = _NUMBER.split(path.stem)
        bare = (digits.lstrip("0") for digits in parts[1::2])
        kinds[tuple(parts[::2])][(*bare, path.name)] = path
    # The most pictures, of the shortest name.
    best = max(kinds, key=lambda kind: (len(kinds[kind]), -sum(map(len, kind))))
    numbers = {key[:-1] for key in kinds[best]}
    apart = {
        path
        for kind, members in kinds.items()
        if kind != best
        for key, path in members.items()
        if len(numbers) > 1 and (len(key) == 1 or key[:-1] in numbers)
    }
    return [p for p in paths if p not in apart], [p for p in paths if p in apart]


def _varying(paths: Sequence[Path]) -> list[int] | None:
    """The one number in which the names differ; None if it is not one, or does not ascend."""
    parts = [_NUMBER.split(path.stem) for path in paths]
    if len({tuple(p[::2]) for p in parts}) > 1 or max(map(len, parts[0])) > 200:
        return None
    columns = list(zip(*(p[1::2] for p in parts), strict=True))
    varying = [column for column in columns if len({c.lstrip("0") for c in column}) > 1]
    if len(varying) != 1 or max(map(len, varying[0])) > 18:
        return None
    numbers = [int(digits) for digits in varying[0]]
    return numbers if numbers == sorted(numbers) else None
