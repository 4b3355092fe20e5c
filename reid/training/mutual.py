"""What two networks that learn side by side learn from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from mtmc.reid.training.losses import pairwise_distances

if TYPE_CHECKING:
    from mtmc.reid.models.base import Outputs
    from mtmc.reid.training.recipe import MutualConfig


def mutual_losses(config: MutualConfig, own: Outputs, partner: Outputs) -> dict[str, Tensor]:
    """What one of the two contributes to its loss; the other is taken as it is.

    Args:
        config: what counts how much.
        own: of the network that learns.
        partner: of the other one, about the same batch.

    Returns:
        ``mutual``, the weighted sum, and, for logs, ``kl`` and ``distances``.

    Source: see `MutualConfig`. Of Eq. 3's two terms, one has a gradient for each network: this one.
    """
    partner = partner.each(Tensor.detach)
    zero = own.embeddings.new_zeros((), dtype=torch.float32)
    parts = {"kl": zero, "distances": zero}
    if config.kl_weight > 0:
        opinion = torch.stack(partner.logits).float().mean(dim=0)
        parts["kl"] = torch.stack([divergence(x.float(), opinion) for x in own.logits]).sum()
    if config.metric_weight > 0:
        parts["distances"] = (_distances(own) - _distances(partner)).square().mean()
    mutual = config.kl_weight * parts["kl"] + config.metric_weight * parts["distances"]
    return {"mutual": mutual, **parts}


def divergence(logits: Tensor, expected: Tensor) -> Tensor:
    """Kullback-Leibler divergence ``sum p2 log(p2 / p1)``, the mean over the batch.

    Args:
        logits: ``(N, people)``, of p1.
        expected: likewise, of p2.
    """
    return functional.kl_div(
        torch.log_softmax(logits, dim=1),
        torch.log_softmax(expected, dim=1),
        reduction="batchmean",
        log_target=True,
    )


def _distances(outputs: Outputs) -> Tensor:
    return pairwise_distances(torch.cat(outputs.metric, dim=1).float())
