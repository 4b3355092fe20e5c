from __future__ import annotations

import json
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mtmc.reid.data import open_dataset
from mtmc.reid.errors import ReidError
from mtmc.reid.metric.config import MetricTraining
from mtmc.reid.presets import find_config
from mtmc.reid.training.config import BEST, CONFIG, LAST, LOG, PARTNER
from mtmc.reid.training.kinds import read_training
from mtmc.reid.training.over import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtmc.reid.data.images import Dataset
    from mtmc.reid.training.config import TrainConfig
    from mtmc.reid.training.engine import EpochReport, Trainer


def run(
    name: str,
    settings: Sequence[str],
    data: Path,
    out: Path | None,
    *,
    resume: bool,
    device: str | None,
) -> None:
    """`reid train`: read everything, train, say what came out.

    Raises:
        ReidError: a setting, a dataset or the output folder is not as it should be.
    """
    path = find_config(name)
    config = read_training(path, settings)
    out = out or Path("out") / "reid" / path.stem
    check_out(out, resume=resume)
    train = [open_dataset(spec, data) for spec in config.data.train]
    test = [open_dataset(spec, data) for spec in config.data.test]
    run_training(config, train, test, out, resume=resume, device=device)


def check_out(out: Path, *, resume: bool) -> None:
    """Refuse to train over another training."""
    if (out / LAST).exists() and not resume:
        raise ReidError(
            f"{out}: holds a training; continue it with --resume or choose another --out"
        )


def run_training(
    config: TrainConfig | MetricTraining,
    train: Sequence[Dataset],
    test: Sequence[Dataset],
    out: Path,
    *,
    resume: bool,
    device: str | None,
) -> None:
    """Train, show and log each epoch, and say what came out.

    Of several processes, as torchrun starts them, the first one tells.

    Raises:
        ReidError: a dataset, the teacher or what is to be resumed is not as it should be.
    """
    from mtmc.reid.commands.display import console, counting

    _look_at(train, test)
    # Only now torch, which takes seconds: what is wrong with the input is said before.
    from mtmc.reid.commands.train_metric import run_metric_training
    from mtmc.reid.devices import pick_device
    from mtmc.reid.training.engine import Trainer
    from mtmc.reid.training.group import Group, own_device

    if isinstance(config, MetricTraining):
        run_metric_training(config, train, test, out, resume=resume, device=device)
        return
    if resume and not (out / LAST).exists():
        console.print(f"{out}: no epoch is done yet; beginning with the first", soft_wrap=True)
        resume = False
    place = own_device(pick_device(device))
    group = Group.join(place)
    console.quiet = not group.is_first
    total = sum(len(dataset.train) for dataset in train)
    with counting("reading images", total) as decoding:
        trainer = Trainer(config, train, test, place, out, decoding=decoding, group=group)
    done = trainer.resume() if resume else 0
    if group.is_first:
        _tell(trainer, config, out, done)
    else:
        deque(trainer.run(), maxlen=0)


def _tell(trainer: Trainer, config: TrainConfig, out: Path, done: int) -> None:
    """Train, show and log each epoch, and say what came out; ``done`` epochs are there already."""
    from mtmc.reid.commands.display import console, print_scores, progress_bar
    from mtmc.reid.commands.search_plot import show_search

    out.mkdir(parents=True, exist_ok=True)
    (out / CONFIG).write_text(yaml.safe_dump(config.to_dict(), sort_keys=False))
    report = None
    with progress_bar() as bar, (out / LOG).open("a" if done else "w") as log:
        task = bar.add_task("epochs", total=config.epochs, completed=done, info="")
        try:
            for report in trainer.run():
                log.write(json.dumps(_row(report)) + "\n")
                log.flush()
                if trainer.search is not None:
                    show_search(trainer.search, report.search, out)
                bar.update(task, completed=report.epoch, info=_line(report))
                if not console.is_terminal:
                    print(f"epoch {report.epoch}/{report.epochs}  {_line(report)}", file=sys.stderr)
        except KeyboardInterrupt:
            console.print("stopped; the same command with --resume goes on")
            raise
    if report is None:
        console.print(f"{out}: all {done} epochs are done already")
        return
    if report.scores:
        print_scores(f"after epoch {report.epoch}", report.scores)
    partner = [] if config.mutual.partner is None else [PARTNER]
    for name in (BEST, *partner):
        console.print(f"wrote {out / name}", highlight=False)


def _look_at(train: Sequence[Dataset], test: Sequence[Dataset]) -> None:
    """Show notes, and miss images now rather than after the first epochs."""
    from mtmc.reid.commands.display import print_notes

    for dataset in {d.name: d for d in (*train, *test)}.values():
        print_notes(dataset)
    for dataset in train:
        dataset.need("train")
    for dataset in test:
        dataset.need("query", "gallery")


def _row(report: EpochReport) -> dict[str, Any]:
    return {
        "epoch": report.epoch,
        "lr": report.rate,
        **report.losses,
        "images_per_second": round(report.images_per_second, 1),
        "scores": report.scores,
        **report.search,
    }


def _line(report: EpochReport) -> str:
    text = (
        f"loss {report.losses['loss']:.3f}  lr {report.rate:.2g}  "
        f"{report.images_per_second:.0f} images/s"
    )
    if report.search:
        text += f"  round {report.search['round']}, {report.search['part']}: "
        text += written(report.search["settings"])
    for name, scores in report.scores.items():
        text += f"  {name}: rank-1 {100 * scores['rank1']:.1f} mAP {100 * scores['mAP']:.1f}"
    return text
