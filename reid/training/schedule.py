"""Learning rates as functions of the epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class ScheduleConfig:
    """Warm-up, then constant steps: Eq. 1 of Lawen et al. with the defaults.

    Args:
        epochs: how many epochs this part of the training takes.
        lr: the highest learning rate.
        warmup_epochs: the rate grows linearly up to this epoch; 0 for none.
        milestones: last epochs before the rate is multiplied with gamma.
        gamma: see above.

    Raises:
        ValueError: a value is out of range.
    """

    epochs: int = 350
    lr: float = 3e-2
    warmup_epochs: int = 10
    milestones: tuple[int, ...] = (150, 225)
    gamma: float = 0.1

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError(f"epochs must be at least 1, got {self.epochs}")
        if self.lr <= 0 or self.gamma <= 0:
            raise ValueError("lr and gamma must be positive")
        if self.warmup_epochs < 0 or list(self.milestones) != sorted(self.milestones):
            raise ValueError("warmup_epochs must not be negative, milestones must ascend")

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, 1-based."""
        warmup = min(1.0, epoch / self.warmup_epochs) if self.warmup_epochs else 1.0
        steps = sum(epoch > milestone for milestone in self.milestones)
        return self.lr * warmup * self.gamma**steps


@dataclass(frozen=True)
class CyclesConfig:
    """Cosine cycles that follow the schedule, one model for the average after each.

    Args:
        cycles: how many; 0 for none.
        epochs: of one cycle.
        lr: the rate at the start of the first cycle.
        decay: the start of a cycle is this times the start of the one before.

    Raises:
        ValueError: a value is out of range.

    Source: Lawen et al., section 3.1 (SWAG): 15 cycles of 35 epochs, decay 0.7. The paper does not
    print the first rate; the schedule's own highest one is the default.
    """

    cycles: int = 0
    epochs: int = 35
    lr: float = 3e-2
    decay: float = 0.7

    def __post_init__(self) -> None:
        if self.cycles < 0 or self.epochs < 1:
            raise ValueError("cycles must not be negative and their epochs at least 1")
        if self.lr <= 0 or not 0 < self.decay <= 1:
            raise ValueError("lr must be positive and decay in 0..1")

    @property
    def total_epochs(self) -> int:
        """Epochs of all cycles."""
        return self.cycles * self.epochs

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, 1-based within this part of the training."""
        cycle, within = divmod(epoch - 1, self.epochs)
        return self.lr * self.decay**cycle * (1 + math.cos(math.pi * within / self.epochs)) / 2
