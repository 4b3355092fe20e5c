"""Convolution blocks that the harmonious-attention networks are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def conv_bn_relu(
    inputs: int, outputs: int, kernel: int, stride: int = 1, *, groups: int = 1, relu: bool = True
) -> nn.Sequential:
    """Convolution without bias, batch normalisation and, where wanted, ReLU; "same" padding."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


def _shuffle(features: Tensor) -> Tensor:
    """Interleave the two halves of the channels."""
    n, c, h, w = features.shape
    return features.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


def _pointwise_depthwise_pointwise(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        conv_bn_relu(inputs, outputs, 1),
        conv_bn_relu(outputs, outputs, 3, stride, groups=outputs, relu=False),
        conv_bn_relu(outputs, outputs, 1),
    )


class ShuffleA(nn.Module):
    """Half of the channels pass, the other half go through three convolutions.

    Source: Lawen et al., "Attention Network Robustification for Person ReID", Fig. 5, which is the
    basic unit of ShuffleNet V2 (Ma et al., Fig. 3c).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch = _pointwise_depthwise_pointwise(channels // 2, channels // 2, stride=1)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` to the same shape."""
        kept, changed = x.chunk(2, dim=1)
        return _shuffle(torch.cat([kept, self.branch(changed)], dim=1))


class ShuffleB(nn.Module):
    """Both branches convolve, so that channels can grow and the map can shrink.

    Source: as `ShuffleA`; ShuffleNet V2's unit for down-sampling (Fig. 3d).
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.short = nn.Sequential(
            conv_bn_relu(inputs, inputs, 3, stride, groups=inputs, relu=False),
            conv_bn_relu(inputs, outputs // 2, 1),
        )
        self.long = _pointwise_depthwise_pointwise(inputs, outputs // 2, stride)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W)`` to ``(N, outputs, ceil(H / stride), ceil(W / stride))``."""
        return _shuffle(torch.cat([self.short(x), self.long(x)], dim=1))


class InceptionA(nn.Module):
    """Four streams of a quarter of the outputs each: three of 1x1 and 3x3, one of pooling and 1x1.

    Source: Li et al., "Harmonious Attention Network for Person Re-identification", section 3.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        quarter = outputs // 4
        self.streams = nn.ModuleList(
            nn.Sequential(conv_bn_relu(inputs, quarter, 1), conv_bn_relu(quarter, quarter, 3))
            for _ in range(3)
        )
        self.streams.append(nn.Sequential(nn.AvgPool2d(3, 1, 1), conv_bn_relu(inputs, quarter, 1)))

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W)`` to ``(N, outputs, H, W)``."""
        return torch.cat([stream(x) for stream in self.streams], dim=1)


class InceptionB(nn.Module):
    """Three streams that may halve the map: 1x1-3x3, 1x1-3x3-3x3, and pooling with 1x1 (half).

    Source: as `InceptionA`.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 2) -> None:
        super().__init__()
        quarter = outputs // 4
        self.streams = nn.ModuleList(
            [
                nn.Sequential(
                    conv_bn_relu(inputs, quarter, 1), conv_bn_relu(quarter, quarter, 3, stride)
                ),
                nn.Sequential(
                    conv_bn_relu(inputs, quarter, 1),
                    conv_bn_relu(quarter, quarter, 3),
                    conv_bn_relu(quarter, quarter, 3, stride),
                ),
                nn.Sequential(
                    nn.MaxPool2d(3, stride, 1), conv_bn_relu(inputs, outputs - 2 * quarter, 1)
                ),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W)`` to ``(N, outputs, ceil(H / stride), ceil(W / stride))``."""
        return torch.cat([stream(x) for stream in self.streams], dim=1)
