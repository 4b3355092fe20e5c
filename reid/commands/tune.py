from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import yaml
from rich.table import Table

from mtmc.reid.commands.display import console, print_notes, progress_bar
from mtmc.reid.commands.search_plot import Searched, draw_or_say
from mtmc.reid.data import open_dataset
from mtmc.reid.errors import ReidError
from mtmc.reid.metric.config import MetricTraining
from mtmc.reid.presets import find_config
from mtmc.reid.training.kinds import read_training
from mtmc.reid.training.over import changed, present, read_space, written
from mtmc.reid.training.tuning import By, Tuning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtmc.reid.training.config import TrainConfig
    from mtmc.reid.training.engine import EpochReport
    from mtmc.reid.training.search import Space
    from mtmc.reid.training.tuning import Trial

TRIALS = 20  # where no budget is given
BEST, PLOT = "best.yaml", "tune.png"


def run(
    name: str,
    over: Sequence[str],
    settings: Sequence[str],
    data: Path,
    out: Path | None,
    *,
    budget: int | None,
    by: str,
    share: float,
    device: str | None,
) -> None:
    """`reid tune`: search good settings of a training.

    Raises:
        ReidError: a setting, a range, the data or the output folder is not as it should be.
    """
    path = find_config(name)
    config = read_training(path, settings)
    if isinstance(config, MetricTraining):
        raise ReidError(f"{path}: learns a metric, in one step; reid tune is for epochs")
    if by not in get_args(By):
        raise ReidError(f"--by {by}: expected {' or '.join(get_args(By))}")
    if not 0 < share < 1:
        raise ReidError(f"--held-out {share}: expected a share between 0 and 1")
    space = read_space(over, config)
    count = _trials(config, budget)
    out = out or Path("out") / "tune" / path.stem
    datasets = [open_dataset(spec, data) for spec in config.data.train]
    for dataset in datasets:
        print_notes(dataset)
        dataset.need("train")
    # Only now torch, which takes seconds: what is wrong with the input is said before.
    from mtmc.reid.devices import pick_device

    place = pick_device(device)
    tuning = Tuning(config, space, datasets, place, out, by=by, share=share)  # type: ignore[arg-type]
    _say(f"{count} trainings of {config.schedule.epochs} epochs" + _judged(tuning))
    if tuning.trials:
        _say(f"{out}: going on after {len(tuning.trials)} of them")
    _watch(tuning, count, config.schedule.epochs)
    _conclude(tuning, config, space, out, data)


def _trials(config: TrainConfig, budget: int | None) -> int:
    epochs = config.schedule.epochs
    if budget is None:
        return TRIALS
    if budget < 2 * epochs:
        raise ReidError(
            f"--budget {budget}: {epochs} epochs are one training (schedule.epochs); expected "
            "enough for two of them at least"
        )
    return budget // epochs


def _judged(tuning: Tuning) -> str:
    if not tuning.held_out:
        return ", judged by how their loss falls"
    return (
        f", judged by mAP of {tuning.held_out} training people who are held out; "
        "the test set is not looked at"
    )


def _watch(tuning: Tuning, count: int, epochs: int) -> None:
    """Do the trials, and show how far they are."""
    with progress_bar() as bar:
        done = len(tuning.trials) * epochs
        task = bar.add_task("epochs", total=count * epochs, completed=done, info="")

        def tell(number: int, report: EpochReport) -> None:
            info = f"trial {number}/{count}  loss {report.losses['loss']:.3f}"
            bar.update(task, completed=(number - 1) * epochs + report.epoch, info=info)

        try:
            for trial in tuning.run(count, tell):
                _say(f"trial {trial.number}/{count}  {written(trial.settings)}  {_came_to(trial)}")
        except KeyboardInterrupt:
            _say("stopped; the same command goes on")
            raise


def _came_to(trial: Trial) -> str:
    if trial.value is None:
        return "loss is no number any more"
    if trial.scores:
        return f"mAP {100 * trial.scores['mAP']:.1f}  rank-1 {100 * trial.scores['rank1']:.1f}"
    return f"f {trial.value:.4f}"


def _conclude(tuning: Tuning, config: TrainConfig, space: Space, out: Path, data: Path) -> None:
    """Show everything, best first, and write the best settings and the picture."""
    best = tuning.best
    if best is None:
        raise ReidError(
            f"{out}: no training ended with a loss that is a number; search lower rates"
        )
    table = Table("trial", *space, "result", title="what was tried, best first")
    for trial in sorted(tuning.trials, key=lambda t: 9.0 if t.value is None else t.value):
        values = (f"{value:.4g}" for value in trial.settings.values())
        table.add_row(str(trial.number), *values, _came_to(trial))
    console.print(table)
    if tuning.trials[0].settings == present(config, space):
        _say(f"as it was (trial 1): {_came_to(tuning.trials[0])}")
    if best.scores:
        _say(
            f"best: trial {best.number}. It is the best of {len(tuning.trials)} by these very "
            "people, so expect less of others"
        )
    chosen = changed(config, best.settings).to_dict()
    (out / BEST).write_text(yaml.safe_dump(chosen, sort_keys=False))
    _draw(tuning, best, space, out / PLOT)
    _say(f"with all people: reid train {out / BEST} --data {data}")


def _draw(tuning: Tuning, best: Trial, space: Space, file: Path) -> None:
    valued = [trial for trial in tuning.trials if trial.value is not None]
    shown = [100 * t.scores["mAP"] if t.scores else t.value or 0.0 for t in valued]
    searched = Searched("", [trial.settings for trial in valued], shown, best.settings)
    draw_or_say(space, [searched], "mAP, %" if best.scores else "f", file)


def _say(text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True, markup=False)
