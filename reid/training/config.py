"""Everything that can be set about a training, with its defaults."""

from __future__ import annotations

from dataclasses import asdict, field, replace
from typing import Any, Literal

from pydantic.dataclasses import dataclass

from mtmc.reid.settings import setting
from mtmc.reid.training.recipe import (
    AugmentConfig,
    AverageConfig,
    DistillationConfig,
    LossConfig,
    MutualConfig,
    ProgressiveConfig,
    SamplerConfig,
)
from mtmc.reid.training.schedule import CyclesConfig, ScheduleConfig

LAST = "last.pt"  # the state of a training, to resume from
BEST = "best.pt"  # the model to use
PARTNER = "partner.pt"  # the one that it learned beside
LOG, CONFIG = "log.jsonl", "config.yaml"  # a line per epoch, and all settings
BETA1 = 0.9  # of Adam, how long the mean gradient remembers


@dataclass(frozen=True)
class ModelConfig:
    """Which network.

    Args:
        name: see ``reid list``.
        args: the architecture's own arguments.
        start_from: a checkpoint whose weights it starts from, of this model or of its trunk, or
            ``simulated``, the network that ships; ``imagenet`` for weights that its trunk learned
            there, from a package (see `reid.training.pretrained`); null for random ones.
    """

    name: str = setting("robust_reid_1x", public=True)
    args: dict[str, Any] = field(default_factory=dict)
    start_from: str | None = setting(None, public=True)


@dataclass(frozen=True)
class DataConfig:
    """Which datasets, as ``name`` or ``name=path`` below the data root (see ``reid list``).

    Args:
        train: learned from together, ids kept apart.
        test: evaluated one by one; the first decides which epoch is best where that is asked for.

    Raises:
        ValueError: there is nothing to train on.
    """

    train: tuple[str, ...] = setting(("market1501",), public=True)
    test: tuple[str, ...] = setting((), public=True)

    def __post_init__(self) -> None:
        if not self.train:
            raise ValueError("train names no dataset")


@dataclass(frozen=True)
class OptimizerConfig:
    """The optimiser; learning rates are the schedule's.

    Args:
        name: ``sgd``, ``adam`` or ``adamw``.
        momentum: of SGD.
        nesterov: whether SGD looks ahead.
        weight_decay: L2 penalty (decoupled for ``adamw``).
        late_beta1: of Adam, how long the mean gradient remembers after ``schedule.decay_from``;
            null for as long as before.

    Raises:
        ValueError: a value is out of range.
    """

    name: Literal["sgd", "adam", "adamw"] = setting("sgd", public=True)
    momentum: float = setting(0.9, ge=0, lt=1)
    nesterov: bool = True
    weight_decay: float = setting(5e-4, ge=0, public=True)
    late_beta1: float | None = setting(None, ge=0, lt=1)

    def __post_init__(self) -> None:
        if self.name == "sgd" and self.late_beta1 is not None:
            raise ValueError("late_beta1 is Adam's: set name to adam or adamw")
        if self.nesterov and self.momentum == 0 and self.name == "sgd":
            raise ValueError("nesterov needs a momentum above 0")


@dataclass(frozen=True)
class EvaluationConfig:
    """When and how the test sets are evaluated during training.

    Args:
        every: epochs between evaluations; 0 only at the end.
        select: which epoch ``best.pt`` holds: ``last``, or ``best`` by mAP on the first test set
            (which then is no longer unseen).
    """

    every: int = setting(0, ge=0, unit="epochs", public=True)
    select: Literal["last", "best"] = setting("last", public=True)


@dataclass(frozen=True)
class Settings:
    """What every kind of training's settings can do."""

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain types."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


@dataclass(frozen=True)
class TrainConfig(Settings):
    """A training, as ``configs/reid/*.yaml`` describe it.

    Args:
        model: network.
        data: datasets.
        input_size: ``[height, width]``; the model's own where null.
        sampler: P x K batches.
        augment: flip, crop, random erasing, colour jitter.
        loss: classification and triplet.
        progressive: rounds in which the loss's settings are searched.
        distillation: learning from a teacher.
        mutual: learning beside a partner.
        optimizer: SGD, Adam, AdamW.
        schedule: the learning rate, warm-up and steps.
        cycles: cosine cycles at the end of it.
        average: of the weights: EMA, SWA or SWAG.
        evaluation: during training.
        precision: ``fp32``, ``bf16``, or ``fp16`` with loss scaling (GPU only).
        seed: of everything random.

    Raises:
        ValueError: settings contradict each other.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    input_size: tuple[int, int] | None = setting(None, unit="px", public=True)
    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    progressive: ProgressiveConfig = field(default_factory=ProgressiveConfig)
    distillation: DistillationConfig = field(default_factory=DistillationConfig)
    mutual: MutualConfig = field(default_factory=MutualConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    cycles: CyclesConfig = field(default_factory=CyclesConfig)
    average: AverageConfig = field(default_factory=AverageConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    precision: Literal["fp32", "bf16", "fp16"] = setting("fp32", public=True)
    seed: int = setting(0, ge=0, public=True)

    def __post_init__(self) -> None:
        if self.average.of_cycles and self.cycles.cycles < 2:
            raise ValueError(
                f"average.method={self.average.method} averages the cycles' models: "
                "set cycles.cycles to at least 2"
            )
        if self.cycles.epochs > self.schedule.epochs:
            raise ValueError(
                f"schedule.epochs={self.schedule.epochs} is the whole training, but "
                f"{self.cycles.cycles} cycles of {self.cycles.length} epochs take "
                f"{self.cycles.epochs} of it: set it to that at least"
            )
        if self.optimizer.late_beta1 is not None and self.schedule.decay_from is None:
            raise ValueError("optimizer.late_beta1 begins with schedule.decay_from: set that, too")
        self.loss.check_ranks(self.sampler)
        if self.progressive.rounds:
            self._check_progressive()
        if self.mutual.partner is not None:
            self._check_mutual()
        if self.evaluation.select == "best" and not self.data.test:
            raise ValueError("evaluation.select=best needs a dataset in data.test")

    def _check_progressive(self) -> None:
        if self.cycles.cycles or self.average.method != "none":
            raise ValueError(
                "progressive training serves the weights of lowest loss: set cycles.cycles=0 and "
                "average.method=none"
            )
        self.progressive.check(self.loss, self.sampler)

    def _check_mutual(self) -> None:
        both = {
            "distillation.teacher": self.distillation.teacher is not None,
            "average.method": self.average.method != "none",
            "progressive.rounds": self.progressive.rounds > 0,
        }
        for other in (name for name, given in both.items() if given):
            raise ValueError(f"mutual.partner and {other} do not go together: leave one out")
        if self.mutual.kl_weight > 0 and not self.classifies:
            raise ValueError(
                "mutual.kl_weight needs classes, but loss.cross_entropy is 0: set one of them"
            )

    def partners(self) -> TrainConfig:
        """The settings by which the partner learns; it starts from other random weights."""
        mutual = self.mutual
        model = ModelConfig(mutual.partner or "", mutual.args, mutual.start_from)
        return replace(self, model=model, mutual=replace(mutual, partner=None), seed=self.seed + 1)

    @property
    def epochs(self) -> int:
        """Of the whole training, tries of a progressive one included."""
        search = self.progressive
        each = search.members * search.explore + self.schedule.epochs
        return search.rounds * each if search.rounds else self.schedule.epochs

    @property
    def classifies(self) -> bool:
        """Whether people are told apart, so that there are classification layers to learn."""
        by_label = self.distillation.from_labels and self.loss.cross_entropy > 0
        return by_label or self.distillation.from_opinions

    def beta1(self, epoch: int) -> float:
        """Adam's first beta in an epoch, 1-based."""
        late, start = self.optimizer.late_beta1, self.schedule.decay_from
        return BETA1 if late is None or epoch <= (start or 0) else late

    @property
    def before_cycles(self) -> int:
        """Epochs before the cosine cycles."""
        return self.schedule.epochs - self.cycles.epochs

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, 1-based."""
        if epoch <= self.before_cycles:
            return self.schedule.rate(epoch)
        return self.cycles.rate(epoch - self.before_cycles)

    def ends_cycle(self, epoch: int) -> bool:
        """Whether this epoch's model goes into the average of the cycles' models."""
        within = epoch - self.before_cycles
        return within > 0 and within % self.cycles.length == 0


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value
