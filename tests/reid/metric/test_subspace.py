from __future__ import annotations

import numpy as np
import pytest

from mtmc.reid.metric import subspace
from mtmc.reid.metric.subspace import principal, span


def sample(count, dims, seed=0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    scales = np.linspace(3, 0.1, dims)
    return (rng.normal(size=(count, dims)) * scales + 5).astype(np.float32)


@pytest.mark.parametrize(("count", "dims", "rank"), [(12, 40, 11), (60, 8, 8)])
def test_the_span_keeps_all_inner_products_and_finds_its_way_back(count, dims, rank) -> None:
    features = sample(count, dims)
    space = span(features)
    centred = features - features.mean(axis=0)
    assert space.coordinates.shape == (count, rank)
    np.testing.assert_allclose(
        space.coordinates @ space.coordinates.T, centred @ centred.T, atol=1e-4
    )
    basis = space.expand(np.eye(rank))
    np.testing.assert_allclose(basis.T @ basis, np.eye(rank), atol=1e-5)
    np.testing.assert_allclose(centred @ basis, space.coordinates, atol=1e-4)


def test_the_same_image_twice_adds_no_direction() -> None:
    features = sample(12, 40)
    doubled = np.concatenate([features, features[:5]])
    assert span(doubled).coordinates.shape[1] == 11


@pytest.mark.parametrize(
    ("count", "dims", "kept", "exact_rows"),
    [(12, 40, 5, 99), (60, 8, 5, 99), (12, 40, 99, 99), (200, 300, 3, 0), (300, 200, 3, 0)],
)
def test_principal_components_are_those_of_a_singular_value_decomposition(
    monkeypatch, count, dims, kept, exact_rows
) -> None:
    monkeypatch.setattr(subspace, "EXACT_ROWS", exact_rows)
    features = sample(count, dims)
    if exact_rows == 0:  # they stand out, as the iteration needs
        features[:, :3] *= 30
    centred = features.astype(np.float64) - features.mean(axis=0)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    space = principal(features, kept)
    kept = min(kept, count - 1, dims)
    assert space.coordinates.shape == (count, kept)
    basis = space.expand(np.eye(kept))
    np.testing.assert_allclose(np.abs((basis * axes[:kept].T).sum(axis=0)), 1, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(space.coordinates, axis=0), lengths[:kept], rtol=1e-4)
    np.testing.assert_allclose(centred @ basis, space.coordinates, atol=2e-3 * lengths[0])
