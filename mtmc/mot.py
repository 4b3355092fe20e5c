"""MOTChallenge text files: one row per box, ``frame,id,x,y,w,h,...``. The only place for xywh."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from mtmc.errors import UserError
from mtmc.reid.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Index = NDArray[np.bool_] | NDArray[np.integer] | slice

# Of MOTChallenge; what else there is comes after them.
CLASS_NAMES = {
    1: "person",
    2: "person on vehicle",
    3: "car",
    4: "bicycle",
    5: "motorcycle",
    6: "vehicle",
    7: "static person",
    8: "distractor",
    9: "occluder",
    10: "occluder on the ground",
    11: "occluder full",
    12: "reflection",
    13: "crowd",
}
OTHER = 100  # and more: classes that MOTChallenge does not have
UNKNOWN = -1  # class or visibility that a file does not tell

_MOT15_COLUMNS = 10  # frame,id,x,y,w,h,score and a world position; fewer: class and visibility
_LAST_FRAME = 10**8  # of five weeks at 30 per second
_AT_THE_ENDS = " \t\0\x1a\ufeff"  # of lines, beside what separates cells: means nothing


class MotKind(Enum):
    """What a MOT text file holds, which decides the columns it may have.

    ``TRUTH``: ``frame,id,x,y,w,h,flag,class,visibility`` (MOT16, MOT17, MOT20; a tenth column says
    nothing) or ``frame,id,x,y,w,h,flag,X,Y,Z`` (MOT15). ``TRACKS``: ``frame,id,x,y,w,h,score`` and
    up to three more columns. ``DETECTIONS``: the same, with an id that means nothing.
    """

    TRUTH = "ground truth"
    TRACKS = "tracks"
    DETECTIONS = "detections"

    @property
    def columns(self) -> range:
        """The numbers of columns this kind of file may have."""
        return range(8, 11) if self is MotKind.TRUTH else range(7, 11)


@dataclass(frozen=True, slots=True, eq=False)
class MotRows:
    """The rows of one MOT text file, in the order of the file.

    Args:
        frames: ``(N,) int64``, 1-based.
        ids: ``(N,) int64``; -1 in detection files.
        boxes: ``(N, 4) float64``, ``x1, y1, x2, y2`` in pixels.
        scores: ``(N,) float64`` confidence; in ground truth the flag, 0 = do not evaluate.
        classes: ``(N,) int64`` MOT class, 1 = pedestrian, -1 where the file has none.
        visibility: ``(N,) float64`` in 0..1, -1 where the file has none.
        embeddings: ``(N, D) float32``; None where the file has none.
    """

    frames: NDArray[np.int64]
    ids: NDArray[np.int64]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.int64]
    visibility: NDArray[np.float64]
    embeddings: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        for name in ("ids", "boxes", "scores", "classes", "visibility"):
            column = getattr(self, name)
            shape = (len(self), 4) if name == "boxes" else (len(self),)
            if column.shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {column.shape}")

    @classmethod
    def make(
        cls,
        frames: NDArray[np.integer],
        ids: NDArray[np.integer],
        boxes: NDArray[np.floating],
        *,
        scores: NDArray[np.floating] | None = None,
        classes: NDArray[np.integer] | None = None,
        visibility: NDArray[np.floating] | None = None,
        embeddings: NDArray[np.floating] | None = None,
    ) -> Self:
        """Rows from arrays of any number type; what is left out becomes 1, or unknown (-1)."""
        rows = len(frames)
        return cls(
            np.asarray(frames, np.int64),
            np.asarray(ids, np.int64),
            np.asarray(boxes, np.float64).reshape(rows, 4),
            np.ones(rows) if scores is None else np.asarray(scores, np.float64),
            np.full(rows, UNKNOWN) if classes is None else np.asarray(classes, np.int64),
            np.full(rows, float(UNKNOWN)) if visibility is None else np.asarray(visibility, float),
            None if embeddings is None else np.asarray(embeddings, np.float32).reshape(rows, -1),
        )

    @classmethod
    def empty(cls) -> Self:
        """No rows."""
        none = np.zeros(0, np.int64)
        return cls.make(none, none, np.zeros((0, 4)))

    @classmethod
    def concatenate(cls, parts: Sequence[MotRows]) -> Self:
        """The rows of all parts, in order: at least one; all with embeddings, or none."""
        columns = [[getattr(part, name) for part in parts] for name in cls.__slots__]
        joined: list[Any] = [None if c[0] is None else np.concatenate(c) for c in columns]
        return cls(*joined)

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: Index) -> Self:
        """The rows selected by a boolean mask, an index array or a slice."""
        columns = [getattr(self, name) for name in self.__slots__]
        chosen: list[Any] = [None if column is None else column[index] for column in columns]
        return type(self)(*chosen)

    @property
    def last_frame(self) -> int:
        """The highest frame number, 0 without rows."""
        return int(self.frames.max()) if len(self) else 0


def read_mot(path: Path, kind: MotKind, last_frame: int | None = None) -> MotRows:
    """Read a MOT text file, comma or blank separated, in UTF-8 or UTF-16.

    Separators at the ends of lines mean nothing.

    Args:
        path: the file; an empty one has no rows.
        kind: what it holds.
        last_frame: the length of the sequence, where it is known.

    Raises:
        UserError: the file is missing, or a line has the wrong number of columns, something that
            is not a finite number, a frame outside the sequence, or an id that occurred before in
            its frame; names file and line.
    """
    try:
        text = read_text(path)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror}); expected a MOT text file"
        ) from (error)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not a text file; expected MOT rows frame,id,x,y,w,h,...") from (
            error
        )
    lines = text.splitlines()
    if not text.strip():
        return MotRows.empty()
    delimiter = "," if "," in text else None
    table = _parsed(lines, delimiter)
    if table is None:
        lines = [line.strip(_AT_THE_ENDS).rstrip(", \t") for line in lines]
        if not any(lines):
            return MotRows.empty()
        table = _parsed(lines, delimiter)
    if table is None:
        _explain(path, lines, delimiter, kind)
    _check(path, lines, table, kind, last_frame)
    return _rows(table, kind)


def class_numbers(names: Sequence[str]) -> list[int]:
    """The MOT class of each kind of things; 100 and more for those that MOTChallenge lacks."""
    known = {name: number for number, name in CLASS_NAMES.items()}
    return [known.get(name, OTHER + place) for place, name in enumerate(names)]


def format_mot(rows: MotRows, kind: MotKind = MotKind.TRACKS) -> str:
    """The text of a MOT file, sizes in hundredths of a pixel; ends with a newline unless empty."""
    x, y = rows.boxes[:, 0], rows.boxes[:, 1]
    w, h = rows.boxes[:, 2] - x, rows.boxes[:, 3] - y
    columns = [rows.frames, rows.ids, x, y, w, h]
    if kind is MotKind.TRUTH:
        columns += [rows.scores, rows.classes, rows.visibility]
        row = "%d,%d,%.2f,%.2f,%.2f,%.2f,%.4g,%d,%.4g"
    else:
        columns += [rows.scores, rows.classes]
        row = "%d,%d,%.2f,%.2f,%.2f,%.2f,%.4g,%d,-1,-1"
    cells = zip(*(column.tolist() for column in columns), strict=True)
    return "".join(f"{row % cell}\n" for cell in cells)


def write_mot(path: Path, rows: MotRows, kind: MotKind = MotKind.TRACKS) -> None:
    """Write a MOT text file that :func:`read_mot` reads back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(format_mot(rows, kind), encoding="utf-8")


def is_mot(path: Path) -> bool:
    """Whether a file has a line that could be a row: six numbers, or more; or none at all.

    For telling MOT files from notes and lists of names beside them; ``read_mot`` says what is
    wrong with a file that is one.
    """
    try:
        lines = _numbered(read_text(path).splitlines())
    except (OSError, UnicodeDecodeError):
        return False
    cells = (line.replace(",", " ").split()[:6] for _, line in lines)
    return not lines or any(len(row) == 6 and all(map(_is_number, row)) for row in cells)


def _parsed(lines: list[str], delimiter: str | None) -> NDArray[np.float64] | None:
    """``(N, C)`` the cells, None where they are no table of numbers."""
    try:
        return np.loadtxt(lines, delimiter=delimiter, comments=None, ndmin=2)
    except ValueError:
        return None


def _has_class(table: NDArray[np.float64]) -> bool:
    """Whether column 8 is a class, and column 9 a visibility, rather than a world position.

    With ten columns they are where 8 counts from 1 (zeros fill up), 9 could be a share, and 10
    says nothing.
    """
    if table.shape[1] < _MOT15_COLUMNS:
        return bool(table.shape[1] >= 8)
    kind, visibility, rest = table[:, 7:10].T
    return bool(
        (kind == np.floor(kind)).all()
        and kind.min() >= UNKNOWN
        and kind.max() >= 1
        and (((visibility >= 0) & (visibility <= 1)) | (visibility == UNKNOWN)).all()
        and (rest == rest[0]).all()
        and rest[0] in {0, UNKNOWN}
    )


def _rows(table: NDArray[np.float64], kind: MotKind) -> MotRows:
    boxes = table[:, 2:6].copy()
    boxes[:, 2:] += boxes[:, :2]
    has_class = _has_class(table)
    return MotRows.make(
        frames=table[:, 0].astype(np.int64),
        ids=np.full(len(table), UNKNOWN)
        if kind is MotKind.DETECTIONS
        else table[:, 1].astype(np.int64),
        boxes=boxes,
        scores=table[:, 6].copy(),
        classes=table[:, 7].astype(np.int64) if has_class else None,
        visibility=table[:, 8].copy() if has_class and table.shape[1] > 8 else None,
    )


def _check(
    path: Path,
    lines: list[str],
    table: NDArray[np.float64],
    kind: MotKind,
    last_frame: int | None,
) -> None:
    """Name the first line that is well-formed and yet wrong."""

    def refuse(bad: NDArray[np.bool_], what: str, expected: str) -> None:
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            number, _ = _numbered(lines)[row]
            values = {"frame": table[row, 0], "id": table[row, 1]}
            said = what.format(**{key: f"{value:g}" for key, value in values.items()})
            raise UserError(f"{path}:{number}: {said}; expected {expected}")

    if table.shape[1] not in kind.columns:
        number, _ = _numbered(lines)[0]
        _refuse_columns(path, number, table.shape[1], kind)
    frames, ids = table[:, 0], table[:, 1]
    refuse(
        np.asarray(~np.isfinite(table).all(axis=1)),
        "not a finite number",
        "neither NaN nor infinity",
    )
    refuse(~_whole(frames), "frame {frame}", "a whole number")
    refuse(frames < 1, "frame {frame}", "frames numbered from 1")
    refuse(frames > _LAST_FRAME, "frame {frame}", "the number of a frame, not a time")
    if last_frame is not None:
        refuse(frames > last_frame, "frame {frame}", f"at most {last_frame}, the sequence's length")
    if kind is not MotKind.DETECTIONS:
        refuse(~_whole(ids), "id {id}", "a whole number")
        refuse(_repeated(frames, ids), "id {id} again in frame {frame}", "an id once per frame")


def _whole(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((values == np.floor(values)) & (np.abs(values) < 2**53))


def _repeated(frames: NDArray[np.float64], ids: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows whose frame and id occurred in an earlier row."""
    order = np.lexsort((ids, frames))  # stable: the first of equals stays first
    same = (np.diff(frames[order]) == 0) & (np.diff(ids[order]) == 0)
    repeated = np.zeros(len(frames), bool)
    repeated[order[1:][same]] = True
    return repeated


def _numbered(lines: list[str]) -> list[tuple[int, str]]:
    """Line numbers and text of the lines that hold a row."""
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _explain(path: Path, lines: list[str], delimiter: str | None, kind: MotKind) -> NoReturn:
    """Find the line that cannot be parsed."""
    for number, cells in _cells(lines, delimiter):
        if len(cells) not in kind.columns:
            _refuse_columns(path, number, len(cells), kind)
        for column, cell in enumerate(cells, 1):
            if not _is_number(cell):
                raise UserError(
                    f"{path}:{number}: column {column} is {cell.strip()!r}; expected a number"
                )
    widths = {number: len(cells) for number, cells in _cells(lines, delimiter)}
    first = next(iter(widths.values()))
    number = next((number for number, width in widths.items() if width != first), 1)
    raise UserError(
        f"{path}:{number}: {widths[number]} columns; expected {first} as in the lines before"
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # Python reads 1_000, NumPy does not


def _cells(lines: list[str], delimiter: str | None) -> Iterator[tuple[int, list[str]]]:
    return ((number, line.split(delimiter)) for number, line in _numbered(lines))


def _refuse_columns(path: Path, number: int, found: int, kind: MotKind) -> NoReturn:
    layout = "flag,class,visibility" if kind is MotKind.TRUTH else "score[,-1,-1,-1]"
    least, most = min(kind.columns), max(kind.columns)
    raise UserError(
        f"{path}:{number}: {found} columns; expected {least} to {most}: frame,id,x,y,w,h,{layout}"
    )
