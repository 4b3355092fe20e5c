"""A network with all that changes while it learns."""

import pytest
import torch

from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.errors import ReidError
from mtmc.reid.preprocess import Preprocess
from mtmc.reid.training.learner import Learner
from tests.reid.training.test_engine import config

CPU = torch.device("cpu")


def learner(**sections):
    result = Learner(config(**sections), CPU)
    result.begin(people=3)
    return result


def test_every_epoch_learns_whatever_was_evaluated_before() -> None:
    """Batch statistics move with the images of each step."""
    one = learner()
    one.network.eval()
    one.begin_epoch(1)
    before = {k: v.clone() for k, v in one.weights().items() if "running_mean" in k}
    one.learn(one.forward(torch.randn(4, 3, 32, 16)), torch.tensor([0, 0, 1, 2]))
    assert before
    assert not any(torch.equal(value, one.weights()[name]) for name, value in before.items())


@pytest.mark.parametrize("method", ["none", "swa", "ema"])
def test_the_last_weights_have_batch_statistics_of_their_own(method) -> None:
    """Those of an average are estimated anew: none of the averaged networks had them."""
    one = learner(average={"method": method}, cycles={"cycles": 2, "length": 1})
    images = torch.randn(4, 3, 32, 16)
    one.begin_epoch(1)
    one.end_cycle()
    one.learn(one.forward(images), torch.tensor([0, 0, 1, 2]))
    asked = []
    found, members = one.averaged(lambda: asked.append(1) or [images])
    assert members == []
    assert len(asked) == (method != "none")
    name = next(name for name in found if "running_mean" in name)
    assert torch.equal(found[name], one.weights()[name]) == (method == "none")


def test_a_trunk_starts_from_a_checkpoint_of_its_own_network(tmp_path) -> None:
    whole, file = learner(), tmp_path / "trunk.pt"
    Checkpoint("mobilenet_025", {}, whole.weights(), Preprocess(), 256).save(file)

    def started(name) -> Learner:
        return learner(model={"name": name, "args": {"dim": 8}, "start_from": str(file)}, seed=1)

    found = started("two_heads:mobilenet_025").weights()
    for key, value in whole.weights().items():
        assert torch.equal(found[f"trunk.net.{key}"], value)
    assert found["heads.0.weight"].abs().sum() > 0
    with pytest.raises(ReidError, match=r"or of mobilenet_050, its trunk"):
        started("two_heads:mobilenet_050")
    damaged = {"features.0.0.weight": torch.zeros(1)}
    Checkpoint("mobilenet_025", {}, damaged, Preprocess(), 256).save(file)
    with pytest.raises(ReidError, match=r"has no features.0.0.weight of shape"):
        started("two_heads:mobilenet_025")
