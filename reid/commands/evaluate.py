from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from mtmc import reid
from mtmc.reid.commands.display import counting, print_notes, print_scores, write_json
from mtmc.reid.data import open_dataset
from mtmc.reid.evaluation.benchmark import Protocol, evaluate

if TYPE_CHECKING:
    from pathlib import Path


def run(
    model: str,
    spec: str,
    data: Path,
    protocol: Protocol,
    json_file: Path | None,
    *,
    device: str | None,
    batch_size: int | None,
    threads: int | None,
) -> None:
    """`reid eval`: score a model on a dataset.

    Raises:
        ReidError: the model or the dataset cannot be read.
    """
    dataset = open_dataset(spec, data)
    embedder = reid.load(model, device=device, batch_size=batch_size, threads=threads)
    print_notes(dataset)
    queries = dataset.query
    if protocol.multi_query and dataset.more_queries is not None:
        queries = dataset.more_queries
    total = len(dataset.query) + len(dataset.gallery)
    total += len(queries) if queries is not dataset.query else 0
    with counting("embedding", total) as progress:
        scores = evaluate(embedder, dataset, protocol, progress)
    print_scores(embedder.name, {dataset.name: scores.to_dict()})
    if json_file is not None:
        result = {
            "model": model,
            "dataset": dataset.name,
            "protocol": asdict(protocol),
            "scores": scores.to_dict(),
            "cmc": scores.cmc.tolist(),
        }
        write_json(result, json_file)
