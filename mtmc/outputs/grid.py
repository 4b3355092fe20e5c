"""A camera's picture with a pixel grid, to read off where floor points are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2

from mtmc.outputs.drawing import FONT, draw_text
from mtmc.sources import CameraReader
from mtmc.types import Frame, Image

SPACING = 50  # px between lines
NUMBERED = 100  # px between numbered lines
LINE = (255, 255, 255)
LETTERS = (255, 255, 255)
SHADE = (0, 0, 0)


def frames_at(readers: Sequence[CameraReader], time: float) -> Iterator[Frame]:
    """Each camera's first frame at or after ``time`` s of its own clock, or its last one."""
    for reader in readers:
        reader.start()
        try:
            frame = found = reader.peek()
            while frame is not None:
                found = next(reader)
                if found.time - reader.camera.delay >= time:
                    break
                frame = reader.peek()
            if found is not None:
                yield found
        finally:
            reader.close()


def draw_grid(image: Image) -> Image:
    """A copy with a line every 50 px, faint, and a number every 100."""
    height, width = image.shape[:2]
    lines = image.copy()
    for x in range(0, width, SPACING):
        cv2.line(lines, (x, 0), (x, height - 1), LINE, 1)
    for y in range(0, height, SPACING):
        cv2.line(lines, (0, y), (width - 1, y), LINE, 1)
    result: Image = cv2.addWeighted(image, 0.7, lines, 0.3, 0)
    for x in range(0, width, NUMBERED):
        for y in range(0, height, NUMBERED):
            cv2.drawMarker(result, (x, y), LINE, cv2.MARKER_CROSS, 9, 1)
    for x in range(NUMBERED, width, NUMBERED):
        for y in (0, height):
            _number(result, x, (x, y))
    for y in range(NUMBERED, height, NUMBERED):
        for x in (0, width):
            _number(result, y, (x, y))
    return result


def _number(image: Image, number: int, middle: tuple[int, int]) -> None:
    (width, height), _ = cv2.getTextSize(str(number), FONT, 0.55, 1)
    corner = (middle[0] - width // 2 - 3, middle[1] - height // 2 - 3)
    draw_text(image, str(number), corner, LETTERS, SHADE)
