"""LOMO with each metric: by its definition, as its checkpoint serves it, and by cosine.

uv run python benchmarks/reid_classical.py ROOT [--pca 1000] [--dims 25 50 75]

ROOT is a dataset in Market-1501's layout; its training people are learned from, its test people
scored. ``defined`` is the Mahalanobis distance of the paper (KISSME's matrix with its negative
part), ``positive`` without that part, ``served`` the dot product of the checkpoint's unit rows.
``--dims`` are XQDA's first dimensions beside all of them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from mtmc import reid
from mtmc.reid.data import open_dataset
from mtmc.reid.evaluation import Embeddings, score_distances, score_embeddings
from mtmc.reid.evaluation.benchmark import evaluate
from mtmc.reid.metric.config import MetricConfig
from mtmc.reid.metric.learn import kissme_matrix, learn
from mtmc.reid.metric.pairs import pair_moments
from mtmc.reid.metric.subspace import principal
from mtmc.reid.metric.trainer import RADIUS, extract_features
from mtmc.reid.models import build
from mtmc.reid.models.metric import lifted

if TYPE_CHECKING:
    from mtmc.reid.data.images import Images

console = Console()


def percent(scores: Any) -> str:
    """Rank-1 / mAP."""
    return f"{100 * scores.rank(1):.2f} / {100 * scores.mean_ap:.2f}"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--pca", type=int, help="components that XQDA learns from; all without")
    parser.add_argument("--dims", type=int, nargs="+", default=[25, 50])
    options = parser.parse_args()
    dataset = open_dataset("folder", options.root)
    network = build("lomo").eval()

    def features(images: Images) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        rows = extract_features(network, network.preprocess(), images, torch.device("cpu"))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        count = len(images)
        console.print(f"{count} images: {count / wall:.0f}/s, {count / cpu:.0f} per CPU second")
        return rows

    train, query, gallery = map(features, (dataset.train, dataset.query, dataset.gallery))

    def rows(of: Any, images: Images) -> Embeddings:
        return Embeddings(of.astype(np.float32), images.pids, images.camids)

    def both(left: Any, right: Any) -> tuple[Embeddings, Embeddings]:
        return rows(left, dataset.query), rows(right, dataset.gallery)

    table = Table("metric", "dims", "CPU s", "defined", "positive", "served", "cosine")
    color = percent(evaluate(reid.load("color"), dataset))
    table.add_row("color", "750", "", "", "", "", color)
    plain = percent(score_embeddings(*both(query, gallery), "euclidean"))
    cosine = percent(score_embeddings(*both(query, gallery)))
    table.add_row("Euclidean", str(network.dim), "", plain, plain, cosine, cosine)
    configs = [
        MetricConfig(method="kissme", pca=200, regularizer=0.0),
        MetricConfig(method="xqda", pca=options.pca),
    ]
    for config in configs:
        start = time.process_time()
        learned = learn(train, dataset.train.pids, dataset.train.camids, config)
        assert learned is not None  # only the Euclidean distance has no matrix
        seconds = time.process_time() - start
        name = config.method + (f", PCA {config.pca}" if config.pca else "")
        everything = learned.factor.shape[1]
        first = [dims for dims in options.dims if dims < everything]
        for dims in [*(first if config.method == "xqda" else []), everything]:
            factor = learned.factor[:, :dims]  # largest eigenvalues first: what `dims` would keep
            y, z = ((f - learned.mean) @ factor for f in (query, gallery))
            flat = both(y, z)
            positive = percent(score_embeddings(*flat, "euclidean"))
            cells = [positive, positive, "", percent(score_embeddings(*flat))]
            if config.method == "kissme":
                cells[0] = percent(unclipped(train, query, gallery, dataset, config))
            if dims == everything:
                radius = RADIUS * learned.longest
                sphere = (lifted(torch.from_numpy(points), radius).numpy() for points in (y, z))
                cells[2] = percent(score_embeddings(*both(*sphere)))
            table.add_row(name, str(dims), f"{seconds:.1f}", *cells)
            console.print(name, dims, *cells)
    console.print(table)


def unclipped(train: Any, query: Any, gallery: Any, dataset: Any, config: MetricConfig) -> Any:
    """KISSME's scores with the negative part of its matrix."""
    space = principal(train, config.pca or 0)
    pids, camids = dataset.train.pids, dataset.train.camids
    intra, extra, _, _ = pair_moments(space.coordinates, pids, camids)
    matrix = kissme_matrix(intra, extra)
    basis = space.expand(np.eye(len(matrix))).astype(np.float32)
    y, z = ((f - space.mean) @ basis for f in (query, gallery))
    own = [np.einsum("nd,de,ne->n", p, matrix, p, optimize=True) for p in (y, z)]
    distances = own[0][:, None] + own[1] - 2 * (y @ matrix @ z.T)
    empty = np.zeros((1, 1), np.float32)
    parts = [
        Embeddings(np.repeat(empty, len(i), 0), i.pids, i.camids)
        for i in (dataset.query, dataset.gallery)
    ]
    return score_distances(distances.astype(np.float32), *parts)


if __name__ == "__main__":
    main()
