from __future__ import annotations

import torch
from torch import Tensor, nn


class GeM(nn.Module):
    """Generalised mean over all places, between average (p = 1) and maximum (p = infinity).

    One learned p per feature map, 3 at the start.

    Source: Lawen et al., Eq. 6; Radenovic et al., "Fine-tuning CNN image retrieval".
    """

    def __init__(self, channels: int, p: float = 3.0) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.full((channels, 1, 1), p))

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` to ``(N, C)``; in float32 also under mixed precision."""
        powers = x.float().clamp(min=1e-6).pow(self.p)
        return powers.mean(dim=(2, 3)).pow(1 / self.p.view(-1))


class AveragePool(nn.Module):
    """The mean over all places."""

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` to ``(N, C)``."""
        return x.mean(dim=(2, 3))


class MaxPool(nn.Module):
    """The maximum over all places."""

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` to ``(N, C)``."""
        return x.amax(dim=(2, 3))
