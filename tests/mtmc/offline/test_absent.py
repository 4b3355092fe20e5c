"""People whom the cameras that should see them do not."""

import numpy as np

from mtmc.offline.absent import absent
from mtmc.tracking.view import View
from tests.mtmc.offline.completion.scenes import FPS, VIEWS, rows_of
from tests.mtmc.rooms import SIZE, circling

ROWS, PEOPLE = rows_of(circling(2, 60, FPS), [1.7, 1.7])


def test_those_whom_all_see_are_there():
    assert absent(ROWS, PEOPLE, VIEWS) == set()


def test_who_is_seen_by_one_camera_alone_though_all_should_is_not():
    kept = (PEOPLE == 1) | (ROWS["camera"] == 0)
    assert absent(ROWS[kept], PEOPLE[kept], VIEWS) == {2}


def test_who_is_seen_by_one_camera_alone_in_the_end_is():
    kept = (PEOPLE == 1) | (ROWS["camera"] == 0) | (ROWS["frame"] < 40)
    assert absent(ROWS[kept], PEOPLE[kept], VIEWS) == set()


def test_cameras_without_calibration_need_see_nobody():
    views = [VIEWS[0], *[View("a", FPS, SIZE, None)] * 3]
    kept = (PEOPLE == 1) | (ROWS["camera"] == 0)
    assert absent(ROWS[kept], PEOPLE[kept], views) == set()
    assert absent(ROWS[:0], PEOPLE[:0], VIEWS) == set()
    assert absent(ROWS, np.zeros(len(ROWS), int), VIEWS) == set()
