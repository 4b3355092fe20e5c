"""Training of the person detector, from a detection set to an ONNX file."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset

from mtmc.detectors.training.data import Labelled, TrainingImages, collate, read_coco
from mtmc.detectors.training.export import write_onnx
from mtmc.detectors.training.loss import detection_loss
from mtmc.detectors.training.network import PersonNet
from mtmc.detectors.training.restore import read_state, restore
from mtmc.detectors.training.validate import Validation, validate
from mtmc.errors import UserError
from mtmc.reid.atomic import atomic_file
from mtmc.trackers.settings import Checked, setting

WARMUP = 60  # steps, or a tenth of all if that is less
CLIP = 10.0  # norm of the gradient
START = 64  # pictures that a network to start from is measured with


@dataclass(frozen=True)
class TrainingConfig(Checked):
    """How to train.

    Args:
        epochs: times the set is gone through; 0 measures and writes what `start` gives.
        batch: images per step.
        rate: highest learning rate; rises at first, then falls along a cosine.
        decay: weight decay of AdamW.
        validate_every: epochs between looks at the val split, which also write the file.
        average: decay of the moving average of the weights, which is what is exported.
        height, width: px of the training samples.
        input_height, input_width: px of the exported network's input.
        start: an earlier network whose weights to begin with, its ``.onnx`` or ``.state`` file;
            of several with commas between them the mean; empty for none.
        seed: of weights, order and augmentation.
        bfloat16: compute in 16 bits, nearly twice as fast on processors and GPUs that can.
        workers: processes that prepare images; 0 for none. The result does not depend on it.
        device: ``auto`` takes a GPU where there is one; ``cpu``, ``cuda``.
    """

    epochs: int = setting(12, ge=0)
    batch: int = setting(8, ge=1)
    rate: float = setting(1.5e-3, gt=0, lt=1)
    decay: float = 0.02
    validate_every: int = setting(1, ge=1)
    average: float = setting(0.995, ge=0, lt=1)
    height: int = setting(256, ge=64)
    width: int = setting(320, ge=64)
    input_height: int = setting(320, ge=64)
    input_width: int = setting(512, ge=64)
    start: str = ""
    seed: int = setting(0, ge=0)
    bfloat16: bool = False
    workers: int = setting(0, ge=0)
    device: str = "auto"

    def __post_init__(self) -> None:
        Checked.__post_init__(self)
        for name in ("height", "width", "input_height", "input_width"):
            if getattr(self, name) % 32:
                raise ValueError(f"{name} must be a multiple of 32")
        if not self.epochs and not self.start:
            raise ValueError("epochs must be 1 or more where start is not given")
        if self.device not in {"auto", "cpu", "cuda"}:
            raise ValueError("device must be auto, cpu or cuda")


@dataclass(frozen=True)
class Progress:
    """After each step: steps done and in all, the mean loss of late; after an epoch the scores."""

    step: int
    steps: int
    loss: float
    validation: Validation | None = None


def train(
    root: Path,
    out: Path,
    config: TrainingConfig,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Validation:
    """Train a detector; after every epoch ``out`` holds the network as it is by then.

    Args:
        root: a detection set, see `read_coco`.
        out: the ``.onnx`` file to write; beside it lies ``<out>.state`` to resume from.
        config: how to train.
        resume: go on from ``<out>.state``.
        progress: told after each step.

    Returns:
        What the finished network reaches on the set's val split.

    Raises:
        UserError: the set is unusable, or there is nothing fitting to resume.
    """
    images, held_out = read_coco(root, "train"), read_coco(root, "val")
    if not images or not held_out:
        raise UserError(f"{root}: needs images in both splits, train and val; make more frames")
    training = _Training(config, images)
    state = out.with_name(out.name + ".state")
    if resume:
        training.load(state)
    report = progress or (lambda _: None)
    pause = math.ceil(training.steps * config.validate_every / max(config.epochs, 1))
    for loss in training.run():
        scores = None
        if training.step % pause == 0 and training.step < training.steps:
            scores = _finish(training, held_out, out)
            training.save(state)
        report(Progress(training.step, training.steps, loss, scores))
    scores = _finish(training, held_out, out)
    training.save(state)
    report(Progress(training.step, training.steps, training.loss, scores))
    return scores


def _finish(training: _Training, held_out: list[Labelled], out: Path) -> Validation:
    """Look at the val split and write the network as it is."""
    config = training.config
    size = (config.input_height, config.input_width)
    scores = validate(training.averaged, held_out, size, config.batch)
    write_onnx(training.averaged, out, size, scores, asdict(config))
    return scores


class _Training:
    def __init__(self, config: TrainingConfig, images: list[Labelled]) -> None:
        self.config = config
        torch.manual_seed(config.seed)
        best = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = torch.device(best if config.device == "auto" else config.device)
        self.network = PersonNet().to(self.device).to(memory_format=torch.channels_last)
        size = (config.height, config.width)
        self.data = TrainingImages(images, size, config.seed, config.epochs)
        if config.start:
            first = TrainingImages(images, size, config.seed, 1)
            some = torch.stack([first[n][0] for n in range(min(START, len(first)))])
            restore(self.network.eval(), config.start, some.to(self.device))
            self.network.train()
        self.averaged = deepcopy(self.network).eval()
        self.steps = max(len(self.data) // config.batch, min(config.epochs, 1))
        self.optimizer = torch.optim.AdamW(
            _groups(self.network, config.decay), lr=config.rate, betas=(0.9, 0.99)
        )
        self.step, self.loss = 0, 0.0

    def run(self) -> Iterator[float]:
        """One step at a time; the mean loss of late."""
        config = self.config
        first = self.step * config.batch
        rest = Subset(self.data, range(first, min(self.steps * config.batch, len(self.data))))
        loader: Any = DataLoader(rest, config.batch, collate_fn=collate, num_workers=config.workers)
        for images, people, ignored in loader:
            loss = self._advance(images, people, ignored)
            self.loss = loss if self.step == 0 else 0.95 * self.loss + 0.05 * loss
            self.step += 1
            yield self.loss

    def _advance(self, images: Tensor, people: list[Tensor], ignored: list[Tensor]) -> float:
        share = self.step / self.steps
        cosine = 0.5 * (1 + math.cos(math.pi * share))
        rise = min((self.step + 1) / min(WARMUP, 1 + self.steps // 10), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.rate * rise * (0.01 + 0.99 * cosine)
        images = images.to(self.device, memory_format=torch.channels_last)
        people = [p.to(self.device) for p in people]
        ignored = [i.to(self.device) for i in ignored]
        size = (images.shape[2], images.shape[3])
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bfloat16):
            logits, boxes = self.network(images)
        loss = detection_loss(logits, boxes, people, ignored, size)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimizer.step()
        self._average()
        return loss.item()

    @torch.no_grad()
    def _average(self) -> None:
        """Moving average of weights and statistics, faster in the beginning."""
        keep = min(self.config.average, (1 + self.step) / (10 + self.step))
        old, new = self.averaged.state_dict(), self.network.state_dict()
        for name, value in old.items():
            if value.is_floating_point():
                value.lerp_(new[name], 1 - keep)

    def save(self, path: Path) -> None:
        state = {
            "config": asdict(self.config),
            "images": len(self.data),
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "loss": self.loss,
        }
        with atomic_file(path) as file:
            torch.save(state, file)

    def load(self, path: Path) -> None:
        state = read_state(path, self.device)
        free = {"workers": 0, "device": ""}
        if {**state["config"], **free} != {**asdict(self.config), **free}:
            raise UserError(f"{path}: was made with other settings; train without --resume")
        if state["images"] != len(self.data):
            raise UserError(f"{path}: was made on another set; train without --resume")
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.loss = state["step"], state["loss"]


def _groups(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Only the weights of convolutions decay."""
    heavy = [p for p in network.parameters() if p.ndim > 1]
    light = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": heavy, "weight_decay": decay}, {"params": light, "weight_decay": 0.0}]
