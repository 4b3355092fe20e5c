"""Ranked lists as a picture: whom a query is taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from mtmc.reid.atomic import writing
from mtmc.reid.data.decode import read_image
from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mtmc.reid.data.images import Cut
    from mtmc.reid.evaluation.retrieval import Retrieval

    Picture = NDArray[np.uint8]

SHOWN = 10  # answers of each query
HEIGHT, WIDTH = 144, 72  # px of a crop
FRAME, GAP, TEXT = 4, 10, 18  # px: around a crop, between crops, below them
HEAD = 26  # px above all
RIGHT, WRONG, ASKED, INK = (60, 160, 40), (50, 50, 220), (90, 90, 90), (30, 30, 30)  # BGR
FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_ranked(retrieval: Retrieval, count: int, title: str) -> Picture:
    """Queries, spread over all that have a right answer, each with its first answers.

    Right ones are framed green, wrong ones red; below each is its distance. At the end of a row
    without a right answer is the rank of the first.

    Args:
        retrieval: of images, or of tracklets' first ones.
        count: of queries, at most.
        title: what is seen.

    Returns:
        ``(H, W, 3) uint8`` BGR.

    Raises:
        ReidError: queries are means over several pictures, or a picture cannot be read.
    """
    if retrieval.query_paths is None:
        raise ReidError("--show: a query of --multi-query is no picture; leave one of them out")
    asked = retrieval.answered()
    some = asked[np.linspace(0, len(asked) - 1, min(count, len(asked))).round().astype(int)]
    rows = [_row(retrieval, int(number)) for number in some]
    width = rows[0].shape[1]
    head = np.full((HEAD, width, 3), 255, np.uint8)
    write_text(head, f"{title}: query, then the nearest {SHOWN}; green right, red wrong", (GAP, 18))
    return np.concatenate([head, *rows])


def write_picture(picture: Picture, file: Path) -> None:
    """Write a picture in the format that the file's name says.

    Raises:
        ReidError: it cannot be written.
    """
    with writing(file):
        file.write_bytes(cv2.imencode(file.suffix, picture)[1].tobytes())


def _row(retrieval: Retrieval, number: int) -> Picture:
    assert retrieval.query_paths is not None
    order, distances, right = retrieval.ranked(number)
    pid, camera = int(retrieval.query.pids[number]), int(retrieval.query.camids[number])
    asked = _cell(retrieval.query_paths[number], ASKED, f"id {pid} cam {camera}")
    cells = [_space(GAP), asked, _space(GAP)]
    shown = zip(order[:SHOWN].tolist(), distances, right, strict=False)
    for row, distance, good in shown:
        path, colour = retrieval.gallery_paths[row], RIGHT if good else WRONG
        cells.append(_cell(path, colour, f"{distance:.3f} c{retrieval.gallery.camids[row]}"))
    cells += [_space(WIDTH + 2 * FRAME + GAP)] * (SHOWN - len(order[:SHOWN]))
    end = _space(110)
    if not right[:SHOWN].any():
        write_text(end, f"right at {int(np.argmax(right)) + 1}", (0, HEIGHT // 2))
    return np.concatenate([*cells, end], axis=1)


def _cell(path: Path | Cut, colour: tuple[int, int, int], text: str) -> Picture:
    cell = _space(WIDTH + 2 * FRAME + GAP)
    crop = read_image(path)
    scale = min(HEIGHT / crop.shape[0], WIDTH / crop.shape[1])
    size = max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale))
    crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    top, left = FRAME + (HEIGHT - size[1]) // 2, FRAME + (WIDTH - size[0]) // 2
    cell[: HEIGHT + 2 * FRAME, : WIDTH + 2 * FRAME] = colour
    cell[FRAME : FRAME + HEIGHT, FRAME : FRAME + WIDTH] = 235
    cell[top : top + size[1], left : left + size[0]] = crop
    write_text(cell, text, (0, HEIGHT + 2 * FRAME + 13))
    return cell


def _space(width: int) -> Picture:
    return np.full((HEIGHT + 2 * FRAME + TEXT + GAP, width, 3), 255, np.uint8)


def write_text(
    picture: Picture, text: str, place: tuple[int, int], scale: float = 0.38, limit: int = 0
) -> None:
    """Write one line into a picture.

    Args:
        picture: changed in place.
        text: letters beyond ASCII become question marks, as OpenCV's fonts have no other.
        place: where it begins, x and y px of the line it stands on.
        scale: of the font.
        limit: px; the beginning of what is longer is left out. 0 for none.
    """
    plain = text.encode("ascii", "replace").decode()
    while limit and len(plain) > 4 and cv2.getTextSize(plain, FONT, scale, 1)[0][0] > limit:
        plain = f"...{plain[4:]}"
    cv2.putText(picture, plain, place, FONT, scale, INK, 1, cv2.LINE_AA)
