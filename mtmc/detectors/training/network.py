"""A small anchor-free person detector: residual backbone, feature pyramid, one head for all levels.

Each cell of three grids says how sure it is of a person around it and how far the four sides of
the box are (FCOS: Tian et al., ICCV 2019, eq. 1), in units of the grid's stride.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDES = (8, 16, 32)
WIDTHS = (16, 32, 64, 80, 80)  # channels at strides 2, 4, 8, 16, 32
BLOCKS = (0, 1, 2, 2, 1)
PYRAMID = 48
PRIOR = 0.02  # score of a cell before training: few cells hold a person


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs, momentum=0.03),
        nn.ReLU(inplace=True),
    )


class _Block(nn.Module):
    """Residual block (He et al., CVPR 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        norm = nn.BatchNorm2d(width, momentum=0.03)
        nn.init.zeros_(norm.weight)  # starts as the identity
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), norm)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(self.first(x)))


class PersonNet(nn.Module):
    """Images to scores and boxes of every cell."""

    def __init__(self) -> None:
        super().__init__()
        stages, before = [], 3
        for width, blocks in zip(WIDTHS, BLOCKS, strict=True):
            stages.append(
                nn.Sequential(
                    _conv(before, width, stride=2), *(_Block(width) for _ in range(blocks))
                )
            )
            before = width
        self.stages = nn.ModuleList(stages)
        self.laterals = nn.ModuleList(_conv(w, PYRAMID, 1) for w in WIDTHS[2:])
        self.smooth = nn.ModuleList(_conv(PYRAMID, PYRAMID) for _ in STRIDES[:-1])
        self.head = nn.Sequential(_conv(PYRAMID, PYRAMID), _conv(PYRAMID, PYRAMID))
        self.score = nn.Conv2d(PYRAMID, 1, 3, padding=1)
        self.sides = nn.Conv2d(PYRAMID, 4, 3, padding=1)
        self.scales = nn.Parameter(torch.ones(len(STRIDES)))
        nn.init.normal_(self.score.weight, std=0.01)
        nn.init.normal_(self.sides.weight, std=0.01)
        nn.init.constant_(self.score.bias, -math.log((1 - PRIOR) / PRIOR))  # type: ignore[arg-type]
        nn.init.constant_(self.sides.bias, 0.7)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Score logits and boxes.

        Args:
            images: ``(B, 3, H, W)`` RGB in 0..1, H and W multiples of 32.

        Returns:
            ``(B, A)`` logits and ``(B, A, 4)`` xyxy px, cells of the finest grid first.
        """
        x, features = images * 4 - 2, []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index >= len(self.stages) - len(STRIDES):
                features.append(x)
        levels = [lateral(f) for lateral, f in zip(self.laterals, features, strict=True)]
        for index in reversed(range(len(self.smooth))):
            above = functional.interpolate(levels[index + 1], scale_factor=2.0, mode="nearest")
            levels[index] = self.smooth[index](levels[index] + above)
        logits, boxes = [], []
        for level, stride, scale in zip(levels, STRIDES, self.scales, strict=True):
            y = self.head(level)
            logits.append(self.score(y).flatten(1))  # (B, h*w)
            sides = torch.exp((self.sides(y) * scale).float().clamp(max=6)) * stride
            centers = cell_centers(y.shape[2], y.shape[3], stride, sides.device)
            low, high = sides.flatten(2).transpose(1, 2).chunk(2, dim=2)  # (B, h*w, 2)
            boxes.append(torch.cat([centers - low, centers + high], dim=2))
        return torch.cat(logits, dim=1), torch.cat(boxes, dim=1)


def cell_centers(rows: int, columns: int, stride: int, device: torch.device) -> Tensor:
    """Middles of a grid's cells, ``(rows * columns, 2)`` x, y px."""
    ys = (torch.arange(rows, device=device) + 0.5) * stride
    xs = (torch.arange(columns, device=device) + 0.5) * stride
    y, x = torch.meshgrid(ys, xs, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)


class Exported(nn.Module):
    """The network as the ``onnx`` detector reads it.

    Args:
        network: trained.
        slope: of the calibration of its scores.
        offset: of the calibration, see `Validation`.
    """

    def __init__(self, network: PersonNet, slope: float = 1.0, offset: float = 0.0) -> None:
        super().__init__()
        self.network, self.slope, self.offset = network, slope, offset

    def forward(self, images: Tensor) -> Tensor:
        """``(B, 3, H, W)`` RGB in 0..1 to ``(B, 5, A)``: centre, size, score."""
        logits, boxes = self.network(images)
        low, high = boxes.chunk(2, dim=2)
        scores = torch.sigmoid(self.slope * logits + self.offset).unsqueeze(2)
        return torch.cat([(low + high) / 2, high - low, scores], dim=2).transpose(1, 2)
