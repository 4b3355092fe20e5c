from __future__ import annotations

from torch import Tensor, nn

from mtmc.reid.models.base import EmbeddingNet, Neck


class ResNet50(EmbeddingNet):
    """ResNet-50 with averaged features, the usual large baseline of the field.

    Args:
        last_stride: stride of the last stage; 1 keeps a larger map (Luo et al., "Bag of Tricks").
        neck: see `EmbeddingNet`.

    Source: He et al., "Deep Residual Learning"; the layers are torchvision's.
    """

    def __init__(self, last_stride: int = 1, neck: Neck = "bn") -> None:
        from torchvision.models import resnet50

        if last_stride not in (1, 2):
            raise ValueError(f"last_stride must be 1 or 2, got {last_stride}")
        super().__init__((2048,), neck)
        backbone = resnet50(weights=None)
        if last_stride == 1:
            first = backbone.layer4[0]
            first.conv2.stride = first.downsample[0].stride = (1, 1)
        self.backbone = nn.Sequential(*list(backbone.children())[:-2])

    def parts(self, images: Tensor) -> list[Tensor]:
        """The averaged features."""
        return [self.pooled(self.backbone(images))]

    def pooled(self, features: Tensor) -> Tensor:
        """The vector of the last map."""
        return features.mean(dim=(2, 3))
