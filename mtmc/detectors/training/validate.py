"""How good the network is on held-out frames, and how much its scores can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torchvision.ops import box_iou

from mtmc.detectors.boxes import non_maximum_suppression
from mtmc.detectors.network.preprocess import letterbox
from mtmc.detectors.training.data import SMALLEST, VISIBLE, Labelled, read_image, to_tensor
from mtmc.detectors.training.network import PersonNet
from mtmc.types import Floats

KEPT = 0.02  # lowest raw score looked at
OVERLAP = 0.5  # of non-maximum suppression, stored with the network
FIT_STEPS = 50


@dataclass(frozen=True)
class Validation:
    """Scores on a validation split, IoU 0.5.

    Attributes:
        average_precision: area under precision over recall, all points.
        precision, recall: at the threshold of the best F1.
        slope, offset: of the calibration: ``sigmoid(slope * logit + offset)`` is 0.5 at that
            threshold, which is what trackers take as sure, and as steep as the odds of a hit.
    """

    average_precision: float
    precision: float
    recall: float
    slope: float
    offset: float


@torch.no_grad()
def validate(
    network: PersonNet, images: Sequence[Labelled], size: tuple[int, int], batch: int
) -> Validation:
    """Find the people of a split.

    Who is less than a quarter visible or less than 12 px high in the network's input is neither
    to be found nor to be missed.

    Args:
        network: in eval mode.
        images: the split.
        size: ``(height, width)`` px of the network's input.
        batch: images at a time.
    """
    device = next(network.parameters()).device
    logits: list[Floats] = []
    hits: list[NDArray[np.bool_]] = []
    people = 0
    for start in range(0, len(images), batch):
        part = images[start : start + batch]
        boxed = [letterbox(read_image(i.path), size, True) for i in part]
        inputs = torch.stack([to_tensor(picture) for picture, _, _ in boxed]).to(device)
        answer = [a.float().cpu().numpy() for a in network(inputs)]
        for labelled, (_, scale, shift), logit, boxes in zip(part, boxed, *answer, strict=True):
            keep = logit > np.log(KEPT / (1 - KEPT))
            logit, boxes = logit[keep], boxes[keep]  # noqa: PLW2901
            chosen = non_maximum_suppression(boxes, logit, OVERLAP)
            truth = labelled.boxes * np.array(scale * 2, np.float32) + np.array(
                shift * 2, np.float32
            )
            tall = truth[:, 3] - truth[:, 1] >= SMALLEST
            counts = (labelled.visibility >= VISIBLE) & tall
            hit, matters = match(boxes[chosen], truth, counts)
            logits.append(logit[chosen][matters])
            hits.append(hit[matters])
            people += int(counts.sum())
    all_logits, all_hits = np.concatenate(logits), np.concatenate(hits)
    area, precision, recall, logit_at_best = _scores(all_logits, all_hits, people)
    slope = calibrate(all_logits, all_hits)
    return Validation(area, precision, recall, slope, -slope * logit_at_best)


def match(
    found: Floats, truth: Floats, counts: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Strongest detection first, each takes the free person it overlaps most, IoU at least 0.5.

    Args:
        found: ``(M, 4)`` xyxy px, strongest first.
        truth: ``(N, 4)`` xyxy px.
        counts: ``(N,)`` bool, who is to be found; boxes on others do not matter.

    Returns:
        ``(M,)`` bool, who was hit, and ``(M,)`` bool, whether it matters.
    """
    hit, matters = np.zeros(len(found), bool), np.ones(len(found), bool)
    if not len(found) or not len(truth):
        return hit, matters
    overlap = box_iou(torch.from_numpy(found), torch.from_numpy(truth)).numpy()
    free = counts.copy()
    for row in range(len(found)):
        here = np.where(free, overlap[row], 0)
        if here.max() >= 0.5:
            free[here.argmax()] = False
            hit[row] = True
        else:
            matters[row] = not (overlap[row][~counts] >= 0.5).any()
    return hit, matters


def _scores(
    logits: Floats, hits: NDArray[np.bool_], people: int
) -> tuple[float, float, float, float]:
    """Average precision; precision and recall where F1 is best, and the logit where that is."""
    if not len(logits) or not people:
        return 0.0, 0.0, 0.0, 0.0
    order = np.argsort(-logits, kind="stable")
    right = hits[order].cumsum()
    precision, recall = right / np.arange(1, len(right) + 1), right / people
    best = np.argmax(2 * precision * recall / np.maximum(precision + recall, 1e-9))
    ceiling = np.maximum.accumulate(precision[::-1])[::-1]
    area = float((np.diff(recall, prepend=0.0) * ceiling).sum())
    return area, float(precision[best]), float(recall[best]), float(logits[order[best]])


def calibrate(logits: Floats, hits: NDArray[np.bool_]) -> float:
    """How steeply the odds of a hit rise with the logit.

    Platt, "Probabilistic outputs for support vector machines" (1999), with his smoothed targets.
    """
    good, bad = int(hits.sum()), int((~hits).sum())
    if not good or not bad:
        return 1.0
    x = torch.from_numpy(np.asarray(logits, np.float64))
    y = torch.where(torch.from_numpy(hits), (good + 1) / (good + 2), 1 / (bad + 2)).double()
    values = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    fit = torch.optim.LBFGS([values], max_iter=FIT_STEPS, line_search_fn="strong_wolfe")

    def error() -> torch.Tensor:
        fit.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(values[0] * x + values[1], y)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    with torch.enable_grad():
        fit.step(error)  # type: ignore[no-untyped-call]
    return float(values[0].detach())
