"""Learning rates as functions of the epoch."""

from __future__ import annotations

import math

from pydantic.dataclasses import dataclass

from mtmc.reid.settings import setting

DECAY_TO = 1e-3  # share of the rate that an exponential decay ends at
CYCLE_DECAY = 0.7  # of the rate that a cycle starts at, to that of the one before


@dataclass(frozen=True)
class ScheduleConfig:
    """Warm-up, then constant steps: Eq. 1 of Lawen et al. with the defaults.

    Args:
        epochs: of the whole training; cosine cycles are its last ones.
        lr: the highest learning rate.
        warmup_epochs: the rate grows linearly up to this epoch; 0 for none.
        milestones: last epochs before the rate is multiplied with gamma.
        gamma: see above.
        decay_from: last epoch of the constant rate, from where on it falls exponentially, to a
            thousandth in the last; null for steps.

    Raises:
        ValueError: a value is out of range.

    Source: the decay is Eq. 4 of Wang et al., "Resource Aware Person Re-identification".
    """

    epochs: int = setting(350, ge=1, public=True)
    lr: float = setting(3e-2, gt=0, public=True)
    warmup_epochs: int = setting(10, ge=0, public=True)
    milestones: tuple[int, ...] = setting((150, 225), unit="epochs", public=True)
    gamma: float = setting(0.1, gt=0)
    decay_from: int | None = setting(None, ge=0, unit="epochs")

    def __post_init__(self) -> None:
        if self.decay_from is not None and self.milestones:
            raise ValueError("the rate falls by steps or from decay_from on: set milestones=[]")
        if self.decay_from is not None and self.decay_from >= self.epochs:
            raise ValueError(
                f"decay_from={self.decay_from} must lie before the last of {self.epochs} epochs"
            )
        if list(self.milestones) != sorted(self.milestones):
            raise ValueError("milestones must ascend")

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, 1-based."""
        warmup = min(1.0, epoch / self.warmup_epochs) if self.warmup_epochs else 1.0
        steps = sum(epoch > milestone for milestone in self.milestones)
        return self.lr * warmup * self.gamma**steps * self._decay(epoch)

    def _decay(self, epoch: int) -> float:
        if self.decay_from is None or epoch <= self.decay_from:
            return 1.0
        done = (epoch - self.decay_from) / (self.epochs - self.decay_from)
        return float(DECAY_TO**done)


@dataclass(frozen=True)
class CyclesConfig:
    """Cosine cycles at the end of the training, one model for the average after each.

    Args:
        cycles: how many; 0 for none.
        length: of one cycle.
        lr: the rate at the start of the first cycle; each further one starts at 0.7 of that before.

    Source: Lawen et al., section 3.1 (SWAG): 15 cycles of 35 epochs, decay 0.7. The paper does not
    print the first rate; the schedule's own highest one is the default.
    """

    cycles: int = setting(0, ge=0)
    length: int = setting(35, ge=1, unit="epochs")
    lr: float = setting(3e-2, gt=0)

    @property
    def epochs(self) -> int:
        """Of all cycles."""
        return self.cycles * self.length

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, 1-based within this part of the training."""
        cycle, within = divmod(epoch - 1, self.length)
        return self.lr * CYCLE_DECAY**cycle * (1 + math.cos(math.pi * within / self.length)) / 2
