import numpy as np
import pytest

from mtmc.offline.completion.visibility import PER_REACH, Glances, seen_share


def test_shares_are_those_of_a_count_by_hand():
    random = np.random.default_rng(0)
    points, wanted = random.uniform(-3, 3, (400, 2)), random.uniform(-4, 4, (50, 2))
    seen = random.random(400) < 0.5
    gap = np.where(seen, -1, random.integers(0, 4, 400))
    own = random.integers(0, 4, 50)
    cell = 0.4 / PER_REACH

    def near(a, b):
        away = np.floor(a / cell) - np.floor(b / cell)
        return (away**2).sum(axis=1) <= PER_REACH**2

    expected = []
    for point, which in zip(wanted, own, strict=True):
        around = near(points, point) & (gap != which)
        expected.append(seen[around].mean() if around.any() else 0.0)
    assert seen_share(Glances(points, seen, gap), wanted, own, 0.4) == pytest.approx(expected)


def test_nobody_was_there():
    nothing = Glances(np.zeros((0, 2)), np.zeros(0, bool), np.zeros(0, np.int64))
    assert seen_share(nothing, np.ones((2, 2)), np.zeros(2, np.int64), 0.4).tolist() == [0, 0]
    assert len(seen_share(nothing, np.zeros((0, 2)), np.zeros(0, np.int64), 0.4)) == 0
