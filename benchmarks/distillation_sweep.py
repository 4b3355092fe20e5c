"""What temperature and lambda do to a distilled student, as a table and a plot.

    uv run python benchmarks/distillation_sweep.py CROPS OUT [--people 200] [--epochs 15]

CROPS is a dataset in Market-1501's layout (`mtmc simulate CROPS --crops`); the first people of its
training and test halves are used. A teacher (MobileNet 1.0) and a student alone (MobileNet 0.25)
are trained on them, then students by Eq. 2 of the distillation paper at each temperature and each
lambda, on one schedule and from one seed; the soft term is multiplied with T squared, so that one
learning rate suits all. Finished trainings in OUT are not repeated; the plot is
drawn from all of them, and written to OUT/sweep.png.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.configuration import build_config
from mtmc.reid.data import open_dataset
from mtmc.reid.data.images import Dataset, Images
from mtmc.reid.training.config import TrainConfig
from mtmc.reid.training.engine import BEST, Trainer

TEMPERATURES = (1.0, 3.0, 5.0, 10.0, 20.0, 30.0)
LAMBDAS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
T, LAMBDA = 3.0, 1e-4
WARMUP = 2


def main() -> None:
    """Train what is missing, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("crops", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--images", type=int, default=10, help="per person, at most")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--teacher-epochs", type=int, default=30)
    parser.add_argument("--size", type=int, nargs=2, default=(64, 32))
    options = parser.parse_args()
    dataset = fewer(open_dataset("folder", options.crops), options.people, options.images)
    shared = {"input_size": list(options.size)}

    def scores(name: str, epochs: int, **sections) -> dict[str, float]:
        return trained(dataset, options.out / name, settings(epochs, **shared, **sections))

    teacher = scores("teacher", options.teacher_epochs, model=model("mobilenet_100"))
    alone = scores("alone", options.epochs, model=model("mobilenet_025"))

    def student(name: str, **distillation) -> dict[str, float]:
        distillation["teacher"] = str(options.out / "teacher" / BEST)
        small = model("mobilenet_025")
        return scores(name, options.epochs, model=small, distillation=distillation)

    by_t = {t: student(f"t{t:g}", temperature=t, scale_soft=True) for t in TEMPERATURES}
    by_lambda = {
        weight: student(f"l{weight:g}", label_weight=weight, scale_soft=True)
        for weight in LAMBDAS
        if weight != LAMBDA
    }
    by_lambda = {LAMBDA: by_t[T], **by_lambda}
    similar = student("similarity", soft_weight=0.0, similarity_weight=1.0, label_weight=0.0)
    rows = {"teacher": teacher, "student alone": alone, "student, similarities": similar}
    rows |= {f"T={t:g}": s for t, s in by_t.items()}
    rows |= {f"lambda={x:g}": s for x, s in by_lambda.items()}
    show(rows)
    draw(options.out / "sweep.png", teacher, alone, by_t, by_lambda)


def model(name: str) -> dict:
    """The networks of configs/reid/tiny.yaml, at any width."""
    return {"name": name, "args": {"neck": "bn", "last_stride": 1}}


def settings(epochs: int, **sections) -> TrainConfig:
    """Classification alone, as the paper has it; one cosine, so that short trainings settle."""
    values = {
        "sampler": {"people": 16, "images": 4},
        "augment": {"crop": 4, "erase": 0.0, "jitter": 0.2},
        "loss": {"triplet": "none", "label_smoothing": 0.0},
        "schedule": {"epochs": epochs, "warmup_epochs": WARMUP, "lr": 0.05, "milestones": []},
        "cycles": {"cycles": 1, "length": epochs - WARMUP, "lr": 0.05},
        **sections,
    }
    return build_config(TrainConfig, values, "sweep")


def fewer(dataset: Dataset, people: int, images: int) -> Dataset:
    """The first people of both halves; so many images of each to learn from."""
    train = first_people(dataset.train, people)
    order = np.lexsort((np.arange(len(train)), train.pids))
    _, starts, counts = np.unique(train.pids[order], return_index=True, return_counts=True)
    rank = np.empty(len(train), np.int64)
    rank[order] = np.arange(len(train)) - np.repeat(starts, counts)
    # Evenly over a person's images, which are sorted by camera.
    number = np.repeat(counts, counts)[np.argsort(order)]
    kept = (rank * images) // number != ((rank - 1) * images) // number
    return replace(
        dataset,
        train=train.where(kept),
        query=first_people(dataset.query, people),
        gallery=first_people(dataset.gallery, people),
        more_queries=None,
    )


def first_people(images: Images, count: int) -> Images:
    """Images of the lowest ids."""
    people = np.unique(images.pids[images.pids > 0])[:count]
    return images.where(np.isin(images.pids, people))


def trained(dataset: Dataset, out: Path, config: TrainConfig) -> dict[str, float]:
    """Scores of a training, which is done only where it is not done yet."""
    if not (out / BEST).exists():
        for report in Trainer(config, [dataset], [dataset], torch.device("cpu"), out).run():
            print(out.name, report.epoch, f"{report.losses['loss']:.3f}", report.scores, flush=True)
    return Checkpoint.open(out / BEST).metrics["scores"][dataset.name]


def show(rows: dict[str, dict[str, float]]) -> None:
    """Rank-1 and mAP in percent."""
    table = Table("model", "rank-1", "mAP")
    for name, row in rows.items():
        table.add_row(name, f"{100 * row['rank1']:.1f}", f"{100 * row['mAP']:.1f}")
    Console().print(table)


def draw(path: Path, teacher, alone, by_t, by_lambda) -> None:
    """Draw mAP over temperature and over lambda, the two that were not distilled as lines."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
    panels = (
        (axes[0], "temperature T (λ = 0.0001)", by_t),
        (axes[1], "λ (T = 3)", by_lambda),
    )
    for axis, label, curve in panels:
        x = sorted(curve)
        axis.plot(x, [100 * curve[v]["mAP"] for v in x], "o-", label="student, distilled")
        for name, row, style in (("teacher", teacher, "--"), ("student alone", alone, ":")):
            axis.axhline(100 * row["mAP"], color="0.4", linestyle=style, label=name)
        axis.set(xscale="log", xlabel=label)
        axis.grid(alpha=0.3)
    axes[0].set_xticks(TEMPERATURES, [f"{t:g}" for t in TEMPERATURES])
    axes[0].minorticks_off()
    axes[0].set_ylabel("mAP, %")
    axes[0].set_ylim(bottom=0)
    axes[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    main()
