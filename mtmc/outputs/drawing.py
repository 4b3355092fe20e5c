"""What the pictures of a run have in common: colours by identity, text, time."""

from __future__ import annotations

import colorsys
from datetime import datetime, timedelta

import cv2

from mtmc.types import Image

FONT = cv2.FONT_HERSHEY_SIMPLEX
GOLDEN_RATIO = 0.61803398875
Color = tuple[int, int, int]  # BGR


def id_color(number: int) -> Color:
    """A BGR colour that differs well from those of the ids around it."""
    hue = number * GOLDEN_RATIO % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.65 + 0.3 * (number % 2), 1.0)
    return int(255 * blue), int(255 * green), int(255 * red)


def draw_text(
    image: Image,
    text: str,
    corner: tuple[int, int],
    color: Color,
    background: Color,
) -> None:
    """Write on a filled rectangle whose upper left corner is at ``(x, y)`` px, inside the image."""
    (width, height), _ = cv2.getTextSize(text, FONT, 0.55, 1)
    x = min(max(corner[0], 0), max(0, image.shape[1] - width - 6))
    y = min(max(corner[1], 0), max(0, image.shape[0] - height - 6))
    cv2.rectangle(image, (x, y), (x + width + 6, y + height + 6), background, -1)
    cv2.putText(image, text, (x + 3, y + height + 3), FONT, 0.55, color, 1, cv2.LINE_AA)


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
