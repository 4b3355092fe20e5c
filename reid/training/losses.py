"""Triplet losses over a batch, vectorised, and what training sums up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from mtmc.reid.training.recipe import LossConfig, Mining


def pairwise_distances(features: Tensor) -> Tensor:
    """Euclidean distances ``(N, N)`` of rows ``(N, D)``, with a finite gradient also at zero."""
    squares = features.square().sum(dim=1)
    squared = squares[:, None] + squares - 2 * features @ features.T
    return squared.clamp(min=1e-12).sqrt()


def triplet_loss(features: Tensor, labels: Tensor, mining: Mining, margin: float | None) -> Tensor:
    """Pull images of one person together and push others away.

    Args:
        features: ``(N, D)``.
        labels: ``(N,) int64``.
        mining: ``all``, ``hard`` or ``soft``.
        margin: of the hinge, or None for softplus.

    Returns:
        The mean over anchors (``hard``, ``soft``) or over triplets (``all``); anchors without a
        positive or a negative do not count. A scalar, 0 where nothing counts.

    Source: Lawen et al., Eqs. 2-5; Hermans et al., "In Defense of the Triplet Loss"; Ristani and
    Tomasi, "Features for Multi-Target Multi-Camera Tracking".
    """
    distances = pairwise_distances(features.float())  # (N, N)
    same = labels[:, None] == labels
    positive = same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    negative = ~same
    if mining == "all":
        gap = distances[:, :, None] - distances[:, None, :]  # (anchor, positive, negative)
        counts = positive[:, :, None] & negative[:, None, :]
    else:
        pull, push = (_hard if mining == "hard" else _soft)(distances, positive, negative)
        gap, counts = pull - push, positive.any(dim=1) & negative.any(dim=1)
    losses = functional.softplus(gap) if margin is None else functional.relu(gap + margin)
    # where, not indexing: shapes stay the same, and what does not count may be infinite.
    return torch.where(counts, losses, 0).sum() / counts.sum().clamp(min=1)


def _hard(distances: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    """The farthest positive and the nearest negative of each anchor (0 where there is none)."""
    pull = distances.masked_fill(~positive, 0).amax(dim=1)
    push = distances.masked_fill(~negative, torch.finfo(distances.dtype).max).amin(dim=1)
    return pull, push.masked_fill(~negative.any(dim=1), 0)


def _soft(distances: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    """Distances averaged with weights exp(d) over positives and exp(-d) over negatives (Eq. 4)."""
    return (
        (_masked_softmax(distances, positive) * distances).sum(dim=1),
        (_masked_softmax(-distances, negative) * distances).sum(dim=1),
    )


def _masked_softmax(values: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the masked entries of each row; zeros elsewhere and in rows without any."""
    lowest = torch.finfo(values.dtype).min
    return torch.softmax(values.masked_fill(~mask, lowest), dim=1) * mask


def total_loss(
    config: LossConfig, metric: list[Tensor], logits: list[Tensor], labels: Tensor
) -> dict[str, Tensor]:
    """The loss and its parts.

    Args:
        config: what counts how much.
        metric: per vector of the network ``(N, D)`` features for the triplet loss.
        logits: per vector ``(N, classes)``.
        labels: ``(N,) int64``.

    Returns:
        ``loss`` and, for logs, ``cross_entropy`` and ``triplet``, each a scalar.
    """
    zero = metric[0].new_zeros((), dtype=torch.float32)
    parts = {"cross_entropy": zero, "triplet": zero}
    if config.cross_entropy > 0:
        smoothing = config.label_smoothing
        parts["cross_entropy"] = torch.stack(
            [functional.cross_entropy(x.float(), labels, label_smoothing=smoothing) for x in logits]
        ).sum()
    if config.triplet != "none" and config.triplet_weight > 0:
        parts["triplet"] = torch.stack(
            [triplet_loss(x, labels, config.triplet, config.margin) for x in metric]
        ).sum()
    loss = config.cross_entropy * parts["cross_entropy"] + config.triplet_weight * parts["triplet"]
    return {"loss": loss, **parts}
