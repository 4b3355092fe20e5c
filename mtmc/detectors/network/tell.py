"""Which layout a network's outputs have: by their names, shapes and what is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mtmc.detectors.network.layouts import (
    Dense,
    Labelled,
    Layout,
    LayoutName,
    Outputs,
    Split,
    yolox_grid,
)
from mtmc.errors import UserError
from mtmc.types import Floats

FEW = 1000  # rows of networks that give each person once
QUERIES = {100, 200, 300, 500, 900}  # how many these have
COLUMNS = 500  # more than any end-to-end network has
STRIDES = ((8, 16, 32), (16, 32), (4, 8, 16, 32), (8, 16, 32, 64))
RAW = 20.0  # an undecoded YOLOX box is a few cells; a decoded one lies anywhere in the input
SCORE_ROOM = 0.01  # half precision and rounding go so far beyond 0..1
HELP = "is it a person detector? If so, set detector.layout to one of {}"


@dataclass(frozen=True)
class Answer:
    """What a network says to a blank image.

    Args:
        weights: the file, for messages.
        names: of the outputs.
        outputs: floats as float32.
        size: ``(height, width)`` px of the input.
        classes: names of the classes, as far as the file tells.
        sized: whether it is told the size of the picture, as RT-DETR of its authors is.
    """

    weights: str
    names: tuple[str, ...]
    outputs: Outputs
    size: tuple[int, int]
    classes: Mapping[int, str]
    sized: bool = False

    def shapes(self) -> str:
        """All outputs for a message."""
        return ", ".join(str(output.shape) for output in self.outputs)

    def find(self, *parts: str) -> int | None:
        """The first output whose name holds one of ``parts``."""
        return next(
            (n for n, name in enumerate(self.names) if any(p in name.lower() for p in parts)), None
        )


def tell(answer: Answer, wanted: LayoutName | None) -> tuple[LayoutName, Layout]:
    """The family, which decides how images are prepared, and the layout.

    Args:
        answer: to a blank image.
        wanted: the layout that the user or the file names, None to find out.

    Raises:
        UserError: the outputs are not of a known layout, or could be of two.
    """
    told = _labelled(answer) or _split(answer) or _flat(answer)
    if told is not None:
        if wanted not in {None, told[0]}:
            raise _cannot(answer, wanted)
        return told
    table = next((n for n, o in enumerate(answer.outputs) if o.ndim == 3), None)
    if table is None:
        raise _unknown(answer)
    return _table(answer, table, wanted)


def _unknown(answer: Answer) -> UserError:
    heads = [output for output in answer.outputs if output.ndim == 5]
    if heads:
        return UserError(
            f"{answer.weights}: its outputs of shape {answer.shapes()} are a YOLO's raw heads; "
            "export it with its last layer (YOLOv7: --grid)"
        )
    return UserError(
        f"{answer.weights}: not a detector this tool can decode: output of shape "
        f"{answer.shapes()}, expected (B, N, 5 + classes), (B, 4 + classes, N), (B, N, 6), "
        "or boxes with scores"
    )


def _labelled(answer: Answer) -> tuple[LayoutName, Layout] | None:
    """Boxes, scores and classes in outputs of their own."""
    boxes = _boxes(answer, (4, 5))
    if boxes is None:
        return None
    outputs, rank = answer.outputs, answer.outputs[boxes].ndim
    columns = [n for n, o in enumerate(outputs) if n != boxes and o.ndim == rank - 1]
    columns = [n for n in columns if outputs[n].shape == outputs[boxes].shape[:-1]]
    with_score = outputs[boxes].shape[-1] == 5  # mmdeploy's
    if len(columns) < (1 if with_score else 2):
        return None
    label = next((n for n in columns if _is_label(answer, n)), columns[-1])
    score = (boxes, 4) if with_score else (next(n for n in columns if n != label), None)
    zoo = with_score and rank == 2  # person-detection-0203
    tensorflow = "detection_boxes" in answer.names[boxes]
    layout = Labelled(
        (boxes, 0), score, (label, None), single=rank == 2,
        order=(1, 0, 3, 2) if tensorflow else (0, 1, 2, 3),
        # torchvision's and TensorFlow's first class is the background.
        person=int(rank == 2 or tensorflow), overlapping=zoo,
    )  # fmt: skip
    return "omz" if zoo else "detr" if answer.sized else "end2end", layout


def _boxes(answer: Answer, columns: tuple[int, ...]) -> int | None:
    """The output of boxes, where there is one and more beside it."""
    if len(answer.outputs) < 2:
        return None
    fitting = [
        n for n, o in enumerate(answer.outputs) if o.ndim in {2, 3} and o.shape[-1] in columns
    ]
    named = [n for n in fitting if "box" in answer.names[n].lower() or "dets" in answer.names[n]]
    return next(iter(named or fitting), None)


def _is_label(answer: Answer, number: int) -> bool:
    name, values = answer.names[number].lower(), answer.outputs[number]
    if any(part in name for part in ("label", "class", "cls")):
        return True
    return "score" not in name and np.issubdtype(values.dtype, np.integer)


def _split(answer: Answer) -> tuple[LayoutName, Layout] | None:
    """Boxes and a score per class in two outputs."""
    boxes = _boxes(answer, (4,))
    if boxes is None or answer.outputs[boxes].ndim != 3:
        return None
    rows = answer.outputs[boxes].shape[1]
    for number, output in enumerate(answer.outputs):
        if number == boxes or output.ndim != 3 or rows not in output.shape[1:]:
            continue
        transposed = output.shape[1] != rows
        classes = output.shape[1 if transposed else 2]
        logits = _leave_range(output)
        kin = _are_few(answer, rows)
        softmax = kin and logits and classes == 92  # DETR's own 91 ids, and nobody
        centers = kin and (logits or not _are_corners(answer.outputs[boxes]))
        return "detr" if kin else "yolov8", Split(
            boxes, number, classes, centers,
            "softmax" if softmax else "sigmoid" if logits else None,
            transposed, overlapping=not kin,
        )  # fmt: skip
    return None


def _flat(answer: Answer) -> tuple[LayoutName, Layout] | None:
    """Rows of all images together, or of one without its axis."""
    for number, output in enumerate(answer.outputs):
        if output.ndim == 4 and output.shape[:2] == (1, 1) and output.shape[3] == 7:
            # OpenVINO's DetectionOutput, whose first class is mostly the background.
            return "omz", Labelled((number, 3), (number, 2), (number, 1), batch=0, person=1)
        if output.ndim == 2 and output.shape[1] == 7:
            return "end2end", Labelled((number, 1), (number, 6), (number, 5), batch=0)
        if output.ndim == 2 and output.shape[1] == 6 and len(answer.outputs) > 1:
            # PaddleDetection: class, score, box; the other output counts the rows.
            return "end2end", Labelled((number, 2), (number, 1), (number, 0), single=True)
        if output.ndim == 2 and output.shape[1] == 6:
            return "end2end", Labelled((number, 0), (number, 4), (number, 5), single=True)
    return None


def _table(answer: Answer, number: int, wanted: LayoutName | None) -> tuple[LayoutName, Layout]:
    """One output of rows."""
    table = cast("Floats", answer.outputs[number])
    decided = _decided(answer, table)
    if decided in {"end2end", "detr"} and wanted in {None, decided}:
        return decided, Labelled((number, 0), (number, 4), (number, 5), centers=decided == "detr")
    if wanted == "end2end":
        if table.shape[2] < 6:
            raise _cannot(answer, wanted)
        return wanted, Labelled((number, 0), (number, 4), (number, 5))
    first, second = table.shape[1:]
    columns_first = _columns_first(answer, first, second)
    rows, columns = (second, first) if columns_first else (first, second)
    if columns < 5:
        raise _cannot(answer, wanted)
    by_column = table[0] if columns_first else table[0].T
    scores = _score_columns(answer, by_column)
    kind = wanted or _kind(answer, by_column, rows, scores, columns_first)
    objectness = kind in {"yolox", "yolov5"}
    grid = _grid_of(answer, by_column, rows) if kind == "yolox" else None
    classes = len(answer.classes) or scores - objectness
    if not 1 <= classes <= columns - 4 - objectness:
        raise _cannot(answer, kind)
    start = 4 + objectness
    return kind, Dense(
        number, classes, columns_first, objectness,
        logits=_leave_range(by_column[start : start + classes]), grid=grid,
        overlapping=kind != "detr",
    )  # fmt: skip


def _columns_first(answer: Answer, first: int, second: int) -> bool:
    """Whether the second of two axes is that of the rows."""
    for cells in _grids(answer.size):
        fitting = [axis in {cells, 3 * cells} for axis in (first, second)]
        if any(fitting):
            return not fitting[0]
    return second > first and first not in QUERIES


def _cannot(answer: Answer, wanted: LayoutName | None) -> UserError:
    if wanted is not None:
        return UserError(
            f"{answer.weights}: its output of shape {answer.shapes()} cannot be read as {wanted}"
            + (f" with the {len(answer.classes)} classes it names" if answer.classes else "")
        )
    return UserError(
        f"{answer.weights}: cannot tell what its output of shape {answer.shapes()} means; "
        + HELP.format("yolox, yolov5, yolov8, end2end, detr and omz")
    )


def _kind(
    answer: Answer, by_column: Floats, rows: int, scores: int, columns_first: bool
) -> LayoutName:
    """The family of rows, where nobody names it."""
    columns, named = len(by_column), len(answer.classes)
    if _are_few(answer, rows):
        return "detr"
    if rows in {3 * count for count in _grids(answer.size)}:
        return "yolov5"  # three anchors a cell
    objectness = columns == 5 + named if named else scores == 81
    if columns_first:
        return "yolov5" if objectness and not named else "yolov8"
    if not objectness and (named or scores in {1, 80}):
        return "yolov8"
    raw = _grid_of(answer, by_column, rows) is not None and not _leave_range(by_column[4:])
    if not objectness and not raw:
        message = (
            f"{answer.weights}: its output of shape {answer.shapes()} can be of {scores} classes "
            f"(detector.layout=yolov8), or of {scores - 1} after an objectness (yolox, yolov5); "
            "set detector.layout"
        )
        raise UserError(message) if scores else _cannot(answer, None)
    # YOLOv6 fills the column of the objectness with ones.
    return "yolov5" if (by_column[4] == 1).all() else "yolox"


def _grid_of(answer: Answer, by_column: Floats, rows: int) -> tuple[Floats, Floats] | None:
    """The grid on which boxes are still to be decoded."""
    grid = yolox_grid(answer.size)
    return grid if rows == len(grid[0]) and np.abs(by_column[:4]).max() <= RAW else None


def _decided(answer: Answer, table: Floats) -> LayoutName | None:
    """The family of few rows of a box, a score and the number of a class; None for others."""
    rows, columns = table.shape[1:]
    if not 6 <= columns <= COLUMNS or not _are_few(answer, rows):
        return None
    if columns in _anchors(answer.size):
        return None
    used = table[0][np.abs(table[0]).max(axis=1) > 0]
    if len(used) == 0 and columns > 6 and len(answer.classes) in {columns - 4, 0}:
        return None
    whole = bool((used[:, 5] % 1 == 0).all() and (used[:, 5] >= 0).all())
    if not whole or _leave_range(used[:, 4]):
        return None
    return "end2end" if _are_corners(used) else "detr"


def _are_few(answer: Answer, rows: int) -> bool:
    """Whether so many rows tell of each person once, and are not one for each anchor."""
    return rows <= FEW and rows not in _anchors(answer.size)


def _are_corners(boxes: NDArray[Any]) -> bool:
    """Whether ``x1, y1, x2, y2`` are likely, and not centres and sizes."""
    rows = boxes.reshape(-1, boxes.shape[-1])[:, :4]
    rows = rows[np.isfinite(rows).all(axis=1) & (np.abs(rows).max(axis=1, initial=0) > 0)]
    return len(rows) == 0 or float((rows[:, 2:] >= rows[:, :2]).all(axis=1).mean()) > 0.9


def _score_columns(answer: Answer, by_column: Floats) -> int:
    """How many columns after the box hold scores: those up to the first beyond 0..1.

    Keypoints and coefficients of masks, which follow in other exports, leave that range.
    """
    columns = by_column[4:]
    masks = next((o.shape[1] for o in answer.outputs if o.ndim == 4), 0)
    if 0 < masks < len(columns):
        columns = columns[: len(columns) - masks]
    beyond = [n for n, column in enumerate(columns) if _leave_range(column)]
    return beyond[0] if beyond else len(columns)


def _leave_range(values: NDArray[Any]) -> bool:
    known = values[np.isfinite(values)]
    return bool(((known < -SCORE_ROOM) | (known > 1 + SCORE_ROOM)).any())


def _grids(size: tuple[int, int]) -> Iterator[int]:
    """Cells of the usual pyramids over an input."""
    for strides in STRIDES:
        yield sum((size[0] // stride) * (size[1] // stride) for stride in strides)


def _anchors(size: tuple[int, int]) -> Iterator[int]:
    for cells in _grids(size):
        yield from (cells, 3 * cells)
