"""Every setting of what is learned from a batch is felt by the weights after a few steps."""

from __future__ import annotations

import pytest
import torch

from mtmc.reid.configuration import build_config
from mtmc.reid.training.augment import augment
from mtmc.reid.training.config import TrainConfig
from mtmc.reid.training.distillation import Answers
from mtmc.reid.training.learner import Learner
from mtmc.reid.training.recipe import AugmentConfig
from mtmc.reid.training.schedule import CyclesConfig, ScheduleConfig

PLAIN = {"model": {"name": "mobilenet_025"}, "loss": {"triplet": "hard"}}
STUDENT = {"distillation": {"teacher": "t.pt", "similarity_weight": 1.0, "label_weight": 0.5}}


def batch() -> tuple[torch.Tensor, torch.Tensor, Answers]:
    rng = torch.Generator().manual_seed(0)
    embeddings = torch.nn.functional.normalize(torch.randn(8, 5, generator=rng))
    answers = Answers(embeddings, torch.randn(8, 3, generator=rng))
    return torch.randn(8, 3, 32, 32, generator=rng), torch.tensor([0, 0, 1, 1, 2, 2, 0, 1]), answers


def learned(settings: dict[str, object], *, taught: bool) -> list[float]:
    """Sums over the weights after three steps."""
    learner = Learner(build_config(TrainConfig, settings, "test"), torch.device("cpu"))
    learner.begin(people=3)
    learner.begin_epoch(1)
    images, labels, answers = batch()
    for _ in range(3):
        learner.learn(learner.forward(images), labels, answers if taught else None)
    layers = learner.classifiers(averaged=False)
    return [float(w.double().sum()) for w in (*learner.weights().values(), *layers.values())]


@pytest.fixture(scope="module")
def plain() -> dict[bool, list[float]]:
    return {
        False: learned(PLAIN, taught=False),
        True: learned(PLAIN | STUDENT, taught=True),
    }


@pytest.mark.parametrize(
    "change",
    [
        "loss.cross_entropy=0.5",
        "loss.label_smoothing=0.3",
        "loss.classifier_bias=true",
        "loss.triplet=all",
        "loss.triplet=none",
        "loss.triplet_weight=0.2",
        "loss.margin=0.3",
        "optimizer.name=adam",
        "optimizer.name=adamw",
        "optimizer.momentum=0.5",
        "optimizer.nesterov=false",
        "optimizer.weight_decay=0.1",
        "precision=bf16",
        "seed=1",
        "model.name=mobilenet_050",
        "model.args.neck=bn",
        "distillation.temperature=1",
        "distillation.soft_weight=0.3",
        "distillation.scale_soft=true",
        "distillation.similarity_weight=3",
        "distillation.label_weight=0",
    ],
)
def test_a_step_feels_it(plain, change) -> None:
    from mtmc.reid.configuration import override

    taught = change.startswith("distillation")
    settings = override(PLAIN | STUDENT if taught else PLAIN, [change], "")
    assert learned(settings, taught=taught) != plain[taught]


def augmented(**settings: object) -> torch.Tensor:
    """Four pictures, each brighter below and on its right; the others' settings are off."""
    shades = torch.arange(32).view(1, 1, 32, 1) + torch.arange(16).view(1, 1, 1, 16)
    images = (40 + 4 * shades).expand(4, 3, 32, 16).to(torch.uint8)
    off: dict[str, object] = {"flip": 0.0, "crop": 0, "erase": 0.0}
    config = build_config(AugmentConfig, {**off, **settings}, "test")
    rng = torch.Generator().manual_seed(0)
    return augment(images, (32, 16), config, torch.zeros(3), torch.ones(3), rng)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"flip": 1.0}),
        ({}, {"crop": 3}),
        ({}, {"erase": 1.0}),
        ({}, {"jitter": 0.2}),
    ],
)
def test_augmentation_feels_it(before, after) -> None:
    assert not torch.equal(augmented(**before), augmented(**after))


def test_rates_fall_as_they_are_told_to() -> None:
    schedule = ScheduleConfig(epochs=9, lr=1.0, warmup_epochs=2, milestones=(4,), gamma=0.5)
    assert [schedule.rate(epoch) for epoch in (1, 2, 4, 5)] == [0.5, 1.0, 1.0, 0.5]
    cycles = CyclesConfig(cycles=2, length=3, lr=1.0)
    assert [cycles.rate(epoch) for epoch in (1, 4)] == [1.0, 0.7]
