"""Histograms of distances with the point between one person and two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.files import replacing

Color = tuple[int, int, int]  # BGR

WIDTH, PANEL, MARGIN = 1000, 300, 60  # px
BINS = 40
INK: Color = (60, 60, 60)
SAME: Color = (150, 140, 30)
OTHER: Color = (40, 110, 225)
UNKNOWN: Color = (150, 150, 150)
POINT: Color = (40, 30, 190)
_FONT = cv2.FONT_HERSHEY_DUPLEX


@dataclass(frozen=True)
class Panel:
    """One diagram.

    Args:
        title: above it.
        series: name, colour and values ``(N,)`` of each histogram.
        curves: colour, values on the x axis and densities of lines, the highest as high as a bar.
        point: the chosen distance.
    """

    title: str
    series: Sequence[tuple[str, Color, NDArray[np.float64]]]
    point: float
    curves: Sequence[tuple[Color, NDArray[np.float64], NDArray[np.float64]]] = ()


def write_histograms(path: Path, panels: Sequence[Panel]) -> None:
    """Draw panels, one below the other, on one x axis.

    Args:
        path: a PNG.
        panels: see ``Panel``.
    """
    everything = [v for panel in panels for _, _, v in panel.series]
    top = max([float(v.max()) for v in everything if len(v)] + [2 * p.point for p in panels])
    image = np.full((len(panels) * PANEL + MARGIN // 2, WIDTH, 3), 255, np.uint8)
    for row, panel in enumerate(panels):
        _draw(image[row * PANEL : (row + 1) * PANEL], panel, top * 1.05)
    ok, data = cv2.imencode(".png", image)
    assert ok
    with replacing(path) as partial:
        partial.write_bytes(data.tobytes())


def _draw(image: NDArray[np.uint8], panel: Panel, top: float) -> None:
    floor = PANEL - MARGIN // 2
    height = floor - MARGIN

    def x(value: float) -> int:
        return round(MARGIN + min(max(value / top, 0.0), 1.0) * (WIDTH - 2 * MARGIN))

    edges = np.linspace(0, top, BINS + 1)
    for number, (name, color, values) in enumerate(panel.series):
        counts = np.histogram(np.clip(values, 0, top), edges)[0]
        layer = image.copy()
        for left, right, count in zip(edges, edges[1:], counts, strict=False):
            tall = round(height * count / max(counts.max(), 1))
            cv2.rectangle(layer, (x(left) + 1, floor - tall), (x(right) - 1, floor), color, -1)
        image[:] = cv2.addWeighted(layer, 0.6, image, 0.4, 0)
        _text(image, f"{name} ({len(values)})", (WIDTH - 420, 48 + 20 * number), color)
    highest = max((float(density.max()) for _, _, density in panel.curves), default=1.0)
    for color, at, density in panel.curves:
        tall = floor - height * density / max(highest, 1e-9)
        line = np.column_stack([[x(value) for value in at], tall]).round().astype(np.int32)
        cv2.polylines(image, [line.reshape(-1, 1, 2)], False, color, 2, cv2.LINE_AA)
    cv2.line(image, (MARGIN, floor), (WIDTH - MARGIN, floor), INK, 1)
    for tick in np.arange(0, top, 0.1 if top > 0.3 else 0.02):
        cv2.line(image, (x(tick), floor), (x(tick), floor + 4), INK, 1)
        _text(image, f"{tick:.2g}", (x(tick) - 10, floor + 20), INK)
    cv2.line(image, (x(panel.point), 40), (x(panel.point), floor), POINT, 2, cv2.LINE_AA)
    _text(image, f"{panel.point:.3f}", (x(panel.point) + 6, 52), POINT)
    _text(image, panel.title, (MARGIN, 24), INK, 0.6)


def _text(
    image: NDArray[np.uint8], text: str, at: tuple[int, int], color: Color, size: float = 0.45
) -> None:
    cv2.putText(image, text, at, _FONT, size, color, 1, cv2.LINE_AA)
