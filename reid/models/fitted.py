"""Exits for a finished network, fitted to what it says in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtmc.reid.models import build
from mtmc.reid.models.base import Vector
from mtmc.reid.models.exits import STRIPES, ExitNet, pooled
from mtmc.reid.models.staged import StagedNet, State
from mtmc.reid.models.trunks import STAGES, count_channels, forget, house_stages, through

if TYPE_CHECKING:
    from mtmc.reid.models.base import EmbeddingNet
    from mtmc.reid.preprocess import Preprocess


class FittedNet(StagedNet):
    """A network as it is, whose earlier stages guess the embedding that it will end with.

    So all embeddings lie in one space, and can be compared whatever stage they are of. What a
    guess is made from: the units of an `ExitNet`'s head; of another network the means over four
    stripes of the stage's map, and random ReLU features of these. The guess is linear in that, and
    found in closed form, see `reid.align`.

    Args:
        network: name of the finished network.
        args: its arguments.
        random: how many random features there are for a network without heads.

    Raises:
        ReidError: the network cannot be cut into stages.
        ValueError: an argument is out of range.
    """

    stages = STAGES
    reliabilities: Tensor

    def __init__(self, network: str, args: dict[str, Any] | None = None, random: int = 768) -> None:
        if random < 0:
            raise ValueError(f"random must be at least 0, got {random}")
        inner = build(network, **(args or {}))
        super().__init__([Vector(inner.dim)])
        self.network = inner
        self.input_size = inner.input_size
        self._cut = HeadUnits(inner) if isinstance(inner, ExitNet) else StripeMeans(inner)
        # A trained head has made its features already.
        made = 0 if isinstance(inner, ExitNet) else random
        dims = self._cut.dims[:-1]
        self.fits = nn.ModuleList(Fit(inputs, made, inner.dim) for inputs in dims)
        self.register_buffer("reliabilities", torch.ones(STAGES))

    @property
    def reliability(self) -> tuple[float, ...]:
        """See `StagedNet`."""
        return tuple(self.reliabilities.tolist())

    def preprocess(self) -> Preprocess:
        """That of the network."""
        return self.network.preprocess()

    def parts(self, images: Tensor) -> list[Tensor]:
        """The network's embedding."""
        return [self.network(images)]

    def features(self, stage: int, state: State) -> tuple[State, Tensor]:
        """One stage further: the next state, and what its guess is made from ``(N, F)``.

        After the last stage that is the network's embedding.
        """
        return self._cut(stage, state)

    def advance(self, stage: int, state: State) -> tuple[State, Tensor]:
        """See `StagedNet`."""
        state, features = self.features(stage, state)
        return state, features if stage == STAGES - 1 else self.fits[stage](features)

    def exit(self, images: Tensor, exit: int) -> Tensor:
        """See `StagedNet`."""
        state: State = (images,)
        for stage in range(exit):
            state, features = self.features(stage, state)
        return features if exit == STAGES else self.fits[exit - 1](features)

    def drop_after(self, exit: int) -> None:
        """See `StagedNet`."""
        self._cut.drop_after(exit)
        for stage in range(STAGES - 1):
            if stage != exit - 1:
                self.fits[stage] = nn.Identity()


class Fit(nn.Module):
    """From features to a guess, linear in them and in random features of them.

    Args:
        inputs: features.
        random: random features, see `FittedNet`.
        dim: of the embedding.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, inputs: int, random: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.random = nn.Linear(inputs, random).requires_grad_(False) if random else None
        self.last = nn.Linear(inputs + random, dim).requires_grad_(False)

    def basis(self, features: Tensor) -> Tensor:
        """What the guess is linear in, ``(N, inputs + random)``."""
        features = (features - self.mean) * self.scale
        if self.random is None:
            return features
        return torch.cat([features, functional.relu(self.random(features))], dim=1)

    def forward(self, features: Tensor) -> Tensor:
        """``(N, inputs)`` to ``(N, dim)``."""
        result: Tensor = self.last(self.basis(features))
        return result


class HeadUnits:
    """The stages of an `ExitNet`, read at the hidden units of its heads.

    Args:
        network: not owned, but used.
    """

    def __init__(self, network: ExitNet) -> None:
        self._network = network
        self.dims = tuple(network.head(stage).last.in_features for stage in range(STAGES))

    def __call__(self, stage: int, state: State) -> tuple[State, Tensor]:
        """See `FittedNet.features`."""
        state, units, vector = self._network.read(stage, state)
        return state, vector if stage == STAGES - 1 else units

    def drop_after(self, exit: int) -> None:
        """See `StagedNet`."""
        if exit < STAGES:
            self._network.trunk.drop_after(exit)


class StripeMeans:
    """The stages of a network without heads, read at the means over stripes of its maps.

    Args:
        network: not owned, but used.

    Raises:
        ReidError: it cannot be cut.
    """

    def __init__(self, network: EmbeddingNet) -> None:
        self._network, self._stages = network, house_stages(network)
        self.dims = tuple(STRIPES * c for c in count_channels(network, self._stages))

    def __call__(self, stage: int, state: State) -> tuple[State, Tensor]:
        """See `FittedNet.features`."""
        features = through(self._network, self._stages[stage], state[0])
        if stage == STAGES - 1:
            return (), self._network.of_map(features)
        return (features,), pooled(features, "stripes")

    def drop_after(self, exit: int) -> None:
        """See `StagedNet`."""
        forget(self._network, self._stages[exit:])
