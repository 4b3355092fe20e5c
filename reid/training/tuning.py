"""Search for good settings of a training: train, look at people held out, propose, train again."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from mtmc.reid.atomic import atomic_file
from mtmc.reid.data.held_out import hold_out
from mtmc.reid.errors import ReidError
from mtmc.reid.training.config import BEST, LAST, DataConfig, EvaluationConfig
from mtmc.reid.training.over import changed, present
from mtmc.reid.training.search import drop_error, propose, random_points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import torch

    from mtmc.reid.data.images import Dataset
    from mtmc.reid.training.config import TrainConfig
    from mtmc.reid.training.engine import EpochReport
    from mtmc.reid.training.search import Point, Space

By = Literal["mAP", "drop"]
STATE = "tune.json"
FIRST = (
    10  # trainings at most whose settings are drawn by chance; a third of all where that is less
)


@dataclass(frozen=True)
class Trial:
    """A training with settings of its own.

    Args:
        number: 1-based.
        settings: values of what is searched.
        value: what is minimised: 1 - mAP, or how far the loss's drop is from 15 %; None where the
            loss was no number any more.
        scores: mAP and rank-1 of the people held out; empty where none are.
    """

    number: int
    settings: Point
    value: float | None
    scores: dict[str, float]


class Tuning:
    """Trains again and again with other settings.

    Everything is in the folder: called again, it goes on where it was cut off.

    Args:
        config: what is trained; the first trial is this as it is, where that lies in the ranges.
        space: ranges of the settings to search.
        datasets: whose training images are learned; test images are never looked at.
        device: where.
        out: folder.
        by: what is best: ``mAP`` of people held out of the training, or ``drop``, the paper's f.
        share: of the people who are held out.

    Raises:
        ReidError: the folder holds another search, or too few people are there.
    """

    def __init__(
        self,
        config: TrainConfig,
        space: Space,
        datasets: Sequence[Dataset],
        device: torch.device,
        out: Path,
        *,
        by: By = "mAP",
        share: float = 0.2,
    ) -> None:
        self._space, self._device, self._out, self._by = space, device, out, by
        if by == "drop" and config.schedule.epochs % 2:
            raise ReidError(
                f"schedule.epochs={config.schedule.epochs}: --by drop compares the first half of "
                "the epochs with the second; expected an even number"
            )
        # What is chosen by a test set says nothing about other people any more.
        blind = replace(config, evaluation=EvaluationConfig())
        self._config = replace(blind, data=DataConfig(train=config.data.train))
        self._train = list(datasets)
        if by == "mAP":
            self._train = [hold_out(dataset, share, config.seed) for dataset in datasets]
        self._about = {
            "config": self._config.to_dict(),
            "over": {key: asdict(limits) for key, limits in space.items()},
            "by": by,
            "held_out": share if by == "mAP" else 0.0,
        }
        self.trials = self._read()

    @property
    def held_out(self) -> int:
        """People who are looked for and not learned from."""
        return sum(d.gallery.people for d in self._train) if self._by == "mAP" else 0

    @property
    def best(self) -> Trial | None:
        """The trial with the lowest value; None where there is none with a value."""
        valued = [trial for trial in self.trials if trial.value is not None]
        return min(valued, key=lambda trial: trial.value or 0.0, default=None)

    def run(self, count: int, watch: Callable[[int, EpochReport], object]) -> Iterator[Trial]:
        """Do the trials that are left of so many; one that is told of is on the disk.

        Args:
            count: of all trials together.
            watch: told of every epoch, with the number of its trial.
        """
        for number in range(len(self.trials) + 1, count + 1):
            settings = self._next(number, count)
            if settings is None:
                return
            trial = self._tried(number, settings, watch)
            self.trials.append(trial)
            self._write()
            shutil.rmtree(self._folder(number), ignore_errors=True)
            yield trial

    def _next(self, number: int, count: int) -> Point | None:
        """What to try; None where everything was tried."""
        own = present(self._config, self._space)
        if number == 1 and own is not None:
            return own
        rng = np.random.default_rng([self._config.seed, number])
        known = [trial for trial in self.trials if trial.value is not None]
        if number <= min(FIRST, max(2, count // 3)) or not known:
            return random_points(self._space, 1, rng)[0]
        worst = max(trial.value or 0.0 for trial in known)
        values = [worst if trial.value is None else trial.value for trial in self.trials]
        return propose(self._space, [trial.settings for trial in self.trials], values, rng)

    def _tried(
        self, number: int, settings: Point, watch: Callable[[int, EpochReport], object]
    ) -> Trial:
        from mtmc.reid.checkpoint import Checkpoint
        from mtmc.reid.training.engine import DivergedError, Trainer

        tests = self._train if self._by == "mAP" else []
        folder = self._folder(number)
        if self._by == "drop":  # needs the losses of every epoch, which a state does not hold
            shutil.rmtree(folder, ignore_errors=True)
        config = changed(self._config, settings)
        trainer = Trainer(config, self._train, tests, self._device, folder)
        if (folder / LAST).exists():
            trainer.resume()
        losses = []
        try:
            for report in trainer.run():
                losses.append(report.losses["loss"])
                watch(number, report)
        except DivergedError:
            return Trial(number, settings, None, {})
        if self._by == "drop":
            return Trial(number, settings, drop_error(losses), {})
        rows = Checkpoint.open(folder / BEST).metrics["scores"].values()
        means = {key: float(np.mean([row[key] for row in rows])) for key in ("mAP", "rank1")}
        return Trial(number, settings, 1 - means["mAP"], means)

    def _folder(self, number: int) -> Path:
        return self._out / f"trial{number}"

    def _read(self) -> list[Trial]:
        file = self._out / STATE
        if not file.exists():
            return []
        try:
            state = json.loads(file.read_text())
            trials = [Trial(**row) for row in state.pop("trials")]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ReidError(f"{file}: not the state of a search; choose another --out") from error
        if state != json.loads(json.dumps(self._about)):
            raise ReidError(
                f"{self._out}: holds a search with other settings or ranges; give the same ones "
                "to go on with it, or another --out"
            )
        return trials

    def _write(self) -> None:
        state = {**self._about, "trials": [asdict(trial) for trial in self.trials]}
        with atomic_file(self._out / STATE) as file:
            file.write(json.dumps(state, indent=1).encode())
