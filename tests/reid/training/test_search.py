from __future__ import annotations

import numpy as np
import pytest

from mtmc.reid.training.search import (
    GaussianProcess,
    Range,
    expected_improvement,
    propose,
    random_points,
    shares,
)

PAPERS = {
    "weight": Range(0, 2),
    "margin": Range(-0.1, 0.3),
    "k": Range(1, 8, integer=True),
    "p": Range(1, 16, integer=True),
}


def valley(w) -> float:
    slopes = abs(w["weight"] - 1.2) + abs(w["margin"] - 0.1)
    return slopes + 0.05 * abs(w["k"] - 3) + 0.01 * abs(w["p"] - 4)


def test_expected_improvement_is_what_draws_of_the_posterior_improve_on_average() -> None:
    drawn = np.random.default_rng(0).normal(0.10, 0.05, 500_000)
    found = expected_improvement(np.array([0.10]), np.array([0.05]), best=0.08)
    assert found == pytest.approx(0.011522, abs=5e-7)
    assert found == pytest.approx(np.maximum(0.08 - drawn, 0).mean(), rel=5e-3)


def test_what_is_certain_improves_by_its_distance_or_not_at_all() -> None:
    mean = np.array([0.3, 0.1])
    assert expected_improvement(mean, np.zeros(2), best=0.2) == pytest.approx([0, 0.1])


def test_the_posterior_goes_through_what_was_seen_and_knows_nothing_far_away() -> None:
    points = np.random.default_rng(0).random((6, 4))
    values = np.random.default_rng(1).random(6)
    process = GaussianProcess(points, values, noise=0)
    mean, deviation = process(points)
    assert mean == pytest.approx(values)
    assert deviation == pytest.approx(np.zeros(6), abs=1e-6)
    mean, deviation = process(np.full((1, 4), 50.0))
    assert mean == pytest.approx(values.mean())
    assert deviation == pytest.approx(values.std())


def test_the_posterior_is_that_of_the_joint_gaussian() -> None:
    """Eq. 6 in so many words, with the bandwidth by Scott's rule."""
    rng = np.random.default_rng(3)
    points, values, new = rng.random((5, 2)), rng.random(5), rng.random(2)
    width = points.std(axis=0, ddof=1) * 5 ** (-1 / 6)

    def kernel(a, b):
        return values.var() * np.exp(-0.5 * sum(((a - b) / width) ** 2))

    known = np.array([[kernel(a, b) for b in points] for a in points])
    across = np.array([kernel(new, b) for b in points])
    inverse = np.linalg.inv(known + 0.01 * values.var() * np.eye(5))
    mean, deviation = GaussianProcess(points, values, noise=0.01)(new[None])
    assert mean == pytest.approx(values.mean() + across @ inverse @ (values - values.mean()))
    assert deviation**2 == pytest.approx(values.var() - across @ inverse @ across)


def test_proposals_find_lower_values_than_as_many_points_by_chance() -> None:
    wins = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        points = random_points(PAPERS, 10, rng)
        chance = [*points, *random_points(PAPERS, 10, np.random.default_rng([seed, 1]))]
        for _ in range(10):
            points.append(propose(PAPERS, points, [valley(w) for w in points], rng))
        wins += min(map(valley, points)) < min(map(valley, chance))
    assert wins >= 8


def test_values_lie_in_their_ranges_and_back_again() -> None:
    rate = Range(1e-4, 1e-1, log=True)
    places = np.array([0, 1 / 3, 1])
    assert rate.snapped(places) == pytest.approx([1e-4, 1e-3, 1e-1])
    assert rate.shares(rate.snapped(places)) == pytest.approx(places)
    drawn = Range(1, 4, integer=True).snapped(np.linspace(0, 1, 401))
    assert all(np.sum(drawn == value) == pytest.approx(100, abs=1) for value in (1, 2, 3, 4))
    still = Range(0.3, 0.3)
    assert (still.snapped(np.ones(1)), still.shares(np.array([0.3]))) == (0.3, 0.5)


def test_nothing_is_tried_twice() -> None:
    space = {"k": Range(1, 3, integer=True)}
    rng = np.random.default_rng(0)
    proposed = propose(space, [{"k": 1}, {"k": 3}], [0.1, 0.1], rng)
    assert proposed == {"k": 2}
    assert isinstance(proposed["k"], int)
    assert propose(space, [{"k": 1}, {"k": 2}, {"k": 3}], [0.1, 0.2, 0.3], rng) is None


def test_one_known_point_is_enough() -> None:
    rng = np.random.default_rng(0)
    assert propose(PAPERS, random_points(PAPERS, 1, rng), [0.5], rng) is not None


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        ({"low": 2, "high": 1}, "a range goes up, got 2..1"),
        ({"low": 0, "high": float("inf")}, "a range goes up"),
        ({"low": 0, "high": 1, "log": True}, "a logarithmic range is above 0, got 0..1"),
    ],
)
def test_ranges_that_are_none(limits, what) -> None:
    with pytest.raises(ValueError, match=what):
        Range(**limits)


def test_points_become_rows_of_the_unit_cube() -> None:
    points = [{"weight": 0.5, "margin": 0.3, "k": 1, "p": 16}]
    assert shares(PAPERS, points) == pytest.approx(np.array([[0.25, 1, 1 / 16, 31 / 32]]))
