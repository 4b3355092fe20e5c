import numpy as np
import pytest

from trackers.geometry import (
    box_areas,
    coverage_matrix,
    expand_boxes,
    height_iou_matrix,
    iou_matrix,
)


def loop_iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / (both - shared)


def test_iou_of_every_pair():
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 60, (40, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 50, (40, 2))], axis=1)
    a, b = boxes[:15], boxes[15:]
    expected = [[loop_iou(one, other) for other in b] for one in a]
    np.testing.assert_allclose(iou_matrix(a, b), expected, rtol=1e-12)


@pytest.mark.parametrize("function", [iou_matrix, coverage_matrix, height_iou_matrix])
def test_nothing_against_something(function):
    some, none = np.array([[0.0, 0, 1, 1]]), np.zeros((0, 4))
    assert function(none, some).shape == (0, 1)
    assert function(some, none).shape == (1, 0)
    assert function(none, none).shape == (0, 0)


def test_fractions():
    a, b = np.array([[0.0, 0, 4, 2]]), np.array([[2.0, 0, 4, 4], [2, 1, 6, 3], [4, 0, 6, 2]])
    np.testing.assert_allclose(iou_matrix(a, b), [[4 / 12, 2 / 14, 0]])
    np.testing.assert_allclose(coverage_matrix(a, b), [[4 / 8, 2 / 8, 0]])
    np.testing.assert_allclose(height_iou_matrix(a, b), [[4 / 12 * 2 / 4, 2 / 14 * 1 / 3, 0]])
    np.testing.assert_allclose(box_areas(b), [8, 8, 4])


def test_expanded_boxes_meet_again():
    a, b = np.array([[0.0, 0, 10, 10]]), np.array([[12.0, 0, 22, 10]])
    assert iou_matrix(a, b) == 0
    np.testing.assert_allclose(expand_boxes(a, 0.5), [[-5, -5, 15, 15]])
    assert iou_matrix(expand_boxes(a, 0.5), expand_boxes(b, 0.5)) > 0


@pytest.mark.parametrize("function", [iou_matrix, coverage_matrix, height_iou_matrix])
def test_many_boxes_like_few(function, monkeypatch):
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 600, (150, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 90, (150, 2))], axis=1)
    many = function(boxes[:90], boxes[60:])
    monkeypatch.setattr("trackers.geometry._DENSE", 10**9)
    np.testing.assert_array_equal(many, function(boxes[:90], boxes[60:]))
    assert (many > 0).sum() > 100
