"""Which cells answer for which person, and what their answers cost."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import generalized_box_iou_loss

from mtmc.detectors.training.network import STRIDES, cell_centers

# Longer side of the people each grid answers for, px; neighbours overlap, so that nobody falls
# between two.
RANGES = ((0.0, 90.0), (60.0, 190.0), (130.0, 1e9))
RADIUS = 1.5  # strides around a person's middle
FOCUS = 2.0  # beta of the quality focal loss
BOX_WEIGHT = 2.0
NO_TARGET, IGNORED = -1, -2


def assign(boxes: Tensor, ignored: Tensor, size: tuple[int, int]) -> Tensor:
    """The person each cell answers for: those near a box's middle on the grid of its size.

    Center sampling as in FCOS's revision (Tian et al., TPAMI 2020, section 3.2); of two people
    the one whose middle is nearer to the cell, in units of the box.

    Args:
        boxes: ``(N, 4)`` xyxy px.
        ignored: ``(N,)`` bool, people who are neither to be found nor to be missed.
        size: ``(height, width)`` px of the image.

    Returns:
        ``(A,)`` int64, -1 for nobody and -2 where the answer does not matter.
    """
    answers = []
    low, high = boxes[:, :2], boxes[:, 2:]
    middle, extent = (low + high) / 2, high - low
    longer = extent.amax(dim=1) if len(boxes) else extent.new_zeros(0)
    for stride, (least, most) in zip(STRIDES, RANGES, strict=True):
        cells = cell_centers(size[0] // stride, size[1] // stride, stride, boxes.device)
        answer = torch.full((len(cells),), NO_TARGET, dtype=torch.long, device=boxes.device)
        if len(boxes):
            away = (cells[:, None] - middle).abs()  # (cells, N, 2)
            inside = ((cells[:, None] > low) & (cells[:, None] < high)).all(dim=2)
            fits = (
                inside & (away < RADIUS * stride).all(dim=2) & (longer >= least) & (longer < most)
            )
            distance = (away / extent).amax(dim=2)
            distance = distance.masked_fill(~(fits & ~ignored), torch.inf)
            nearest, person = distance.min(dim=1)
            answer[(inside & ignored).any(dim=1)] = IGNORED
            answer = torch.where(nearest.isfinite(), person, answer)
        answers.append(answer)
    return torch.cat(answers)


def detection_loss(
    logits: Tensor,
    boxes: Tensor,
    people: list[Tensor],
    ignored: list[Tensor],
    size: tuple[int, int],
) -> Tensor:
    """Quality focal loss on scores (Li et al., NeurIPS 2020, eq. 2) and GIoU loss on boxes.

    A score's target is the IoU that its box reaches, so that better boxes win.

    Args:
        logits: ``(B, A)``.
        boxes: ``(B, A, 4)`` xyxy px.
        people: of each image, ``(N, 4)`` xyxy px.
        ignored: of each image, ``(N,)`` bool.
        size: ``(height, width)`` px of the images.

    Returns:
        The mean over the cells that answer for somebody.
    """
    answers = torch.stack([assign(p, i, size) for p, i in zip(people, ignored, strict=True)])
    found = answers >= 0
    targets = torch.zeros_like(logits, dtype=torch.float32)
    count = found.sum().clamp(min=1)
    box_loss = logits.new_zeros((), dtype=torch.float32)
    if found.any():
        wanted = torch.cat([p[a[a >= 0]] for p, a in zip(people, answers, strict=True)])
        given = boxes[found].float()
        targets[found] = paired_iou(given.detach(), wanted)
        box_loss = generalized_box_iou_loss(given, wanted, reduction="sum")
    logits = logits.float()
    entropy = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    focal = (targets - logits.sigmoid()).abs() ** FOCUS * entropy
    return (focal[answers != IGNORED].sum() + BOX_WEIGHT * box_loss) / count


def paired_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU of each row of ``(N, 4)`` with the same row of the other, ``(N,)``."""
    overlap = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0)
    common = overlap.prod(dim=1)
    areas = (a[:, 2:] - a[:, :2]).prod(dim=1) + (b[:, 2:] - b[:, :2]).prod(dim=1)
    return common / (areas - common).clamp(min=1e-6)
