"""From images to a checkpoint with a metric: features, one closed-form step, evaluation."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.data.decode import decoded
from mtmc.reid.data.images import combine
from mtmc.reid.evaluation.benchmark import evaluate
from mtmc.reid.metric.learn import learn
from mtmc.reid.models import METRIC, build
from mtmc.reid.torch_embedder import TorchEmbedder
from mtmc.reid.training.learner import starting_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mtmc.reid.data.images import Dataset, Images
    from mtmc.reid.metric.config import MetricTraining
    from mtmc.reid.metric.learn import Metric
    from mtmc.reid.models.base import EmbeddingNet
    from mtmc.reid.preprocess import Preprocess

BATCH = 16
# Of the sphere that embeddings are put on, in lengths of the longest training image's. The larger,
# the more exactly do they rank as the distance, and the smaller are their cosine distances.
RADIUS = 2.0


@dataclass(frozen=True)
class MetricReport:
    """What a training came to.

    Args:
        images: learned from.
        dim: embedding size.
        feature_seconds: for decoding the images and computing their features.
        metric_seconds: for the metric.
        scores: per test dataset.
    """

    images: int
    dim: int
    feature_seconds: float
    metric_seconds: float
    scores: dict[str, dict[str, float | int]]


class MetricTrainer:
    """Learns a metric on a network's embeddings.

    Args:
        config: what to do.
        train: datasets to learn from.
        test: datasets to evaluate on.
        device: where features are computed; the metric is learned on the CPU.

    Raises:
        ReidError: the network cannot be made, or its starting weights do not fit.
    """

    def __init__(
        self,
        config: MetricTraining,
        train: Sequence[Dataset],
        test: Sequence[Dataset],
        device: torch.device,
    ) -> None:
        self._config, self._test, self._device = config, test, device
        self._images = combine([dataset.train for dataset in train])
        network = build(config.model.name, **config.model.args)
        self._preprocess = network.preprocess()
        if config.model.start_from is not None:
            network.load_state_dict(starting_weights(config.model, network))
            self._preprocess = Checkpoint.open(Path(config.model.start_from)).preprocess
        self._network = network.eval().to(device)

    def run(
        self, progress: Callable[[int], object] | None = None
    ) -> tuple[Checkpoint, MetricReport]:
        """Learn and evaluate.

        Args:
            progress: told how many training images have their features.

        Raises:
            ReidError: an image cannot be read, or the images do not determine such a metric.
        """
        start = time.perf_counter()
        features = extract_features(
            self._network, self._preprocess, self._images, self._device, progress
        )
        middle = time.perf_counter()
        images = self._images
        metric = learn(features, images.pids, images.camids, self._config.metric)
        end = time.perf_counter()
        del features  # they may be most of the memory
        checkpoint = self._checkpoint(metric)
        network = checkpoint.build().to(self._device)
        embedder = TorchEmbedder(network, checkpoint.preprocess, self._device, "training")
        scores = {d.name: evaluate(embedder, d).to_dict() for d in self._test}
        report = MetricReport(len(images), network.dim, middle - start, end - middle, scores)
        return replace(checkpoint, metrics={"scores": scores}), report

    def _checkpoint(self, metric: Metric | None) -> Checkpoint:
        """The features alone, or with the metric behind them."""
        model, network = self._config.model, self._network
        checkpoint = Checkpoint(
            model=model.name,
            args=model.args,
            weights=network.state_dict(),
            preprocess=self._preprocess,
            dim=network.dim,
            config=self._config.to_dict(),
        )
        if metric is None:
            return checkpoint
        dims = metric.factor.shape[1]
        weights = {f"features.{name}": value for name, value in checkpoint.weights.items()}
        weights["projection.weight"] = torch.from_numpy(metric.factor.T.copy())
        weights["projection.bias"] = torch.from_numpy(-metric.mean @ metric.factor)
        weights["radius"] = torch.tensor(RADIUS * metric.longest)
        compare = self._config.metric.compare
        args = {"dims": dims, "args": model.args, "compare": compare}
        name = METRIC + model.name
        return replace(
            checkpoint, model=name, args=args, weights=weights, dim=build(name, **args).dim
        )


@torch.inference_mode()
def extract_features(
    network: EmbeddingNet,
    preprocess: Preprocess,
    images: Images,
    device: torch.device,
    progress: Callable[[int], object] | None = None,
) -> NDArray[np.float32]:
    """A network's embeddings of image files, as they are: not of unit length.

    Args:
        network: in evaluation mode, on ``device``.
        preprocess: how crops become its input.
        images: N files.
        device: where.
        progress: told how many images are done.

    Returns:
        ``(N, D)``.

    Raises:
        ReidError: a file is no image.
    """
    out = np.empty((len(images), network.dim), np.float32)
    start = 0
    for chunk in decoded(images.paths, preprocess, progress):
        pixels = torch.from_numpy(chunk).permute(0, 3, 1, 2)
        for first in range(0, len(pixels), BATCH):
            batch = pixels[first : first + BATCH]
            rows = network(preprocess.normalize_tensor(batch.to(device)))
            out[start : start + len(batch)] = rows.cpu().numpy()
            start += len(batch)
    return out
