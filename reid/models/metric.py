"""A learned metric behind a network, served as unit vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import torch
from torch import Tensor, nn

from mtmc.reid.metric import Compare
from mtmc.reid.models import build
from mtmc.reid.models.base import EmbeddingNet

if TYPE_CHECKING:
    from mtmc.reid.preprocess import Preprocess


class MetricNet(EmbeddingNet):
    """Embeddings whose dot products rank (nearly) as a learned Mahalanobis distance does.

    With the metric ``M = L L^T``, the distance of two feature vectors is the squared Euclidean
    distance of ``y = L^T (x - mean)``, which is what `project` gives. With ``compare="cosine"``
    these are the embeddings: their angle is compared, not their distance.

    With ``compare="mahalanobis"`` it is the distance. As dot products of unit vectors do not rank
    like distances of vectors of several lengths, one more coordinate puts every ``y`` onto a
    sphere: ``(y, sqrt(r^2 - |y|^2)) / r``. Then

        r^2 |u - v|^2 = |y - z|^2 + (sqrt(r^2 - |y|^2) - sqrt(r^2 - |z|^2))^2

    and the second term, all that is not exact, falls with the square of the radius r. No other way
    onto a sphere of this radius that keeps ``y`` adds less: two vectors of the lengths
    ``sqrt(r^2 - |y|^2)`` and ``sqrt(r^2 - |z|^2)`` are never nearer to each other. What lies
    beyond r (the training leaves room) goes to its nearest point of the sphere.

    Args:
        features: name of the network that the metric was learned on.
        dims: of the metric's subspace.
        args: the arguments of that network.
        compare: see above.

    Raises:
        ValueError: an argument is out of range.
    """

    radius: Tensor

    def __init__(
        self,
        features: str = "lomo",
        dims: int = 200,
        args: dict[str, Any] | None = None,
        compare: Compare = "mahalanobis",
    ) -> None:
        if dims < 1:
            raise ValueError(f"dims must be at least 1, got {dims}")
        if compare not in get_args(Compare):
            raise ValueError(f"compare must be one of {get_args(Compare)}, got {compare!r}")
        super().__init__((dims + (compare == "mahalanobis"),))
        self.compare = compare
        self.features = build(features, **(args or {}))
        self.input_size = self.features.input_size
        self.projection = nn.Linear(self.features.dim, dims).requires_grad_(False)
        self.register_buffer("radius", torch.ones(()))

    def preprocess(self) -> Preprocess:
        """That of the features."""
        return self.features.preprocess()

    def project(self, images: Tensor) -> Tensor:
        """Vectors ``(N, dims)`` whose squared Euclidean distance is the learned one."""
        projected: Tensor = self.projection(self.features(images))
        return projected

    def parts(self, images: Tensor) -> list[Tensor]:
        """The same, for a Mahalanobis distance on the sphere ``(N, dims + 1)``."""
        vectors = self.project(images)
        return [vectors if self.compare == "cosine" else lifted(vectors, self.radius)]


def lifted(vectors: Tensor, radius: Tensor | float) -> Tensor:
    """Vectors ``(N, D)`` with the coordinate ``(N, D + 1)`` that puts them onto the sphere."""
    squares = vectors.square().sum(dim=1, keepdim=True)
    return torch.cat([vectors, (radius**2 - squares).clamp(min=0).sqrt()], dim=1)
