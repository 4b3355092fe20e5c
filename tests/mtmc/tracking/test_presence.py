"""Whether somebody is there, by the cameras that should see a person."""

import numpy as np
import pytest

from mtmc.tracking.presence import Presence, expected, odds
from tests.mtmc.offline.completion.scenes import VIEWS

MIDDLE = np.array([5.0, 5.0])
ONE, TWO = np.array([1]), np.array([1, 2])


def test_cameras_should_see_whom_they_would_show_whole():
    places = np.array([MIDDLE, [40.0, 40.0], [-1.9, -1.9]])
    assert expected(VIEWS[0], places, np.zeros(3, int)).tolist() == [True, False, False]


def test_whom_somebody_in_front_hides_nobody_need_see():
    """The first camera stands at (-2, -2)."""
    pair = np.array([[4.0, 4.0], [4.6, 4.6]])
    assert expected(VIEWS[0], pair, np.array([0, 0])).tolist() == [True, False]
    assert expected(VIEWS[0], pair, np.array([0, 1])).tolist() == [True, True]


def test_what_one_of_four_sees_again_and_again_is_nobody():
    presence, here = Presence(VIEWS), np.array([MIDDLE, [5.0, 8.0]])
    assert all(expected(view, here, np.zeros(2, int)).all() for view in VIEWS)
    for step in range(4):
        there = presence.believed(step * 0.25, range(4), [TWO, ONE, ONE, ONE], TWO, here)
        assert there.tolist() == [1]
    for step in range(4, 8):
        there = presence.believed(step * 0.25, range(4), [TWO, TWO, TWO, ONE], TWO, here)
    assert there.tolist() == [1, 2]
    nobody = np.zeros(0, np.int64)
    assert presence.believed(9.0, [], [], nobody, np.zeros((0, 2))).tolist() == []


def test_where_no_other_camera_looks_one_is_enough():
    presence = Presence(VIEWS)
    far = np.array([[-1.0, 11.0]])
    should = [bool(expected(view, far, np.zeros(1, int))[0]) for view in VIEWS]
    assert 1 <= sum(should) <= 3
    seen = [ONE if camera == should.index(True) else ONE[:0] for camera in range(4)]
    assert presence.believed(0.0, range(4), seen, ONE, far).tolist() == [1]


def test_how_much_a_camera_sees_is_learned():
    """A camera that misses every second one says little against anybody."""
    seen = np.ones((400, 3), bool)
    seen[::2, 2] = False
    should = np.ones_like(seen)
    looks = np.zeros((3, 2))
    odds(seen, should, looks)
    alone = np.array([[True, False, True], [True, True, False]])
    by_good, by_bad = odds(alone, np.ones_like(alone), looks)
    assert by_bad > by_good
    assert looks[2, 1] / looks[2, 0] == pytest.approx(0.5, abs=0.05)
