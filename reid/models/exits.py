"""DaRe: an embedding after each stage of a trunk, and one of them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast, get_args

import torch
from torch import Tensor, nn

from mtmc.reid.models.base import Vector
from mtmc.reid.models.staged import StagedNet, State
from mtmc.reid.models.trunks import STAGES, Trunk

if TYPE_CHECKING:
    from mtmc.reid.preprocess import Preprocess

Pool = Literal["avg", "stripes"]
STRIPES = 4


class ExitNet(StagedNet):
    """A trunk with a head after each of its stages, whose vectors are fused by learned weights.

    ``Vector`` by ``Vector``: one per stage, then the fused one, which is served.

    Args:
        trunk: see `Trunk`.
        hidden: units of each head's first layer; 0 for heads of one layer.
        dim: length of every vector.
        fuse: whether the embedding is the weighted sum of all; else it is the last stage's.
        deep_supervision: whether every stage's vector is trained for itself, too.
        pool: over the whole map (``avg``), or over each of four horizontal ``stripes``.
        last_stride: see `Trunk`.

    Raises:
        ReidError: there is no such trunk.
        ValueError: an argument is out of range.

    Source: Wang et al., "Resource Aware Person Re-identification across Multiple Resolutions",
    CVPR 2018, section 3.1 and Fig. 2.
    """

    stages = STAGES

    def __init__(
        self,
        trunk: str = "resnet50",
        hidden: int = 1024,
        dim: int = 128,
        fuse: bool = True,
        deep_supervision: bool = True,
        pool: Pool = "avg",
        last_stride: int = 2,
    ) -> None:
        if hidden < 0 or dim < 1:
            raise ValueError(f"hidden must be at least 0 and dim at least 1, got {hidden}, {dim}")
        if pool not in get_args(Pool):
            raise ValueError(f"pool must be one of {get_args(Pool)}, got {pool!r}")
        last = not fuse
        roles = [Vector(dim, deep_supervision, deep_supervision, False) for _ in range(STAGES - 1)]
        roles.append(Vector(dim, deep_supervision or last, deep_supervision or last, last))
        super().__init__([*roles, Vector(dim)] if fuse else roles)
        self.trunk = Trunk(trunk, last_stride)
        self.input_size = self.trunk.input_size
        self.heads = nn.ModuleList(Head(c, hidden, dim, pool) for c in self.trunk.channels)
        self.weights = nn.Parameter(torch.full((STAGES,), 1 / STAGES)) if fuse else None

    def preprocess(self) -> Preprocess:
        """That of the trunk."""
        return self.trunk.preprocess()

    def parts(self, images: Tensor) -> list[Tensor]:
        """The stages' vectors and the fused one."""
        vectors = []
        for stage in range(STAGES):
            images = self.trunk.advance(stage, images)
            vectors.append(self._vector(stage, images))
        if self.weights is None:
            return vectors
        return [*vectors, sum(w * v for w, v in zip(self.weights, vectors, strict=True))]

    def advance(self, stage: int, state: State) -> tuple[State, Tensor]:
        """See `StagedNet`; with the map goes the fused vector as far as it is known."""
        state, _, vector = self.read(stage, state)
        return state, vector

    def read(self, stage: int, state: State) -> tuple[State, Tensor, Tensor]:
        """The same, with the units ``(N, U)`` that the stage's own vector is linear in between."""
        features = self.trunk.advance(stage, state[0])
        head = self.head(stage)
        units = head.units(self.trunk.ending(stage, features))
        vector = head.last(units)
        last = stage == STAGES - 1
        if self.weights is None:
            return () if last else (features,), units, vector
        fused = self.weights[stage] * vector
        if stage > 0:
            fused = state[1] + fused
        return () if last else (features, fused), units, fused if last else vector

    def exit(self, images: Tensor, exit: int) -> Tensor:
        """See `StagedNet`."""
        for stage in range(exit):
            images = self.trunk.advance(stage, images)
        return self._vector(exit - 1, images)

    def drop_after(self, exit: int) -> None:
        """See `StagedNet`."""
        self.trunk.drop_after(exit)
        self.weights = None
        self.heads = nn.ModuleList(
            head if stage == exit - 1 else nn.Identity() for stage, head in enumerate(self.heads)
        )

    def head(self, stage: int) -> Head:
        """That of a stage, 0-based."""
        return cast("Head", self.heads[stage])

    def _vector(self, stage: int, features: Tensor) -> Tensor:
        result: Tensor = self.head(stage)(self.trunk.ending(stage, features))
        return result


class Head(nn.Module):
    """From a map to a vector.

    Args:
        channels: of the map.
        hidden: units in between, 0 for none.
        dim: length of the vector.
        pool: see `ExitNet`.
    """

    def __init__(self, channels: int, hidden: int, dim: int, pool: Pool) -> None:
        super().__init__()
        self.pool = pool
        inputs = channels * (STRIPES if pool == "stripes" else 1)
        self.hidden: nn.Module = nn.Identity()
        if hidden:
            self.hidden = nn.Sequential(
                nn.Linear(inputs, hidden), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True)
            )
        self.last = nn.Linear(hidden or inputs, dim)

    def units(self, features: Tensor) -> Tensor:
        """What the vector is linear in, of a map ``(N, channels, H, W)``."""
        result: Tensor = self.hidden(pooled(features, self.pool))
        return result

    def forward(self, features: Tensor) -> Tensor:
        """``(N, channels, H, W)`` to ``(N, dim)``."""
        result: Tensor = self.last(self.units(features))
        return result


def pooled(features: Tensor, pool: Pool) -> Tensor:
    """Means ``(N, C)`` over a map ``(N, C, H, W)``, or ``(N, STRIPES * C)`` over its stripes."""
    if pool == "avg":
        return features.mean(dim=(2, 3))
    # As adaptive pooling does, which has no ONNX form for every height.
    rows = features.mean(dim=3)  # (N, C, H)
    height = rows.shape[2]
    edges = [(i * height // STRIPES, -(-(i + 1) * height // STRIPES)) for i in range(STRIPES)]
    return torch.cat([rows[:, :, top:bottom].mean(dim=2) for top, bottom in edges], dim=1)
