import numpy as np
import pytest

from mtmc.trackers.floor.walk import KNOT, Knots, Walk, _prior


def measured(count=23, seed=0):
    """Three paths, places on them and what is known of these."""
    random = np.random.default_rng(seed)
    knots = Knots.covering(np.array([0.0, 100.0, 50.0]), np.array([5.0, 103.0, 50.05]))
    path = np.repeat([0, 1, 2], [count - 3, 2, 1])
    times = np.concatenate([np.sort(random.uniform(0, 5, count - 3)), [101.0, 102.0, 50.0]])
    root = random.normal(0, 3, (count, 2, 2))
    information = root @ root.transpose(0, 2, 1)
    places = random.normal(0, 1, (count, 2))
    return knots, path, times, information, np.einsum("nij,nj->ni", information, places)


def dense(knots, path, times, information, pull, acceleration):
    """The same equations in full."""
    bands = _prior(knots, acceleration)
    size = bands.shape[1]
    matrix, side = np.zeros((size, size)), np.zeros(size)
    for shift, band in enumerate(bands):
        for i in range(size - shift):
            matrix[i + shift, i] = matrix[i, i + shift] = band[i]
    for row, knot, share in zip(range(len(path)), *knots.place(path, times), strict=True):
        weights = np.zeros((2, size))
        for axis in range(2):
            weights[axis, [2 * knot + axis, 2 * knot + 2 + axis]] = 1 - share, share
        matrix += weights.T @ information[row] @ weights
        side += weights.T @ pull[row]
    return matrix, side


def test_places_and_covariances_are_those_of_the_full_equations():
    knots, *rest = measured()
    walk = Walk(knots, *rest, 0.7)
    matrix, side = dense(knots, *rest, 0.7)
    inverse = np.linalg.inv(matrix)
    assert walk.places().ravel() == pytest.approx(inverse @ side, abs=1e-7)
    blocks = [inverse[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] for k in range(knots.total)]
    assert walk.covariances() == pytest.approx(np.stack(blocks), rel=1e-6)


def test_a_turn_that_nobody_saw_is_in_the_speeds_before_and_after():
    times = np.concatenate([np.arange(0, 3, 0.1), np.arange(4, 7, 0.1)])
    circle = 2 * np.stack([np.cos(times / 2), np.sin(times / 2)], axis=1)
    knots = Knots.covering(times[:1], times[-1:])
    sure = np.tile(np.eye(2) / 0.05**2, (len(times), 1, 1))
    walk = Walk(knots, np.zeros(len(times), int), times, sure, circle / 0.05**2, 0.7)
    knot, _ = knots.place(np.zeros(1, int), np.array([3.5]))
    middle = walk.places()[knot[0]]
    straight = (circle[29] + circle[30]) / 2
    there = 2 * np.array([np.cos(1.75), np.sin(1.75)])
    assert np.linalg.norm(middle - there) < 0.2 * np.linalg.norm(straight - there) + 0.02
    unsure = np.sqrt(walk.covariances()[:, 0, 0])
    assert unsure[knot[0]] == pytest.approx(unsure.max(), rel=0.05)


def test_times_between_knots():
    knots = Knots.covering(np.array([1.0]), np.array([1.0]))
    assert knots.total == 3
    assert knots.end == pytest.approx(1.0 + 2 * KNOT)
    knot, share = knots.place(np.zeros(3, int), np.array([0.0, 1.05, 9.0]))
    assert (knot + share).tolist() == pytest.approx([0, 0.5, 2])
