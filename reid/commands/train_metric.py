from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import yaml

from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.commands.display import console, counting, print_scores
from mtmc.reid.devices import pick_device
from mtmc.reid.errors import ReidError
from mtmc.reid.metric.trainer import MetricTrainer
from mtmc.reid.training.config import BEST, CONFIG, LOG

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mtmc.reid.data.images import Dataset
    from mtmc.reid.metric.config import MetricTraining


def run_metric_training(
    config: MetricTraining,
    train: Sequence[Dataset],
    test: Sequence[Dataset],
    out: Path,
    *,
    resume: bool,
    device: str | None,
) -> None:
    """Learn a metric, log it, and say what came out.

    There are no epochs to resume in: with ``resume``, a finished training stays as it is.

    Raises:
        ReidError: ``out`` holds another training, or the images do not determine a metric.
    """
    best = out / BEST
    if best.exists():
        if not resume:
            raise ReidError(f"{out}: holds a training; choose another --out")
        if Checkpoint.open(best).config != config.to_dict():
            raise ReidError(f"{best}: was written with another configuration; choose another --out")
        console.print(f"{out}: is done already", soft_wrap=True)
        return
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ReidError("a metric is learned by one process; leave out torchrun")
    trainer = MetricTrainer(config, train, test, pick_device(device))
    total = sum(len(dataset.train) for dataset in train)
    with counting("features", total) as progress:
        checkpoint, report = trainer.run(progress)
    out.mkdir(parents=True, exist_ok=True)
    (out / CONFIG).write_text(yaml.safe_dump(config.to_dict(), sort_keys=False))
    (out / LOG).write_text(json.dumps(asdict(report)) + "\n")
    checkpoint.save(best)
    console.print(
        f"{report.images} images: features {report.feature_seconds:.1f} s, "
        f"metric {report.metric_seconds:.1f} s; embeddings of {report.dim} numbers",
        highlight=False,
    )
    if report.scores:
        print_scores(f"{checkpoint.model}, {config.metric.method}", report.scores)
    else:
        console.print(
            "[yellow]note:[/] without a dataset in data.test the even distance is not known, which "
            "`mtmc run` takes for max_distance",
            soft_wrap=True,
        )
    console.print(f"wrote {best}", highlight=False)
