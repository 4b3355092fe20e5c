"""One video of all cameras side by side in time, people coloured by global id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.outputs.drawing import clock, draw_person, draw_text, labelled
from mtmc.types import Frame, Image, Mask

# Boxes, global ids, and whether each box was detected or only predicted.
Labels = tuple[NDArray[np.floating], NDArray[np.integer], Mask]


class Mosaic:
    """Draws all cameras into one picture.

    Args:
        sizes: ``(width, height)`` px of each camera, by name, in the order they are laid out.
        width: greatest width of the picture, px.
        height: greatest height, px.
        zeros: what the clock on the wall says at second 0, by camera, where it is known.
        people: names, by global id.
    """

    def __init__(
        self,
        sizes: Mapping[str, tuple[int, int]],
        width: int,
        height: int,
        zeros: Mapping[str, datetime | None] | None = None,
        people: Mapping[int, str] | None = None,
    ) -> None:
        self._names, self._zeros, self._people = list(sizes), zeros or {}, people or {}
        self._sizes = sizes
        # Pictures may be one pixel wide; a cell is two, and no higher than all may be.
        aspect = max(*(w / h for w, h in sizes.values()), 2 * len(sizes) / height)
        self._columns = _best_columns(len(sizes), aspect, width / height)
        lines = -(-len(sizes) // self._columns)
        cell = min(width // self._columns, int(height / lines * aspect))
        # Even numbers, as H.264 wants them; never larger than the largest camera.
        cell = max(2, min(cell, max(w for w, _ in sizes.values())))
        self._cell = (cell // 2 * 2, max(2, int(cell / aspect) // 2 * 2))
        self._canvas = np.zeros((self._cell[1] * lines, self._cell[0] * self._columns, 3), np.uint8)
        self._seen: set[str] = set()

    @property
    def size(self) -> tuple[int, int]:
        """``(width, height)`` px of the picture."""
        return self._canvas.shape[1], self._canvas.shape[0]

    def scale(self, camera: str) -> float:
        """By how much a camera's pictures are made larger, or below 1 smaller."""
        width, height = self._sizes[camera]
        return min(self._cell[0] / width, self._cell[1] / height)

    def draw(self, frames: Mapping[str, Frame], labels: Mapping[str, Labels]) -> Image:
        """The picture of a time step; a camera without a frame in it keeps its last one.

        Args:
            frames: by camera.
            labels: by camera, boxes ``(M, 4)`` px and global ids ``(M,)``, 0 = not yet known, and
                which ``(M,)`` were detected; others are drawn dashed.
        """
        for number, name in enumerate(self._names):
            if name in frames:
                self._draw_cell(number, frames[name], *labels[name])
        return self._canvas

    def _draw_cell(
        self,
        number: int,
        frame: Frame,
        boxes: NDArray[np.floating],
        ids: NDArray[np.integer],
        seen: Mask,
    ) -> None:
        width, height = self._cell
        row, column = divmod(number, self._columns)
        cell = self._canvas[
            row * height : (row + 1) * height, column * width : (column + 1) * width
        ]
        image, size = frame.pixels, self._sizes[frame.camera]  # it may have been made smaller
        scale = self.scale(frame.camera)
        inner = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        cell[:] = 0
        method = cv2.INTER_AREA if inner[0] < image.shape[1] else cv2.INTER_LINEAR
        cell[: inner[1], : inner[0]] = cv2.resize(image, inner, interpolation=method)
        view = np.ascontiguousarray(cell)
        for box, identity, real in zip(boxes, ids, seen, strict=True):
            text = labelled(int(identity), self._people.get(int(identity)))
            draw_person(view, np.asarray(box) * scale, int(identity), bool(real), text)
        now = clock(frame.time, self._zeros.get(frame.camera))
        draw_text(view, f"{frame.camera}  {now}", (6, 6), (255, 255, 255), (0, 0, 0))
        cell[:] = view


def _best_columns(cells: int, aspect: float, target: float) -> int:
    """How many columns waste least of a picture of aspect ``target``."""

    def cell_width(columns: int) -> float:
        lines = -(-cells // columns)
        return min(target / columns, aspect / lines)

    return max(range(1, cells + 1), key=cell_width)
