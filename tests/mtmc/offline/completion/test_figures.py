import numpy as np
import pytest

from mtmc.offline.completion.figures import habits, typical
from mtmc.trackers.figures import mended, moved, off

PERSON = np.array([[100.0, 50.0, 180.0, 250.0]])


def test_moved_undoes_off():
    random = np.random.default_rng(0)
    expected = np.tile(PERSON, (50, 1))
    boxes = expected + random.normal(0, 10, (50, 4))
    assert moved(expected, off(boxes, expected)) == pytest.approx(boxes)


@pytest.mark.parametrize("noise", [0.0, 3.0, 6.0])
def test_a_box_seen_well_stays(noise):
    random = np.random.default_rng(1)
    boxes = PERSON + random.normal(0, noise, (500, 4)) * (noise > 0)
    change = np.abs(mended(boxes, np.tile(PERSON, (500, 1))) - boxes)
    assert np.quantile(change, 0.99) <= 0.02 * 200
    assert change.max() <= np.abs(boxes - PERSON).max() + 1e-9


@pytest.mark.parametrize(("edge", "by"), [(0, 40), (2, -40), (3, -80)])
def test_a_hidden_edge_goes_where_it_is_expected(edge, by):
    box = PERSON.copy()
    box[0, edge] += by
    assert mended(box, PERSON) == pytest.approx(PERSON, abs=1)


def test_what_is_longer_than_expected_is_no_hidden_part():
    larger = PERSON + np.array([-60, -60, 60, 60])
    assert mended(larger, PERSON) == pytest.approx(larger)


def test_the_top_is_where_it_was_seen():
    assert mended(PERSON + np.array([0, 30, 0, 0]), PERSON)[0, 1] == 80


def test_habits_are_of_those_nearby_and_far_from_all_what_is_typical():
    steps = np.concatenate([np.arange(1, 101), np.arange(300, 310)])
    away = np.where(steps < 200, 0.1, -0.1)[:, None]
    usual = typical(away, np.ones_like(away))
    assert usual == pytest.approx([0.1])
    wanted = np.array([1, 50, 305, 5000])
    near = habits(steps, away, np.ones_like(away), usual, wanted, reach=10.0)[:, 0]
    assert near == pytest.approx([0.1, 0.1, -0.1, 0.1], abs=0.02)
    ignored = np.where(steps < 200, 1.0, 0.0)[:, None]
    assert habits(steps, away, ignored, usual, wanted, 10.0)[2] == pytest.approx(0.1, abs=0.01)


def test_of_whom_little_is_known_nothing_is_typical():
    assert typical(np.full((50, 1), -0.3), np.full((50, 1), 1e-3)) == pytest.approx([0.0])
