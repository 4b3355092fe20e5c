from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import torch
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from mtmc.reid.models.base import EmbeddingNet


@dataclass(frozen=True)
class Profile:
    """The size of a network.

    Args:
        parameters: learned numbers, without classification layers.
        flops: multiply-adds of one image (what papers in this field call FLOPs).
        input_size: ``(height, width)`` they were counted at.
        dim: embedding size.
    """

    parameters: int
    flops: int
    input_size: tuple[int, int]
    dim: int


def profile(network: EmbeddingNet, input_size: tuple[int, int] | None = None) -> Profile:
    """Count parameters and the multiply-adds of convolutions and matrix products."""
    size = input_size or network.input_size
    device = next(chain(network.parameters(), network.buffers())).device
    image = torch.zeros(1, 3, *size, device=device)
    training = network.training
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(image)
    network.train(training)
    return Profile(
        parameters=sum(p.numel() for p in network.parameters()),
        flops=counter.get_total_flops() // 2,
        input_size=size,
        dim=network.dim,
    )
