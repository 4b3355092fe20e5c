"""Pictures that are stored turned or mirrored, and say so."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtmc.types import Image


class Orientation:
    """How the pictures of one stream are turned, by the display matrices of its PyAV frames.

    A frame that is asked for its side data refers to itself from then on, and stays until garbage
    is collected. So only the first frame is asked, and one that tells of another rotation.
    """

    def __init__(self) -> None:
        self._rotation: int | None = None
        self._matrix: list[int] | None = None

    def upright(self, image: Image, frame: Any) -> Image:
        """The picture of a frame as players show it.

        The matrix, row by row, is ``a b u, c d v, x y w``: what is stored at ``(x, y)`` is shown at
        ``(a x + c y, b x + d y)``. Eight of them turn or mirror; others are taken for the nearest.
        """
        if frame.rotation != self._rotation:
            data = frame.side_data.get("DISPLAYMATRIX")
            self._matrix = None if data is None else np.frombuffer(data, np.int32).tolist()
            self._rotation = frame.rotation
        if self._matrix is None:
            return image
        a, b, _, c, d = self._matrix[:5]
        if abs(b) + abs(c) > abs(a) + abs(d):
            image, across, down = image.swapaxes(0, 1), c, b
        else:
            across, down = a, d
        image = image[:, ::-1] if across < 0 else image
        image = image[::-1] if down < 0 else image
        return np.ascontiguousarray(image)
