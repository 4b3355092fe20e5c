from __future__ import annotations

import numpy as np
import pytest

from mtmc import reid
from mtmc.reid.metric.config import MetricConfig
from mtmc.reid.metric.learn import learn
from tests.reid.metric.test_pairs import slow_moments


def people(count=40, dims=12, seed=0):
    """Three cameras; the last dimensions are the same for one person, the first are noise."""
    rng = np.random.default_rng(seed)
    pids, camids = rng.integers(0, 9, count), rng.integers(1, 4, count)
    kept = dims // 2
    features = rng.normal(size=(count, dims))
    features[:, kept:] = rng.normal(size=(9, dims - kept))[pids] * 2 + 0.3 * features[:, kept:]
    return (features + 1).astype(np.float32), pids, camids


def served(features, metric) -> np.ndarray:
    y = (features - metric.mean) @ metric.factor
    return ((y[:, None] - y) ** 2).sum(axis=2)


def slow_distances(features, matrix) -> np.ndarray:
    out = np.zeros((len(features),) * 2)
    for i, x in enumerate(features):
        for j, z in enumerate(features):
            out[i, j] = (x - z) @ matrix @ (x - z)
    return out


@pytest.mark.parametrize(("count", "dims", "limit"), [(40, 12, None), (40, 90, None), (40, 90, 3)])
def test_xqda_is_its_definition(count, dims, limit) -> None:
    features, pids, camids = people(count, dims)
    regularizer = 0.05
    intra, extra, _, _ = slow_moments(features.astype(np.float64), pids, camids)
    intra += regularizer * np.eye(dims)
    # Liao et al.: eigenvectors of intra^-1 extra, by the general solver, then their Eq. 9.
    values, vectors = np.linalg.eig(np.linalg.inv(intra) @ extra)
    order = np.argsort(values.real)[::-1]
    order = order[values.real[order] > 1][:limit]
    w = vectors[:, order].real
    inner = np.linalg.inv(w.T @ intra @ w) - np.linalg.inv(w.T @ extra @ w)
    config = MetricConfig(regularizer=regularizer, dims=limit)
    metric = learn(features, pids, camids, config)
    assert metric.factor.shape == (dims, len(order))
    expected = slow_distances(features, w @ inner @ w.T)
    np.testing.assert_allclose(served(features, metric), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("at_first", "limit"), [(2, None), (64, None), (2, 3)])
def test_large_eigenvalues_are_the_same_without_all_others(monkeypatch, at_first, limit) -> None:
    features, pids, camids = people(60, 90)
    config = MetricConfig(regularizer=0.05, dims=limit)
    expected = learn(features, pids, camids, config)
    monkeypatch.setattr("mtmc.reid.metric.learn.EXACT", 10)
    monkeypatch.setattr("mtmc.reid.metric.learn.AT_FIRST", at_first)
    metric = learn(features, pids, camids, config)
    assert metric.factor.shape == expected.factor.shape
    np.testing.assert_allclose(
        served(features, metric), served(features, expected), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize(("dims", "pca"), [(12, 6), (90, 10), (12, None)])
def test_kissme_is_its_definition(dims, pca) -> None:
    features, pids, camids = people(60, dims)
    centred = features - features.mean(axis=0, dtype=np.float64)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:pca]
    reduced = centred @ axes.T
    intra, extra, _, _ = slow_moments(reduced, pids, camids)
    values, vectors = np.linalg.eigh(np.linalg.inv(intra) - np.linalg.inv(extra))
    matrix = vectors @ np.diag(values.clip(0)) @ vectors.T
    config = MetricConfig(method="kissme", pca=pca, regularizer=0.0)
    metric = learn(features, pids, camids, config)
    expected = slow_distances(reduced, matrix)
    np.testing.assert_allclose(served(features, metric), expected, rtol=1e-3, atol=1e-2)


def test_euclidean_is_nothing_or_principal_components() -> None:
    features, pids, camids = people()
    assert learn(features, pids, camids, MetricConfig(method="euclidean")) is None
    metric = learn(features, pids, camids, MetricConfig(method="euclidean", pca=12))
    expected = slow_distances(features.astype(np.float64), np.eye(12))
    np.testing.assert_allclose(served(features, metric), expected, rtol=1e-4, atol=1e-4)


def test_more_components_than_there_are_are_refused() -> None:
    features, pids, camids = people()
    for few, what in ((features, 13), (features[:5], 5)):
        config = MetricConfig(method="euclidean", pca=what)
        with pytest.raises(reid.ReidError, match=f"metric.pca={what}: .* at most"):
            learn(few, pids[: len(few)], camids[: len(few)], config)


def test_the_longest_is_the_longest() -> None:
    features, pids, camids = people()
    metric = learn(features, pids, camids, MetricConfig())
    lengths = np.linalg.norm((features - metric.mean) @ metric.factor, axis=1)
    assert metric.longest == pytest.approx(lengths.max(), rel=1e-5)


def test_a_learned_metric_tells_new_people_apart_better_than_the_euclidean_distance() -> None:
    features, pids, camids = people(300, 30)
    new = pids >= 5

    def hits(distances) -> float:
        np.fill_diagonal(distances, np.inf)
        return float((pids[new][distances.argmin(axis=1)] == pids[new]).mean())

    noisy = features.copy()
    noisy[:, :15] *= 5
    metric = learn(noisy[~new], pids[~new], camids[~new], MetricConfig())
    plain = slow_distances(noisy[new], np.eye(30))
    assert hits(served(noisy[new], metric)) > hits(plain) + 0.2


@pytest.mark.parametrize("method", ["xqda", "kissme"])
def test_images_that_determine_no_metric(method) -> None:
    features, pids, camids = people()
    config = MetricConfig(method=method)
    everything = MetricConfig(method=method, pairs="all")
    one_camera = np.ones_like(camids)
    with pytest.raises(reid.ReidError, match="show one person from different cameras, which"):
        learn(features, pids, one_camera, config)
    assert learn(features, pids, one_camera, everything) is not None
    each_once = np.arange(len(pids))
    with pytest.raises(reid.ReidError, match=r"set metric.pairs to all"):
        learn(features, each_once, camids, config)
    with pytest.raises(reid.ReidError, match=r"show one person, which .* add images"):
        learn(features, each_once, camids, everything)
    with pytest.raises(reid.ReidError, match="show two people from different cameras"):
        learn(features, np.zeros_like(pids), camids, config)
    with pytest.raises(reid.ReidError, match="all 40 training images have the same features"):
        learn(np.ones_like(features), pids, camids, config)
    noise = np.random.default_rng(0).normal(size=(2, 12)).astype(np.float32)
    with pytest.raises(reid.ReidError, match="different people"):  # cameras differ, people do not
        learn(noise[camids % 2], pids, camids, config)


@pytest.mark.parametrize("method", ["xqda", "kissme"])
def test_too_few_images_for_no_regulariser(method) -> None:
    features, pids, camids = people(40, 90)
    with pytest.raises(reid.ReidError, match=r"lower metric.pca, raise metric.regularizer"):
        learn(features, pids, camids, MetricConfig(method=method, regularizer=0.0))


def test_bad_settings() -> None:
    for wrong in ({"pca": 0}, {"regularizer": -1.0}, {"method": "kissme", "dims": 5}):
        with pytest.raises(ValueError, match=r"should be|is for"):
            MetricConfig(**wrong)
