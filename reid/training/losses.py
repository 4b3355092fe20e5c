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


def triplet_loss(
    features: Tensor,
    labels: Tensor,
    mining: Mining,
    margin: float | None,
    *,
    soft_margin: bool | None = None,
    ranks: tuple[int, int] = (1, 1),
) -> Tensor:
    """Pull images of one person together and push others away.

    Args:
        features: ``(N, D)``.
        labels: ``(N,) int64``.
        mining: ``all``, ``hard`` or ``soft``.
        margin: what is added to a pull beyond the push; None for 0.
        soft_margin: softplus of that in place of the hinge; None where there is no margin.
        ranks: of ``hard``: which farthest positive and which nearest negative count, from 1 on.

    Returns:
        The mean over anchors (``hard``, ``soft``) or over triplets (``all``); anchors without a
        positive or a negative do not count. A scalar, 0 where nothing counts.

    Source: Lawen et al., Eqs. 2-5; Hermans et al., "In Defense of the Triplet Loss"; Ristani and
    Tomasi, "Features for Multi-Target Multi-Camera Tracking"; ranks and margin of the softplus: Li
    et al., "Progressive Learning Algorithm for Efficient Person Re-Identification", Eqs. 3 and 4.
    """
    distances = pairwise_distances(features.float())  # (N, N)
    same = labels[:, None] == labels
    positive = same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    negative = ~same
    if mining == "all":
        gap = distances[:, :, None] - distances[:, None, :]  # (anchor, positive, negative)
        counts = positive[:, :, None] & negative[:, None, :]
    else:
        if mining == "hard":
            pull, push = _hard(distances, positive, negative, ranks)
        else:
            pull, push = _soft(distances, positive, negative)
        gap, counts = pull - push, positive.any(dim=1) & negative.any(dim=1)
    if margin is not None:
        gap = gap + margin
    soft = margin is None if soft_margin is None else soft_margin
    losses = functional.softplus(gap) if soft else functional.relu(gap)
    # where, not indexing: shapes stay the same, and what does not count may be infinite.
    return torch.where(counts, losses, 0).sum() / counts.sum().clamp(min=1)


def _hard(
    distances: Tensor, positive: Tensor, negative: Tensor, ranks: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """The farthest positive and the nearest negative of each anchor (0 where there is none)."""
    pull = _ranked(distances.masked_fill(~positive, 0), positive, ranks[0], largest=True)
    far = distances.masked_fill(~negative, torch.finfo(distances.dtype).max)
    push = _ranked(far, negative, ranks[1], largest=False)
    return pull, push.masked_fill(~negative.any(dim=1), 0)


def _ranked(values: Tensor, counted: Tensor, rank: int, *, largest: bool) -> Tensor:
    """The value of this rank in each row, or the last that counts where there are fewer."""
    first = values.topk(min(rank, values.shape[1]), dim=1, largest=largest).values
    place = counted.sum(dim=1, keepdim=True).clamp(min=1, max=first.shape[1]) - 1
    return first.gather(1, place).squeeze(1)


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
    zero = labels.new_zeros((), dtype=torch.float32)
    parts = {"cross_entropy": zero, "triplet": zero}
    if config.cross_entropy > 0:
        smoothing = config.label_smoothing
        parts["cross_entropy"] = torch.stack(
            [functional.cross_entropy(x.float(), labels, label_smoothing=smoothing) for x in logits]
        ).sum()
    if config.compares:
        parts["triplet"] = torch.stack(
            [
                triplet_loss(
                    x,
                    labels,
                    config.triplet,
                    config.margin,
                    soft_margin=config.soft_margin,
                    ranks=(config.positive_rank, config.negative_rank),
                )
                for x in metric
            ]
        ).sum()
    loss = config.cross_entropy * parts["cross_entropy"] + config.triplet_weight * parts["triplet"]
    return {"loss": loss, **parts}
