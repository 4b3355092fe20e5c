"""Trunks of networks, cut into stages at whose ends something can be read off."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mtmc.reid.errors import ReidError
from mtmc.reid.models import TIMM, build
from mtmc.reid.models.efficientnet import EfficientNetLite
from mtmc.reid.models.mobilenet import MobileNetV1
from mtmc.reid.models.resnet import ResNet50
from mtmc.reid.models.timm_backbone import timm_model
from mtmc.reid.preprocess import Preprocess
from mtmc.reid.registry import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtmc.reid.models.base import EmbeddingNet

STAGES = 4
Stages = list[list[str]]  # names of each stage's layers
LITE_BLOCKS = 7
MOBILE_CUTS = (3, 5, 11, 13)  # MobileNet's separable blocks up to the end of each stage
LITE = "efficientnet_lite"
DENSE = "densenet"
DENSE_SIZES = ("121", "161", "169", "201")


class Trunk(nn.Module):
    """A network's layers in four stages.

    The layers stay in their own network, under its names, so that weights for that network are
    weights for this.

    Args:
        name: ``resnet50``, ``resnet50_xception``, ``mobilenet_*``, ``efficientnet_lite*`` (here
            with its last convolution), ``densenet121`` and its like, or ``timm:`` and one of
            timm's ResNets or EfficientNets.
        last_stride: stride of the last down-sampling; 1 keeps a larger map.

    Attributes:
        channels: of what is read off each stage.
        input_size: ``(height, width)`` it is made for.

    Raises:
        ReidError: there is no such trunk, or its last stride cannot be set.
        ValueError: an argument is out of range.
    """

    def __init__(self, name: str, last_stride: int = 2) -> None:
        super().__init__()
        if last_stride not in (1, 2):
            raise ValueError(f"last_stride must be 1 or 2, got {last_stride}")
        self.name = name
        self.net, self._stages, self._preprocess = _taken_apart(name, last_stride)
        self.input_size = self._preprocess.size
        self.channels = count_channels(self.net, self._stages)
        # A dense block ends without normalisation; that of the transition is already beyond it.
        self.endings = nn.ModuleList(
            _normalised(channels) if "denseblock" in stage[-1] else nn.Identity()
            for stage, channels in zip(self._stages, self.channels, strict=True)
        )

    def preprocess(self) -> Preprocess:
        """That of the network it was taken from."""
        return self._preprocess

    def advance(self, stage: int, x: Tensor) -> Tensor:
        """What a stage, 0-based, makes of images or of the map before it."""
        return through(self.net, self._stages[stage], x)

    def ending(self, stage: int, x: Tensor) -> Tensor:
        """What is read off the map of a stage, ``(N, channels[stage], H, W)``."""
        result: Tensor = self.endings[stage](x)
        return result

    def forward(self, images: Tensor) -> Tensor:
        """What is read off the last stage."""
        for stage in range(STAGES):
            images = self.advance(stage, images)
        return self.ending(STAGES - 1, images)

    def drop_after(self, stages: int) -> None:
        """Forget the layers beyond so many stages."""
        forget(self.net, self._stages[stages:])
        for stage in range(STAGES):
            if stage != stages - 1:
                self.endings[stage] = nn.Identity()


def through(net: nn.Module, layers: Sequence[str], x: Tensor) -> Tensor:
    """What layers of a network, by name, make of a map one after the other."""
    for layer in layers:
        x = net.get_submodule(layer)(x)
    return x


def forget(net: nn.Module, stages: Sequence[Sequence[str]]) -> None:
    """Take the layers of some stages out of a network."""
    for layer in (layer for layers in stages for layer in layers):
        net.set_submodule(layer, nn.Identity())


@torch.no_grad()
def count_channels(net: nn.Module, stages: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Of the map that each stage ends with, by an image that goes through."""
    training = net.training
    net.eval()  # no batch statistic moves
    x, channels = torch.zeros(1, 3, 64, 64), []
    for layers in stages:
        x = through(net, layers, x)
        channels.append(x.shape[1])
    net.train(training)
    return tuple(channels)


def house_stages(network: EmbeddingNet) -> Stages:
    """Names of a network's layers in four stages, without what makes the last map a vector.

    Raises:
        ReidError: it is not one of those that can be cut.
    """
    if isinstance(network, ResNet50):
        return [_numbered("backbone", 0, 5), *([f"backbone.{i}"] for i in (5, 6, 7))]
    if isinstance(network, MobileNetV1):
        ends = [1 + 2 * blocks for blocks in MOBILE_CUTS]
        return [_numbered("features", a, b) for a, b in pairwise([0, *ends])]
    blocks: Any = network.blocks if isinstance(network, EfficientNetLite) else ()
    if len(blocks) == LITE_BLOCKS:
        return _efficient()
    raise ReidError(
        "cannot be cut into stages; expected exits:<trunk>, resnet50, mobilenet_* or a whole "
        "efficientnet_lite*"
    )


def _taken_apart(name: str, last_stride: int) -> tuple[nn.Module, Stages, Preprocess]:
    """A network, names of its layers per stage, and its preprocessing."""
    if name.startswith(DENSE) and name.removeprefix(DENSE) in DENSE_SIZES:
        return _dense(name, last_stride)
    if name.startswith(LITE):
        return _timm(f"tf_{name}", last_stride)
    if name.startswith(TIMM):
        return _timm(name.removeprefix(TIMM), last_stride)
    residual = ["resnet50", "resnet50_xception"]
    if name not in residual and not name.startswith("mobilenet_"):
        dense = [f"{DENSE}{size}" for size in DENSE_SIZES]
        known = [*residual, "mobilenet_025", f"{LITE}0", *dense, f"{TIMM}<name>"]
        raise unknown("trunk", name, known)
    net = build(name, neck="none", last_stride=last_stride)
    return net, house_stages(net), net.preprocess()


def _dense(name: str, last_stride: int) -> tuple[nn.Module, Stages, Preprocess]:
    import torchvision

    _only_two(name, last_stride)
    net = getattr(torchvision.models, name)(weights=None)
    net.classifier = nn.Identity()
    net.features.add_module("relu5", nn.ReLU(inplace=True))
    stages = [["conv0", "norm0", "relu0", "pool0", "denseblock1"]]
    stages += [[f"transition{i}", f"denseblock{i + 1}"] for i in (1, 2, 3)]
    stages[-1] += ["norm5", "relu5"]
    return net, [[f"features.{layer}" for layer in stage] for stage in stages], Preprocess()


def _timm(name: str, last_stride: int) -> tuple[nn.Module, Stages, Preprocess]:
    net, preprocess = timm_model(name)
    if hasattr(net, "layer4"):
        _only_two(name, last_stride)
        stages = [["conv1", "bn1", "act1", "maxpool", "layer1"], ["layer2"], ["layer3"], ["layer4"]]
        return net, stages, preprocess
    if not (hasattr(net, "conv_stem") and hasattr(net, "bn2") and len(net.blocks) == LITE_BLOCKS):
        raise ReidError(f"trunk {TIMM}{name}: expected a ResNet or an EfficientNet of timm's")
    if last_stride == 1:
        net.blocks[5][0].conv_dw.stride = (1, 1)
    stages = _efficient()
    stages[-1] += ["conv_head", "bn2"]
    return net, stages, preprocess


def _efficient() -> Stages:
    stages = [["conv_stem", "bn1", *_numbered("blocks", 0, 2)], ["blocks.2"]]
    return [*stages, _numbered("blocks", 3, 5), _numbered("blocks", 5, 7)]


def _only_two(name: str, last_stride: int) -> None:
    if last_stride != 2:
        raise ReidError(f"trunk {name}: last_stride can only be 2 here, got {last_stride}")


def _numbered(name: str, start: int, end: int) -> list[str]:
    return [f"{name}.{i}" for i in range(start, end)]


def _normalised(channels: int) -> nn.Module:
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())
