"""How alike two people look stripe by stripe, the stripes aligned by the shortest path.

Source: Zhang et al., "AlignedReID: Surpassing Human-Level Performance in Person
Re-Identification", section 3.1, Eqs. 1 and 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable

TILE = 128  # images on either side at a time: what a step works on stays in a core's cache


def local_distances(one: Tensor, other: Tensor) -> Tensor:
    """Of all pairs of images.

    Args:
        one: ``(M, H, C)`` stripes from top to bottom.
        other: ``(N, K, C)``.

    Returns:
        ``(M, N)``. Symmetric, but of an image to itself not 0: the path leaves the diagonal.
    """
    out = one.new_empty(len(one), len(other))
    for left in range(0, len(one), TILE):
        rows = one[left : left + TILE].transpose(0, 1)  # (H, M, C)
        for top in range(0, len(other), TILE):
            columns = other[top : top + TILE].transpose(0, 1)  # (K, N, C)
            repeated = (row.expand(len(columns), -1, -1) for row in rows)
            path = shortest_path(stripe_distances(stripe, columns) for stripe in repeated)
            out[left : left + TILE, top : top + TILE] = path
    return out


def paired_local_distances(one: Tensor, other: Tensor) -> Tensor:
    """Of the pairs ``one[i], other[i]``: ``(N, H, C)`` and ``(N, K, C)`` to ``(N,)``."""
    return shortest_path(stripe_distances(one, other).permute(1, 2, 0))


def shortest_path(rows: Iterable[Tensor]) -> Tensor:
    """The least sum on the way from the first cell to the last, to the right or down (Eq. 2).

    Args:
        rows: H times ``(K, ...)``, what each cell costs.

    Returns:
        ``(...)``.
    """
    above: list[Tensor] = []
    for row in rows:
        reached: list[Tensor] = []
        for column, cell in enumerate(row):
            before = [*above[column : column + 1], *reached[-1:]]
            cheaper = torch.minimum(*before) if len(before) == 2 else sum(before)
            reached.append(cheaper + cell)
        above = reached
    return above[-1]


def aligned_cells(cost: Tensor) -> list[tuple[int, int]]:
    """The cells of the shortest path through ``(H, K)`` costs, from the first to the last."""
    reached = [[0.0] * cost.shape[1] for _ in cost]
    for i, row in enumerate(cost.tolist()):
        for j, cell in enumerate(row):
            before = [reached[a][b] for a, b in _before(i, j)]
            reached[i][j] = cell + min(before, default=0.0)
    path = [(cost.shape[0] - 1, cost.shape[1] - 1)]
    while path[0] != (0, 0):
        path.insert(0, min(_before(*path[0]), key=lambda cell: reached[cell[0]][cell[1]]))
    return path


def _before(i: int, j: int) -> list[tuple[int, int]]:
    """Where a path may come from."""
    return [(a, b) for a, b in ((i - 1, j), (i, j - 1)) if a >= 0 and b >= 0]


def stripe_distances(one: Tensor, other: Tensor) -> Tensor:
    """Distances in 0..1 (Eq. 1) of vectors ``(B, M, C)`` and ``(B, N, C)``: ``(B, M, N)``.

    Eq. 1 is tanh(d / 2); as it is printed, it overflows. Its gradient is finite also at zero.
    """
    squares = one.square().sum(dim=2)[:, :, None] + other.square().sum(dim=2)[:, None]
    squared = torch.baddbmm(squares, one, other.mT, alpha=-2)
    if squared.requires_grad:
        return torch.tanh(squared.clamp(min=1e-12).sqrt() / 2)
    return squared.clamp_(min=1e-12).sqrt_().mul_(0.5).tanh_()  # the same, in the same memory
