from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtmc.reid.models.base import EmbeddingNet

if TYPE_CHECKING:
    from collections.abc import Sequence


class Ensemble(EmbeddingNet):
    """Several networks of one kind whose unit embeddings are averaged.

    Makes sense for networks that lie close to each other, such as samples of one SWAG posterior:
    networks trained apart do not share an embedding space.

    Args:
        members: the networks.
    """

    def __init__(self, members: Sequence[EmbeddingNet]) -> None:
        super().__init__((members[0].dim,))
        self.members = nn.ModuleList(members)
        self.input_size = members[0].input_size

    def parts(self, images: Tensor) -> list[Tensor]:
        """The averaged embedding."""
        rows = [functional.normalize(member(images)) for member in self.members]
        return [torch.stack(rows).mean(dim=0)]
