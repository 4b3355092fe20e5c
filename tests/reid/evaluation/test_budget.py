"""What a budget buys: the authors' own settings, and streams that are not as ever."""

from __future__ import annotations

import numpy as np
import pytest

from mtmc.reid.errors import ReidError
from mtmc.reid.evaluation.budget import (
    ExitRule,
    exit_shares,
    leaving_shares,
    stream,
)

COSTS = (0.523568640, 1.150094336, 2.060915200, 2.542295040)  # G, of the authors' network
# Their log of the margin's run (DARENet, budgeted_stream/results), "expected p", percent: fifty
# budgets, evenly from the first exit's cost to the last one's.
PRINTED = """
100.000 0.000 0.000 0.000  93.967 5.670 0.342 0.021  88.763 9.987 1.124 0.126
84.129 13.397 2.133 0.340  79.914 16.158 3.267 0.661  76.022 18.428 4.467 1.083
72.387 20.313 5.700 1.600  68.965 21.886 6.945 2.204  65.722 23.199 8.189 2.891
62.634 24.291 9.421 3.654  59.681 25.194 10.635 4.490  56.848 25.930 11.827 5.395
54.124 26.518 12.992 6.366  51.498 26.974 14.128 7.400  48.963 27.309 15.232 8.496
46.510 27.536 16.302 9.651  44.136 27.662 17.337 10.865  41.835 27.695 18.334 12.137
39.603 27.641 19.292 13.465  37.436 27.506 20.209 14.849  35.332 27.294 21.085 16.288
33.289 27.011 21.917 17.784  31.303 26.659 22.703 19.335  29.374 26.241 23.442 20.942
27.500 25.761 24.132 22.607  25.679 25.221 24.771 24.329  23.912 24.623 25.356 26.110
22.196 23.969 25.884 27.952  20.532 23.261 26.352 29.855  18.919 22.500 26.758 31.823
17.357 21.687 27.098 33.858  15.847 20.825 27.366 35.962  14.389 19.913 27.559 38.139
12.984 18.954 27.670 40.393  11.632 17.947 27.692 42.729  10.334 16.894 27.619 45.152
9.093 15.796 27.441 47.669  7.910 14.654 27.147 50.289  6.788 13.469 26.723 53.020
5.730 12.241 26.153 55.876  4.738 10.974 25.418 58.870  3.818 9.670 24.490 62.022
2.975 8.332 23.336 65.357  2.215 6.967 21.911 68.907  1.548 5.584 20.151 72.717
0.982 4.201 17.967 76.850  0.532 2.845 15.218 81.406  0.212 1.574 11.673 86.540
0.038 0.515 6.906 92.540  0.000 0.000 0.000 100.000
"""


def mean_cost(exits):
    return np.take(COSTS, exits - 1).mean()


def test_all_fifty_settings_of_the_authors() -> None:
    printed = np.array(PRINTED.split(), float).reshape(-1, 4) / 100
    budgets = np.linspace(COSTS[0], COSTS[-1], 50)
    assert len(printed) == 50
    found = np.array([exit_shares(COSTS, budget) for budget in budgets])
    np.testing.assert_allclose(found, printed, atol=5.001e-6)


@pytest.mark.parametrize(
    "costs", [COSTS, (1.86e-3, 2.76e-3, 5.84e-3, 9.1e-3), (1.0, 9.0), tuple(range(1, 9))]
)
def test_the_mean_cost_is_the_budget(costs) -> None:
    for budget in np.linspace(costs[0], costs[-1], 51):
        shares = exit_shares(costs, budget)
        assert shares @ costs == pytest.approx(budget, abs=1e-9)
        assert shares.sum() == pytest.approx(1)
        ratios = shares[1:] / np.maximum(shares[:-1], 1e-300)
        if 1e-200 < shares[0] < 1:
            np.testing.assert_allclose(ratios, ratios[0], rtol=1e-6)


def test_the_ends_are_exact_and_the_middle_is_even() -> None:
    assert exit_shares(COSTS, COSTS[0] + 1e-10).tolist() == [1, 0, 0, 0]
    assert exit_shares(COSTS, COSTS[0] - 1e-10).tolist() == [1, 0, 0, 0]
    assert exit_shares(COSTS, COSTS[-1]).tolist() == [0, 0, 0, 1]
    assert exit_shares(COSTS, 99.0).tolist() == [0, 0, 0, 1]
    np.testing.assert_allclose(exit_shares(COSTS, np.mean(COSTS)), 0.25, atol=1e-9)
    for budget in (0.5, 0.0, -1.0, np.nan):
        with pytest.raises(ReidError, match=r"budget of .* less than the first exit costs, 0.52"):
            exit_shares(COSTS, budget)


def test_of_those_that_reach_an_exit() -> None:
    shares = exit_shares(COSTS, 1.05914911347)
    leaving = leaving_shares(shares)
    assert leaving[0] == pytest.approx(shares[0])
    assert leaving[1] == pytest.approx(shares[1] / (1 - shares[0]))
    assert leaving[2] == pytest.approx(shares[2] / (1 - shares[0] - shares[1]))
    assert leaving[3] == 1
    assert leaving_shares(np.array([1.0, 0, 0])).tolist() == [1, 1, 1]


def test_a_story_by_hand() -> None:
    """Two exits, a half leaves: the paper's ⌊(n - 1) q⌋-th best, n counting the present one."""
    confidences = [5, 4, 6, 1, 9, 8, 7, 2, 3, 5, 5, 9, 0, 4, 6, 8, 1, 7, 2, 6]
    by_hand = [1, 2, 1, 2, 1, 1, 1, 2, 2, 1, 1, 1, 2, 2, 1, 1, 2, 1, 2, 1]
    columns = np.column_stack([confidences, np.zeros(20)])
    assert stream(columns, (1.0, 3.0), 2.0, "paper").tolist() == by_hand


@pytest.mark.parametrize("share", [0.35, 0.5, 0.8])
@pytest.mark.parametrize(
    ("name", "within"), [("rising", 0.08), ("falling", 0.08), ("waves", 0.03), ("even", 0.01)]
)
def test_the_budget_is_kept_whatever_comes(name, share, within) -> None:
    rng, count = np.random.default_rng(1), 900
    difficulty = {
        "rising": np.linspace(-2, 2, count),
        "falling": np.linspace(2, -2, count),
        "waves": 1.5 * np.sin(np.arange(count) * 2 * np.pi / 300),
        "even": np.zeros(count),
    }[name]
    noise = rng.normal(size=(count, len(COSTS)))
    confidences = -difficulty[:, None] + noise
    budget = share * COSTS[-1]
    spent = mean_cost(stream(confidences, COSTS, budget))
    assert spent == pytest.approx(budget, rel=within)
    if name == "rising" and share == 0.35:  # what the default is there for
        paper = mean_cost(stream(confidences, COSTS, budget, "paper"))
        assert abs(paper / budget - 1) > 0.2


def test_who_leaves_early_is_sure_and_the_ends_are_everybody() -> None:
    rng = np.random.default_rng(0)
    confidences = rng.normal(size=(1, 800, 1)).repeat(4, axis=2)[0]
    exits = stream(confidences, COSTS, 1.2)
    means = [confidences[exits == s, 0].mean() for s in range(1, 5)]
    assert means == sorted(means, reverse=True)
    assert set(stream(confidences, COSTS, COSTS[0]).tolist()) == {1}
    assert set(stream(confidences, COSTS, COSTS[-1]).tolist()) == {4}
    same = stream(np.zeros((800, 4)), COSTS, 1.2)  # nobody is surer than another
    assert 0.93 * 1.2 < mean_cost(same) <= 1.2


def test_a_batch_is_decided_as_one_after_the_other() -> None:
    confidences = np.random.default_rng(0).normal(size=50).astype(np.float32)
    one, batch = ExitRule(COSTS, 1.2), ExitRule(COSTS, 1.2)
    apart = [bool(one.leave(1, confidences[n : n + 1])[0]) for n in range(50)]
    assert batch.leave(1, confidences).tolist() == apart
    with pytest.raises(ReidError, match="not a number"):
        batch.leave(1, np.array([0.1, np.nan]))
