"""Harmonious attention: where to look softly, and four regions to look at closely."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

REDUCTION = 16
# Centres of the four regions at the start, one under the other; -1..1 spans the map.
FIRST_CENTRES = (-0.75, -0.25, 0.25, 0.75)
REGION_HEIGHT = 0.25  # of the map's height; a region is as wide as the map


class SoftAttention(nn.Module):
    """A weight in 0..1 for every channel at every place: spatial times channel attention, blended.

    Source: Li et al., "Harmonious Attention Network", section 3.1, Eqs. 1-4.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spatial = nn.Conv2d(1, 1, 3, stride=2, padding=1)
        self.spatial_scale = nn.Conv2d(1, 1, 1)
        self.squeeze = nn.Conv2d(channels, channels // REDUCTION, 1)
        self.excite = nn.Conv2d(channels // REDUCTION, channels, 1)
        self.blend = nn.Sequential(
            nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Weights ``(N, C, H, W)`` for features of that shape."""
        place = functional.relu(self.spatial(x.mean(dim=1, keepdim=True)))
        place = functional.interpolate(
            place, size=x.shape[2:], mode="bilinear", align_corners=False
        )
        place = functional.relu(self.spatial_scale(place))  # (N, 1, H, W)
        channel = functional.relu(self.squeeze(x.mean(dim=(2, 3), keepdim=True)))
        channel = functional.relu(self.excite(channel))  # (N, C, 1, 1)
        return torch.sigmoid(self.blend(place * channel))


class HardAttention(nn.Module):
    """Four regions of fixed size whose centres are learned, as in a spatial transformer.

    Source: Li et al., section 3.2, Eqs. 5-6.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.centres = nn.Linear(channels, 2 * len(FIRST_CENTRES))
        nn.init.zeros_(self.centres.weight)
        first = [value for y in FIRST_CENTRES for value in (0.0, math.atanh(y))]
        with torch.no_grad():
            self.centres.bias.copy_(torch.tensor(first))

    def forward(self, x: Tensor) -> Tensor:
        """Centres ``(N, 4, 2)`` as (x, y) in -1..1, from features ``(N, C, H, W)``."""
        return torch.tanh(self.centres(x.mean(dim=(2, 3)))).view(-1, len(FIRST_CENTRES), 2)


def cut_regions(features: Tensor, centres: Tensor, size: tuple[int, int]) -> Tensor:
    """Sample the regions around centres, bilinearly; zero outside of the map.

    Args:
        features: ``(N, C, H, W)``.
        centres: ``(N, R, 2)`` as (x, y) in -1..1.
        size: ``(h, w)`` of a sampled region.

    Returns:
        ``(N * R, C, h, w)``, the regions of an image one after the other.
    """
    height, width = size
    count, regions = centres.shape[:2]
    # Sample points lie in the middle of their share of the region.
    ys = (torch.arange(height, device=features.device) * 2 + 1) / height - 1
    xs = (torch.arange(width, device=features.device) * 2 + 1) / width - 1
    x = xs.view(1, 1, 1, width) + centres[..., 0].view(count, regions, 1, 1)
    y = REGION_HEIGHT * ys.view(1, 1, height, 1) + centres[..., 1].view(count, regions, 1, 1)
    # All regions of an image as one tall one: (N, R * h, w, 2).
    shape = (count, regions, height, width)
    grid = torch.stack([x.expand(shape), y.expand(shape)], dim=-1)
    grid = grid.reshape(count, regions * height, width, 2).to(features.dtype)
    cut = functional.grid_sample(features, grid, align_corners=False)
    cut = cut.view(count, -1, regions, height, width).transpose(1, 2)
    return cut.reshape(count * regions, -1, height, width)
