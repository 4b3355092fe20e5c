"""Whom detections of nobody show."""

import numpy as np
import pytest

from mtmc.trackers.offline.found import Lost, found_again

BOX = np.array([100.0, 50, 150, 170])


def beside(*shifts):
    return BOX + np.array(shifts, float)[:, None] * [1, 0, 1, 0]


def look(lost, boxes, free, steps=None, **settings):
    """Pairs of a detection and somebody lost, all in one step unless told otherwise."""
    steps = np.ones(len(boxes), int) if steps is None else np.array(steps)
    wanted = Lost(np.ones(len(lost), int), lost, **settings)
    return set(zip(*map(np.ndarray.tolist, found_again(wanted, steps, boxes, free)), strict=True))


def test_each_takes_the_best_and_is_taken_by_the_best():
    lost, boxes = beside(0, 10), beside(2, 9, 80)
    assert look(lost, boxes, np.ones(3, bool)) == {(0, 0), (1, 1)}
    # Two want one: the other has to wait.
    assert look(beside(0, 4), beside(1), np.ones(1, bool)) == {(0, 0)}
    assert look(beside(0), beside(5, 5), np.ones(2, bool)) == {(0, 0)}


def test_only_in_the_same_step():
    assert look(beside(0), beside(0, 0), np.ones(2, bool), steps=[2, 1]) == {(1, 0)}
    assert look(beside(0), beside(0), np.ones(1, bool), steps=[2]) == set()


def test_what_fits_somebody_seen_better_or_is_a_part_of_them_is_left():
    boxes, free = beside(0, 6), np.array([False, True])
    assert look(beside(14), boxes, free) == set()
    assert look(beside(8), boxes, free) == {(1, 0)}
    part = np.array([BOX, [105.0, 60, 145, 120]])
    assert look(part[1:] + 1, part, free) == set()


@pytest.mark.parametrize(("shown", "found"), [(1.0, True), (0.5, True), (0.2, False)])
def test_feet_may_be_hidden_but_not_everything(shown, found):
    upper = BOX.copy()
    upper[3] = BOX[1] + shown * 120
    assert bool(look(BOX[None], upper[None], np.ones(1, bool))) == found


def test_how_well_it_must_fit_and_how_far_aside_they_may_stand():
    away = beside(20)  # IoU 0.43
    assert look(beside(0), away, np.ones(1, bool)) == set()
    assert look(beside(0), away, np.ones(1, bool), overlap=0.4) == {(0, 0)}
    assert look(beside(0), away, np.ones(1, bool), unsure=np.array([0.1])) == {(0, 0)}


def test_nobody():
    nothing = np.zeros((0, 4))
    assert look(nothing, beside(0), np.ones(1, bool)) == set()
    assert look(beside(0), nothing, np.ones(0, bool)) == set()
