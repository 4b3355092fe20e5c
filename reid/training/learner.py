from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mtmc.reid.checkpoint import Checkpoint, classification_layers
from mtmc.reid.embedder import LITE, SHIPPED, WEIGHTS
from mtmc.reid.errors import ReidError
from mtmc.reid.models import build
from mtmc.reid.models.trunks import Trunk
from mtmc.reid.training.averaging import WeightAverage, refresh_batch_norm
from mtmc.reid.training.distillation import distillation_losses
from mtmc.reid.training.group import Group
from mtmc.reid.training.losses import total_loss
from mtmc.reid.training.mutual import mutual_losses
from mtmc.reid.training.pretrained import IMAGENET, load_imagenet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mtmc.reid.models.base import EmbeddingNet, Outputs
    from mtmc.reid.training.config import ModelConfig, OptimizerConfig, TrainConfig
    from mtmc.reid.training.distillation import Answers


class Learner:
    """A network with all that changes while it learns: classifiers, optimiser, weight average.

    Args:
        config: model, losses, optimiser, precision and averaging.
        device: where it lives.
        group: processes that learn together; None for this one alone.

    Raises:
        ReidError: the model cannot be made, or its starting weights do not fit.
    """

    def __init__(
        self, config: TrainConfig, device: torch.device, group: Group | None = None
    ) -> None:
        if config.precision == "fp16" and device.type != "cuda":
            raise ReidError("precision: fp16 needs a GPU; use fp32 or bf16 on the CPU")
        self._config, self._device, self._group = config, device, group or Group()
        self._group.check_batch(config.sampler.batch_size)
        torch.manual_seed(config.seed)
        network = build(config.model.name, **config.model.args)
        if not any(p.requires_grad for p in network.parameters()):
            raise ReidError(
                f"model.name: {config.model.name} has no weights that a training could change; "
                "to learn a metric on it, give settings under 'metric'"
            )
        check_roles(config, network)
        if config.model.start_from == IMAGENET:
            load_imagenet(config.model.name, network)
        elif config.model.start_from is not None:
            network.load_state_dict(starting_weights(config.model, network))
        if self._group.size > 1 and device.type == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        self.network = network.to(device).to(memory_format=torch.channels_last)
        self._average, self._classifier_average = WeightAverage(), WeightAverage()
        self._scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")

    def begin(self, people: int) -> None:
        """Add classification layers and the optimiser.

        Args:
            people: number of classes.
        """
        bias = self._config.loss.classifier_bias
        self._classifiers = nn.ModuleList()
        if self._config.classifies:
            self._classifiers = classification_layers(self.network, people, bias=bias)
        self._classifiers.to(self._device)
        learned = [*self.network.parameters(), *self._classifiers.parameters()]
        self._learned = [p for p in learned if p.requires_grad]
        self._optimizer = _optimizer(self._learned, self._config.optimizer)

    def follow(self, config: TrainConfig) -> None:
        """Learn by another loss and schedule from now on; the rest must stay."""
        self._config = config

    def begin_epoch(self, epoch: int) -> None:
        """Set what changes with the epoch, 1-based, and training mode."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._config.rate(epoch)
            if "betas" in group:
                group["betas"] = (self._config.beta1(epoch), group["betas"][1])
        self.network.train()

    def forward(self, images: Tensor) -> Outputs:
        """What the network says of a batch ``(N, 3, H, W)``, normalised."""
        precision = self._config.precision
        kind = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision, torch.float32)
        with torch.autocast(self._device.type, kind, enabled=precision != "fp32"):
            outputs = self.network.training_outputs(self._group.mine(images))
            outputs = outputs.classified_by(self._classifiers)
        return outputs.each(self._group.whole)

    def learn(
        self,
        outputs: Outputs,
        labels: Tensor,
        answers: Answers | None = None,
        partner: Outputs | None = None,
    ) -> dict[str, Tensor]:
        """Learn from what the network said of a batch.

        Args:
            outputs: as `forward` gave them.
            labels: ``(N,) int64``.
            answers: the teacher's, where there is one.
            partner: what the partner said of it, where there is one.

        Returns:
            The loss and its parts, as scalars on the device.
        """
        losses = self._losses(outputs, labels, answers)
        if partner is not None:
            told = mutual_losses(self._config.mutual, outputs, partner)
            losses = {**losses, **told, "loss": losses["loss"] + told["mutual"]}
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(losses["loss"]).backward()  # type: ignore[no-untyped-call]
        self._group.sum_gradients(self._learned)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        if self._config.average.method == "ema":
            self._take_into_average(self._config.average.share(self._average.count + 1))
        return {name: loss.detach() for name, loss in losses.items()}

    def _losses(
        self, outputs: Outputs, labels: Tensor, answers: Answers | None
    ) -> dict[str, Tensor]:
        """The sum under ``loss``, and its parts."""
        distillation = self._config.distillation
        losses: dict[str, Tensor] = {}
        if distillation.from_labels:
            losses = total_loss(self._config.loss, outputs, labels)
        if answers is None:
            return losses
        told = distillation_losses(distillation, outputs.embeddings, outputs.logits, answers)
        learned = distillation.label_weight * losses.get("loss", 0.0)
        return {**losses, **told, "loss": told["teacher"] + learned}

    def end_cycle(self) -> None:
        """Take the present weights into the average of the cycles' models."""
        if self._config.average.of_cycles:
            self._take_into_average()

    def _take_into_average(self, share: float | None = None) -> None:
        self._average.update(self.network, share)
        self._classifier_average.update(self._classifiers, share)

    def weights(self) -> dict[str, Tensor]:
        """The present weights."""
        return self.network.state_dict()

    def classifiers(self, *, averaged: bool) -> dict[str, Tensor]:
        """The present weights of the classification layers, or what goes with `averaged`."""
        layers = copy.deepcopy(self._classifiers)
        if averaged and self._config.average.method != "none":
            self._classifier_average.put_mean(layers)
        return layers.state_dict()

    def averaged(
        self, batches: Callable[[], Iterable[Tensor]]
    ) -> tuple[dict[str, Tensor], list[dict[str, Tensor]]]:
        """The weights to serve, as `AverageConfig` asks for.

        Args:
            batches: training images, anew at each call, to refresh batch statistics with.

        Returns:
            The weights, and those of the SWAG samples (none for other methods).
        """
        config = self._config.average
        if config.method == "none":
            return self.weights(), []
        network = copy.deepcopy(self.network)
        self._average.put_mean(network)
        refresh_batch_norm(network, batches())
        mean = {name: value.clone() for name, value in network.state_dict().items()}
        members: list[dict[str, Tensor]] = []
        if config.method == "swag":
            rng = torch.Generator().manual_seed(self._config.seed)
            for _ in range(config.samples):
                self._average.put_sample(network, rng)
                refresh_batch_norm(network, batches())
                members.append({k: v.clone() for k, v in network.state_dict().items()})
        return mean, members

    def state_dict(self) -> dict[str, Any]:
        """Everything that `step` changes, as plain types."""
        return {
            "network": self.network.state_dict(),
            "classifiers": self._classifiers.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
            "average": self._average.state_dict(),
            "classifier_average": self._classifier_average.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.network.load_state_dict(state["network"])
        self._classifiers.load_state_dict(state["classifiers"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._scaler.load_state_dict(state["scaler"])
        self._average.load_state_dict(state["average"], self._device)
        self._classifier_average.load_state_dict(state["classifier_average"], self._device)


def starting_weights(config: ModelConfig, network: EmbeddingNet) -> dict[str, Tensor]:
    """The weights of the checkpoint that ``start_from`` names.

    A checkpoint of the network that the trunk was taken from gives the trunk its weights; the rest
    stays as it is.

    Raises:
        ReidError: it cannot be read, or is of another model.
    """
    path = Path(config.start_from or "")
    if str(path) == SHIPPED:
        path = WEIGHTS / f"{SHIPPED}.pt"
    if str(path) == LITE and not path.exists():
        raise ReidError(
            f"model.start_from: {LITE} comes as .onnx only, which no training starts from; "
            f"expected {SHIPPED}, imagenet or a checkpoint"
        )
    checkpoint = Checkpoint.open(path)
    trunk = getattr(network, "trunk", None)
    if isinstance(trunk, Trunk) and checkpoint.model == trunk.name:
        return {**network.state_dict(), **_of_trunk(trunk, checkpoint.weights, path)}
    if checkpoint.model != config.name:
        also = f", or of {trunk.name}, its trunk" if isinstance(trunk, Trunk) else ""
        raise ReidError(
            f"{path}: holds a {checkpoint.model}, but model.name is {config.name}; "
            f"start from a checkpoint of the same model{also}"
        )
    try:
        return replace(checkpoint, args=config.args, members=[]).build().state_dict()
    except ReidError as error:
        raise ReidError(f"{path}: {error}") from error


def _of_trunk(trunk: Trunk, weights: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """A trunk's weights by their names in the whole network."""
    for name, value in trunk.net.state_dict().items():
        if name not in weights or weights[name].shape != value.shape:
            raise ReidError(f"{path}: has no {name} of shape {tuple(value.shape)}")
    return {f"trunk.net.{name}": weights[name] for name in trunk.net.state_dict()}


def check_roles(config: TrainConfig, network: EmbeddingNet) -> None:
    """Hold the losses to what the network offers them.

    Raises:
        ReidError: a loss has no vector to work on.
    """
    name, roles = config.model.name, network.vectors
    if config.classifies and not any(vector.classified for vector in roles):
        raise ReidError(
            f"model.name: no vector of {name} is classified; set loss.cross_entropy=0, and "
            "distillation.soft_weight=0 where there is a teacher"
        )
    if config.loss.compares and not any(vector.metric for vector in roles):
        raise ReidError(f"model.name: no vector of {name} is compared; set loss.triplet=none")
    if network.local_dim and not (config.loss.compares and config.loss.triplet == "hard"):
        raise ReidError(
            f"model.name: {name} learns its local features from the hardest triplets; set "
            "loss.triplet=hard, or model.args.local_dim=0 to leave them out"
        )


def _optimizer(parameters: list[nn.Parameter], config: OptimizerConfig) -> torch.optim.Optimizer:
    if config.name == "sgd":
        return torch.optim.SGD(
            parameters,
            momentum=config.momentum,
            nesterov=config.nesterov,
            weight_decay=config.weight_decay,
        )
    kind = torch.optim.Adam if config.name == "adam" else torch.optim.AdamW
    return kind(parameters, weight_decay=config.weight_decay)  # each epoch sets its first beta
