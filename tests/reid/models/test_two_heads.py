from __future__ import annotations

import pytest
import torch

from mtmc.reid.errors import ReidError
from mtmc.reid.models import build
from mtmc.reid.models.profile import profile


def test_the_papers_network_has_its_size_and_its_cost() -> None:
    with torch.device("meta"):
        network = build("two_heads:resnet50")
    found = profile(network, (256, 128))
    assert found.parameters == 27_704_384
    assert found.flops == pytest.approx(4.0575e9, rel=1e-4)
    assert network.dim == 2048
    # "saves 65 %" of MGN's 23.76e9 operations, "> 30 %" of PCB's 12.16e9.
    assert 2 * found.flops / 23.76e9 == pytest.approx(0.35, abs=0.01)
    assert 2 * found.flops / 12.16e9 < 0.7


def test_each_loss_has_a_head_of_its_own() -> None:
    network = build("two_heads:mobilenet_025", dim=16)
    outputs = network.training_outputs(torch.randn(3, 3, 32, 16))
    (metric,), (classified,) = outputs.metric, outputs.classified
    assert metric.shape == classified.shape == (3, 16)
    assert torch.equal(outputs.embeddings, torch.cat([metric, classified], dim=1))
    metric.sum().backward()
    assert network.heads[0].weight.grad is not None
    assert network.heads[1].weight.grad is None
    assert next(network.trunk.parameters()).grad is not None


def test_one_head_has_both_losses_and_twice_the_length() -> None:
    network = build("two_heads:mobilenet_025", dim=16, shared=True)
    outputs = network.training_outputs(torch.randn(3, 3, 32, 16))
    assert outputs.metric[0] is outputs.classified[0]
    assert network.dim == 32


def test_the_pooled_map_is_its_maximum() -> None:
    network = build("two_heads:mobilenet_025", dim=4).eval()
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        pooled = network.trunk(images).flatten(2).max(dim=2).values
        wanted = torch.cat([head(pooled) for head in network.heads], dim=1)
        torch.testing.assert_close(network(images), wanted)


def test_what_it_cannot_be_made_of() -> None:
    with pytest.raises(ReidError, match="unknown trunk 'osnet'"):
        build("two_heads:osnet")
    with pytest.raises(ReidError, match="dim must be at least 1"):
        build("two_heads:mobilenet_025", dim=0)
