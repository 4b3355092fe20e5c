from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import torch
from torch.utils.flop_counter import FlopCounterMode

from mtmc.reid.models import Profile

if TYPE_CHECKING:
    from mtmc.reid.models.base import EmbeddingNet


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
