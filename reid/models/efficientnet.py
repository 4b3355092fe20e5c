from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from mtmc.reid.models.base import EmbeddingNet, Neck
from mtmc.reid.preprocess import Preprocess

STAGES = 7
HALF = (0.5, 0.5, 0.5)
# ImageNet's weights give features some 50 long; triplet losses are made for distances of a few.
SHRINK = 8.0


class EfficientNetLite(EmbeddingNet):
    """The trunk of an EfficientNet-Lite, its pooled features being the embedding.

    Args:
        size: 0, 1 or 2 for Lite0 to Lite2.
        stages: how many of the seven stages are kept; the last two hold most of the weights.
        last_stride: stride of the sixth stage; 1 keeps a larger map.
        neck: see `EmbeddingNet`.

    Raises:
        ValueError: an argument is out of range.

    Source:
        Tan and Le, "EfficientNet", arXiv:1905.11946, Table 1; Lite: without squeeze-and-excitation
        and with ReLU6, as Google's mobile models of that name.
    """

    input_size = (128, 64)

    def __init__(
        self, size: int = 0, stages: int = STAGES, last_stride: int = 2, neck: Neck = "bn"
    ) -> None:
        import timm

        if size not in (0, 1, 2):
            raise ValueError(f"size must be 0, 1 or 2, got {size}")
        if not 3 <= stages <= STAGES:
            raise ValueError(f"stages must be between 3 and {STAGES}, got {stages}")
        if last_stride not in (1, 2):
            raise ValueError(f"last_stride must be 1 or 2, got {last_stride}")
        whole: Any = timm.create_model(f"tf_efficientnet_lite{size}", num_classes=0)
        blocks = whole.blocks[:stages]
        if stages > 5 and last_stride == 1:
            blocks[5][0].conv_dw.stride = (1, 1)
        dim = int(blocks[-1][-1].conv_pwl.out_channels)
        super().__init__((dim,), neck)
        self.conv_stem, self.bn1 = whole.conv_stem, whole.bn1
        self.blocks: nn.Module = blocks

    def preprocess(self) -> Preprocess:
        """Pixels from -1 to 1, as its ImageNet weights saw them."""
        return Preprocess(self.input_size, mean=HALF, std=HALF)

    def parts(self, images: Tensor) -> list[Tensor]:
        """The averaged features, shortened."""
        return [self.pooled(self.blocks(self.bn1(self.conv_stem(images))))]

    def pooled(self, features: Tensor) -> Tensor:
        """The vector of the last map."""
        return features.mean(dim=(2, 3)) / SHRINK
