"""Everything that can be set about learning a metric, with its defaults."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from pydantic.dataclasses import dataclass

from mtmc.reid.metric import Compare
from mtmc.reid.settings import setting
from mtmc.reid.training.config import DataConfig, ModelConfig, Settings


@dataclass(frozen=True)
class MetricConfig:
    """Which metric, and from which pairs of images.

    Args:
        method: ``xqda``, ``kissme``, or ``euclidean``, which learns nothing but ``pca``.
        pca: principal components that the features are reduced to first; null keeps all.
        dims: most dimensions of XQDA's subspace; null for all with an eigenvalue above 1.
        regularizer: added to the variance of one person's differences in every direction.
        pairs: ``cross_camera``: of two cameras; ``all``: also of one.
        compare: how embeddings are compared after ``L^T (x - mean)``: ``mahalanobis`` by their
            distance, as the methods' papers do; ``cosine`` by their angle.

    Raises:
        ValueError: a value is out of range.
    """

    method: Literal["xqda", "kissme", "euclidean"] = setting("xqda", public=True)
    pca: int | None = setting(None, ge=1, public=True)
    dims: int | None = setting(None, ge=1)
    regularizer: float = setting(1e-3, ge=0)
    pairs: Literal["cross_camera", "all"] = "cross_camera"
    compare: Compare = "mahalanobis"

    def __post_init__(self) -> None:
        if self.dims is not None and self.method != "xqda":
            raise ValueError(f"dims is for xqda; use pca with {self.method}")


@dataclass(frozen=True)
class MetricTraining(Settings):
    """A metric to learn, as ``configs/reid/lomo_*.yaml`` describe it.

    Args:
        model: the network that gives the features, for example ``lomo``; with ``start_from``, a
            trained one.
        data: datasets.
        metric: what is learned.
    """

    model: ModelConfig = field(default_factory=lambda: ModelConfig(name="lomo"))
    data: DataConfig = field(default_factory=DataConfig)
    metric: MetricConfig = field(default_factory=MetricConfig)
