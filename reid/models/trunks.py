"""Trunks of networks, cut into stages at whose ends something can be read off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mtmc.reid.errors import ReidError
from mtmc.reid.models import TIMM, build
from mtmc.reid.models.timm_backbone import timm_model
from mtmc.reid.preprocess import Preprocess
from mtmc.reid.registry import unknown

if TYPE_CHECKING:
    pass

STAGES = 4
MOBILE_CUTS = (0, 3, 5, 11, 13)  # MobileNet's separable blocks before each stage, and in all
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
        self.channels = self._count_channels()
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
        for layer in self._stages[stage]:
            x = self.net.get_submodule(layer)(x)
        return x

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
        for stage in range(stages, STAGES):
            for layer in self._stages[stage]:
                self.net.set_submodule(layer, nn.Identity())
        for stage in range(STAGES):
            if stage != stages - 1:
                self.endings[stage] = nn.Identity()

    @torch.no_grad()
    def _count_channels(self) -> tuple[int, ...]:
        """By an image that goes through; no batch statistic moves."""
        self.net.eval()
        x, channels = torch.zeros(1, 3, 64, 64), []
        for stage in range(STAGES):
            x = self.advance(stage, x)
            channels.append(x.shape[1])
        self.net.train()
        return tuple(channels)


def _taken_apart(name: str, last_stride: int) -> tuple[nn.Module, list[list[str]], Preprocess]:
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
    if name in residual:
        stages = [[f"backbone.{i}" for i in range(5)], *([f"backbone.{i}"] for i in (5, 6, 7))]
    else:
        ends = [1 + 2 * blocks for blocks in MOBILE_CUTS]
        starts = [0, *ends[1:]]
        stages = [_numbered("features", a, b) for a, b in zip(starts, ends[1:], strict=False)]
    return net, stages, net.preprocess()


def _dense(name: str, last_stride: int) -> tuple[nn.Module, list[list[str]], Preprocess]:
    import torchvision

    _only_two(name, last_stride)
    net = getattr(torchvision.models, name)(weights=None)
    net.classifier = nn.Identity()
    net.features.add_module("relu5", nn.ReLU(inplace=True))
    stages = [["conv0", "norm0", "relu0", "pool0", "denseblock1"]]
    stages += [[f"transition{i}", f"denseblock{i + 1}"] for i in (1, 2, 3)]
    stages[-1] += ["norm5", "relu5"]
    return net, [[f"features.{layer}" for layer in stage] for stage in stages], Preprocess()


def _timm(name: str, last_stride: int) -> tuple[nn.Module, list[list[str]], Preprocess]:
    net, preprocess = timm_model(name)
    if hasattr(net, "layer4"):
        _only_two(name, last_stride)
        stages = [["conv1", "bn1", "act1", "maxpool", "layer1"], ["layer2"], ["layer3"], ["layer4"]]
        return net, stages, preprocess
    if not (hasattr(net, "conv_stem") and hasattr(net, "bn2") and len(net.blocks) == 7):
        raise ReidError(f"trunk {TIMM}{name}: expected a ResNet or an EfficientNet of timm's")
    if last_stride == 1:
        net.blocks[5][0].conv_dw.stride = (1, 1)
    stages = [["conv_stem", "bn1", *_numbered("blocks", 0, 2)], ["blocks.2"]]
    stages += [_numbered("blocks", 3, 5), [*_numbered("blocks", 5, 7), "conv_head", "bn2"]]
    return net, stages, preprocess


def _only_two(name: str, last_stride: int) -> None:
    if last_stride != 2:
        raise ReidError(f"trunk {name}: last_stride can only be 2 here, got {last_stride}")


def _numbered(name: str, start: int, end: int) -> list[str]:
    return [f"{name}.{i}" for i in range(start, end)]


def _normalised(channels: int) -> nn.Module:
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())
