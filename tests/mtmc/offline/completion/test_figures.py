import numpy as np
import pytest

from mtmc.offline.completion.outlook import typical
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


def test_the_usual_is_what_most_boxes_are():
    away = np.where(np.arange(110) < 100, 0.1, -0.1)[:, None]
    assert typical(away, np.ones_like(away)) == pytest.approx([0.1])
    assert typical(away, np.where(away > 0, 0.0, 1.0)) == pytest.approx([-0.1])


def test_of_whom_little_is_known_nothing_is_typical():
    assert typical(np.full((50, 1), -0.3), np.full((50, 1), 1e-3)) == pytest.approx([0.0])
