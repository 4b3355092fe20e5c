from __future__ import annotations

import pytest
import torch

from mtmc.reid.configuration import build_config
from mtmc.reid.errors import ReidError
from mtmc.reid.training.config import TrainConfig
from mtmc.reid.training.learner import Learner
from mtmc.reid.training.schedule import CyclesConfig, ScheduleConfig


@pytest.mark.parametrize(
    ("epoch", "rate"),
    [
        (1, 3e-3),
        (5, 1.5e-2),
        (10, 3e-2),
        (11, 3e-2),
        (150, 3e-2),
        (151, 3e-3),
        (225, 3e-3),
        (226, 3e-4),
        (350, 3e-4),
    ],
)
def test_the_defaults_are_equation_1(epoch, rate) -> None:
    assert ScheduleConfig().rate(epoch) == pytest.approx(rate)


def test_the_decay_is_equation_4_of_dare() -> None:
    schedule = ScheduleConfig(epochs=60, lr=3e-4, warmup_epochs=0, milestones=(), decay_from=30)
    expected = [3e-4, 3e-4, 3e-4 * 0.001 ** (1 / 30), 3e-4 * 0.001**0.5, 3e-7]
    assert [schedule.rate(e) for e in (1, 30, 31, 45, 60)] == pytest.approx(expected)


def test_beta1_falls_where_the_decay_begins() -> None:
    settings = {
        "schedule": {"epochs": 4, "milestones": [], "decay_from": 2},
        "optimizer": {"name": "adam", "late_beta1": 0.5},
        "model": {"name": "mobilenet_025"},
    }
    learner = Learner(build_config(TrainConfig, settings, "test"), torch.device("cpu"))
    learner.begin(people=2)
    found = []
    for epoch in range(1, 5):
        learner.begin_epoch(epoch)
        found.append(learner._optimizer.param_groups[0]["betas"])
    assert found == [(0.9, 0.999)] * 2 + [(0.5, 0.999)] * 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"schedule": {"decay_from": 9}}, "by steps or from decay_from on: set milestones="),
        ({"schedule": {"decay_from": 5, "epochs": 5, "milestones": []}}, "before the last of 5"),
        ({"optimizer": {"late_beta1": 0.5}}, "Adam's"),
        ({"optimizer": {"name": "adam", "late_beta1": 0.5}}, "begins with schedule.decay_from"),
    ],
)
def test_what_no_schedule_can_do_is_refused(settings, message) -> None:
    with pytest.raises(ReidError, match=message):
        build_config(TrainConfig, settings, "test")


def test_cycles_start_lower_each_time_and_end_near_zero() -> None:
    cycles = CyclesConfig(cycles=15)
    assert cycles.epochs == 525
    starts = [cycles.rate(1 + 35 * c) for c in range(15)]
    assert starts == pytest.approx([3e-2 * 0.7**c for c in range(15)])
    within = [cycles.rate(e) for e in range(1, 36)]
    assert within == sorted(within, reverse=True)
    assert within[-1] < 0.01 * within[0]


def test_the_whole_training_is_one_after_the_other() -> None:
    config = TrainConfig(schedule=ScheduleConfig(epochs=875), cycles=CyclesConfig(cycles=15))
    assert config.before_cycles == 350
    assert config.rate(350) == pytest.approx(3e-4)
    assert config.rate(351) == pytest.approx(3e-2)
    ends = [e for e in range(1, 876) if config.ends_cycle(e)]
    assert ends == [350 + 35 * c for c in range(1, 16)]
