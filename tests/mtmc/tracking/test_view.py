"""What a camera tells of how tall people are."""

import numpy as np
import pytest

from mtmc.tracking.view import View
from tests.mtmc.rooms import SIZE, room

MODEL = room()["cam0"]
PLACES = np.array([[5.0, 5.0], [5.6, 4.6]])
TALL = np.array([1.6, 1.9])


def view(model=MODEL):
    return View("cam0", 4.0, SIZE, model)


def test_who_stands_there_is_so_tall_and_nearby_a_little_more_or_less():
    boxes = MODEL.standing(PLACES, TALL)
    told = view().statures(boxes, PLACES)
    assert told[:, 0] == pytest.approx(TALL, abs=0.03)
    step = np.array([0.05, -0.1])
    there = MODEL.heights(boxes, PLACES + step)
    assert told[:, 0] + told[:, 1:] @ step == pytest.approx(there, abs=0.003)
    assert (np.abs(there - told[:, 0]) > 0.005).all()


def test_unknown_where_the_border_cuts_heads_and_without_a_calibration():
    boxes = MODEL.standing(PLACES, TALL)
    boxes[0, 1] = 0
    assert np.isnan(view().statures(boxes, PLACES)).any(axis=1).tolist() == [True, False]
    assert np.isnan(view(None).statures(boxes, PLACES)).all()
    assert view().statures(np.zeros((0, 4)), np.zeros((0, 2))).shape == (0, 3)
