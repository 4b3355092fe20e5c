from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from mtmc import reid
from mtmc.reid.models import build
from mtmc.reid.models.metric import lifted


def points(count=40, dims=6) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(count, dims)


def test_the_sphere_adds_what_is_said_and_nothing_else() -> None:
    y, radius = points(), 7.0
    u = lifted(y, radius) / radius
    torch.testing.assert_close(u.norm(dim=1), torch.ones(len(y)))
    for a in range(0, len(y), 3):
        for b in range(len(y)):
            high, low = ((radius**2 - y[i].square().sum()).sqrt() for i in (a, b))
            expected = (y[a] - y[b]).square().sum() + (high - low) ** 2
            got = radius**2 * (u[a] - u[b]).square().sum()
            torch.testing.assert_close(got, expected, atol=1e-3, rtol=1e-4)


def test_the_error_falls_with_the_square_of_the_radius() -> None:
    y = points().double()
    errors = []
    for radius in (10.0, 20.0, 40.0):
        u = lifted(y, radius) / radius
        distances = radius**2 * torch.cdist(u, u).square()
        errors.append(float((distances - torch.cdist(y, y).square()).abs().max()))
    assert errors[0] > 3.9 * errors[1] > 3.9**2 * errors[2] > 0


def test_what_lies_beyond_the_sphere_goes_to_its_nearest_point() -> None:
    far = torch.tensor([[3.0, 4.0]])
    unit = functional.normalize(lifted(far, 2.0))
    torch.testing.assert_close(unit, torch.tensor([[0.6, 0.8, 0.0]]))


@pytest.mark.parametrize(("compare", "dim"), [("mahalanobis", 6), ("cosine", 5)])
def test_the_network_is_features_projection_and_sphere(compare, dim) -> None:
    torch.manual_seed(0)
    network = build("metric:mobilenet_025", dims=5, args={"neck": "bn"}, compare=compare).eval()
    images = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        features = network.features(images)
        expected = features @ network.projection.weight.T + network.projection.bias
        torch.testing.assert_close(network.project(images), expected)
        rows = network(images)
    assert network.dim == rows.shape[1] == dim
    np.testing.assert_allclose(rows[:, :5], expected, atol=1e-6)


def test_bad_arguments() -> None:
    with pytest.raises(reid.ReidError, match="dims must be at least 1"):
        build("metric:lomo", dims=0)
    with pytest.raises(reid.ReidError, match="compare must be one of"):
        build("metric:lomo", compare="l1")
    with pytest.raises(reid.ReidError, match="unknown model 'lomi'; did you mean 'lomo'"):
        build("metric:lomi")
