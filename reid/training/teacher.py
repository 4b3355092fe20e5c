"""A finished model that answers what a student is to learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.embedder import file_and_output, load
from mtmc.reid.errors import ReidError
from mtmc.reid.training.distillation import Answers

if TYPE_CHECKING:
    from mtmc.reid.preprocess import Preprocess
    from mtmc.reid.training.batches import Batches
    from mtmc.reid.training.recipe import DistillationConfig

CHUNK = 64
SAMPLE = 256  # training images on which a head is tried
# A head made for other people is right about one image in P, if that; any teacher worth its name
# is right more often than twice in P, and than this.
RECOGNISED = 0.05
SCALES = torch.logspace(0, 2.5, 26)  # of cosines that become logits: 1 to 316


class Teacher:
    """Answers for batches of augmented crops, without gradients.

    Args:
        config: which teacher, and what is asked of it.
        crops: how the crops that it will be shown are normalised.
        device: where it computes (an ONNX model: where onnxruntime does).

    Raises:
        ReidError: the file cannot be used, or has no classification layer where its own opinions
            are asked for.
    """

    def __init__(self, config: DistillationConfig, crops: Preprocess, device: torch.device) -> None:
        self._config, self._crops, self._device = config, crops, device
        name = config.teacher or ""
        self._path, exit = file_and_output(name)
        onnx = self._path.suffix.lower() == ".onnx"
        if exit is not None and not onnx:
            raise ReidError(
                f"{name}: a teacher is a whole checkpoint; leave out @{exit}, or export it so"
            )
        self._model = _Onnx(name) if onnx else _Network(self._path, device)
        self._own_head = config.from_opinions and config.head == "own"
        self._head: tuple[Tensor, float] | None = None  # means (people, D) and their scale
        if self._own_head and self._model.people == 0:
            raise ReidError(
                f"{self._path}: has no classification layer to ask for opinions; set "
                "distillation.head=means, or distillation.soft_weight=0 with a similarity_weight"
            )

    @property
    def input_size(self) -> tuple[int, int]:
        """``(height, width)`` of what it sees."""
        return self._model.preprocess.size

    def meet(self, batches: Batches, people: int) -> None:
        """See the people to learn before the training starts, where opinions on them are asked.

        Raises:
            ReidError: its own classification layer is for other people.
        """
        if self._own_head:
            self._check_own_head(batches, people)
        elif self._config.from_opinions:
            self._head = self._fit_head(batches, people)

    @torch.no_grad()
    def __call__(self, crops: Tensor) -> Answers:
        """Answers about crops ``(N, 3, H, W)`` of any size."""
        answers = self._model(self._as_input(crops))
        if self._head is None:
            return answers if self._own_head else replace(answers, logits=None)
        means, scale = self._head
        return replace(answers, logits=scale * answers.embeddings @ means.T)

    def _as_input(self, crops: Tensor) -> Tensor:
        """The same crops at the teacher's size, in its channel order and normalisation."""
        ours, wanted = self._crops, self._model.preprocess
        images = resized(crops, wanted.size)
        if (ours.color, ours.mean, ours.std) == (wanted.color, wanted.mean, wanted.std):
            return images
        pixels = images * _plane(images, ours.std) + _plane(images, ours.mean)
        if ours.color != wanted.color:
            pixels = pixels.flip(1)
        return (pixels - _plane(images, wanted.mean)) / _plane(images, wanted.std)

    def _check_own_head(self, batches: Batches, people: int) -> None:
        if self._model.people != people:
            raise ReidError(
                f"{self._path}: tells {self._model.people} people apart, the training set has "
                f"{people}; train the teacher on the same people, or set distillation.head=means"
            )
        rows = torch.linspace(0, len(batches) - 1, min(SAMPLE, len(batches))).long()
        right = 0
        for part in torch.split(rows, CHUNK):
            images, labels = batches.plain(part)
            logits = self(images).logits
            assert logits is not None
            right += int((logits.argmax(dim=1) == labels).sum())
        share = right / len(rows)
        if share < max(RECOGNISED, 2 / people):
            raise ReidError(
                f"{self._path}: recognises {share:.1%} of the training images, so it learned other "
                "people; train the teacher on the same people, or set distillation.head=means"
            )

    def _fit_head(self, batches: Batches, people: int) -> tuple[Tensor, float]:
        """Each person's mean embedding, and the scale of cosines that is most likely right."""
        parts = [batches.plain(rows) for rows in torch.split(torch.arange(len(batches)), CHUNK)]
        embeddings = torch.cat([self(images).embeddings for images, _ in parts])
        labels = torch.cat([labels for _, labels in parts])
        sums = embeddings.new_zeros(people, embeddings.shape[1]).index_add_(0, labels, embeddings)
        means = functional.normalize(sums)
        rows = torch.linspace(0, len(labels) - 1, min(4 * SAMPLE, len(labels))).long()
        cosines = embeddings[rows] @ means.T
        losses = [functional.cross_entropy(s * cosines, labels[rows]) for s in SCALES.tolist()]
        return means, float(SCALES[torch.stack(losses).argmin().cpu()])


def resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Images ``(N, 3, H, W)`` at another size, averaged where they shrink."""
    if tuple(images.shape[2:]) == tuple(size):
        return images
    return functional.interpolate(
        images, size, mode="bilinear", align_corners=False, antialias=True
    ).contiguous(memory_format=torch.channels_last)


def _plane(images: Tensor, values: tuple[float, ...]) -> Tensor:
    return images.new_tensor(values).view(3, 1, 1)


class _Network:
    """A checkpoint of `reid train`, with its classification layers where it has them."""

    def __init__(self, path: Path, device: torch.device) -> None:
        checkpoint = Checkpoint.open(path)
        self.preprocess = checkpoint.preprocess
        try:
            # The mean of an ensemble is the one network that its classification layers belong to.
            network = replace(checkpoint, members=[]).build()
            self._classifiers = checkpoint.build_classifiers(network)
        except ReidError as error:
            raise ReidError(f"{path}: {error}") from error
        self._network = network.to(device).to(memory_format=torch.channels_last)
        self._classifiers.to(device)
        self.people = self._classifiers[0].out_features if len(self._classifiers) else 0

    def __call__(self, images: Tensor) -> Answers:
        outputs = self._network.training_outputs(images).classified_by(self._classifiers)
        embeddings = functional.normalize(outputs.embeddings)
        logits = torch.stack(outputs.logits).mean(dim=0) if outputs.logits else None
        return Answers(embeddings, logits)


class _Onnx:
    """Any ONNX model that `reid.load` opens."""

    people = 0

    def __init__(self, model: str) -> None:
        from mtmc.reid.onnx_embedder import OnnxEmbedder

        embedder = load(model)
        assert isinstance(embedder, OnnxEmbedder)
        self._embedder = embedder
        self.preprocess = embedder.preprocess

    def __call__(self, images: Tensor) -> Answers:
        rows = self._embedder.embed_input(images.cpu().contiguous().numpy())
        return Answers(torch.from_numpy(rows).to(images.device), None)
