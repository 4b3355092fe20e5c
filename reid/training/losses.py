"""Triplet losses over a batch, vectorised, and what training sums up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from mtmc.reid.local_distance import paired_local_distances

if TYPE_CHECKING:
    from mtmc.reid.models.base import Outputs
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
    positive, negative = _pairs(labels)
    if mining == "all":
        gap = distances[:, :, None] - distances[:, None, :]  # (anchor, positive, negative)
        counts = positive[:, :, None] & negative[:, None, :]
    else:
        if mining == "hard":
            columns = hardest(distances, positive, negative, ranks)
            pull, push = (distances.gather(1, c[:, None]).squeeze(1) for c in columns)
        else:
            pull, push = _soft(distances, positive, negative)
        gap, counts = pull - push, positive.any(dim=1) & negative.any(dim=1)
    return _missing(gap, counts, margin, soft_margin)


def local_triplet_loss(
    local: Tensor,
    features: Tensor,
    labels: Tensor,
    margin: float | None,
    *,
    soft_margin: bool | None = None,
    ranks: tuple[int, int] = (1, 1),
) -> Tensor:
    """The ``hard`` triplet loss of aligned local features, on the triplets of the global ones.

    Args:
        local: ``(N, H, C)`` vectors of stripes.
        features: ``(N, D)``, by whose distances triplets are chosen.
        labels: ``(N,) int64``.
        margin: see `triplet_loss`.
        soft_margin: likewise.
        ranks: likewise.

    Source: Zhang et al., "AlignedReID", section 3.1.
    """
    positive, negative = _pairs(labels)
    distances = pairwise_distances(features.detach().float())
    pull, push = (
        paired_local_distances(local.float(), local[columns].float())
        for columns in hardest(distances, positive, negative, ranks)
    )
    return _missing(pull - push, positive.any(dim=1) & negative.any(dim=1), margin, soft_margin)


def _pairs(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Which images ``(N, N)`` are another one of the row's person, and which of someone else."""
    same = labels[:, None] == labels
    return same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device), ~same


def _missing(gap: Tensor, counts: Tensor, margin: float | None, soft_margin: bool | None) -> Tensor:
    """The mean of what gaps lack to the margin, over those that count."""
    if margin is not None:
        gap = gap + margin
    soft = margin is None if soft_margin is None else soft_margin
    losses = functional.softplus(gap) if soft else functional.relu(gap)
    # where, not indexing: shapes stay the same, and what does not count may be infinite.
    return torch.where(counts, losses, 0).sum() / counts.sum().clamp(min=1)


def hardest(
    distances: Tensor, positive: Tensor, negative: Tensor, ranks: tuple[int, int] = (1, 1)
) -> tuple[Tensor, Tensor]:
    """Columns ``(N,)`` of each anchor's farthest positive and nearest negative, where it has any.

    Args:
        distances: ``(N, N)``.
        positive: which of them are to the same person's other images.
        negative: which are to others.
        ranks: see `triplet_loss`.
    """
    lowest = torch.finfo(distances.dtype).min
    farthest = _ranked(distances.masked_fill(~positive, lowest), positive, ranks[0])
    nearest = _ranked((-distances).masked_fill(~negative, lowest), negative, ranks[1])
    return farthest, nearest


def _ranked(values: Tensor, counted: Tensor, rank: int) -> Tensor:
    """Where the value of this rank is in each row, or the last that counts if there are fewer."""
    first = values.topk(min(rank, values.shape[1]), dim=1).indices
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


def total_loss(config: LossConfig, outputs: Outputs, labels: Tensor) -> dict[str, Tensor]:
    """The loss and its parts.

    Args:
        config: what counts how much.
        outputs: features for the triplet loss, logits, and local features where there are any.
        labels: ``(N,) int64``.

    Returns:
        ``loss`` and, for logs, ``cross_entropy``, ``triplet`` and, where there are local features,
        ``local``; each a scalar.
    """
    zero = labels.new_zeros((), dtype=torch.float32)
    parts = {"cross_entropy": zero, "triplet": zero}
    if config.cross_entropy > 0:
        smoothing = config.label_smoothing
        losses = [
            functional.cross_entropy(x.float(), labels, label_smoothing=smoothing)
            for x in outputs.logits
        ]
        parts["cross_entropy"] = torch.stack(losses).sum()
    margins: dict[str, Any] = {
        "margin": config.margin,
        "soft_margin": config.soft_margin,
        "ranks": (config.positive_rank, config.negative_rank),
    }
    if config.compares:
        losses = [triplet_loss(x, labels, config.triplet, **margins) for x in outputs.metric]
        parts["triplet"] = torch.stack(losses).sum()
        if outputs.local is not None:
            parts["local"] = local_triplet_loss(outputs.local, outputs.metric[0], labels, **margins)
    compared = parts["triplet"] + parts.get("local", 0.0)
    loss = config.cross_entropy * parts["cross_entropy"] + config.triplet_weight * compared
    return {"loss": loss, **parts}
