from __future__ import annotations

import pytest

from mtmc.reid.training.config import TrainConfig
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
