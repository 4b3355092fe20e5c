"""HA-CNN and the Robust-ReID networks that were made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from torch import Tensor, nn
from torch.nn import functional

from mtmc.reid.models.attention import FIRST_CENTRES, HardAttention, SoftAttention, cut_regions
from mtmc.reid.models.base import EmbeddingNet, Neck
from mtmc.reid.models.blocks import InceptionA, InceptionB, ShuffleA, ShuffleB, conv_bn_relu
from mtmc.reid.models.pooling import AveragePool, GeM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Blocks = Literal["inception", "shuffle"]
Pooling = Literal["avg", "gem"]

REGION_SIZES = ((24, 28), (12, 14), (6, 7))


class HarmoniousNet(EmbeddingNet):
    """Three stages with soft attention, and a local branch that follows four attended regions.

    Read from Table 1 of Lawen et al. as follows:

    - The first block of a stage brings the channels to the stage's width, the last one halves the
      map.
    - The local branch is one and the same for the four regions. Its level k cuts its regions from
      what stage k takes in, at the centres that stage k's output gives, adds what level k - 1
      found, and widens to the stage's channels. With shuffle blocks its convolutions have the
      printed stride 1 and a 2x2 average pooling leads to the next level's printed size; with
      inception blocks the block itself has stride 2, as in HA-CNN.
    - Each part ends in pooling and ``Linear-BN-ReLU``; the local one sees the four regions'
      vectors side by side.

    Args:
        blocks: ``inception`` (HA-CNN) or ``shuffle`` (Robust-ReID).
        stem: channels of the first convolution.
        channels: of the three stages.
        repeats: how many A blocks each stage has.
        part_dim: length of the global and of the local vector.
        pooling: ``avg`` or ``gem``.
        neck: see `EmbeddingNet`.

    Raises:
        ValueError: an argument is out of range.

    Source:
        Li et al., "Harmonious Attention Network for Person Re-identification", CVPR 2018, Fig. 2;
        Lawen et al., "Attention Network Robustification for Person ReID", Table 1, Figs. 4 and 5.
    """

    input_size = (160, 64)

    def __init__(
        self,
        *,
        blocks: Blocks = "inception",
        stem: int = 32,
        channels: Sequence[int] = (128, 256, 384),
        repeats: Sequence[int] = (1, 1, 1),
        part_dim: int = 512,
        pooling: Pooling = "avg",
        neck: Neck = "none",
    ) -> None:
        super().__init__((part_dim, part_dim), neck)
        if blocks not in get_args(Blocks):
            raise ValueError(f"blocks must be one of {get_args(Blocks)}, got {blocks!r}")
        if pooling not in get_args(Pooling):
            raise ValueError(f"pooling must be one of {get_args(Pooling)}, got {pooling!r}")
        if len(channels) != 3 or len(repeats) != 3:
            raise ValueError("channels and repeats need one number for each of the 3 stages")
        if min(repeats) < 1 or any(c % 16 for c in channels):
            raise ValueError("repeats must be at least 1 and channels multiples of 16")
        stage: Callable[[int, int, int], nn.Module]
        local: Callable[[int, int], nn.Module]
        stage = _shuffle_stage if blocks == "shuffle" else _inception_stage
        local = _shuffle_local if blocks == "shuffle" else InceptionB
        inputs = (stem, *channels[:-1])
        self.stem = conv_bn_relu(3, stem, 3, stride=2)
        self.stages = nn.ModuleList(map(stage, inputs, channels, repeats))
        self.soft = nn.ModuleList(map(SoftAttention, channels))
        self.hard = nn.ModuleList(map(HardAttention, channels))
        self.locals = nn.ModuleList(map(local, inputs, channels))
        self.global_pool = GeM(channels[-1]) if pooling == "gem" else AveragePool()
        self.local_pool = GeM(channels[-1]) if pooling == "gem" else AveragePool()
        self.global_fc = _embedding_layer(channels[-1], part_dim)
        self.local_fc = _embedding_layer(channels[-1] * len(FIRST_CENTRES), part_dim)

    def parts(self, images: Tensor) -> list[Tensor]:
        """The global and the local vector."""
        x = self.stem(images)  # (N, stem, 80, 32)
        regions: Tensor | None = None
        layers = zip(self.stages, self.soft, self.hard, self.locals, REGION_SIZES, strict=True)
        for stage, soft, hard, local, size in layers:
            out = stage(x)
            cut = cut_regions(x, hard(out), size)  # (N * 4, C, *size)
            regions = local(cut if regions is None else cut + regions)
            x = out * soft(out)
        pooled = self.local_pool(regions)  # (N * 4, C)
        beside = pooled.reshape(-1, len(FIRST_CENTRES) * pooled.shape[1])  # (N, 4 * C)
        return [self.global_fc(self.global_pool(x)), self.local_fc(beside)]


def _shuffle_stage(inputs: int, channels: int, repeats: int) -> nn.Sequential:
    return nn.Sequential(
        ShuffleB(inputs, channels),
        *(ShuffleA(channels) for _ in range(repeats)),
        ShuffleB(channels, channels, stride=2),
    )


def _inception_stage(inputs: int, channels: int, repeats: int) -> nn.Sequential:
    return nn.Sequential(
        InceptionA(inputs, channels),
        *(InceptionA(channels, channels) for _ in range(repeats - 1)),
        InceptionB(channels, channels),
    )


def _shuffle_local(inputs: int, channels: int) -> nn.Sequential:
    return nn.Sequential(ShuffleB(inputs, channels), _HalveMap())


class _HalveMap(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` to half the height and width, rounded up."""
        pad = (0, x.shape[3] % 2, 0, x.shape[2] % 2)
        return functional.avg_pool2d(functional.pad(x, pad, mode="replicate"), 2)


def _embedding_layer(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU(inplace=True)
    )
