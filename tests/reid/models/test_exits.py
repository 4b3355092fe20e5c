"""DaRe's network: its size, its vectors and how they learn."""

from __future__ import annotations

import pytest
import torch

from mtmc.reid.errors import ReidError
from mtmc.reid.models import build
from mtmc.reid.models.exits import pooled
from mtmc.reid.models.profile import profile
from mtmc.reid.models.staged import UpTo, costs
from mtmc.reid.training.learner import Learner
from mtmc.reid.training.losses import triplet_loss
from tests.reid.training.test_engine import config

CPU = torch.device("cpu")
TINY = {"hidden": 16, "dim": 8}


def tiny(**args):
    torch.manual_seed(0)
    return build("exits:mobilenet_025", **{**TINY, **args}).eval()


@pytest.mark.parametrize(
    ("trunk", "size", "args", "parameters", "each", "whole"),
    [
        ("resnet50", (256, 128), {}, 27_977_284, (0.5137, 1.1850, 2.1418, 2.6714), 2.6736),
        ("densenet201", (256, 128), {}, 23_222_660, (0.7569, 1.2899, 2.3775, 2.8034), 2.8064),
        (
            "mobilenet_025",
            (128, 64),
            {"hidden": 0, "last_stride": 1, "dim": 1},
            213_072 + 32 + 64 + 128 + 256 + 4 + 4,
            (0.0019, 0.0028, 0.0058, 0.0091),
            0.0091,
        ),
    ],
)
def test_its_size(trunk, size, args, parameters, each, whole) -> None:
    with torch.device("meta"):
        networks = [build(f"exits:{trunk}", **args).eval() for _ in range(3)]
    network = networks.pop()
    assert sum(p.numel() for p in network.parameters()) == parameters
    on_the_way = costs(network, size)
    assert on_the_way[-1] == pytest.approx(whole, abs=5e-5)
    assert list(on_the_way) == sorted(on_the_way)
    assert on_the_way[0] == pytest.approx(each[0], abs=5e-5)
    for number, uncut in zip((1, 4), networks, strict=True):
        alone = profile(UpTo(uncut, str(number)), size)
        assert alone.flops / 1e9 == pytest.approx(each[number - 1], abs=6e-5)
        if trunk == "resnet50" and number == 4:
            assert alone.parameters == 25_739_456  # TriNet's


@pytest.mark.parametrize("args", [{}, {"pool": "stripes"}, {"hidden": 0}, {"fuse": False}])
def test_an_exit_is_the_same_alone_as_on_the_way(args) -> None:
    network, images = tiny(**args), torch.randn(3, 3, 64, 32)
    with torch.no_grad():
        parts = network.parts(images)
        state, on_the_way = (images,), []
        for stage in range(network.stages):
            state, vectors = network.advance(stage, state)
            on_the_way.append(vectors)
        for number in (1, 2, 3, 4):
            alone = UpTo(tiny(**args), str(number)).eval()
            torch.testing.assert_close(alone(images), parts[number - 1])
        torch.testing.assert_close(on_the_way[:3], parts[:3])
        torch.testing.assert_close(on_the_way[3], network(images))


def test_stripes_are_means_of_quarters_also_of_low_maps() -> None:
    for height in (8, 5, 2, 1):
        features = torch.randn(2, 3, height, 4)
        expected = torch.nn.functional.adaptive_avg_pool2d(features, (4, 1)).squeeze(3)
        found = pooled(features, "stripes").view(2, 4, 3)
        torch.testing.assert_close(found, expected.transpose(1, 2))


def test_fused_is_the_weighted_sum() -> None:
    network, images = tiny(), torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        assert network.weights.tolist() == [0.25] * 4
        network.weights.copy_(torch.tensor([-0.54, -0.73, -0.77, -0.51]))
        *vectors, fused = network.parts(images)
        expected = sum(w * v for w, v in zip(network.weights, vectors, strict=True))
    torch.testing.assert_close(fused, expected)


@pytest.mark.parametrize(("deep", "terms"), [(True, 5), (False, 1)])
def test_the_loss_is_a_sum_of_as_many_triplet_losses(deep, terms) -> None:
    args = {**TINY, "deep_supervision": deep}
    model = {"name": "exits:mobilenet_025", "args": args}
    learner = Learner(config(model=model, loss={"cross_entropy": 0.0, "triplet": "hard"}), CPU)
    learner.begin(people=2)
    learner.begin_epoch(1)
    images, labels = torch.randn(6, 3, 64, 32), torch.tensor([0, 0, 0, 1, 1, 1])
    outputs = learner.forward(images)
    expected = [float(triplet_loss(v.detach(), labels, "hard", None)) for v in outputs.metric]
    before = learner.network.weights.clone()
    losses = learner.learn(outputs, labels)
    assert len(expected) == terms
    assert float(losses["loss"]) == pytest.approx(sum(expected), rel=1e-6)
    assert (learner.network.weights != before).all()


@pytest.mark.parametrize("exit", ["0", "5", "x", "-1", "1.5"])
def test_an_exit_that_is_not_there_is_refused(exit) -> None:
    with pytest.raises(ReidError, match="has the exits 1 to 4, not"):
        UpTo(tiny(), exit)


@pytest.mark.parametrize(
    ("args", "message"),
    [({"pool": "max"}, "pool must be one of"), ({"hidden": -1}, "at least 0"), ({"dim": 0}, "dim")],
)
def test_bad_arguments(args, message) -> None:
    with pytest.raises(ReidError, match=message):
        build("exits:mobilenet_025", **args)
