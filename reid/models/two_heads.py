from __future__ import annotations

from torch import Tensor, nn

from mtmc.reid.models.base import EmbeddingNet, Neck, Vector
from mtmc.reid.models.pooling import MaxPool
from mtmc.reid.models.trunks import Trunk
from mtmc.reid.preprocess import Preprocess


class TwoHeads(EmbeddingNet):
    """A trunk whose maxima go into two vectors: one is compared, the other classified.

    Args:
        trunk: see `Trunk`.
        last_stride: of the trunk.
        dim: length of each vector; the embedding is both.
        shared: one head of twice the length for both losses, the paper's control.
        neck: see `EmbeddingNet`.

    Source: Li et al., "Progressive Learning Algorithm for Efficient Person Re-Identification",
    Fig. 2 and section 4.2. Stride 1 is not printed there; only with it are its costs right.
    """

    def __init__(
        self,
        trunk: str,
        last_stride: int = 1,
        dim: int = 1024,
        shared: bool = False,
        neck: Neck = "none",
    ) -> None:
        if dim < 1:
            raise ValueError(f"dim must be at least 1, got {dim}")
        two = [Vector(dim, classified=False), Vector(dim, metric=False)]
        super().__init__([Vector(2 * dim)] if shared else two, neck)
        self.trunk = Trunk(trunk, last_stride)
        self.input_size = self.trunk.input_size
        self.pool = MaxPool()
        # Linear layers: what 1x1 convolutions are after pooling.
        channels = self.trunk.channels[-1]
        self.heads = nn.ModuleList(nn.Linear(channels, v.dim) for v in self.vectors)

    def preprocess(self) -> Preprocess:
        """That of the trunk."""
        return self.trunk.preprocess()

    def parts(self, images: Tensor) -> list[Tensor]:
        """What each head makes of the pooled map."""
        pooled = self.pool(self.trunk(images))
        return [head(pooled) for head in self.heads]
