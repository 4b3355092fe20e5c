"""What the pictures of a run have in common: colours by identity, text, time."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.types import Image

FONT = cv2.FONT_HERSHEY_SIMPLEX
Color = tuple[int, int, int]  # BGR
Point = tuple[int, int]  # px
LUMA = (0.114, 0.587, 0.299)  # of blue, green and red, ITU-R BT.601
BLACK, WHITE, GREY = (0, 0, 0), (255, 255, 255), (160, 160, 160)

# Told apart by everybody in a moving picture, also in a small one; the first six by those, too, who
# cannot tell red from green. Light ones and dark ones take turns.
COLORS: tuple[Color, ...] = (
    *((60, 220, 255), (230, 110, 20), (200, 120, 255), (140, 170, 0), (40, 110, 255)),
    *((255, 225, 120), (40, 40, 210), (110, 240, 150), (190, 40, 140), (180, 200, 255)),
    *((0, 105, 100), (75, 85, 150)),
)
ROUNDS = 3  # ways to draw a box, one after the other where there are more people than colours
DASH = 6  # px of a small picture


def id_color(number: int) -> Color:
    """The BGR colour of an id; where there are more people than colours, ``id_round`` tells."""
    return COLORS[(number - 1) % len(COLORS)]


def id_round(number: int) -> int:
    """How ids of one colour are told apart: 0 plain, 1 doubled, 2 with marked corners."""
    return (number - 1) // len(COLORS) % ROUNDS


def readable_on(background: Color) -> Color:
    """Black or white, whichever is easier to read."""
    light = sum(share * part for share, part in zip(LUMA, background, strict=True))
    return BLACK if light > 125 else WHITE


def letter_size(image: Image) -> float:
    """OpenCV's font scale for a picture: smaller in small ones."""
    return float(min(max(image.shape[0] / 900, 0.36), 0.6))


def draw_text(
    image: Image,
    text: str,
    corner: tuple[int, int],
    color: Color,
    background: Color,
    size: float | None = None,
) -> None:
    """Write on a filled rectangle whose upper left corner is at ``(x, y)`` px, inside the image.

    Args:
        image: to write on.
        text: one line.
        corner: px.
        color: of the letters.
        background: of the rectangle.
        size: OpenCV's font scale; None for what suits the image.
    """
    size = letter_size(image) if size is None else size
    (width, height), _ = cv2.getTextSize(text, FONT, size, 1)
    x = min(max(corner[0], 0), max(0, image.shape[1] - width - 6))
    y = min(max(corner[1], 0), max(0, image.shape[0] - height - 6))
    cv2.rectangle(image, (x, y), (x + width + 5, y + height + 5), background, -1)
    cv2.putText(image, text, (x + 3, y + height + 2), FONT, size, color, 1, cv2.LINE_AA)


def draw_person(
    image: Image,
    box: NDArray[np.floating],
    identity: int,
    seen: bool = True,
    text: str | None = None,
) -> None:
    """Draw a box in the colour of its id, with the id above it.

    Args:
        image: to draw on.
        box: ``(4,)`` px.
        identity: global id; 0 = not yet known, below 0 a thing: its box is thin and grey.
        seen: whether it was detected; else the lines are dashed.
        text: what to write; None for the id.
    """
    if identity < 0:
        x1, y1, x2, y2 = np.round(box).astype(int).tolist()
        cv2.rectangle(image, (x1, y1), (x2, y2), GREY, 1)
        return
    color = id_color(identity) if identity > 0 else GREY
    draw_box(image, box, color, id_round(identity) if identity > 0 else 0, seen)
    text = (str(identity) if identity > 0 else "?") if text is None else text
    if not text:
        return
    size = letter_size(image)
    (_, height), _ = cv2.getTextSize(text, FONT, size, 1)
    corner = (round(float(box[0])), round(float(box[1])) - height - 6)
    draw_text(image, text, corner, readable_on(color), color, size)


def labelled(identity: int, name: str | None) -> str | None:
    """What is written at somebody who has a name, in letters that OpenCV has; None for the id."""
    letters = unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore").decode().strip()
    return f"{identity} {letters}" if letters else None


def draw_box(
    image: Image, box: NDArray[np.floating], color: Color, round_: int = 0, whole: bool = True
) -> None:
    """Draw a rectangle.

    Args:
        image: to draw on.
        box: ``(4,)`` px.
        color: of the line.
        round_: see ``id_round``.
        whole: whether the line is; else it is dashed.
    """
    x1, y1, x2, y2 = (int(v) for v in np.clip(np.round(box), -(1 << 14), 1 << 14))
    thick = 1 if image.shape[0] < 400 else 2
    inset = thick + 2
    for by in (0, inset)[: 1 + (round_ == 1)]:
        corners = [(x1 + by, y1 + by), (x2 - by, y1 + by), (x2 - by, y2 - by), (x1 + by, y2 - by)]
        for start, end in pairwise([*corners, corners[0]]):
            for a, b in [(start, end)] if whole else _dashes(start, end, DASH * thick):
                cv2.line(image, a, b, color, thick)
    if round_ == 2:
        for x, y in corners:
            cv2.rectangle(image, (x - inset, y - inset), (x + inset, y + inset), color, -1)


def _dashes(start: Point, end: Point, length: int) -> Iterator[tuple[Point, Point]]:
    """Every other piece of a straight line, at both of its ends one."""
    reach = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    count = 2 * max(reach // (2 * length), 1) + 1
    marks = np.linspace(start, end, count + 1).round().astype(int).tolist()
    for a, b in zip(marks[::2], marks[1::2], strict=True):
        yield (a[0], a[1]), (b[0], b[1])


def clock(time: float, zero: datetime | None = None) -> str:
    """A time in s as ``h:mm:ss.s``, or by the clock on the wall as ``YYYY-MM-DD hh:mm:ss.s``.

    Args:
        time: s.
        zero: what the clock on the wall says at second 0; None where that is not known.
    """
    if zero is not None:
        now = zero + timedelta(seconds=round(time, 1))
        return f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 100_000}"
    sign, time = ("-" if time < 0 else ""), abs(time)
    minutes, seconds = divmod(time, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{sign}{hours:d}:{minutes:02d}:{seconds:04.1f}"
