from __future__ import annotations

import pytest

from mtmc.reid.errors import ReidError
from mtmc.reid.training.config import LossConfig, TrainConfig
from mtmc.reid.training.over import changed, present, read_space
from mtmc.reid.training.search import Range

CONFIG = TrainConfig(loss=LossConfig(margin=0.2))


def test_ranges_as_they_are_written() -> None:
    space = read_space(
        ["loss.margin=0..0.5", "schedule.lr=1e-4..1E-1:log", "sampler.people=4..16",
         "model.args.hidden=64..128", "model.args.drop=0..1.0"],
        TrainConfig(),
    )  # fmt: skip
    assert space == {
        "loss.margin": Range(0, 0.5),
        "schedule.lr": Range(1e-4, 1e-1, log=True),
        "sampler.people": Range(4, 16, integer=True),
        "model.args.hidden": Range(64, 128, integer=True),
        "model.args.drop": Range(0, 1),
    }


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        (["loss.margin"], "expected a range, as in loss.margin=0..0.5"),
        (["loss.margin=0.5"], "expected a range"),
        (["loss.margin=0..x"], "expected a range"),
        (["loss.margin=0..1:lin"], "expected a range"),
        (["loss.margin=1..0"], "a range goes up, got 1..0"),
        (["schedule.lr=0..1:log"], "a logarithmic range is above 0"),
        (["loss.margin=0..1", "loss.margin=0..2"], "loss.margin has a range already"),
        (["loss.triplet_weight=-1..2"], "triplet_weight should be greater than or equal to 0"),
        (["loss.tripletweight=0..2"], "did you mean 'loss.triplet_weight'"),
        (["loss.triplet=0..2"], "unknown number among the settings 'loss.triplet'"),
        (["loss.classifier_bias=0..1"], "unknown number among the settings"),
        (["schedule.epochs=1..9"], "unknown number among the settings"),
    ],
)
def test_ranges_that_are_none(texts, what) -> None:
    with pytest.raises(ReidError, match=what) as caught:
        read_space(texts, CONFIG)
    assert "\n" not in str(caught.value)


def test_what_a_training_has_now_is_a_point_where_it_lies_in_the_ranges() -> None:
    assert present(CONFIG, {"loss.margin": Range(0, 0.5)}) == {"loss.margin": 0.2}
    assert present(CONFIG, {"loss.margin": Range(0.3, 0.5)}) is None
    assert present(TrainConfig(), {"loss.margin": Range(0, 0.5)}) is None
    assert present(CONFIG, {"model.args.hidden": Range(0, 0.5)}) is None


def test_a_changed_training_differs_in_these_settings_alone() -> None:
    point = {"loss.margin": 0.4, "sampler.people": 12}
    other = changed(CONFIG, point)
    assert (other.loss.margin, other.sampler.people) == (0.4, 12)
    assert changed(other, {"loss.margin": 0.2, "sampler.people": 8}) == CONFIG
    with pytest.raises(ReidError, match=r"with sampler.people=0"):
        changed(CONFIG, {"sampler.people": 0})
