from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from mtmc.reid.models.base import EmbeddingNet, Neck
from mtmc.reid.models.blocks import conv_bn_relu

if TYPE_CHECKING:
    from collections.abc import Iterator

# (output channels at width 1, stride) of the 13 separable blocks: Howard et al., Table 1.
BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)


class MobileNetV1(EmbeddingNet):
    """MobileNet V1, its pooled features being the embedding.

    Args:
        width: multiplier of all channel counts, for example 0.25, 0.5, 0.75 or 1; features are
            ``1024 * width`` long.
        last_stride: stride of the last down-sampling; 1 keeps a larger map, which helps where
            people are small.
        neck: see `EmbeddingNet`.

    Raises:
        ValueError: an argument is out of range.

    Source:
        Howard et al., "MobileNets", arXiv:1704.04861, Table 1.
    """

    input_size = (128, 128)

    def __init__(
        self,
        width: float = 1.0,
        last_stride: int = 2,
        neck: Neck = "none",
    ) -> None:
        if not 0 < width <= 4:
            raise ValueError(f"width must be in (0, 4], got {width}")
        if last_stride not in (1, 2):
            raise ValueError(f"last_stride must be 1 or 2, got {last_stride}")
        super().__init__((round(1024 * width),), neck)
        self.features = nn.Sequential(*_layers(width, last_stride))

    def parts(self, images: Tensor) -> list[Tensor]:
        """The averaged features."""
        return [self.pooled(self.features(images))]

    def pooled(self, features: Tensor) -> Tensor:
        """The vector of the last map."""
        return features.mean(dim=(2, 3))


def _layers(width: float, last_stride: int) -> Iterator[nn.Module]:
    channels = round(32 * width)
    yield conv_bn_relu(3, channels, 3, stride=2)
    blocks = (*BLOCKS[:-2], (BLOCKS[-2][0], last_stride), BLOCKS[-1])
    for out, stride in blocks:
        yield conv_bn_relu(channels, channels, 3, stride, groups=channels)
        yield conv_bn_relu(channels, round(out * width), 1)
        channels = round(out * width)
