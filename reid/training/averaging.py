"""Averages of weights: EMA, SWA, and SWAG's diagonal Gaussian around that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterable


class WeightAverage:
    """Running mean and second moment of a network's learned numbers.

    Source: Izmailov et al., "Averaging weights leads to wider optima" (SWA), Algorithm 1; Maddox
    et al., "A Simple Baseline for Bayesian Uncertainty" (SWAG), Eqs. 1 and 2, diagonal part.
    """

    def __init__(self) -> None:
        self.count = 0
        self._mean: dict[str, Tensor] = {}
        self._square: dict[str, Tensor] = {}

    def update(self, network: nn.Module, share: float | None = None) -> None:
        """Take the network's present weights in.

        Args:
            network: of the kind that was averaged.
            share: what they weigh; None weighs all alike. Only then can samples be drawn.
        """
        self.count += 1
        for name, parameter in network.named_parameters():
            value = parameter.detach()
            moments = [(self._mean, value)]
            if share is None:
                moments.append((self._square, value.square()))
            for known, moment in moments:
                if self.count == 1:
                    known[name] = moment.clone()
                else:
                    known[name].lerp_(moment, share or 1 / self.count)

    def put_mean(self, network: nn.Module) -> None:
        """Give the network the mean weights; its batch statistics are then stale."""
        self._put(network, self._mean)

    def put_sample(self, network: nn.Module, rng: torch.Generator) -> None:
        """Give the network weights drawn from the Gaussian; its batch statistics are stale.

        Args:
            network: of the kind that was averaged.
            rng: on the CPU, so that a seed means the same everywhere.
        """
        sample = {}
        for name, mean in self._mean.items():
            deviation = (self._square[name] - mean.square()).clamp(min=0).sqrt()
            noise = torch.randn(mean.shape, generator=rng).to(mean)
            sample[name] = mean + deviation * noise
        self._put(network, sample)

    @staticmethod
    @torch.no_grad()
    def _put(network: nn.Module, values: dict[str, Tensor]) -> None:
        for name, parameter in network.named_parameters():
            parameter.copy_(values[name])

    def state_dict(self) -> dict[str, Any]:
        """Plain types, for resuming."""
        return {"count": self.count, "mean": self._mean, "square": self._square}

    def load_state_dict(self, state: dict[str, Any], device: torch.device) -> None:
        """The inverse of `state_dict`."""
        self.count = state["count"]
        self._mean = {name: value.to(device) for name, value in state["mean"].items()}
        self._square = {name: value.to(device) for name, value in state["square"].items()}


@torch.no_grad()
def refresh_batch_norm(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Estimate all batch statistics anew for the weights the network has now.

    Args:
        network: left in evaluation mode.
        batches: normalised training images ``(N, 3, H, W)``.
    """
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # an average over all batches
        norm.train()
    for images in batches:
        network(images)
    network.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
