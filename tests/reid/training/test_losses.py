"""Triplet losses against loops over anchors, and numbers worked out apart."""

from __future__ import annotations

import math

import pytest
import torch

from mtmc.reid.configuration import build_config
from mtmc.reid.errors import ReidError
from mtmc.reid.local_distance import local_distances
from mtmc.reid.models.base import Outputs
from mtmc.reid.training.config import TrainConfig
from mtmc.reid.training.losses import local_triplet_loss, total_loss, triplet_loss
from mtmc.reid.training.recipe import LossConfig


def slow(features, labels, mining, margin, ranks=(1, 1), soft=None):
    def shape(gap):
        softened = margin is None if soft is None else soft
        gap += margin or 0
        return math.log1p(math.exp(gap)) if softened else max(0.0, gap)

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
            k, p = min(ranks[0], len(dp)), min(ranks[1], len(dn))
            losses.append(shape(sorted(dp)[-k] - sorted(dn)[p - 1]))
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


@pytest.mark.parametrize(
    ("ranks", "margin", "expected"),
    [
        ((1, 1), 0.0, 1.019120),
        ((1, 1), 0.3, 1.194429),
        ((2, 1), 0.0, 0.480770),
        ((1, 2), 0.0, 0.596364),
        ((2, 3), -0.1, 0.112420),
        ((8, 1), 0.0, 0.480770),  # there is no eighth: the last
    ],
)
def test_ranks_and_a_margin_within_the_softplus(ranks, margin, expected) -> None:
    rows = torch.tensor([[0.0, 0], [1, 0], [3, 0], [0, 2], [0, 5], [4, 4]])
    labels = torch.tensor([0, 0, 0, 1, 1, 1])
    got = triplet_loss(rows, labels, "hard", margin, soft_margin=True, ranks=ranks)
    assert float(got) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("ranks", [(1, 1), (2, 1), (1, 3), (3, 9)])
@pytest.mark.parametrize("soft", [True, False])
def test_ranks_equal_slow_loops_where_people_have_unequal_counts(ranks, soft) -> None:
    torch.manual_seed(1)
    labels = [0, 0, 0, 0, 1, 1, 2, 2, 2, 7]
    features = torch.randn(len(labels), 4)
    given = {"soft_margin": soft, "ranks": ranks}
    got = triplet_loss(features, torch.tensor(labels), "hard", 0.2, **given)
    expected = slow(features.tolist(), labels, "hard", 0.2, ranks, soft)
    assert float(got) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ({"positive_rank": 4}, "positive_rank=4, but with sampler.images=4 there are 3"),
        ({"negative_rank": 29}, "negative_rank=29, but a batch of 8 x 4 has 28"),
        ({"triplet": "soft", "positive_rank": 2}, "need triplet=hard"),
        ({"margin": -0.1}, "at least 0 for a hinge, got -0.1; set soft_margin=true"),
        ({"soft_margin": False}, "a hinge, which needs a margin"),
    ],
)
def test_what_a_batch_cannot_give_is_refused(loss, message) -> None:
    settings = {"loss": {"triplet": "hard", **loss}}
    with pytest.raises(ReidError, match=message):
        build_config(TrainConfig, settings, "test")


def test_the_sum_over_parts_and_its_switches() -> None:
    torch.manual_seed(0)
    labels = torch.tensor([0, 0, 1, 1])
    metric, logits = [torch.randn(4, 3) for _ in range(2)], [torch.randn(4, 2) for _ in range(2)]
    outputs = Outputs(metric, classified=[], served=metric, logits=logits)
    both = total_loss(LossConfig(triplet_weight=0.5), outputs, labels)
    triplets = sum(triplet_loss(m, labels, "soft", None) for m in metric)
    entropy = sum(torch.nn.functional.cross_entropy(x, labels, label_smoothing=0.1) for x in logits)
    torch.testing.assert_close(both["loss"], entropy + 0.5 * triplets)
    only = total_loss(LossConfig(triplet="none"), outputs, labels)
    torch.testing.assert_close(only["loss"], entropy)
    with pytest.raises(ValueError, match="nothing to minimise"):
        LossConfig(cross_entropy=0, triplet="none")


def test_local_features_learn_from_the_triplets_that_the_global_ones_choose() -> None:
    torch.manual_seed(2)
    labels = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
    features, local = torch.randn(8, 5), torch.randn(8, 4, 3, requires_grad=True)
    far, between = torch.cdist(features, features), local_distances(local, local)
    expected = []
    for a in range(8):
        mine = [j for j in range(8) if labels[j] == labels[a] and j != a]
        others = [j for j in range(8) if labels[j] != labels[a]]
        farthest = max(mine, key=lambda j: far[a, j])
        nearest = min(others, key=lambda j: far[a, j])
        expected.append((between[a, farthest] - between[a, nearest] + 0.3).clamp(min=0))
    got = local_triplet_loss(local, features, labels, 0.3)
    torch.testing.assert_close(got, torch.stack(expected).mean())
    outputs = Outputs([features], [], [features], [], local)
    whole = total_loss(
        LossConfig(cross_entropy=0, triplet="hard", margin=0.3, triplet_weight=2.0), outputs, labels
    )
    torch.testing.assert_close(whole["loss"], 2 * (whole["triplet"] + got))
    whole["loss"].backward()
    assert torch.isfinite(local.grad).all()
    assert local.grad.abs().sum() > 0
