"""Pictures that are stored turned or mirrored, and say so."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtmc.types import Image


def upright(image: Image, frame: Any) -> Image:
    """The picture as players show it: by the display matrix of a PyAV frame, if it has one.

    The matrix, row by row, is ``a b u, c d v, x y w``: what is stored at ``(x, y)`` is shown at
    ``(a x + c y, b x + d y)``. Eight of them turn or mirror; others are taken for the nearest.
    """
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return image
    a, b, _, c, d = np.frombuffer(data, np.int32)[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        image, across, down = image.swapaxes(0, 1), c, b
    else:
        across, down = a, d
    image = image[:, ::-1] if across < 0 else image
    image = image[::-1] if down < 0 else image
    return np.ascontiguousarray(image)
