from __future__ import annotations

from typing import Any

from torch import Tensor

from mtmc.reid.models.base import EmbeddingNet, Neck
from mtmc.reid.registry import unknown


class TimmBackbone(EmbeddingNet):
    """Any timm model with its pooled features as embedding.

    Args:
        backbone: timm's name of the model, for example ``resnet18``.
        pretrained: start from timm's weights, which downloads them.
        neck: see `EmbeddingNet`.
        args: further arguments of ``timm.create_model``.

    Raises:
        ReidError: timm has no such model.
    """

    def __init__(
        self, backbone: str, pretrained: bool = False, neck: Neck = "bn", **args: Any
    ) -> None:
        import timm

        if not timm.is_model(backbone):
            raise unknown("timm model", backbone, _family(backbone, timm.list_models()))
        described = timm.get_pretrained_cfg(backbone)
        if described is not None and described.fixed_input_size:
            args.setdefault("img_size", self.input_size)
        network: Any = timm.create_model(backbone, pretrained=pretrained, num_classes=0, **args)
        super().__init__((int(network.num_features),), neck)
        self.network = network

    def parts(self, images: Tensor) -> list[Tensor]:
        """The pooled features."""
        return [self.network(images)]


def _family(name: str, models: list[str]) -> list[str]:
    """The dozen of timm's thousand names that resemble this one most."""
    from difflib import get_close_matches

    return get_close_matches(name, models, n=12, cutoff=0.3)
