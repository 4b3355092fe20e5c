"""The shortest path against Eq. 2 written as a loop, and Eq. 1 against what is printed."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from mtmc.reid.local_distance import (
    aligned_cells,
    local_distances,
    paired_local_distances,
    shortest_path,
)


def slow(one, other) -> float:
    """Eqs. 1 and 2, cell by cell."""
    cost = [[math.expm1(d := math.dist(f, g)) / (math.exp(d) + 1) for g in other] for f in one]
    best = {}
    for i, row in enumerate(cost):
        for j, cell in enumerate(row):
            before = [best[p] for p in ((i - 1, j), (i, j - 1)) if p in best]
            best[i, j] = cell + min(before, default=0.0)
    return best[len(one) - 1, len(other) - 1]


@pytest.mark.parametrize(("h", "k"), [(1, 1), (2, 2), (7, 7), (16, 16), (7, 4), (1, 5)])
def test_equal_to_slow_loops(h, k) -> None:
    torch.manual_seed(h + k)
    one, other = torch.randn(5, h, 3).double(), torch.randn(4, k, 3).double()
    got = local_distances(one, other)
    expected = [[slow(a, b) for b in other.tolist()] for a in one.tolist()]
    torch.testing.assert_close(got, torch.tensor(expected).double(), atol=1e-6, rtol=0)
    pairs = paired_local_distances(one[[4, 0]], other[[1, 3]])
    torch.testing.assert_close(pairs, got[[4, 0], [1, 3]])
    torch.testing.assert_close(local_distances(other, one), got.T)


def test_tiles_of_more_images_than_fit_one(monkeypatch) -> None:
    monkeypatch.setattr("mtmc.reid.local_distance.TILE", 3)
    torch.manual_seed(0)
    one, other = torch.randn(7, 4, 3), torch.randn(5, 4, 3)
    pairs = paired_local_distances(one.repeat_interleave(5, 0), other.repeat(7, 1, 1))
    torch.testing.assert_close(local_distances(one, other), pairs.view(7, 5))
    assert local_distances(one[:0], other).shape == (0, 5)


def test_a_path_by_hand_leaves_the_diagonal() -> None:
    cost = torch.tensor([[0.1, 0.9, 0.9], [0.2, 0.1, 0.9], [0.9, 0.2, 0.1]])
    assert float(shortest_path(cost)) == pytest.approx(0.7)
    assert aligned_cells(cost) == [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2)]


@pytest.mark.parametrize(("h", "k"), [(1, 1), (8, 8), (3, 5), (1, 4)])
def test_the_cells_of_a_path_cost_what_the_path_does(h, k) -> None:
    torch.manual_seed(h)
    cost = torch.rand(h, k)
    cells = aligned_cells(cost)
    assert (cells[0], cells[-1], len(cells)) == ((0, 0), (h - 1, k - 1), h + k - 1)
    assert all((c - a) + (d - b) == 1 for (a, b), (c, d) in pairwise(cells))
    torch.testing.assert_close(sum(cost[cell] for cell in cells), shortest_path(cost))


@pytest.mark.parametrize("distance", [0.0, 1e-6, 0.5, 3.0, 80.0, 200.0])
def test_distances_are_bounded_as_printed_and_finite_where_that_overflows(distance) -> None:
    one, other = torch.zeros(1, 1, 2).double(), torch.tensor([[[distance, 0.0]]]).double()
    printed = math.expm1(distance) / (math.exp(distance) + 1)
    assert float(local_distances(one, other)) == pytest.approx(printed, abs=1e-6)
    assert float(local_distances(one.float(), other.float())) <= 1


def test_gradients() -> None:
    torch.manual_seed(0)
    one, other = (torch.randn(2, 3, 2).double().requires_grad_() for _ in range(2))
    assert torch.autograd.gradcheck(paired_local_distances, (one, other))
    assert torch.autograd.gradcheck(local_distances, (one, other))
    equal = torch.ones(2, 3, 2, requires_grad=True)
    paired_local_distances(equal, equal).sum().backward()
    assert torch.isfinite(equal.grad).all()
