from __future__ import annotations

import numpy as np
import pytest

from mtmc.reid.metric.pairs import pair_moments


def slow_moments(features, pids, camids):
    dims = features.shape[1]
    sums, counts = [np.zeros((dims, dims)), np.zeros((dims, dims))], [0, 0]
    for i in range(len(pids)):
        for j in range(i):
            if camids[i] != camids[j]:
                kind = 0 if pids[i] == pids[j] else 1
                difference = features[i] - features[j]
                sums[kind] += np.outer(difference, difference)
                counts[kind] += 1
    return sums[0] / max(counts[0], 1), sums[1] / max(counts[1], 1), *counts


@pytest.mark.parametrize("seed", range(5))
def test_moments_and_counts_are_those_of_all_pairs(seed) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(30, 4)) + 2
    pids, camids = rng.integers(0, 6, 30), rng.integers(0, 3, 30)
    expected = slow_moments(features, pids, camids)
    got = pair_moments(features, pids, camids)
    assert got[2:] == expected[2:]
    np.testing.assert_allclose(got[0], expected[0], atol=1e-10)
    np.testing.assert_allclose(got[1], expected[1], atol=1e-10)


def test_without_pairs_the_moments_are_zero() -> None:
    features = np.random.default_rng(0).normal(size=(6, 3))
    one_camera = pair_moments(features, np.array([0, 0, 1, 1, 2, 2]), np.zeros(6, int))
    assert one_camera[2:] == (0, 0)
    np.testing.assert_allclose(one_camera[0], 0, atol=1e-12)
    one_each = pair_moments(features, np.arange(6), np.array([0, 1] * 3))
    assert one_each[2:] == (0, 9)
