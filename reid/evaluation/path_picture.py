"""Two crops and the shortest path between their stripes, as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from mtmc.reid.evaluation.picture import write_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

HEIGHT = 448  # px of a crop
MARGIN, BETWEEN, HEAD, FOOT = 24, 190, 62, 34  # px around all, between the crops, above and below
WHITE = (255, 255, 255)  # BGR


@dataclass(frozen=True, eq=False)
class Comparison:
    """How two crops compare.

    Args:
        cost: ``(H, K)`` distances of their stripes, in 0..1.
        path: cells of the shortest path.
        whole: distance of the whole images, as it was learned.
        cosine: distance of the embeddings as they are served.
    """

    cost: NDArray[np.float32]
    path: list[tuple[int, int]]
    whole: float
    cosine: float

    @property
    def local(self) -> float:
        """What the path costs."""
        return float(sum(self.cost[cell] for cell in self.path))


def draw_comparison(
    one: Picture, other: Picture, names: tuple[str, str], found: Comparison
) -> Picture:
    """The crops side by side, a line for each cell of the path, and the stripes' distances.

    Lines are the thicker and darker the more alike the stripes are. In the matrix beside them,
    dark is alike, and the path is framed.

    Args:
        one: ``(h, w, 3) uint8`` BGR, as large as the network sees it.
        other: likewise.
        names: what is written below them.
        found: how they compare.

    Returns:
        ``(H, W, 3) uint8`` BGR.
    """
    width = max(1, round(HEIGHT * one.shape[1] / one.shape[0]))
    side = HEIGHT
    lefts = MARGIN, MARGIN + width + BETWEEN, MARGIN + 2 * (width + BETWEEN) - BETWEEN + 3 * MARGIN
    canvas = np.full((HEAD + HEIGHT + FOOT, lefts[2] + side + MARGIN, 3), 255, np.uint8)
    for crop, left, count, name in zip((one, other), lefts, found.cost.shape, names, strict=False):
        _crop(canvas, crop, (left, width), count)
        write_text(canvas, name, (left, HEAD + HEIGHT + 22), limit=width + BETWEEN // 2)
    for i, j in found.path:
        ends = [(lefts[0] + width, _middle(i, len(found.cost)))]
        ends.append((lefts[1], _middle(j, found.cost.shape[1])))
        alike = 1 - float(found.cost[i, j] - found.cost.min()) / _span(found.cost)
        colour = tuple(round(a + alike * (b - a)) for a, b in zip((205, 205, 205), (30, 110, 20)))  # noqa: B905
        cv2.line(canvas, ends[0], ends[1], colour, 1 + round(4 * alike), cv2.LINE_AA)
        for end in ends:
            cv2.circle(canvas, end, 4, colour, -1, cv2.LINE_AA)
    _matrix(canvas, found, lefts[2], side)
    told = f"global {found.whole:.2f}   local {found.local:.2f}"
    write_text(
        canvas, f"{told}   global + local {found.whole + found.local:.2f}", (MARGIN, 26), 0.62
    )
    write_text(canvas, f"served: cosine distance {found.cosine:.3f}", (MARGIN, 50), 0.46)
    return canvas


def _crop(canvas: Picture, crop: Picture, place: tuple[int, int], stripes: int) -> None:
    left, width = place
    inside = canvas[HEAD : HEAD + HEIGHT, left : left + width]
    inside[:] = cv2.resize(crop, (width, HEIGHT), interpolation=cv2.INTER_CUBIC)
    for stripe in range(1, stripes):
        y = round(stripe * HEIGHT / stripes)
        cv2.line(inside, (0, y), (width, y), WHITE, 1)


def _matrix(canvas: Picture, found: Comparison, left: int, side: int) -> None:
    rows, columns = found.cost.shape
    alike = 1 - (found.cost - found.cost.min()) / _span(found.cost)
    for i in range(rows):
        for j in range(columns):
            corner = left + round(j * side / columns), HEAD + round(i * HEIGHT / rows)
            end = left + round((j + 1) * side / columns), HEAD + round((i + 1) * HEIGHT / rows)
            shade = 250 - round(150 * float(alike[i, j]))
            cv2.rectangle(canvas, corner, end, (shade, shade, 250 - (250 - shade) // 3), -1)
            text = (corner[0] + 5, (corner[1] + end[1]) // 2 + 4)
            write_text(canvas, f"{found.cost[i, j]:.2f}", text, 0.4)
    for i, j in found.path:
        corner = left + round(j * side / columns), HEAD + round(i * HEIGHT / rows)
        end = left + round((j + 1) * side / columns), HEAD + round((i + 1) * HEIGHT / rows)
        cv2.rectangle(canvas, corner, end, (30, 110, 20), 3)
    write_text(canvas, "distances of stripes, left one down, right one across", (left, HEAD - 10))


def _span(cost: NDArray[np.float32]) -> float:
    return max(float(cost.max() - cost.min()), 1e-6)


def _middle(stripe: int, count: int) -> int:
    return HEAD + round((stripe + 0.5) * HEIGHT / count)
