"""Networks that describe a person after each of their stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from mtmc.reid.errors import ReidError
from mtmc.reid.models.base import EmbeddingNet, Vector

if TYPE_CHECKING:
    from mtmc.reid.preprocess import Preprocess

State = tuple[Tensor, ...]  # what a stage hands to the next, each ``(N, ...)``


class StagedNet(EmbeddingNet):
    """A network that can be left after each of its stages.

    Attributes:
        stages: how many there are; the last one's embedding is that of the whole network.
    """

    stages: int

    @property
    def reliability(self) -> tuple[float, ...]:
        """Per stage, the mean squared cosine of its embedding to the whole network's.

        Empty where they lie in different spaces.
        """
        return ()

    def advance(self, stage: int, state: State) -> tuple[State, Tensor]:
        """One stage further.

        Args:
            stage: 0-based.
            state: ``(images,)`` before the first, then what `advance` gave.

        Returns:
            The next state, and embeddings ``(N, dim)`` of what was seen so far.
        """
        raise NotImplementedError

    def exit(self, images: Tensor, exit: int) -> Tensor:
        """The vector ``(N, D)`` of one exit alone, 1-based; no later stage is computed."""
        raise NotImplementedError

    def drop_after(self, exit: int) -> None:
        """Forget the layers that this exit does without."""
        raise NotImplementedError


class UpTo(EmbeddingNet):
    """A staged network that always stops at one exit.

    Args:
        network: is changed: it loses its later stages.
        exit: 1-based.

    Raises:
        ReidError: the network has no such exit.
    """

    def __init__(self, network: EmbeddingNet, exit: str) -> None:
        if not isinstance(network, StagedNet):
            raise ReidError("has no exits; leave @ and what follows out")
        if not exit.isdecimal() or not 1 <= int(exit) <= network.stages:
            raise ReidError(f"has the exits 1 to {network.stages}, not {exit!r}")
        super().__init__([Vector(network.dim)])
        self.input_size = network.input_size
        self.number = int(exit)
        network.drop_after(self.number)
        self.network = network

    def preprocess(self) -> Preprocess:
        """That of the network."""
        return self.network.preprocess()

    def parts(self, images: Tensor) -> list[Tensor]:
        """The exit's vector."""
        return [self.network.exit(images, self.number)]


@torch.no_grad()
def costs(network: StagedNet, size: tuple[int, int]) -> tuple[float, ...]:
    """Multiply-adds in 1e9 of one crop up to and including each stage.

    Args:
        network: in evaluation mode.
        size: ``(height, width)`` of its input.
    """
    device = next(network.parameters()).device
    state: State = (torch.zeros(1, 3, *size, device=device),)
    found = []
    with FlopCounterMode(display=False) as counter:
        for stage in range(network.stages):
            state, _ = network.advance(stage, state)
            found.append(counter.get_total_flops() / 2e9)
    return tuple(found)
