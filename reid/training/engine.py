"""The training loop: epochs, evaluation, and what is written to the disk."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mtmc.reid.checkpoint import Checkpoint, load_plain, save_plain
from mtmc.reid.configuration import build_config
from mtmc.reid.data.decode import decode_all
from mtmc.reid.data.images import combine
from mtmc.reid.errors import ReidError
from mtmc.reid.evaluation.benchmark import evaluate
from mtmc.reid.torch_embedder import TorchEmbedder
from mtmc.reid.training.batches import Batches
from mtmc.reid.training.config import BEST, LAST, PARTNER, TrainConfig
from mtmc.reid.training.group import Group
from mtmc.reid.training.learner import Learner
from mtmc.reid.training.progressive import Progressive, Step
from mtmc.reid.training.teacher import Teacher, resized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from mtmc.reid.data.images import Dataset
    from mtmc.reid.training.distillation import Answers

STATE_FORMAT = "reid-training"
# Looking at a loss waits for the GPU; there it is done for so many batches at once.
GPU_CHECK_EVERY = 50

ScoreTable = dict[str, dict[str, float | int]]  # scores per test dataset


@dataclass(frozen=True)
class EpochReport:
    """What an epoch came to.

    Args:
        epoch: 1-based.
        epochs: of the whole training.
        rate: learning rate.
        losses: means over batches.
        images_per_second: trained on, evaluation not counted.
        scores: where it was evaluated after this epoch.
        search: of a progressive training, what was done in it, see `Progressive.end`.
    """

    epoch: int
    epochs: int
    rate: float
    losses: dict[str, float]
    images_per_second: float
    scores: ScoreTable
    search: dict[str, Any] = field(default_factory=dict)


class DivergedError(ReidError):
    """A loss is not finite."""


class Trainer:
    """Trains one network, and its partner where it has one.

    Args:
        config: what to do.
        train: datasets to learn from.
        test: datasets to evaluate on.
        device: where.
        out: folder for ``best.pt``, ``partner.pt`` and ``last.pt``.
        decoding: told how many training images are decoded.
        group: processes that train together, of which the first writes; None for this one alone.

    Attributes:
        search: of the loss's settings; None in a training that is not progressive.

    Raises:
        ReidError: the data does not suit the settings, or cannot be read.
    """

    def __init__(
        self,
        config: TrainConfig,
        train: Sequence[Dataset],
        test: Sequence[Dataset],
        device: torch.device,
        out: Path,
        *,
        decoding: Callable[[int], object] | None = None,
        group: Group | None = None,
    ) -> None:
        self._config, self._test, self._device, self._out = config, test, device, out
        self._group = group or Group()
        self._learner = Learner(config, device, self._group)
        preprocess = self._learner.network.preprocess()
        self._preprocess = replace(preprocess, size=config.input_size or preprocess.size)
        crops, augmentation = self._preprocess, config.augment
        self._teacher: Teacher | None = None
        if config.distillation.teacher is not None:
            # What student and teacher see is made from the same crop, large enough for both.
            self._teacher = Teacher(config.distillation, self._preprocess, device)
            crops = replace(crops, size=_larger(crops.size, self._teacher.input_size))
            augmentation = augmentation.scaled(crops.size[0] / self._preprocess.size[0])
        # Several datasets become one, and a file is opened once.
        self._images = combine([dataset.train for dataset in train])
        self._people = len(np.unique(self._images.pids))
        held = replace(crops, size=_zoomed(crops.size, augmentation.zoom))
        pixels = decode_all(self._images.paths, held, decoding)
        for_batches = replace(config, augment=augmentation)
        self._batches = Batches(for_batches, pixels, self._images.pids, crops, device)
        self._learner.begin(self._people)
        if self._teacher is not None:
            self._teacher.meet(self._batches, self._people)
        self._partner: Learner | None = None
        if config.mutual.partner is not None:
            try:
                self._partner = Learner(config.partners(), device, self._group)
            except ReidError as error:
                raise ReidError(f"mutual.partner: {error}") from error
            self._partner.begin(self._people)
        self.search: Progressive | None = None
        if config.progressive.rounds:
            if self._group.size > 1:
                raise ReidError(
                    "progressive.rounds: searches in one process only, without torchrun"
                )
            self.search = Progressive(config, self._learner)
        self._done = 0
        self._best_map = {BEST: -1.0, PARTNER: -1.0}

    def run(self) -> Iterator[EpochReport]:
        """Train the epochs that are left; when one is reported, its state is on the disk.

        Raises:
            DivergedError: a loss is not finite; the message names the batch.
        """
        epochs = self._config.epochs
        for epoch in range(self._done + 1, epochs + 1):
            start = time.perf_counter()
            step = (
                Step(self._config, epoch, epoch)
                if self.search is None
                else self.search.begin(epoch)
            )
            config = step.config
            self._learner.follow(config)
            self._learner.begin_epoch(step.epoch)
            if self._partner is not None:
                self._partner.begin_epoch(step.epoch)
            losses = list(self._train_epoch(epoch, step.batches))
            means = {key: float(torch.stack([b[key] for b in losses]).mean()) for key in losses[0]}
            speed = len(losses) * config.sampler.batch_size / (time.perf_counter() - start)
            if config.ends_cycle(step.epoch):
                self._learner.end_cycle()
            note = {} if self.search is None else self.search.end(epoch, means["loss"])
            self._done = epoch
            last = epoch == epochs
            every = config.evaluation.every
            scores = self._finish(last) if last or (every and step.epoch % every == 0) else {}
            self._save_state()
            yield EpochReport(epoch, epochs, config.rate(step.epoch), means, speed, scores, note)

    def _train_epoch(self, epoch: int, batches: int) -> Iterator[dict[str, Tensor]]:
        """Learn from every batch of an epoch; gives the losses, on the device."""
        unchecked: list[tuple[int, NDArray[np.int64], Tensor]] = []
        often = GPU_CHECK_EVERY if self._device.type == "cuda" else 1
        for number, (chosen, crops, labels) in enumerate(self._batches.epoch(batches), 1):
            answers = None if self._teacher is None else self._teacher(crops)
            losses = self._learn(self._as_input(crops), labels, answers)
            unchecked.append((number, chosen, losses["loss"]))
            if len(unchecked) >= often:
                self._check(epoch, unchecked)
            yield losses
        self._check(epoch, unchecked)

    def _learn(self, images: Tensor, labels: Tensor, answers: Answers | None) -> dict[str, Tensor]:
        """Learn from a batch, and let the partner do so, each from what both said before."""
        outputs = self._learner.forward(images)
        if self._partner is None:
            return self._learner.learn(outputs, labels, answers)
        partners = self._partner.forward(images)
        losses = self._learner.learn(outputs, labels, answers, partners)
        others = self._partner.learn(partners, labels, None, outputs)
        # Both must be finite.
        both = losses["loss"] + others["loss"]
        return {**losses, **{f"partner_{k}": v for k, v in others.items()}, "loss": both}

    def _check(self, epoch: int, unchecked: list[tuple[int, NDArray[np.int64], Tensor]]) -> None:
        """Stop at the first batch whose loss is not finite; empties the list."""
        values = [float(loss) for _, _, loss in unchecked]
        for (number, chosen, _), value in zip(unchecked, values, strict=True):
            if not np.isfinite(value):
                names = ", ".join(self._images.paths[i].name for i in chosen)
                raise DivergedError(
                    f"epoch {epoch}, batch {number}: the loss is {value}; lower schedule.lr, "
                    f"or look at these images: {names}"
                )
        unchecked.clear()

    def _finish(self, last: bool) -> ScoreTable:
        """Evaluate as it would be served, and keep what is wanted; also the partner."""
        scores = self._finish_one(self._learner, self._config, BEST, last=last)
        if self._partner is None:
            return scores
        others = self._finish_one(self._partner, self._config.partners(), PARTNER, last=last)
        return {**scores, **{f"{name}, partner": row for name, row in others.items()}}

    def _finish_one(
        self, learner: Learner, config: TrainConfig, file: str, *, last: bool
    ) -> ScoreTable:
        averaged = last or config.average.method == "ema"
        if averaged:
            weights, members = learner.averaged(self._refreshing_images)
        else:
            weights, members = learner.weights(), []
        if not self._group.is_first:
            return {}
        checkpoint = Checkpoint(
            model=config.model.name,
            args=config.model.args,
            weights=weights,
            preprocess=self._preprocess,
            dim=learner.network.dim,
            members=members,
            classifiers=learner.classifiers(averaged=averaged),
            config=config.to_dict(),
        )
        scores = self._evaluate(checkpoint)
        reached = float(scores[self._test[0].name]["mAP"]) if self._test else 0.0
        if config.evaluation.select == "last" or reached > self._best_map[file]:
            self._best_map[file] = reached
            metrics = {"epoch": self._done, "scores": scores}
            replace(checkpoint, metrics=metrics).save(self._out / file)
        return scores

    def _refreshing_images(self) -> Iterator[Tensor]:
        batches = self._batches.epoch(self._config.schedule.epochs)
        return (self._as_input(crops) for _, crops, _ in batches)

    def _as_input(self, crops: Tensor) -> Tensor:
        return resized(crops, self._preprocess.size)

    def _evaluate(self, checkpoint: Checkpoint) -> ScoreTable:
        if not self._test:
            return {}
        network = checkpoint.build().to(self._device).to(memory_format=torch.channels_last)
        embedder = TorchEmbedder(network, self._preprocess, self._device, "training")
        return {d.name: evaluate(embedder, d).to_dict() for d in self._test}

    def _save_state(self) -> None:
        if not self._group.is_first:
            return
        state = {
            "format": STATE_FORMAT,
            "config": self._config.to_dict(),
            "images": len(self._images),
            "people": self._people,
            "epoch": self._done,
            "best_map": self._best_map,
            "learner": self._learner.state_dict(),
            "partner": None if self._partner is None else self._partner.state_dict(),
            "search": None if self.search is None else self.search.state_dict(),
        }
        save_plain(state, self._out / LAST)

    def resume(self) -> int:
        """Go back to where ``last.pt`` was written.

        Returns:
            The epochs that are done.

        Raises:
            ReidError: there is no such file, it belongs to other data, or with these settings the
                epochs that are done would have been others.
        """
        path = self._out / LAST
        state = load_plain(path)
        if not isinstance(state, dict) or state.get("format") != STATE_FORMAT:
            raise ReidError(
                f"{path}: not the state of a training; expected what `reid train` wrote"
            )
        different = _first_difference(state["config"], self._config, int(state["epoch"]))
        if different is not None:
            raise ReidError(
                f"{path}: was written with another configuration ({different}); resume with "
                "the same one or more epochs, or train into another folder"
            )
        for what, now in (("images", len(self._images)), ("people", self._people)):
            if state[what] != now:
                raise ReidError(f"{path}: learned from {state[what]} {what}, there are {now} now")
        self._done, self._best_map = int(state["epoch"]), state["best_map"]
        self._learner.load_state_dict(state["learner"])
        if self._partner is not None:
            self._partner.load_state_dict(state["partner"])
        if self.search is not None:
            self.search.load_state_dict(state["search"])
        return self._done


def _zoomed(size: tuple[int, int], zoom: float) -> tuple[int, int]:
    return round(size[0] * zoom), round(size[1] * zoom)


def _larger(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return max(one[0], other[0]), max(one[1], other[1])


def _first_difference(was: dict[str, Any], config: TrainConfig, done: int) -> str | None:
    """The first setting by which the epochs done would have been others."""
    now = config.to_dict()
    try:
        before = build_config(TrainConfig, was, "")
    except ReidError:  # of another version
        return _difference(was, now)
    if before.progressive.rounds and config.progressive.rounds and done <= config.epochs:
        # A round more changes none of those before; that the rest is the same is looked at below.
        now["progressive"]["rounds"] = was["progressive"]["rounds"]
    elif done <= config.epochs and all(
        before.rate(epoch) == config.rate(epoch)
        and before.ends_cycle(epoch) == config.ends_cycle(epoch)
        for epoch in range(1, done + 1)
    ):
        now |= {key: was[key] for key in ("schedule", "cycles")}
    return _difference(was, now)


def _difference(was: Any, now: Any, where: str = "") -> str | None:
    if isinstance(was, dict) and isinstance(now, dict):
        for key in {**was, **now}:
            inner = f"{where}.{key}" if where else str(key)
            different = _difference(was.get(key), now.get(key), inner)
            if different is not None:
                return different
        return None
    return None if was == now else f"{where} was {was}, now is {now}"
