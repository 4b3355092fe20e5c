from __future__ import annotations

from dataclasses import replace

import pytest

from mtmc.reid.metric.config import MetricTraining
from mtmc.reid.models import build
from mtmc.reid.presets import find_config, preset_names
from mtmc.reid.training.config import TrainConfig
from mtmc.reid.training.kinds import read_training


def read(name) -> TrainConfig | MetricTraining:
    return read_training(find_config(name))


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_a_training(name) -> None:
    import torch

    config = read(name)
    with torch.device("meta"):
        build(config.model.name, **config.model.args)


@pytest.mark.parametrize(
    ("column", "changed"),
    [
        ("a", {"model", "loss"}),
        ("b", {"loss"}),
        ("c", {"model"}),
        ("d", {"model"}),
        ("e", {"loss"}),
        ("f", {"model"}),
        ("g", {"model"}),
        ("h", {"model", "schedule", "cycles", "average"}),
    ],
)
def test_an_ablation_changes_only_what_its_column_says(column, changed) -> None:
    whole, part = read("ablation/i").to_dict(), read(f"ablation/{column}").to_dict()
    assert {key for key in whole if whole[key] != part[key]} == changed


def test_the_classical_presets_differ_in_the_metric_alone() -> None:
    xqda, kissme, euclidean = (read(f"lomo_{m}") for m in ("xqda", "kissme", "euclidean"))
    assert kissme.metric.pca == 200
    assert kissme.metric.regularizer == 0  # as its paper has it
    assert euclidean.metric.pca is None
    for other in (kissme, euclidean):
        assert replace(other, metric=xqda.metric) == xqda


def test_the_papers_schedule() -> None:
    config = read("robust_reid_2x_market1501")
    assert (config.before_cycles, config.cycles.epochs, config.schedule.epochs) == (350, 525, 875)
    assert config.average.method == "swag"
    assert config.sampler.batch_size == 32
