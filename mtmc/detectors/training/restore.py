"""A network to go on training from: of ``.state`` files, or of an exported ``.onnx`` file.

An export has its normalisation folded into the convolutions. It is unfolded again with the
statistics that some pictures give, so that what the network says does not change.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from mtmc.detectors.training.network import PersonNet
from mtmc.errors import UserError


def restore(network: PersonNet, start: str, images: Tensor) -> None:
    """Give a network the weights of an earlier one, or the mean of several's.

    Several trainings of one start have a mean that is better than each of them: Wortsman et al.,
    "Model soups", ICML 2022.

    Args:
        network: in eval mode.
        start: what `mtmc train-detector` wrote, ``.onnx`` files or the ``.state`` files beside
            such, with commas between them.
        images: ``(B, 3, H, W)``, from which an ``.onnx`` file's normalisation is measured.

    Raises:
        UserError: a file is missing or no such file.
    """
    network.load_state_dict(_mean([_weights(Path(one), images) for one in start.split(",")]))


def _weights(path: Path, images: Tensor) -> dict[str, Tensor]:
    if path.suffix != ".onnx":
        return dict(read_state(path, images.device)["averaged"])
    network = PersonNet().to(images.device).eval()
    try:
        _unfold(network, onnx.load(str(path)), images)
    except Exception as error:  # onnx and torch raise many kinds
        raise UserError(
            f"{path}: nothing to start from; expected an .onnx file that `mtmc train-detector` made"
        ) from error
    return network.state_dict()


def read_state(path: Path, device: torch.device) -> dict[str, Any]:
    """What a training left to go on from.

    Raises:
        UserError: the file is missing or no such file.
    """
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        PersonNet().load_state_dict(state["averaged"])
    except Exception as error:  # torch raises many kinds
        raise UserError(
            f"{path}: nothing to go on from; expected the .state file that `mtmc train-detector` "
            "leaves beside its .onnx"
        ) from error
    return dict(state)


def _mean(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {
        name: torch.stack([state[name] for state in states]).mean(0)
        if value.is_floating_point()
        else value
        for name, value in states[0].items()
    }


@torch.no_grad()
def _unfold(network: PersonNet, model: Any, images: Tensor) -> None:
    values = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    same = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "Identity"}
    names = []  # of weight and bias, in the order of use
    for node in model.graph.node:
        if node.op_type == "Conv":
            pair = tuple(same.get(name, name) for name in node.input[1:])
            if pair not in names:
                names.append(pair)
    layers = _in_use(network, images[:1])
    for (layer, norm), (weight, bias) in zip(layers, names, strict=True):
        layer.weight.copy_(_tensor(values[weight]))
        if norm is None:
            assert layer.bias is not None
            layer.bias.copy_(_tensor(values[bias]))
            continue
        mean, variance = _statistics(norm)
        mean.zero_()
        variance.fill_(1 - norm.eps)
        norm.weight.fill_(1)
        norm.bias.copy_(_tensor(values[bias]))
    network.scales.copy_(_tensor(values["network.scales"]))
    _measure(network, [(c, n) for c, n in layers if n is not None], images)


def _tensor(values: Any) -> Tensor:
    return torch.from_numpy(np.array(values))


def _in_use(network: PersonNet, image: Tensor) -> list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    """The convolutions in the order of their first use, each with its normalisation."""
    order: list[nn.Module] = []
    kinds = (nn.Conv2d, nn.BatchNorm2d)
    hooks = [
        module.register_forward_hook(lambda m, *_: order.append(m))
        for module in network.modules()
        if isinstance(module, kinds)
    ]
    network(image)
    for hook in hooks:
        hook.remove()
    layers: dict[nn.Conv2d, nn.BatchNorm2d | None] = {}
    for number, module in enumerate(order):
        if isinstance(module, nn.Conv2d) and module not in layers:
            after = order[number + 1] if number + 1 < len(order) else None
            layers[module] = after if isinstance(after, nn.BatchNorm2d) else None
    return list(layers.items())


def _measure(
    network: PersonNet, layers: list[tuple[nn.Conv2d, nn.BatchNorm2d]], images: Tensor
) -> None:
    """Move scale and offset of what the images give from the convolutions to the normalisation."""
    seen: dict[nn.Module, list[Tensor]] = {norm: [] for _, norm in layers}
    hooks = [
        norm.register_forward_pre_hook(lambda m, inputs: seen[m].append(inputs[0].flatten(2)))
        for _, norm in layers
    ]
    network(images)
    for hook in hooks:
        hook.remove()
    for layer, norm in layers:
        given = torch.cat(seen[norm], dim=2)
        mean, variance = _statistics(norm)
        middle, spread = given.mean(dim=(0, 2)), given.var(dim=(0, 2))
        # As large as weights are at first, so that a training step means as much as it did then.
        scale = layer.weight.flatten(1).norm(dim=1).clamp(min=1e-6) * 3**0.5
        layer.weight.div_(scale.view(-1, 1, 1, 1))
        mean.copy_(middle / scale)
        variance.copy_(spread / scale**2)
        norm.weight.copy_((variance + norm.eps).sqrt() * scale)
        norm.bias.add_(middle)


def _statistics(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    return norm.running_mean, norm.running_var
