"""Time and memory of retrieval evaluation at Market-1501's size, on random embeddings.

uv run python benchmarks/reid_retrieval.py
"""

from __future__ import annotations

import resource
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from mtmc.reid.evaluation import Embeddings, score_distances, score_embeddings
from mtmc.reid.evaluation.rerank import rerank

QUERIES, GALLERY, DIM, PEOPLE, CAMERAS = 3368, 19732, 512, 750, 6


def random_set(rng, count, centres) -> Embeddings:
    """People around their centres, with noise."""
    pids = rng.integers(1, PEOPLE + 1, count)
    features = centres[pids] + 2.0 * rng.normal(size=(count, DIM)).astype(np.float32)
    return Embeddings(features, pids, rng.integers(0, CAMERAS, count)).normalized()


def main() -> None:
    """Run and print."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(PEOPLE + 1, DIM)).astype(np.float32)
    query, gallery = random_set(rng, QUERIES, centres), random_set(rng, GALLERY, centres)
    table = Table("what", "seconds", "peak memory of the process, GB", "rank-1", "mAP", "mINP")

    def row(name, work) -> None:
        start = time.perf_counter()
        scores = work()
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        figures = (scores.rank(1), scores.mean_ap, scores.mean_inp)
        table.add_row(name, f"{seconds:.2f}", f"{peak:.2f}", *(f"{f:.4f}" for f in figures))

    row("CMC, mAP, mINP", lambda: score_embeddings(query, gallery))
    row(
        "re-ranking and scores",
        lambda: score_distances(rerank(query.features, gallery.features), query, gallery),
    )
    Console().print(table)


if __name__ == "__main__":
    main()
