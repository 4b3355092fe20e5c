from __future__ import annotations

from torch import Tensor, nn

from mtmc.reid.models.base import EmbeddingNet, Neck


class ResNet50(EmbeddingNet):
    """ResNet-50 with averaged features, the usual large baseline of the field.

    Args:
        last_stride: stride of the last stage; 1 keeps a larger map (Luo et al., "Bag of Tricks").
        neck: see `EmbeddingNet`.
        xception: 3x3 convolutions are one over each channel and one over all at each place.

    Source: He et al., "Deep Residual Learning"; the layers are torchvision's. ``xception``: Zhang
    et al., "AlignedReID", section 4.2; as in Chollet, "Xception", nothing between the two.
    """

    def __init__(self, last_stride: int = 1, neck: Neck = "bn", *, xception: bool = False) -> None:
        from torchvision.models.resnet import Bottleneck, resnet50

        if last_stride not in (1, 2):
            raise ValueError(f"last_stride must be 1 or 2, got {last_stride}")
        super().__init__((2048,), neck)
        backbone = resnet50(weights=None)
        if last_stride == 1:
            first = backbone.layer4[0]
            first.conv2.stride = first.downsample[0].stride = (1, 1)
        if xception:
            for block in backbone.modules():
                if isinstance(block, Bottleneck):
                    block.conv2 = _separated(block.conv2)
        self.backbone = nn.Sequential(*list(backbone.children())[:-2])

    def parts(self, images: Tensor) -> list[Tensor]:
        """The averaged features."""
        return [self.pooled(self.backbone(images))]

    def pooled(self, features: Tensor) -> Tensor:
        """The vector of the last map."""
        return features.mean(dim=(2, 3))


def _separated(conv: nn.Conv2d) -> nn.Module:
    """A separable convolution in place of a full one."""
    inputs, outputs = conv.in_channels, conv.out_channels
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, conv.stride, 1, groups=inputs, bias=False),  # type: ignore[arg-type]
        nn.Conv2d(inputs, outputs, 1, bias=False),
    )
