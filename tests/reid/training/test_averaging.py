from __future__ import annotations

import pytest
import torch
from torch import nn

from mtmc.reid.training.averaging import WeightAverage, refresh_batch_norm
from mtmc.reid.training.recipe import AverageConfig


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1))


def snapshots(count=5):
    average, values = WeightAverage(), []
    for seed in range(count):
        one = network(seed)
        average.update(one)
        values.append(nn.utils.parameters_to_vector(one.parameters()))
    return average, torch.stack(values).detach()


def test_the_mean_is_the_mean() -> None:
    average, values = snapshots()
    into = network(9)
    average.put_mean(into)
    torch.testing.assert_close(nn.utils.parameters_to_vector(into.parameters()), values.mean(0))


def test_samples_have_the_snapshots_mean_and_variance() -> None:
    average, values = snapshots()
    into, rng, drawn = network(9), torch.Generator().manual_seed(0), []
    for _ in range(3000):
        average.put_sample(into, rng)
        drawn.append(nn.utils.parameters_to_vector(into.parameters()).detach())
    drawn = torch.stack(drawn)
    torch.testing.assert_close(drawn.mean(0), values.mean(0), atol=0.02, rtol=0)
    torch.testing.assert_close(drawn.std(0), values.std(0, correction=0), atol=0.02, rtol=0.1)


def test_a_resumed_average_goes_on() -> None:
    average, values = snapshots()
    resumed = WeightAverage()
    resumed.load_state_dict(average.state_dict(), torch.device("cpu"))
    resumed.update(network(7))
    into = network(9)
    resumed.put_mean(into)
    last = nn.utils.parameters_to_vector(network(7).parameters())
    expected = torch.cat([values, last[None]]).mean(0)
    torch.testing.assert_close(nn.utils.parameters_to_vector(into.parameters()), expected)


def test_refreshed_statistics_are_those_of_the_data() -> None:
    torch.manual_seed(0)
    net, batches = network(), [torch.randn(8, 3, 6, 6) for _ in range(3)]
    net[1].running_mean.fill_(99)
    refresh_batch_norm(net, batches)
    with torch.no_grad():
        means = torch.stack([net[0](batch).mean(dim=(0, 2, 3)) for batch in batches])
    torch.testing.assert_close(net[1].running_mean, means.mean(0))
    assert net[1].momentum == 0.1
    assert not net.training


def test_an_exponential_average_looks_back_over_its_span() -> None:
    config = AverageConfig("ema", decay=0.9)
    assert config.share(1) == 1  # the first weights are all there is
    assert config.share(10**6) == pytest.approx(0.1)
    average, values = WeightAverage(), []
    for seed in range(4):
        one = network(seed)
        average.update(one, 0.5)
        values.append(nn.utils.parameters_to_vector(one.parameters()).detach())
    into = network(9)
    average.put_mean(into)
    expected = values[0] / 8 + values[1] / 8 + values[2] / 4 + values[3] / 2
    torch.testing.assert_close(nn.utils.parameters_to_vector(into.parameters()), expected)
