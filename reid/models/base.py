"""What every embedding network has in common."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtmc.reid.preprocess import Preprocess

Neck = Literal["none", "l2", "bn"]


class EmbeddingNet(nn.Module):
    """A network that describes a person by one vector, or by several that are concatenated.

    A subclass computes the vectors in `parts`; training hangs one classifier and one metric loss
    on each. The neck says what happens to a vector after that:

    - ``none``: nothing;
    - ``l2``: unit length, in training and inference alike (Robust-ReID, section 3.1);
    - ``bn``: batch normalisation between metric loss and classifier (Luo et al., "Bag of Tricks",
      BNNeck); the embedding is what comes after it.

    Args:
        part_dims: lengths of the vectors.
        neck: see above.

    Raises:
        ValueError: unknown neck.
    """

    input_size: tuple[int, int] = (256, 128)  # (height, width) it is made for

    def __init__(self, part_dims: tuple[int, ...], neck: Neck = "none") -> None:
        super().__init__()
        if neck not in get_args(Neck):
            raise ValueError(f"neck must be one of {get_args(Neck)}, got {neck!r}")
        self.part_dims = part_dims
        self.neck = neck
        self.dim = sum(part_dims)
        self.neck_norms = nn.ModuleList()
        if neck == "bn":
            for dim in part_dims:
                norm = nn.BatchNorm1d(dim)
                norm.bias.requires_grad_(False)
                self.neck_norms.append(norm)

    def preprocess(self) -> Preprocess:
        """How crops become the input it is made for."""
        return Preprocess(self.input_size)

    def parts(self, images: Tensor) -> list[Tensor]:
        """The vectors ``(N, part_dims[i])`` of images ``(N, 3, H, W)``, before the neck."""
        raise NotImplementedError

    def training_features(self, images: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Per part, what the metric loss sees and what the classifier sees."""
        return [(v, self._after_neck(i, v)) for i, v in enumerate(self._metric_parts(images))]

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings ``(N, dim)``, not yet of unit length as a whole."""
        return torch.cat(
            [self._after_neck(i, v) for i, v in enumerate(self._metric_parts(images))], dim=1
        )

    def _metric_parts(self, images: Tensor) -> list[Tensor]:
        vectors = self.parts(images)
        return [functional.normalize(v) for v in vectors] if self.neck == "l2" else vectors

    def _after_neck(self, part: int, vector: Tensor) -> Tensor:
        result: Tensor = self.neck_norms[part](vector) if self.neck == "bn" else vector
        return result
