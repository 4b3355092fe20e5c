"""What places on the floor say, alone and together."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from mtmc.trackers.floor.reading import REACH, apart, behind, fused, known_places

SURE = 0.01 * np.eye(2)


def test_together_the_surer_one_counts_more_and_along_its_sure_axis():
    points = np.array([[0.0, 0], [3, 3], [5, 5]])
    covariances = np.stack([np.diag([1.0, 4]), np.diag([2.0, 1]), np.eye(2)])
    where, sure = fused(points, covariances, np.array([0, 0, 1]), 2)
    assert where == pytest.approx(np.array([[1, 2.4], [5, 5]]))
    assert sure[0] == pytest.approx(np.diag([2 / 3, 0.8]))


def test_distances_and_densities_are_those_of_a_gaussian():
    away, covariance = np.array([0.3, -0.2]), np.array([[0.2, 0.1], [0.1, 0.3]])
    distance, density = apart(away, covariance)
    assert distance == pytest.approx(away @ np.linalg.inv(covariance) @ away)
    assert density == pytest.approx(multivariate_normal([0, 0], covariance).logpdf(away))


def test_hidden_feet_are_behind_and_nowhere_else():
    away = np.array([[0.5, 0.0], [2.0, 0.0], [-0.5, 0.0], [0.5, 1.0], [REACH + 0.1, 0.0]])
    found, known = behind(away, np.tile(SURE, (5, 1, 1)), np.tile([1.0, 0.0], (5, 1)))
    assert known.all()
    assert found[:2] == pytest.approx(found[0])
    assert found[0] > 1
    assert found[2:] == pytest.approx(0, abs=1e-9)
    # All places behind somebody together: one.
    x, y = np.meshgrid(np.linspace(-1, 4, 251), np.linspace(-1, 1, 101))
    grid = np.column_stack([x.ravel(), y.ravel()])
    many = np.tile(SURE, (len(grid), 1, 1)), np.tile([1.0, 0.0], (len(grid), 1))
    assert behind(grid, *many)[0].sum() * 0.02**2 == pytest.approx(1, abs=0.02)


def test_where_it_is_not_known_how_a_camera_looks_nothing_is_behind():
    found, known = behind(np.array([[0.5, 0.0]]), SURE[None], np.zeros((1, 2)))
    assert found.tolist() == [0]
    assert not known.any()


def test_places_without_end_are_none():
    points = np.array([[0.0, 0], [np.nan, 0], [1, 1]])
    covariances = np.stack([SURE, SURE, np.full((2, 2), np.inf)])
    assert known_places(points, covariances).tolist() == [True, False, False]
