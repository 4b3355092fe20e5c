"""Re-ranking against the paper's definitions written as loops over sets."""

from __future__ import annotations

import numpy as np
import pytest

from mtmc.reid.evaluation.rerank import RerankConfig, Reranking, rerank


def slow_rerank(query, gallery, k1, k2, weight):
    features = np.concatenate([query, gallery]).astype(float)
    squared = np.array([[((a - b) ** 2).sum() for b in features] for a in features])
    return slow_reranked(squared, len(query), k1, k2, weight)


def slow_reranked(squared, queries, k1, k2, weight):
    count = len(squared)
    distances = squared / squared.max(axis=1, keepdims=True)
    order = np.argsort(np.where(np.eye(count), -1, distances), axis=1)

    def reciprocal(i, k):
        return {j for j in order[i, : k + 1] if i in order[j, : k + 1]}

    encoded = np.zeros((count, count))
    for i in range(count):
        expanded = set(reciprocal(i, k1))
        for j in reciprocal(i, k1):
            half = reciprocal(j, round(k1 / 2))
            if len(half & reciprocal(i, k1)) > 2 / 3 * len(half):
                expanded |= half
        for j in expanded:
            encoded[i, j] = np.exp(-distances[i, j])
        encoded[i] /= encoded[i].sum()
    encoded = np.array([encoded[order[i, :k2]].mean(axis=0) for i in range(count)])
    result = np.zeros((queries, count - queries))
    for i in range(queries):
        for j in range(count - queries):
            a, b = encoded[i], encoded[queries + j]
            jaccard = 1 - np.minimum(a, b).sum() / np.maximum(a, b).sum()
            result[i, j] = (1 - weight) * jaccard + weight * distances[i, queries + j]
    return result


def people(seed, count, noise):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(12, 8))[rng.integers(0, 12, count)]
    rows = rows + noise * rng.normal(size=rows.shape)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("k1", "k2", "weight"), [(20, 6, 0.3), (7, 1, 0.0), (5, 3, 0.9)])
@pytest.mark.parametrize("noise", [0.3, 3.0])
def test_equal_to_slow_loops(k1, k2, weight, noise) -> None:
    images = people(0, 110, noise)
    got = rerank(images[:30], images[30:], RerankConfig(k1=k1, k2=k2, weight=weight))
    np.testing.assert_allclose(
        got, slow_rerank(images[:30], images[30:], k1, k2, weight), atol=2e-6
    )


def test_fewer_images_than_neighbours() -> None:
    images = people(0, 9, 0.1)
    assert np.isfinite(rerank(images[:3], images[3:])).all()


@pytest.mark.parametrize("field", [{"k1": 0}, {"k2": 0}, {"k1": 3, "k2": 9}, {"weight": 1.5}])
def test_bad_parameters(field) -> None:
    with pytest.raises(ValueError, match=r"k1|weight"):
        RerankConfig(**field)


def test_any_distance_also_one_that_is_not_0_to_itself() -> None:
    rng = np.random.default_rng(1)
    plain = rng.uniform(1, 3, (40, 40)) + 0.2 * rng.normal(size=40) ** 2
    squared = ((plain + plain.T) ** 2).astype(np.float32)
    gathered = Reranking(15, 40, RerankConfig(k1=6, k2=3))
    for start in range(0, 40, 11):
        gathered.add(start, squared[start : start + 11].copy())
    got = gathered.distances(lambda rows, columns: squared[rows, columns])
    np.testing.assert_allclose(got, slow_reranked(squared, 15, 6, 3, 0.3), atol=2e-6)
