"""How far cameras' places are off, learned from people several cameras see; nobody says who is."""

import numpy as np
import pytest

from mtmc.tracking import agreement
from mtmc.tracking.agreement import Agreement, Bias, Places

CORNERS = np.array([[-1.0, -1.0], [8.0, 4.0], [8.0, -1.0], [-1.0, 4.0]])
SURE = 0.05**2 * np.eye(2)


def told(rng, people, camera, ahead, shift, spread, false=0):
    """What a camera says of people, by a calibration that is off, in any order."""
    rays = people - CORNERS[camera]
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    noise = rng.normal(0, np.hypot(spread, 0.05), people.shape)
    points = np.concatenate([people - ahead * rays - shift + noise, rng.uniform(0, 7, (false, 2))])
    rays = np.concatenate([rays, np.tile([1.0, 0.0], (false, 1))])
    order = rng.permutation(len(points))
    covariances = np.tile(SURE, (len(points), 1, 1))
    return Places(points[order], covariances, rays[order], np.full(len(points), 0.9))


def learned(ahead, shifts, spread=0.05, people=4, steps=240, cameras=4, false=0):
    rng = np.random.default_rng(0)
    biases = [Bias() for _ in range(cameras)]
    learner = Agreement(biases)
    for step in range(steps):
        where = rng.uniform([0, 0], [7, 3], (people, 2))
        says = {
            c: told(rng, where, c, ahead, shifts[c], spread, false=false) for c in range(cameras)
        }
        learner.see(step * 0.25, says)
    return biases


def moved(biases):
    """By how much each camera's places are moved away from it in the middle of the room, m."""
    rays = np.array([3.5, 1.5]) - CORNERS
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    return [float(bias.moves(ray[None])[0] @ ray) for bias, ray in zip(biases, rays, strict=True)]


@pytest.mark.parametrize("ahead", [-0.1, 0.0, 0.2, 0.3])
def test_how_far_boxes_end_before_bodies(ahead):
    biases = learned(ahead, np.zeros((4, 2)))
    assert moved(biases) == pytest.approx([ahead] * 4, abs=0.04)


def test_a_camera_that_is_off_is_told_from_those_that_are_not():
    shifts = np.zeros((4, 2))
    shifts[2] = [0.2, -0.15]
    found = np.array([bias.shift for bias in learned(0.1, shifts, steps=480)])
    # Where all are together, nobody can know.
    np.testing.assert_allclose(found - found[[0, 1, 3]].mean(axis=0), shifts, atol=0.08)


def test_boxes_of_nobody_do_not_count():
    biases = learned(0.25, np.zeros((4, 2)), people=3, false=3)
    assert moved(biases) == pytest.approx([0.25] * 4, abs=0.05)


@pytest.mark.parametrize("spread", [0.12, 0.3])
def test_how_much_is_left_is_learned_too(spread):
    biases = learned(0.1, np.zeros((4, 2)), spread=spread, people=2, steps=480)
    expected = max(spread, agreement.SPREAD)
    assert [bias.spread for bias in biases] == pytest.approx([expected] * 4, rel=0.25)


def test_of_one_camera_nothing_can_be_known():
    (alone,) = learned(0.3, np.zeros((1, 2)), cameras=1, steps=20)
    assert (alone.ahead, alone.spread) == (agreement.AHEAD, agreement.SPREAD)


def test_two_opposite_cameras_share_what_they_differ_by():
    rng = np.random.default_rng(1)
    biases = [Bias(), Bias()]
    learner = Agreement(biases)
    for step in range(200):
        where = np.column_stack([rng.uniform(1, 6, 2), np.zeros(2)])
        said = {}
        for camera, ray in enumerate(([1.0, 0.0], [-1.0, 0.0])):
            points = where - 0.3 * np.array(ray) + rng.normal(0, 0.05, (2, 2))
            rays = np.tile(ray, (2, 1))
            said[camera] = Places(points, np.tile(SURE, (2, 1, 1)), rays, np.ones(2))
        learner.see(step * 0.25, said)
    moves = [
        bias.moves(np.array([ray]))[0, 0]
        for bias, ray in zip(biases, ([1, 0], [-1, 0]), strict=True)
    ]
    assert moves[0] - moves[1] == pytest.approx(0.6, abs=0.05)


def test_looks_sooner_than_errors_change_are_not_asked_for():
    learner = Agreement([Bias(), Bias()])
    assert learner.due(0.0)
    learner.see(0.0, {})
    assert not learner.due(0.1)
    assert learner.due(0.25)
