"""The curve of what a lag is worth, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.evaluate.report import Row
from mtmc.files import explained
from mtmc.outputs.drawing import BLACK, WHITE, Color, draw_text
from mtmc.types import Image

SIZE, LEFT, RIGHT, TOP, BOTTOM = (960, 540), 70, 160, 30, 50  # px
SERIES = {"IDF1": (180, 90, 20), "HOTA": (40, 150, 40), "changed": (40, 40, 230)}
GRID = (220, 220, 220)


def draw_curve(file: Path, rows: Mapping[str, Row]) -> None:
    """Draw some ratios by lag, in percent.

    Args:
        file: ``.png``.
        rows: figures by lag, as ``2 s``, each of which gets the same room.

    Raises:
        UserError: the file cannot be written.
    """
    picture = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    across = np.linspace(LEFT, SIZE[0] - RIGHT, max(len(rows), 2)).round().astype(int)
    for percent in range(0, 101, 20):
        y = _height(percent / 100)
        cv2.line(picture, (LEFT, y), (SIZE[0] - RIGHT, y), GRID, 1)
        draw_text(picture, f"{percent} %", (10, y - 10), BLACK, WHITE)
    for x, lag in zip(across.tolist(), rows, strict=False):
        draw_text(picture, lag, (x - 15, SIZE[1] - BOTTOM + 15), BLACK, WHITE)
    for name, color in SERIES.items():
        _line(picture, across, [row.ratios[name] for row in rows.values()], name, color)
    with explained(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(cv2.imencode(".png", picture)[1].tobytes())


def _line(
    picture: Image, across: NDArray[np.integer], ratios: Sequence[float], name: str, color: Color
) -> None:
    points = [(int(x), _height(ratio)) for x, ratio in zip(across, ratios, strict=False)]
    for point in points:
        cv2.circle(picture, point, 4, color, -1, cv2.LINE_AA)
    cv2.polylines(picture, [np.array(points)], False, color, 2, cv2.LINE_AA)
    end = points[-1][0] + 12, points[-1][1] - 10
    draw_text(picture, f"{name} {100 * ratios[-1]:.1f}", end, color, WHITE)


def _height(ratio: float) -> int:
    """Where on the picture a ratio is, px."""
    return round(SIZE[1] - BOTTOM - ratio * (SIZE[1] - BOTTOM - TOP))
