"""People in a calibrated room as rows of the table, and what hides them."""

import numpy as np

from mtmc.tracking.rows import ROW
from mtmc.tracking.view import View
from tests.mtmc.rooms import SIZE, box_of, room

FPS = 10.0


def view_of(model, stride=1):
    """A camera that took 200 frames on time, of which some are read."""
    view = View("a", FPS / stride, SIZE, model)
    for number in range(0, 200, stride):
        view.clock.add(number + 1, number / FPS)
    return view


VIEWS = [view_of(model) for model in room().values()]


def rows_of(paths, heights, views=VIEWS):
    """All rows and whom they show; ``paths`` is ``(steps, people, 2)`` m. All boxes are exact."""
    cameras = list(room().values())
    rows, people = [], []
    for number in range(len(views)):
        for step, places in enumerate(paths):
            for person, place in enumerate(places):
                box = box_of(cameras[number], *place, heights[person])
                row = np.zeros(1, ROW)
                row["camera"], row["frame"], row["time"] = number, step + 1, step / FPS
                row["track"], row["score"], row["detected"] = person + 1, 0.9, True
                row["box"] = np.clip(box, 0, [*SIZE, *SIZE])
                rows.append(row)
                people.append(person + 1)
    return np.concatenate(rows), np.array(people)


def when(rows, camera, first, last):
    """Which rows are of that camera and those frames, both included."""
    return (rows["camera"] == camera) & (rows["frame"] >= first) & (rows["frame"] <= last)


def exact(rows, people, paths, heights):
    """``(N, 4)`` boxes of these people as the camera sees them with nothing in between."""
    cameras = list(room().values())
    boxes = [
        box_of(cameras[camera], *paths[frame - 1][person - 1], heights[person - 1])
        for camera, frame, person in zip(rows["camera"], rows["frame"], people, strict=True)
    ]
    return np.clip(np.reshape(boxes, (-1, 4)), 0, [*SIZE, *SIZE])
