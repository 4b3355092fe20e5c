from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtmc import reid
from mtmc.reid.commands.display import (
    console,
    counting,
    print_comparison,
    print_notes,
    short_names,
    write_json,
)
from mtmc.reid.data import open_dataset
from mtmc.reid.errors import ReidError
from mtmc.reid.evaluation.benchmark import Protocol, retrieve, score
from mtmc.reid.evaluation.picture import draw_ranked, write_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtmc.reid.data.images import Dataset
    from mtmc.reid.embedder import Embedder
    from mtmc.reid.evaluation.ranking import Scores
    from mtmc.reid.evaluation.retrieval import Retrieval

PICTURE = Path("ranked.png")


@dataclass(frozen=True)
class Wanted:
    """What is written beside the table.

    Args:
        json: every figure there is.
        show: so many queries with their ranked lists go into `PICTURE`; 0 for none.
        save: the embeddings, ``.npz``.
    """

    json: Path | None = None
    show: int = 0
    save: Path | None = None


def run(
    models: Sequence[str],
    specs: Sequence[str],
    data: Path,
    protocol: Protocol,
    wanted: Wanted,
    *,
    device: str | None,
    batch_size: int | None,
    threads: int | None,
) -> None:
    """`reid eval`: score models on datasets.

    Raises:
        ReidError: a model or a dataset cannot be read, or something cannot be written.
    """
    if wanted.show and protocol.multi_query:
        raise ReidError("--show: a query of --multi-query is no picture; leave one of them out")
    datasets = [open_dataset(spec, data) for spec in specs]
    embedders = [
        reid.load(model, device=device, batch_size=batch_size, threads=threads) for model in models
    ]
    for dataset in datasets:
        print_notes(dataset)
        dataset.need("query", "gallery")
    names = short_names(models)
    found: dict[tuple[str, str, str], Scores] = {}
    total = len(models) * sum(_images(dataset, protocol) for dataset in datasets)
    with counting("embedding", total) as progress:
        for (name, embedder), dataset in product(zip(names, embedders, strict=True), datasets):
            for distance, retrieval in _retrievals(embedder, dataset, protocol, progress).items():
                found[name, dataset.name, distance] = score(retrieval, dataset.name)
                several = [name] * (len(models) > 1) + [dataset.name] * (len(datasets) > 1)
                several += [distance] * (distance != "")
                _write(retrieval, ", ".join([name, dataset.name, *several[2:]]), several, wanted)
    title = embedders[0].name if len(models) == 1 else ""
    shown = [f"{name} " if len(models) > 1 else "" for name in names]
    rows = {
        ((shown[names.index(name)] + distance).strip(), dataset): scores.to_dict()
        for (name, dataset, distance), scores in found.items()
    }
    print_comparison(title, rows)
    if wanted.json is not None:
        every = [
            {
                "model": models[names.index(name)],
                "dataset": dataset,
                **({"distance": distance} if distance else {}),
                **_told(scores),
            }
            for (name, dataset, distance), scores in found.items()
        ]
        about = {"protocol": asdict(protocol)}
        write_json({**about, **(every[0] if len(every) == 1 else {"results": every})}, wanted.json)


def _retrievals(
    embedder: Embedder, dataset: Dataset, protocol: Protocol, progress: Callable[[int], object]
) -> dict[str, Retrieval]:
    """By each distance that the protocol asks for; the name of an only one is empty."""
    if protocol.metric == "cosine":
        return {"": retrieve(embedder, dataset, protocol, progress)}
    from mtmc.reid.evaluation.aligned import retrieve_aligned  # with torch

    return retrieve_aligned(embedder, dataset, protocol, progress)


def _told(scores: Scores) -> dict[str, Any]:
    return {"scores": scores.to_dict(), "cmc": scores.cmc.tolist()}


def _images(dataset: Dataset, protocol: Protocol) -> int:
    more = dataset.more_queries if protocol.multi_query else None
    return len(dataset.query) + len(dataset.gallery) + (0 if more is None else len(more))


def _write(retrieval: Retrieval, title: str, several: Sequence[str], wanted: Wanted) -> None:
    """Embeddings and picture, if wanted; where there are several, each under its names."""
    files = []
    if wanted.save is not None:
        files.append(_named(wanted.save, several))
        retrieval.save(files[-1])
    if wanted.show:
        files.append(_named(PICTURE, several))
        write_picture(draw_ranked(retrieval, wanted.show, title), files[-1])
    for file in files:
        console.print(f"wrote {file}", highlight=False, soft_wrap=True)


def _named(file: Path, names: Sequence[str]) -> Path:
    plain = ["".join(c if c.isalnum() or c in "-." else "_" for c in name) for name in names]
    return file.with_name("_".join([file.stem, *plain]) + file.suffix)
