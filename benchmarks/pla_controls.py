"""Does progressive learning (Li et al.) win over its controls? A table over seeds.

    uv run python benchmarks/pla_controls.py small CROPS OUT [--only heads pla] [--seeds 0 1]
    uv run python benchmarks/pla_controls.py market DATA OUT ...

`small`: 200 people x 10 images of CROPS (`mtmc simulate CROPS --crops`), 200 other people of its
training half to test, 64x32. `market`: Market-1501 whole, 64x32. Both with MobileNet 0.25, its
trunk from the network that ships. Multiple queries are a person's images in the query's camera,
gallery boxes included, which do not count for that query (the published ones, drawn by hand, where
the dataset has them). Finished trainings in OUT are not repeated, others go on where they were cut
off; the table is of all that are finished.

    heads     30 epochs each: cross-entropy alone, triplet alone, two heads, one head for both
    pla       3 rounds of 4 x 4 + 10 epochs: 78
    static    78 epochs with the paper's starting point (weight 1, margin 0, ranks 1)
    restarts  the same in 3 rounds of 26 epochs, as PLA's schedule begins anew each round
    random    3 rounds of 26 epochs, each with settings drawn by chance
    search    3 trainings of 26 epochs with settings drawn by chance: their mean, and the best by
              the test set, which is an upper bound for any honest choice
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from mtmc import reid
from mtmc.reid.configuration import build_config, read_values
from mtmc.reid.data import open_dataset
from mtmc.reid.data.held_out import one_per_camera
from mtmc.reid.data.images import Dataset, Images
from mtmc.reid.evaluation.benchmark import Protocol, evaluate
from mtmc.reid.presets import find_config
from mtmc.reid.training.config import BEST, LAST, TrainConfig
from mtmc.reid.training.engine import Trainer
from mtmc.reid.training.search import Range, random_points

HEADS = {
    "cross-entropy alone": {"model": {"args": {"shared": True}}, "loss": {"triplet": "none"}},
    "triplet alone": {"model": {"args": {"shared": True}}, "loss": {"cross_entropy": 0.0}},
    "two heads": {},
    "one head, both losses": {"model": {"args": {"shared": True}}},
}
ROUNDS, MEMBERS, EXPLORE, EXPLOIT = 3, 4, 4, 10
EPOCHS = ROUNDS * (MEMBERS * EXPLORE + EXPLOIT)
STILL = {
    "triplet_weight": [1, 1],
    "margin": [0, 0],
    "positive_rank": [1, 1],
    "negative_rank": [1, 1],
}
SPACE = {
    "triplet_weight": Range(0, 2),
    "margin": Range(-0.1, 0.3),
    "positive_rank": Range(1, 3, integer=True),
    "negative_rank": Range(1, 16, integer=True),
}
PARTS = ("heads", "pla", "static", "restarts", "random", "search")


def main() -> None:
    """Train what is missing and asked for, and print everything that is there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("size", choices=("small", "market"))
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1, 2))
    options = parser.parse_args()
    if options.size == "small":
        dataset = small(open_dataset("folder", options.data))
    else:
        dataset = open_dataset("market1501", options.data)
    if dataset.more_queries is None:
        dataset = replace(dataset, more_queries=in_their_cameras(dataset.query, dataset.gallery))
    for seed in options.seeds:
        for part in options.only:
            for name, sections in trainings(part, seed).items():
                scored(dataset, options.out / name / f"seed{seed}", settings(seed, sections))
    show(options.out)


def trainings(part: str, seed: int) -> dict[str, dict]:
    """What each training of a part changes."""
    plain = {"progressive": {"rounds": 0}}
    third = EPOCHS // ROUNDS
    if part == "heads":
        return {name: {**plain, **schedule(30), **changes} for name, changes in HEADS.items()}
    if part == "pla":
        return {"pla": {}}
    if part == "static":
        return {"static": {**plain, **schedule(EPOCHS)}}
    if part == "restarts":
        return {"restarts": {"progressive": {"members": 0, **STILL}, **schedule(third)}}
    if part == "random":
        return {"random": {"progressive": {"members": 0}, **schedule(third)}}
    points = random_points(SPACE, ROUNDS, np.random.default_rng([seed, 2]))
    return {
        f"search {number}": {**plain, **schedule(third), "loss": point}
        for number, point in enumerate(points, 1)
    }


def schedule(epochs: int) -> dict:
    """A schedule whose second half decays, as the paper's does."""
    return {"schedule": {"epochs": epochs, "decay_from": epochs // 2}}


def settings(seed: int, sections: dict) -> TrainConfig:
    """The preset at this size, changed."""
    values = read_values(find_config("pla_tiny"))
    values |= {"input_size": [64, 32], "seed": seed, "evaluation": {"every": 0}}
    for name, section in sections.items():
        values[name] = {**values.get(name, {}), **section}
    return build_config(TrainConfig, values, "benchmark")


def small(crops: Dataset) -> Dataset:
    """The first 200 people and the next 200."""
    people = np.unique(crops.train.pids)
    train, test = (
        crops.train.where(np.isin(crops.train.pids, p)) for p in np.split(people[:400], 2)
    )
    query = one_per_camera(test, np.random.default_rng(0))
    return replace(crops, train=evenly(train, 10), query=query, gallery=test, more_queries=None)


def in_their_cameras(query: Images, gallery: Images) -> Images:
    """The queries and, of the gallery, the same people in the same cameras."""
    asked = set(zip(query.pids.tolist(), query.camids.tolist(), strict=True))
    sides = zip(gallery.pids.tolist(), gallery.camids.tolist(), strict=True)
    more = gallery.where(np.array([side in asked for side in sides]))
    return Images(
        (*query.paths, *more.paths),
        np.concatenate([query.pids, more.pids]),
        np.concatenate([query.camids, more.camids]),
    )


def evenly(images: Images, count: int) -> Images:
    """So many images of each person, evenly over theirs, which are sorted by camera."""
    kept = np.zeros(len(images), bool)
    for pid in np.unique(images.pids):
        rows = np.flatnonzero(images.pids == pid)
        kept[rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int)]] = True
    return images.where(kept)


def scored(dataset: Dataset, out: Path, config: TrainConfig) -> None:
    """Train, unless that is done; write the scores of the finished model beside it."""
    if (out / "scores.json").exists():
        return
    trainer = Trainer(config, [dataset], [dataset], torch.device("cpu"), out)
    if (out / LAST).exists():
        trainer.resume()
    for report in trainer.run():
        note = report.search or ""
        print(out, f"{report.epoch}/{report.epochs} {report.losses['loss']:.3f}", note, flush=True)
    embedder = reid.load(out / BEST, device="cpu")
    scores = {
        name: evaluate(embedder, dataset, Protocol(multi_query=name == "multi")).to_dict()
        for name in ("single", "multi")
    }
    history = [] if trainer.search is None else trainer.search.history
    (out / "scores.json").write_text(json.dumps({"scores": scores, "history": history}))
    (out / LAST).unlink()


def show(out: Path) -> None:
    """Print mAP and rank-1 in percent: mean and standard deviation over the seeds."""
    table = Table("training", "seeds", "mAP", "rank-1", "mAP, multi-query", "rank-1, multi-query")
    found: dict[str, list[dict]] = {}
    for file in sorted(out.glob("*/seed*/scores.json")):
        found.setdefault(file.parts[-3], []).append(json.loads(file.read_text())["scores"])
    searches = [rows for name, rows in found.items() if name.startswith("search")]
    if searches:
        found["search, all"] = [row for rows in searches for row in rows]
        seeds = zip(*searches, strict=False)
        found["search, best by the test set"] = [
            max(seed, key=lambda row: row["single"]["mAP"]) for seed in seeds
        ]
    for name, rows in found.items():
        cells = []
        for protocol in ("single", "multi"):
            for key in ("mAP", "rank1"):
                values = [100 * row[protocol][key] for row in rows]
                spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
                cells.append(f"{np.mean(values):.1f} ± {spread:.1f}")
        table.add_row(name, str(len(rows)), *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
