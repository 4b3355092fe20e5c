import numpy as np
import pytest

from mtmc.trackers import geometry


def table(overlaps, rows, cols):
    """Overlaps as a matrix."""
    matrix = np.zeros((rows, cols))
    matrix[overlaps.rows, overlaps.cols] = overlaps.values
    return matrix


def random_boxes(rng, count, spread):
    corner = rng.uniform(0, spread, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(5, 90, (count, 2))], axis=1)


def loop_iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / (both - shared)


def test_iou_of_every_pair():
    boxes = random_boxes(np.random.default_rng(0), 40, 150)
    a, b = boxes[:15], boxes[15:]
    expected = [[loop_iou(one, other) for other in b] for one in a]
    np.testing.assert_allclose(table(geometry.iou(a, b), 15, 25), expected, rtol=1e-12)


def test_fractions():
    a, b = np.array([[0.0, 0, 4, 2]]), np.array([[2.0, 0, 4, 4], [2, 1, 6, 3], [4, 0, 6, 2]])
    np.testing.assert_allclose(table(geometry.iou(a, b), 1, 3), [[4 / 12, 2 / 14, 0]])
    np.testing.assert_allclose(table(geometry.coverage(a, b), 1, 3), [[4 / 8, 2 / 8, 0]])


FUNCTIONS = [geometry.iou, geometry.coverage]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_against_something(function):
    some, none = np.array([[0.0, 0, 1, 1]]), np.zeros((0, 4))
    for a, b in ((none, some), (some, none), (none, none)):
        assert all(len(column) == 0 for column in function(a, b))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_many_boxes_like_few(function, monkeypatch):
    boxes = random_boxes(np.random.default_rng(0), 150, 600)
    a, b = boxes[:90], boxes[60:]
    many = table(function(a, b), 90, 90)
    monkeypatch.setattr("mtmc.trackers.geometry._DENSE", 10**9)
    np.testing.assert_array_equal(many, table(function(a, b), 90, 90))
    assert (many > 0).sum() > 100
