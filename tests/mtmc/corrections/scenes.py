"""Tracks that stand beside each other, as rows of the table."""

import numpy as np

from mtmc.corrections import Entry, Spot
from mtmc.corrections.boxes import Boxes
from mtmc.tracking.rows import ROW

CAMERAS = ("left", "right")
FPS = 10


def place(column):
    """The box of somebody who stands in a column of the image."""
    return 100.0 * column, 50.0, 100.0 * column + 40, 150.0


def track(camera, number, frames, column):
    """One track: camera, id, first and last frame, and where it stands."""
    first, last = frames
    rows = np.zeros(last - first + 1, ROW)
    rows["camera"], rows["track"] = CAMERAS.index(camera), number
    rows["frame"] = np.arange(first, last + 1)
    rows["time"] = rows["frame"] / FPS
    rows["box"], rows["score"], rows["detected"] = place(column), 0.9, True
    rows["floor"] = np.nan
    return rows


def boxes(*tracks):
    return Boxes(np.concatenate(tracks), CAMERAS)


def spot(camera, frame, column):
    return Spot.at(camera, frame, place(column))


def entries(*corrections):
    return [Entry(line, correction) for line, correction in enumerate(corrections, 1)]
