"""Settings of the steps of a training, without what takes the steps.

So a wrong setting is told before torch is loaded, and also where it is not installed.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any, Literal

from pydantic.dataclasses import dataclass

from mtmc.reid.configuration import complaint
from mtmc.reid.settings import setting

Mining = Literal["none", "all", "hard", "soft"]
RECENT = 10  # an exponential average begins with the last tenth of the steps so far


@dataclass(frozen=True)
class AugmentConfig:
    """What a training image goes through, each with its own random numbers.

    Args:
        flip: probability of mirroring.
        crop: pixels of border, at the network's input size, added on all sides before cutting the
            original size out anywhere.
        erase: probability of erasing a rectangle.
        zoom: by how much an image is larger than the network's input, which is cut out of it
            anywhere; 1.125 is usual in place of a border.
        jitter: strength of random brightness, contrast, saturation and colour cast, 0 for none.
    """

    flip: float = setting(0.5, ge=0, le=1)
    crop: int = setting(10, ge=0, unit="px", public=True)
    erase: float = setting(0.5, ge=0, le=1, public=True)
    jitter: float = setting(0.0, ge=0, public=True)
    zoom: float = setting(1.0, ge=1, le=4)

    def scaled(self, factor: float) -> AugmentConfig:
        """The same for images that are ``factor`` times larger than the network's input."""
        return replace(self, crop=round(self.crop * factor))


@dataclass(frozen=True)
class LossConfig:
    """What is minimised: classification plus metric loss, summed over the network's vectors.

    Args:
        cross_entropy: weight of the classification loss.
        label_smoothing: share of the target spread over all classes, 0..1.
        classifier_bias: whether the classification layers have a bias.
        triplet: which triplets count: ``none``, ``all`` (Eq. 2), ``hard`` (Eq. 3) or ``soft``
            (all, weighted by how hard they are: Eq. 4).
        triplet_weight: weight of the triplet loss.
        margin: m, what the farthest positive and the nearest negative should differ by.
        soft_margin: softplus (Eq. 5) of what is missing to the margin, in place of the hinge; null
            for softplus only where there is no margin.
        positive_rank: of ``hard``, which of a person's images counts as positive: 1 for the
            farthest, 2 for the next (where there is none, the last).
        negative_rank: likewise of the images of others: 1 for the nearest.

    Raises:
        ValueError: a value is out of range.

    Source: equation numbers are those of Lawen et al., "Attention Network Robustification".
    """

    cross_entropy: float = setting(1.0, ge=0)
    label_smoothing: float = setting(0.1, ge=0, lt=1)
    classifier_bias: bool = False
    triplet: Mining = setting("soft", public=True)
    triplet_weight: float = setting(1.0, ge=0)
    margin: float | None = None
    soft_margin: bool | None = None
    positive_rank: int = setting(1, ge=1)
    negative_rank: int = setting(1, ge=1)

    def __post_init__(self) -> None:
        if self.margin is not None and not (self.soft_margin or self.margin >= 0):
            raise ValueError(
                f"margin must be at least 0 for a hinge, got {self.margin}; set soft_margin=true"
            )
        if self.margin is None and self.soft_margin is False:
            raise ValueError("soft_margin=false is a hinge, which needs a margin")
        if self.triplet != "hard" and max(self.positive_rank, self.negative_rank) > 1:
            raise ValueError("positive_rank and negative_rank need triplet=hard")
        if self.cross_entropy == 0 and not self.compares:
            raise ValueError("nothing to minimise: both losses are switched off")

    @property
    def compares(self) -> bool:
        """Whether there is a metric loss."""
        return self.triplet != "none" and self.triplet_weight > 0

    def check_ranks(self, sampler: SamplerConfig) -> None:
        """Hold the ranks to what a batch has.

        Raises:
            ValueError: a batch never has so many positives or negatives.
        """
        positives = sampler.images - 1
        negatives = (sampler.people - 1) * sampler.images
        if self.positive_rank > max(positives, 1):
            raise ValueError(
                f"loss.positive_rank={self.positive_rank}, but with sampler.images="
                f"{sampler.images} there are {positives} positives"
            )
        if self.negative_rank > max(negatives, 1):
            raise ValueError(
                f"loss.negative_rank={self.negative_rank}, but a batch of {sampler.people} x "
                f"{sampler.images} has {negatives} negatives"
            )


@dataclass(frozen=True)
class ProgressiveConfig:
    """A training that searches settings of its own loss, in rounds.

    A round tries some settings for a few epochs each, always from the same state, and learns
    ``schedule.epochs`` with the most promising ones. It ends with the weights of its epoch of
    lowest loss, and the next begins there.

    Args:
        rounds: how many; 0 for a training without search.
        members: settings that a round tries; 0 for none, so that what is learned with is drawn by
            chance, which is the control.
        explore: epochs of each try, at the highest rate; an even number.
        drop: by which share of it the loss should fall from the first half of a try to the second.
        triplet_weight: range of ``loss.triplet_weight``.
        margin: of ``loss.margin``.
        positive_rank: of ``loss.positive_rank``.
        negative_rank: of ``loss.negative_rank``.

    Raises:
        ValueError: a value is out of range.

    Source: Li et al., "Progressive Learning Algorithm for Efficient Person Re-Identification",
    Algorithm 1; how many are tried is not printed there.
    """

    rounds: int = setting(0, ge=0, public=True)
    members: int = setting(10, ge=0)
    explore: int = setting(20, ge=2, unit="epochs")
    drop: float = setting(0.15, gt=-1, lt=1)
    triplet_weight: tuple[float, float] = (0.0, 2.0)
    margin: tuple[float, float] = (-0.1, 0.3)
    positive_rank: tuple[int, int] = (1, 7)
    negative_rank: tuple[int, int] = (1, 16)

    def __post_init__(self) -> None:
        if self.members == 1:
            raise ValueError("members must be 0 or at least 2, got 1: one alone is no choice")
        if self.explore % 2:
            raise ValueError(
                f"explore must be even, as its halves are compared, got {self.explore}"
            )
        for name, (low, high) in self.ranges.items():
            if not low <= high:
                raise ValueError(f"{name} must go up, got [{low}, {high}]")

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest value per setting of the loss."""
        return {
            "triplet_weight": self.triplet_weight,
            "margin": self.margin,
            "positive_rank": self.positive_rank,
            "negative_rank": self.negative_rank,
        }

    def check(self, loss: LossConfig, sampler: SamplerConfig) -> None:
        """Hold the ends of the ranges to what the loss takes and a batch has.

        Raises:
            ValueError: one does not fit.
        """
        if sampler.images < 2:
            raise ValueError(
                "progressive training compares images of a person: set sampler.images to 2 at least"
            )
        for end in (0, 1):
            values = {name: limits[end] for name, limits in self.ranges.items()}
            try:
                replace(loss, **values).check_ranks(sampler)  # type: ignore[arg-type]
            except ValueError as error:
                raise ValueError(f"an end of progressive's ranges: {complaint(error)}") from error


@dataclass(frozen=True)
class DistillationConfig:
    """Learning from a teacher.

    What is minimised is ``soft_weight`` x cross-entropy with the teacher's softened opinions +
    ``similarity_weight`` x disagreement about similarities + ``label_weight`` x what is minimised
    without a teacher (`LossConfig`). With the defaults that is Eq. 2 of the paper, ``label_weight``
    its lambda.

    Args:
        teacher: a checkpoint or an ONNX file; null for learning from labels alone.
        head: whose opinions about the training people are softened: those of the teacher's ``own``
            classification layer, where it learned the very same people, or cosines to the ``means``
            of its embeddings of each person, for any teacher.
        temperature: T, what both sides' logits are divided by.
        soft_weight: of the cross-entropy between the softened opinions; 0 needs no labels.
        scale_soft: multiply that with T squared, which keeps its gradient from fading as T grows.
        similarity_weight: of the disagreement about similarities within a batch.
        label_weight: lambda.

    Raises:
        ValueError: a value is out of range.

    Source: the distillation paper's Eqs. 1 and 2; T squared: Hinton et al., "Distilling the
    Knowledge in a Neural Network", section 2.
    """

    teacher: str | None = setting(None, public=True)
    head: Literal["own", "means"] = "own"
    temperature: float = setting(3.0, gt=0)
    soft_weight: float = setting(1.0, ge=0)
    scale_soft: bool = False
    similarity_weight: float = setting(0.0, ge=0)
    label_weight: float = setting(1e-4, ge=0)

    def __post_init__(self) -> None:
        if self.teacher is not None and self.soft_weight == self.similarity_weight == 0:
            raise ValueError("nothing to learn from the teacher: both its weights are 0")

    @property
    def from_opinions(self) -> bool:
        """Whether the teacher's opinions about the training people are learned."""
        return self.teacher is not None and self.soft_weight > 0

    @property
    def from_labels(self) -> bool:
        """Whether labels are looked at."""
        return self.teacher is None or self.label_weight > 0


@dataclass(frozen=True)
class MutualConfig:
    """Learning beside a partner: two networks see the same batches and learn from each other, too.

    Args:
        partner: its ``model.name``, which may be the same; null for learning alone. It is written
            as ``partner.pt``.
        args: its ``model.args``.
        start_from: its ``model.start_from``.
        kl_weight: of the divergence from the partner's class probabilities.
        metric_weight: of the squared differences from the partner's distances within a batch.

    Source: Zhang et al., "AlignedReID", section 3.2, Eq. 3; class probabilities: Zhang et al.,
    "Deep Mutual Learning".
    """

    partner: str | None = None
    args: dict[str, Any] = field(default_factory=dict)
    start_from: str | None = None
    kl_weight: float = setting(0.01, ge=0)
    metric_weight: float = setting(1e-3, ge=0)


@dataclass(frozen=True)
class AverageConfig:
    """Which weights are served.

    Args:
        method: ``none``: the last ones; ``ema``: their exponential moving average over steps;
            ``swa``: the mean of the models at the ends of the cycles; ``swag``: these models' mean
            and variance, from which ``samples`` models are drawn that embed together.
        decay: of ``ema``: it looks back over about ``1 / (1 - decay)`` steps.
        samples: networks of the SWAG ensemble.
    """

    method: Literal["none", "ema", "swa", "swag"] = setting("none", public=True)
    decay: float = setting(0.999, gt=0, lt=1)
    samples: int = setting(8, ge=1)

    @property
    def of_cycles(self) -> bool:
        """Whether the models at the ends of the cycles are averaged."""
        return self.method in {"swa", "swag"}

    def share(self, step: int) -> float:
        """What the weights of a step, 1-based, weigh in an exponential moving average."""
        return max(1 - self.decay, RECENT / (RECENT - 1 + step))


@dataclass(frozen=True)
class SamplerConfig:
    """P x K sampling: so many people per batch, so many images of each.

    Args:
        people: P.
        images: K; 1 only where no triplet loss needs a positive.
        batches: of an epoch; null for as many as show every image once.
    """

    people: int = setting(8, ge=1, public=True)
    images: int = setting(4, ge=1, public=True)
    batches: int | None = setting(None, ge=1)

    @property
    def batch_size(self) -> int:
        """P x K."""
        return self.people * self.images
