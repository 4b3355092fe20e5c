import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtmc.trackers.assignment import Rounds, match


def match_table(cost, limit):
    """Matching over a whole matrix of costs."""
    cost = np.asarray(cost)
    rows, cols = np.indices(cost.shape).reshape(2, -1)
    return match(rows, cols, cost.ravel(), limit, cost.shape)


def best_gain(cost, limit):
    """The most that matching can save, by trying everything."""
    gain = np.maximum(limit - cost, 0)
    if gain.shape[0] > gain.shape[1]:
        gain = gain.T
    rows = range(gain.shape[0])
    return max(
        sum(gain[row, col] for row, col in zip(rows, cols, strict=True))
        for cols in itertools.permutations(range(gain.shape[1]), gain.shape[0])
    )


@given(seed=st.integers(0, 10_000), rows=st.integers(1, 5), cols=st.integers(1, 5))
@settings(deadline=None, max_examples=60)
def test_no_assignment_is_better(seed, rows, cols):
    cost = np.random.default_rng(seed).uniform(0, 1, (rows, cols))
    found_rows, found_cols = match_table(cost, 0.5)
    assert len(set(found_rows)) == len(set(found_cols)) == len(found_rows)
    assert (cost[found_rows, found_cols] <= 0.5).all()
    gain = (0.5 - cost[found_rows, found_cols]).sum()
    assert gain == pytest.approx(best_gain(cost, 0.5))


def test_forbidden_pair_does_not_push_an_allowed_one_aside():
    # Solving first would pick (0, 1) and (1, 0) at 2.05 in all, and keep only one of them.
    cost = np.array([[0.1, 0.05], [2.0, 9.0]])
    rows, cols = match_table(cost, 0.5)
    assert rows.tolist() == [0]
    assert cols.tolist() == [1]
    cost = np.array([[0.1, 0.2], [0.2, 9.0]])
    assert match_table(cost, 0.15)[1].tolist() == [0]


def test_cost_at_the_limit_is_allowed():
    assert match_table(np.array([[0.5]]), 0.5)[0].tolist() == [0]
    assert match_table(np.array([[0.5]]), np.nextafter(0.5, 0))[0].tolist() == []


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_to_match(shape):
    rows, cols = match_table(np.zeros(shape), 1.0)
    assert len(rows) == len(cols) == 0


def test_many_are_matched_like_few(monkeypatch):
    rng = np.random.default_rng(3)
    cost = np.where(rng.random((120, 90)) < 0.03, rng.random((120, 90)), 1.0)
    many = sorted(zip(*match_table(cost, 0.9), strict=True))
    monkeypatch.setattr("mtmc.trackers.assignment._DENSE", 10**9)
    assert many == sorted(zip(*match_table(cost, 0.9), strict=True))
    assert len(many) > 50


def test_rounds_leave_to_the_next_what_they_did_not_take():
    rounds = Rounds(2, 3)
    cost = np.array([[0.1, 0.2, 0.9], [0.1, 0.3, 0.4]])
    pairs = tuple(np.indices(cost.shape).reshape(2, -1))
    rounds.match(pairs, cost.ravel(), 0.5, detections=np.array([True, False, False]))
    first = rounds.pairs()
    assert len(first[0]) == 1
    assert first[1].tolist() == [0]
    rounds.match(pairs, cost.ravel(), 0.5)
    rows, cols = rounds.pairs()
    assert sorted(rows.tolist()) == [0, 1]
    assert 0 in cols.tolist()
    rounds.match(pairs, cost.ravel(), 0.5)
    assert len(rounds.pairs()[0]) == 2
    assert rounds.free_cols.sum() == 1
