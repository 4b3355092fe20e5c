"""What the outputs of a detector mean: how each layout is read.

What all layouts have:

- ``overlapping``: whether it gives several boxes a person, which must be thinned;
- ``single``: whether it cannot tell the images of a batch apart;
- ``classes``: how many, None where that cannot be known;
- ``person``: the usual class of people where nobody names or counts the classes;
- ``read``: the candidates in an image of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtmc.trackers.scores.curve import logistic
from mtmc.types import Floats, Mask

LayoutName = Literal["yolox", "yolov5", "yolov8", "end2end", "detr", "omz"]
Outputs = Sequence[NDArray[Any]]  # floats are float32


class Candidates(NamedTuple):
    """What an image may show of people.

    Args:
        boxes: ``(N, 4)``, ``x1, y1, x2, y2`` px of the input, or shares of it.
        scores: ``(N,)`` of being a person; not below the least one, or not a number.
        people: ``(N,)`` whether nothing else scores more.
    """

    boxes: Floats
    scores: Floats
    people: Mask


@dataclass(frozen=True)
class Dense:
    """Rows of a box, perhaps an objectness, a score per class, perhaps something else.

    YOLOv5, YOLOv6, YOLOv7, YOLOX (with objectness), YOLOv8 and YOLO11 (without; also pose and
    segmentation, which have more columns), ultralytics' RT-DETR (few rows, which do not overlap).

    Args:
        output: which it is.
        classes: how many.
        columns_first: ``(B, columns, rows)`` instead of ``(B, rows, columns)``.
        objectness: whether a score of being anything stands before those of the classes.
        logits: whether scores are to be squashed into 0..1.
        grid: of an undecoded YOLOX, see `yolox_grid`.
        overlapping: see above.
    """

    output: int
    classes: int
    columns_first: bool = False
    objectness: bool = False
    logits: bool = False
    grid: tuple[Floats, Floats] | None = None
    overlapping: bool = True
    single: bool = False
    person: int = 0

    def read(
        self, outputs: Outputs, image: int, people: tuple[int, ...], least: float
    ) -> Candidates:
        """What an image may show of people.

        Args:
            outputs: of the network.
            image: its place in the batch.
            people: classes.
            least: score.
        """
        table = outputs[self.output][image]
        columns = table if self.columns_first else table.T
        first = 5 if self.objectness else 4
        per_class = columns[first : first + self.classes]
        scores = _best(per_class, people)
        if self.logits:
            scores = logistic(scores)
        if self.objectness:
            scores = columns[4] * scores
        rows = np.flatnonzero(~(scores < least))  # also what is not a number
        best = _among(per_class[:, rows].argmax(axis=0), people)
        return Candidates(self._boxes(columns[:4, rows].T, rows), scores[rows], best)

    def _boxes(self, boxes: Floats, rows: NDArray[np.intp]) -> Floats:
        if self.grid is None:
            return corners(boxes)
        cells, strides = (part[rows] for part in self.grid)
        sizes = np.exp(boxes[:, 2:].clip(max=20))
        return corners(np.concatenate([boxes[:, :2] + cells, sizes], axis=1) * strides)


@dataclass(frozen=True)
class Split:
    """Boxes in one output, a score per class in another.

    DETR and its kin (RF-DETR, RT-DETR of transformers): few rows, centres, shares of the input;
    YOLO-NAS and PP-YOLOE: a row per anchor, corners.

    Args:
        boxes: which output, ``(B, rows, 4)``.
        scores: which output, ``(B, rows, classes)``.
        classes: how many.
        centers: whether boxes are centres and sizes.
        squash: ``sigmoid``, ``softmax`` (over classes and nobody) or nothing.
        transposed: scores are ``(B, classes, rows)``.
        overlapping: see above.
    """

    boxes: int
    scores: int
    classes: int
    centers: bool
    squash: Literal["sigmoid", "softmax"] | None = None
    transposed: bool = False
    overlapping: bool = True
    single: bool = False
    person: int = 0

    def read(
        self, outputs: Outputs, image: int, people: tuple[int, ...], least: float
    ) -> Candidates:
        """See `Dense.read`."""
        per_class = outputs[self.scores][image]
        if not self.transposed:
            per_class = per_class.T
        if self.squash == "softmax":
            per_class = np.exp(per_class - per_class.max(axis=0))
            per_class /= per_class.sum(axis=0)
        scores = _best(per_class, people)
        if self.squash == "sigmoid":
            scores = logistic(scores)
        rows = np.flatnonzero(~(scores < least))
        best = _among(per_class[:, rows].argmax(axis=0), people)
        boxes = outputs[self.boxes][image][rows]
        return Candidates(corners(boxes) if self.centers else boxes, scores[rows], best)


@dataclass(frozen=True)
class Labelled:
    """Boxes with one score and one class each: the network has decided.

    Columns of one output (YOLOv10, YOLO26, YOLOv7 with its own suppression, PaddleDetection,
    ultralytics' RT-DETR, OpenVINO's ``DetectionOutput``) or outputs of their own (torchvision,
    RT-DETR of its authors, TensorRT's and TensorFlow's).

    Args:
        boxes: output and first column.
        score: output and column, None where the output has no columns.
        label: likewise.
        batch: column that tells the image in rows of all images, None where each has its own.
        order: of a box's four numbers, as ``x1, y1, x2, y2`` want them.
        centers: whether boxes are centres and sizes.
        single: see above.
        person: see above.
    """

    boxes: tuple[int, int]
    score: tuple[int, int | None]
    label: tuple[int, int | None]
    batch: int | None = None
    order: tuple[int, int, int, int] = (0, 1, 2, 3)
    centers: bool = False
    single: bool = False
    overlapping: bool = False
    classes: int | None = None
    person: int = 0

    def read(
        self, outputs: Outputs, image: int, people: tuple[int, ...], least: float
    ) -> Candidates:
        """See `Dense.read`."""
        table = self._of(outputs, self.boxes[0], image)
        scores = self._column(outputs, self.score, image)
        labels = self._column(outputs, self.label, image)
        if self.batch is not None and (labels % 1).any():  # YOLO-NAS has the two the other way
            scores, labels = labels, scores
        wanted = _among(np.rint(labels), people) & ~(scores < least)
        first = self.boxes[1]
        boxes = table[wanted, first : first + 4][:, self.order].astype(np.float32)
        if self.centers:
            boxes = corners(boxes)
        return Candidates(boxes, scores[wanted].astype(np.float32), np.ones(len(boxes), bool))

    def _column(self, outputs: Outputs, place: tuple[int, int | None], image: int) -> NDArray[Any]:
        values = self._of(outputs, place[0], image)
        return values if place[1] is None else values[:, place[1]]

    def _of(self, outputs: Outputs, number: int, image: int) -> NDArray[Any]:
        values = outputs[number]
        if self.batch is not None:
            values = values.reshape(-1, values.shape[-1])
            values = values[np.rint(values[:, self.batch]) == image]
        elif not self.single:
            values = values[image]
        return values


Layout = Dense | Split | Labelled


def corners(boxes: Floats) -> Floats:
    """``(N, 4)`` centres and sizes as ``x1, y1, x2, y2``."""
    centers, halves = boxes[:, :2], boxes[:, 2:] / 2
    return np.concatenate([centers - halves, centers + halves], axis=1)


def yolox_grid(size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Cell corners ``(A, 2)`` in cells and strides ``(A, 1)`` px of YOLOX's three output levels."""
    cells, strides = [], []
    for stride in (8, 16, 32):
        ys, xs = np.mgrid[: size[0] // stride, : size[1] // stride]
        cells.append(np.stack([xs, ys], axis=-1).reshape(-1, 2))
        strides.append(np.full((xs.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _among(numbers: NDArray[Any], people: tuple[int, ...]) -> Mask:
    """Which numbers are of people: of so few, sooner than by ``isin``."""
    return np.asarray((numbers[:, None] == people).any(axis=1))


def _best(per_class: Floats, people: tuple[int, ...]) -> Floats:
    """``(rows,)`` best score of the classes that are people."""
    best: Floats = per_class[people[0]]
    for number in people[1:]:
        best = np.maximum(best, per_class[number])
    return best
