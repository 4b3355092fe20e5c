from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtmc.reid.configuration import build_config
from mtmc.reid.data import open_dataset
from mtmc.reid.errors import ReidError
from mtmc.reid.training.config import TrainConfig
from mtmc.reid.training.search import Range
from mtmc.reid.training.tuning import Tuning

SETTINGS = {
    "model": {"name": "mobilenet_025"},
    "data": {"train": ["folder"], "test": ["folder"]},
    "input_size": [32, 16],
    "sampler": {"people": 4, "images": 2},
    "augment": {"crop": 2},
    "loss": {"margin": 0.2},
    "schedule": {"epochs": 2, "lr": 0.02, "warmup_epochs": 0, "milestones": []},
    "evaluation": {"every": 1, "select": "best"},
}
SPACE = {"loss.margin": Range(0, 0.5), "schedule.lr": Range(1e-3, 1e-1, log=True)}


def tuning(root, out, space=SPACE, **options) -> Tuning:
    config = build_config(TrainConfig, SETTINGS, "test")
    datasets = [open_dataset("folder", root)]
    return Tuning(config, space, datasets, torch.device("cpu"), out, **options)


def nothing(*_) -> None:
    return


def test_a_search_cut_off_in_a_training_ends_as_one_that_was_not(tmp_path, little_people) -> None:
    whole = tuning(little_people, tmp_path / "whole")
    list(whole.run(3, nothing))
    assert whole.trials[0].settings == {"loss.margin": 0.2, "schedule.lr": 0.02}
    assert len({trial.settings["loss.margin"] for trial in whole.trials}) == 3

    def cut(number, report) -> None:
        if (number, report.epoch) == (2, 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(tuning(little_people, tmp_path / "cut").run(4, cut))
    again = tuning(little_people, tmp_path / "cut")
    seen = []
    list(again.run(2, lambda number, report: seen.append((number, report.epoch))))
    assert seen[0] == (2, 2)
    more = tuning(little_people, tmp_path / "cut")
    list(more.run(3, nothing))
    assert more.trials == whole.trials
    assert sorted(p.name for p in (tmp_path / "cut").iterdir()) == ["tune.json"]
    with pytest.raises(ReidError, match="holds a search with other settings"):
        tuning(little_people, tmp_path / "cut", share=0.4)


def test_trainings_whose_loss_explodes_count_as_the_worst(tmp_path, little_people) -> None:
    rates = {"schedule.lr": Range(1e29, 1e30)}
    search = tuning(little_people, tmp_path, space=rates)
    list(search.run(3, nothing))
    assert [trial.value for trial in search.trials] == [None] * 3
    assert search.best is None


def test_by_the_papers_measure_nobody_is_held_out(tmp_path, little_people) -> None:
    search = tuning(little_people, tmp_path, by="drop")
    assert search.held_out == 0
    (trial,) = search.run(1, nothing)
    assert trial.scores == {}
    assert 0 <= trial.value < 2
    config = build_config(TrainConfig, SETTINGS, "test")
    odd = replace(config, schedule=replace(config.schedule, epochs=3))
    with pytest.raises(ReidError, match="expected an even number"):
        Tuning(odd, SPACE, [], torch.device("cpu"), tmp_path, by="drop")
