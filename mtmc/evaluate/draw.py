"""Mistakes on the pictures in which they were made."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.errors import UserError
from mtmc.evaluate.mistakes import Mistakes
from mtmc.evaluate.protocol import CameraRows, ScoringProtocol
from mtmc.files import explained
from mtmc.outputs.drawing import BLACK, WHITE, Color, draw_box, draw_text
from mtmc.outputs.video import VideoWriter
from mtmc.types import Frame, Image

log = logging.getLogger("mtmc")

FALSE, MISSED, SWITCHED, FOUND = (40, 40, 230), (0, 210, 255), (230, 60, 230), (170, 170, 170)
LEGEND = {"false": FALSE, "missed": MISSED, "switched": SWITCHED, "right": FOUND}
BLANK = 32  # grey level of a picture without one
FAINT = 0.25  # of what is drawn over one another
LARGEST = 1920  # px, longer side of a picture


def draw_mistakes(
    file: Path,
    cameras: Iterable[tuple[CameraRows, ScoringProtocol]],
    frames_of: Callable[[str], Iterable[Frame]],
    fps_of: Callable[[str], float],
) -> None:
    """Draw each camera's mistakes as a video, or on one blank picture where it has no frames.

    What was written is logged, a line for each camera.

    Args:
        file: ``.mp4``; of several cameras each has a file with its name at the end.
        cameras: with their scoring.
        frames_of: the pictures of a camera.
        fps_of: frames per second of a camera.

    Raises:
        UserError: a file cannot be written.
    """
    if file.suffix.lower() != ".mp4":
        raise UserError(f"--draw {file}: expected a file that ends in .mp4")
    cameras = list(cameras)
    for camera, protocol in cameras:
        target = file if len(cameras) == 1 else file.with_stem(f"{file.stem}_{camera.name}")
        mistakes = Mistakes.find(camera, protocol)
        with explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            count = _video(target, camera, mistakes, frames_of(camera.name), fps_of(camera.name))
            if not count:
                target = target.with_suffix(".png")
                data = cv2.imencode(".png", _summary(camera.name, mistakes))[1]
                target.write_bytes(data.tobytes())
        seen = f"{count} of {camera.num_frames} frames"
        what = seen if count else "without frames, in one picture"
        log.info("wrote %s: %s; %s", target, mistakes.told(), what)


def _video(
    file: Path, camera: CameraRows, mistakes: Mistakes, frames: Iterable[Frame], fps: float
) -> int:
    """Write the frames there are; returns how many."""
    writer, count, evaluated = None, 0, set(camera.frames.tolist())
    try:
        for frame in frames:
            if frame.index not in evaluated:
                continue
            scale = min(1.0, LARGEST / max(frame.pixels.shape))
            height, width = (max(2, int(side * scale) // 2 * 2) for side in frame.pixels.shape[:2])
            picture = np.asarray(cv2.resize(frame.pixels, (width, height)), np.uint8)
            _drawn(picture, mistakes, frame.index, scale)
            _head(picture, f"{camera.name}  {frame.index}", mistakes, frame.index)
            writer = writer or VideoWriter(file, (width, height), fps)
            writer.write(picture, (frame.index - 1) / fps)
            count += 1
    finally:
        if writer:
            writer.close()
    return count


def _drawn(picture: Image, mistakes: Mistakes, frame: int, scale: float) -> None:
    """The boxes of one frame, right ones first."""
    result = np.flatnonzero(mistakes.result.frames == frame)
    order = mistakes.false[result] * 1 + mistakes.switched[result] * 2
    for row in result[np.argsort(order, kind="stable")].tolist():
        number = int(mistakes.result.ids[row])
        box = mistakes.result.boxes[row] * scale
        if mistakes.false[row]:
            _box(picture, box, FALSE, 2, str(number))
        elif mistakes.switched[row]:
            _box(picture, box, SWITCHED, 3, f"{mistakes.before[row]} > {number}")
        else:
            _box(picture, box, FOUND, 1, str(number))
    for row in np.flatnonzero((mistakes.truth.frames == frame) & mistakes.missed).tolist():
        draw_box(picture, mistakes.truth.boxes[row] * scale, MISSED, whole=False)


def _summary(name: str, mistakes: Mistakes) -> Image:
    """All mistakes over one another, where there are no frames to see them in."""
    boxes = np.concatenate([mistakes.truth.boxes, mistakes.result.boxes, [[0, 0, 320, 240]]])
    scale = min(1.0, LARGEST / boxes.max())
    width, height = (max(2, int(side * scale)) for side in boxes[:, 2:].max(axis=0))
    light = np.full((height, width, 3), float(BLANK))
    for color, some in (
        (MISSED, mistakes.truth.boxes[mistakes.missed]),
        (FALSE, mistakes.result.boxes[mistakes.false]),
    ):
        for box in some * scale:
            line = np.zeros((height, width), np.uint8)
            x1, y1, x2, y2 = _corners(box)
            cv2.rectangle(line, (x1, y1), (x2, y2), 1, 1)
            rows, columns = np.nonzero(line)
            light[rows, columns] += FAINT * (np.array(color) - light[rows, columns])
    picture = np.ascontiguousarray(light.round().astype(np.uint8))
    for row in np.flatnonzero(mistakes.switched).tolist():
        ids = f"{mistakes.before[row]} > {mistakes.result.ids[row]}"
        _box(picture, mistakes.result.boxes[row] * scale, SWITCHED, 2, ids)
    _head(picture, name, mistakes, None)
    return picture


def _head(picture: Image, title: str, mistakes: Mistakes, frame: int | None) -> None:
    """Title, and the colours with how many there are: of a frame, or of all."""
    result = np.ones(len(mistakes.result), bool)
    truth = np.ones(len(mistakes.truth), bool)
    if frame is not None:
        result, truth = mistakes.result.frames == frame, mistakes.truth.frames == frame
    counts = {
        "false": (mistakes.false & result).sum(),
        "missed": (mistakes.missed & truth).sum(),
        "switched": (mistakes.switched & result).sum(),
        "right": (~(mistakes.false | mistakes.switched) & result).sum(),
    }
    draw_text(picture, title, (6, 6), WHITE, BLACK)
    for line, (kind, color) in enumerate(LEGEND.items(), 1):
        draw_text(picture, f"{kind} {counts[kind]}", (6, 6 + 22 * line), color, BLACK)


def _box(
    picture: Image, box: NDArray[np.floating], color: Color, thickness: int, text: str
) -> None:
    x1, y1, x2, y2 = _corners(box)
    cv2.rectangle(picture, (x1, y1), (x2, y2), color, thickness)
    if thickness > 1:
        draw_text(picture, text, (x1, y1 - 20), BLACK, color)


def _corners(box: NDArray[np.floating]) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = np.rint(box).astype(int).tolist()
    return x1, y1, x2, y2
