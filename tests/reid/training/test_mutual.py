"""Two networks that learn from each other."""

from __future__ import annotations

import pytest
import torch

from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.errors import ReidError
from mtmc.reid.models.base import Outputs
from mtmc.reid.training.config import TrainConfig
from mtmc.reid.training.engine import Trainer
from mtmc.reid.training.learner import Learner
from mtmc.reid.training.mutual import divergence, mutual_losses
from mtmc.reid.training.recipe import MutualConfig
from tests.reid.training import test_engine as engine
from tests.reid.training.test_engine import same

SETTINGS = {
    "model": {"name": "aligned:mobilenet_025", "args": {"local_dim": 4, "last_stride": 1}},
    "loss": {"triplet": "hard", "margin": 0.3},
    "schedule": {"epochs": 2, "lr": 0.01, "warmup_epochs": 0, "milestones": []},
    "mutual": {"partner": "mobilenet_025", "args": {"neck": "bn"}},
}
CPU = torch.device("cpu")


def config(**sections) -> TrainConfig:
    return engine.config(**{**SETTINGS, **sections})


def trainer(settings, root, out) -> Trainer:
    return engine.trainer(settings, root, out, test=False)


def said(metric, logits) -> Outputs:
    return Outputs([metric], [metric], [metric], [logits])


def test_the_metric_loss_has_the_gradient_of_eq_3() -> None:
    torch.manual_seed(0)
    one, other = (torch.randn(5, 3).double().requires_grad_() for _ in range(2))
    logits = torch.zeros(5, 2).double()
    settings = MutualConfig(partner="x", kl_weight=0, metric_weight=1)
    terms = [
        mutual_losses(settings, said(a, logits), said(b, logits))["mutual"]
        for a, b in ((one, other), (other, one))
    ]
    m1, m2 = torch.cdist(one, one), torch.cdist(other, other)
    off = ~torch.eye(5, dtype=torch.bool)
    printed = ((m1.detach() - m2)[off].square() + (m1 - m2.detach())[off].square()).sum() / 25
    plain = (m1 - m2)[off].square().sum() / 25
    torch.testing.assert_close(sum(terms).double(), printed, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(printed, 2 * plain)
    for wanted in (printed, plain):
        grads = torch.autograd.grad(wanted, (one, other), retain_graph=True)
        got = torch.autograd.grad(sum(terms), (one, other), retain_graph=True)
        torch.testing.assert_close(got, grads, atol=1e-5, rtol=1e-4)
    assert torch.autograd.grad(terms[0], other, allow_unused=True) == (None,)


def test_the_divergence_is_that_from_the_partner_and_0_of_equals() -> None:
    torch.manual_seed(0)
    one, other = torch.randn(4, 3), torch.randn(4, 3)
    p1, p2 = one.softmax(1), other.softmax(1)
    torch.testing.assert_close(divergence(one, other), (p2 * (p2 / p1).log()).sum() / 4)
    assert float(divergence(one, one + 2)) == pytest.approx(0, abs=1e-6)


def test_without_weights_it_is_two_trainings_apart_bit_for_bit(tmp_path, little_people) -> None:
    settings = config(mutual={**SETTINGS["mutual"], "kl_weight": 0, "metric_weight": 0})
    list(trainer(settings, little_people, tmp_path / "both").run())
    alone = trainer(config(mutual={}), little_people, tmp_path / "alone")
    list(alone.run())
    both = Checkpoint.open(tmp_path / "both" / "best.pt")
    assert same(both.weights, Checkpoint.open(tmp_path / "alone" / "best.pt").weights)
    partner = Learner(settings.partners(), CPU)
    partner.begin(6)
    for epoch in (1, 2):
        partner.begin_epoch(epoch)
        for _, images, labels in alone._batches.epoch(epoch):
            partner.learn(partner.forward(images), labels)
    beside = Checkpoint.open(tmp_path / "both" / "partner.pt")
    assert (beside.model, beside.args) == ("mobilenet_025", {"neck": "bn"})
    assert same(beside.weights, partner.weights())


def test_cut_off_and_gone_on_with_ends_in_the_very_same_weights(tmp_path, little_people) -> None:
    reports = list(trainer(config(), little_people, tmp_path / "whole").run())
    losses = reports[-1].losses
    assert min(losses["distances"], losses["kl"], losses["partner_kl"], losses["local"]) > 0
    cut = trainer(config(), little_people, tmp_path / "cut")
    next(iter(cut.run()))
    resumed = trainer(config(), little_people, tmp_path / "cut")
    assert resumed.resume() == 1
    list(resumed.run())
    for name in ("best.pt", "partner.pt"):
        whole, part = (Checkpoint.open(tmp_path / f / name) for f in ("whole", "cut"))
        assert same(whole.weights, part.weights)
    other = config(mutual={**SETTINGS["mutual"], "kl_weight": 1.0})
    with pytest.raises(ReidError, match=r"mutual.kl_weight was 0.01, now is 1.0"):
        trainer(other, little_people, tmp_path / "cut").resume()


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"average": {"method": "ema"}}, "mutual.partner and average.method do not go together"),
        ({"distillation": {"teacher": "a.pt"}}, "mutual.partner and distillation.teacher"),
        ({"loss": {"cross_entropy": 0, "triplet": "hard"}}, "mutual.kl_weight needs classes"),
    ],
)
def test_what_does_not_go_together_is_refused(sections, message) -> None:
    with pytest.raises(ReidError, match=message):
        config(**sections)


def test_what_is_wrong_with_a_partner_names_it(tmp_path, little_people) -> None:
    unknown = config(mutual={"partner": "mobilnet"})
    with pytest.raises(ReidError, match=r"mutual.partner: unknown model 'mobilnet'"):
        trainer(unknown, little_people, tmp_path)
    easy = config(loss={"triplet": "soft"})
    with pytest.raises(ReidError, match=r"set loss.triplet=hard, or model.args.local_dim=0"):
        trainer(easy, little_people, tmp_path)
