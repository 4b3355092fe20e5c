"""AlignedReID: a vector of the whole image, and one of each horizontal stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from torch import Tensor, nn
from torch.nn import functional

from mtmc.reid.models.base import EmbeddingNet, Neck, Outputs
from mtmc.reid.models.trunks import Trunk

if TYPE_CHECKING:
    from mtmc.reid.preprocess import Preprocess

LocalPool = Literal["max", "avg"]


class AlignedNet(EmbeddingNet):
    """A trunk whose last map is averaged, and pooled along its width into local features.

    The vector of the whole image is what is classified and served. The local ones help to learn
    it, and to compare images in an evaluation: see `reid.local_distance`.

    Args:
        trunk: see `Trunk`.
        local_dim: length of a stripe's vector; 0 for no local features, the paper's baseline.
        local_pool: along the width: ``max`` or ``avg``.
        last_stride: see `Trunk`; of 1, there are twice as many stripes.
        neck: see `EmbeddingNet`; of the whole image's vector.

    Raises:
        ReidError: there is no such trunk.
        ValueError: an argument is out of range.

    Source: Zhang et al., "AlignedReID: Surpassing Human-Level Performance in Person
    Re-Identification", section 3.1 and Fig. 2. That local vectors are normalised, to begin with
    as a batch and then to unit length, is not printed: without, Eq. 1 has no gradient left.
    """

    def __init__(
        self,
        trunk: str = "resnet50",
        local_dim: int = 128,
        local_pool: LocalPool = "max",
        last_stride: int = 2,
        neck: Neck = "none",
    ) -> None:
        if local_dim < 0:
            raise ValueError(f"local_dim must be at least 0, got {local_dim}")
        if local_pool not in get_args(LocalPool):
            raise ValueError(f"local_pool must be one of {get_args(LocalPool)}, got {local_pool!r}")
        made = Trunk(trunk, last_stride)
        channels = made.channels[-1]
        super().__init__([channels], neck)
        self.trunk, self.local_pool = made, local_pool
        self.input_size = made.input_size
        self.local_dim = local_dim
        self.local: nn.Module | None = None
        if local_dim:
            self.local = nn.Sequential(
                nn.Conv1d(channels, local_dim, 1, bias=False), nn.BatchNorm1d(local_dim)
            )

    def preprocess(self) -> Preprocess:
        """That of the trunk."""
        return self.trunk.preprocess()

    def parts(self, images: Tensor) -> list[Tensor]:
        """The vector of the whole image."""
        return [self.trunk(images).mean(dim=(2, 3))]

    def training_outputs(self, images: Tensor) -> Outputs:
        """What the losses see; local vectors ``(N, H, local_dim)`` are of unit length."""
        features = self.trunk(images)
        stripes = None
        if self.local is not None:
            rows = features.amax(dim=3) if self.local_pool == "max" else features.mean(dim=3)
            stripes = functional.normalize(self.local(rows).transpose(1, 2), dim=2)
        return self._outputs([features.mean(dim=(2, 3))], stripes)
