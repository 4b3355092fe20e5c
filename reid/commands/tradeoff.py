from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from mtmc import reid
from mtmc.reid.commands.display import console, counting, print_notes, short_names, write_json
from mtmc.reid.commands.plotting import pyplot, save_figure
from mtmc.reid.data import open_dataset
from mtmc.reid.data.decode import read_image
from mtmc.reid.evaluation.benchmark import retrieve, score
from mtmc.reid.evaluation.tradeoff import TradeOff, measure_speeds, size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtmc.reid.data.images import Cut, Dataset

BATCHES = (1, 32)
CROPS = 256  # whose embedding is timed


def run(
    models: Sequence[str],
    spec: str,
    data: Path,
    json_file: Path | None,
    plot: Path | None,
    *,
    device: str | None,
    threads: int | None,
) -> None:
    """`reid tradeoff`: accuracy, size and speed of several models, side by side.

    Raises:
        ReidError: a model or the dataset cannot be read, or the plot cannot be drawn.
    """
    drawing = pyplot("--plot") if plot else None  # better now than after the measurements
    dataset = open_dataset(spec, data)
    embedders = [reid.load(model, device=device, threads=threads) for model in models]
    print_notes(dataset)
    total = len(embedders) * (len(dataset.query) + len(dataset.gallery))
    with counting("embedding", total) as progress:
        scores = [
            score(retrieve(embedder, dataset, None, progress), dataset.name)
            for embedder in embedders
        ]
    crops = [read_image(path) for path in _some(dataset)]
    with counting("timing", len(BATCHES)) as progress:
        speeds = []
        for batch in BATCHES:
            speeds.append(measure_speeds(embedders, crops, batch))
            progress(1)
    rows = [
        TradeOff(
            model,
            float(found.to_dict()["rank1"]),
            float(found.to_dict()["mAP"]),
            *size_of(embedder),
            dict(zip(BATCHES, speed, strict=True)),
            embedder.dim,
        )
        for model, embedder, found, speed in zip(
            models, embedders, scores, zip(*speeds, strict=True), strict=True
        )
    ]
    names = short_names(models)
    _print(names, rows, dataset.name)
    if json_file is not None:
        write_json({"dataset": dataset.name, "models": [asdict(row) for row in rows]}, json_file)
    if plot is not None:
        _draw(drawing, names, rows, dataset.name, plot)


def _some(dataset: Dataset) -> list[Path | Cut]:
    """Files from all over the gallery."""
    paths = dataset.gallery.paths
    rows = np.linspace(0, len(paths) - 1, min(CROPS, len(paths))).astype(int)
    return [paths[row] for row in rows]


def _print(names: Sequence[str], rows: Sequence[TradeOff], dataset: str) -> None:
    speeds = [f"images/s\nbatch {batch}" for batch in BATCHES]
    title = f"{dataset}: accuracy, size and speed on this machine"
    table = Table("model", "rank-1", "mAP", "params\nM", "GFLOPs", *speeds, "length", title=title)
    for name, row in zip(names, rows, strict=True):
        table.add_row(
            name,
            f"{100 * row.rank1:.2f}",
            f"{100 * row.mAP:.2f}",
            "-" if row.parameters is None else f"{row.parameters / 1e6:.2f}",
            "-" if row.flops is None else f"{row.flops / 1e9:.3f}",
            *(f"{speed:.0f}" for speed in row.speed.values()),
            str(row.dim),
        )
    console.print(table)


def _draw(
    plt: Any, names: Sequence[str], rows: Sequence[TradeOff], dataset: str, file: Path
) -> None:
    """Accuracy over milliseconds per image, as the distillation paper's Fig. 10."""
    from matplotlib.ticker import LogLocator

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharex=True)
    for axis, label, values in (
        (axes[0], "rank-1, %", [row.rank1 for row in rows]),
        (axes[1], "mAP, %", [row.mAP for row in rows]),
    ):
        for name, row, value in zip(names, rows, values, strict=True):
            axis.plot(1000 / row.speed[1], 100 * value, "o", label=name)
        axis.set(xscale="log", xlabel="ms per image, one at a time", ylabel=label)
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.xaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_minor_formatter("")
        axis.margins(0.15)
        axis.grid(alpha=0.3, which="both")
    axes[0].legend(fontsize=8)
    figure.suptitle(dataset)
    save_figure(figure, file)
