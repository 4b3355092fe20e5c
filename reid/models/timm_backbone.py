from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor

from mtmc.reid.models.base import EmbeddingNet, Neck
from mtmc.reid.preprocess import Preprocess
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
        network, preprocess = timm_model(backbone, pretrained=pretrained, **args)
        super().__init__((int(network.num_features),), neck)
        self.network = network
        self._preprocess = preprocess

    def preprocess(self) -> Preprocess:
        """Pixels as timm's own weights of this model saw them."""
        return self._preprocess

    def parts(self, images: Tensor) -> list[Tensor]:
        """The pooled features."""
        return [self.network(images)]


def timm_model(name: str, **args: Any) -> tuple[Any, Preprocess]:
    """A timm model without its classifier, and what its pixels are to look like.

    Args:
        name: timm's.
        args: of ``timm.create_model``.

    Raises:
        ReidError: timm has no such model.
    """
    import timm

    if not timm.is_model(name):
        raise unknown("timm model", name, _family(name, timm.list_models()))
    described: Any = timm.get_pretrained_cfg(name)
    preprocess = Preprocess(EmbeddingNet.input_size)
    if described is not None:
        preprocess = replace(preprocess, mean=tuple(described.mean), std=tuple(described.std))
        if described.fixed_input_size:
            args.setdefault("img_size", EmbeddingNet.input_size)
    return timm.create_model(name, num_classes=0, **args), preprocess


def _family(name: str, models: list[str]) -> list[str]:
    """The dozen of timm's thousand names that resemble this one most."""
    from difflib import get_close_matches

    return get_close_matches(name, models, n=12, cutoff=0.3)
