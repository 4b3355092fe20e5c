"""What every embedding network has in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtmc.reid.preprocess import Preprocess

if TYPE_CHECKING:
    from collections.abc import Sequence

Neck = Literal["none", "l2", "bn"]


@dataclass(frozen=True)
class Vector:
    """One of the vectors that a network describes a person by, and what it is for.

    Args:
        dim: its length.
        metric: whether the metric loss compares it.
        classified: whether a classification layer learns from it.
        served: whether it is a part of the embedding.
    """

    dim: int
    metric: bool = True
    classified: bool = True
    served: bool = True


@dataclass(frozen=True)
class Outputs:
    """What a network says of a batch while it learns.

    Args:
        metric: per vector that the metric loss compares, ``(N, D)``.
        classified: per vector that is classified, ``(N, D)`` after the neck.
        served: per vector of the embedding, ``(N, D)`` after the neck.
        logits: per vector that is classified, ``(N, people)``; none before they are asked for.
        local: maps ``(N, H, C)`` of H horizontal stripes; None for networks without.
    """

    metric: list[Tensor]
    classified: list[Tensor]
    served: list[Tensor]
    logits: list[Tensor]
    local: Tensor | None = None

    def each(self, change: Callable[[Tensor], Tensor]) -> Outputs:
        """The same with every tensor changed."""
        return Outputs(
            metric=[change(x) for x in self.metric],
            classified=[change(x) for x in self.classified],
            served=[change(x) for x in self.served],
            logits=[change(x) for x in self.logits],
            local=None if self.local is None else change(self.local),
        )

    def classified_by(self, layers: nn.ModuleList) -> Outputs:
        """The same with the logits that classification layers, if any, find."""
        if not len(layers):
            return self
        logits = [c(f) for c, f in zip(layers, self.classified, strict=True)]
        return replace(self, logits=logits)

    @property
    def embeddings(self) -> Tensor:
        """``(N, dim)``, not yet of unit length as a whole."""
        return torch.cat(self.served, dim=1)


class EmbeddingNet(nn.Module):
    """A network that describes a person by one vector, or by several with roles of their own.

    A subclass computes the vectors in `parts`; `Vector` says which of them the losses see and
    which, one after the other, are the embedding. The neck says what happens to a vector after
    the metric loss:

    - ``none``: nothing;
    - ``l2``: unit length, in training and inference alike (Robust-ReID, section 3.1);
    - ``bn``: batch normalisation between metric loss and classifier (Luo et al., "Bag of Tricks",
      BNNeck); the embedding is what comes after it.

    Args:
        vectors: what they are; a number is the length of one with every role.
        neck: see above.

    Raises:
        ValueError: unknown neck.
    """

    input_size: tuple[int, int] = (256, 128)  # (height, width) it is made for
    local_dim = 0  # length of the vectors of its horizontal stripes, 0 for none

    def __init__(self, vectors: Sequence[Vector | int], neck: Neck = "none") -> None:
        super().__init__()
        if neck not in get_args(Neck):
            raise ValueError(f"neck must be one of {get_args(Neck)}, got {neck!r}")
        self.vectors = tuple(Vector(v) if isinstance(v, int) else v for v in vectors)
        self.neck = neck
        self.dim = sum(vector.dim for vector in self.vectors if vector.served)
        self.neck_norms = nn.ModuleList()
        if neck == "bn":
            for vector in self.vectors:
                norm = nn.BatchNorm1d(vector.dim)
                norm.bias.requires_grad_(False)
                self.neck_norms.append(norm)

    def preprocess(self) -> Preprocess:
        """How crops become the input it is made for."""
        return Preprocess(self.input_size)

    def parts(self, images: Tensor) -> list[Tensor]:
        """The vectors ``(N, vectors[i].dim)`` of images ``(N, 3, H, W)``, before the neck."""
        raise NotImplementedError

    def of_map(self, features: Tensor) -> Tensor:
        """The embeddings of a network whose vector is `pooled` from its last map."""
        return self._outputs([self.pooled(features)]).embeddings

    def pooled(self, features: Tensor) -> Tensor:
        """The vector ``(N, D)`` of the last map, where there is one."""
        raise NotImplementedError

    def training_outputs(self, images: Tensor) -> Outputs:
        """What the losses see of images ``(N, 3, H, W)``."""
        return self._outputs(self.parts(images))

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings ``(N, dim)``, not yet of unit length as a whole."""
        return self._outputs(self.parts(images)).embeddings

    def _outputs(self, vectors: list[Tensor], local: Tensor | None = None) -> Outputs:
        """The vectors of `parts` to whom they concern."""
        if self.neck == "l2":
            vectors = [functional.normalize(v) for v in vectors]
        after = vectors
        if self.neck == "bn":
            after = [norm(v) for norm, v in zip(self.neck_norms, vectors, strict=True)]
        roles = self.vectors
        return Outputs(
            metric=[v for v, role in zip(vectors, roles, strict=True) if role.metric],
            classified=[v for v, role in zip(after, roles, strict=True) if role.classified],
            served=[v for v, role in zip(after, roles, strict=True) if role.served],
            logits=[],
            local=local,
        )
