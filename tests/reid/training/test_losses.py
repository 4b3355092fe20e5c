"""Triplet losses against loops over anchors."""

from __future__ import annotations

import math

import pytest
import torch

from mtmc.reid.training.losses import total_loss, triplet_loss
from mtmc.reid.training.recipe import LossConfig


def slow(features, labels, mining, margin):
    def shape(gap):
        return math.log1p(math.exp(gap)) if margin is None else max(0.0, margin + gap)

    losses = []
    for a in range(len(labels)):
        pos = [j for j in range(len(labels)) if labels[j] == labels[a] and j != a]
        neg = [j for j in range(len(labels)) if labels[j] != labels[a]]
        dp = [math.dist(features[a], features[j]) for j in pos]
        dn = [math.dist(features[a], features[j]) for j in neg]
        if not pos or not neg:
            continue
        if mining == "all":
            losses += [shape(p - n) for p in dp for n in dn]
        elif mining == "hard":
            losses.append(shape(max(dp) - min(dn)))
        else:
            wp, wn = [math.exp(d) for d in dp], [math.exp(-d) for d in dn]
            pull = sum(w * d for w, d in zip(wp, dp, strict=True)) / sum(wp)
            push = sum(w * d for w, d in zip(wn, dn, strict=True)) / sum(wn)
            losses.append(shape(pull - push))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("mining", ["all", "hard", "soft"])
@pytest.mark.parametrize("margin", [None, 0.3])
@pytest.mark.parametrize("labels", [[0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 2, 2, 7]])
def test_equal_to_slow_loops(mining, margin, labels) -> None:
    torch.manual_seed(0)
    features = torch.randn(len(labels), 5)
    got = triplet_loss(features, torch.tensor(labels), mining, margin)
    expected = slow(features.tolist(), labels, mining, margin)
    assert float(got) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("mining", ["all", "hard", "soft"])
def test_gradients_are_finite_where_images_are_equal_or_nobody_counts(mining) -> None:
    for labels in ([0, 0, 1, 1], [0, 0, 0, 0], [0, 1, 2, 3]):
        features = torch.ones(4, 3, requires_grad=True)
        loss = triplet_loss(features, torch.tensor(labels), mining, None)
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(features.grad).all()


def test_the_sum_over_parts_and_its_switches() -> None:
    torch.manual_seed(0)
    labels = torch.tensor([0, 0, 1, 1])
    metric, logits = [torch.randn(4, 3) for _ in range(2)], [torch.randn(4, 2) for _ in range(2)]
    both = total_loss(LossConfig(triplet_weight=0.5), metric, logits, labels)
    triplets = sum(triplet_loss(m, labels, "soft", None) for m in metric)
    entropy = sum(torch.nn.functional.cross_entropy(x, labels, label_smoothing=0.1) for x in logits)
    torch.testing.assert_close(both["loss"], entropy + 0.5 * triplets)
    only = total_loss(LossConfig(triplet="none"), metric, logits, labels)
    torch.testing.assert_close(only["loss"], entropy)
    with pytest.raises(ValueError, match="nothing to minimise"):
        LossConfig(cross_entropy=0, triplet="none")
