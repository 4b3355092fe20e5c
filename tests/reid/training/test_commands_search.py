"""`reid tune`, and what `reid train` shows of a progressive training."""

from __future__ import annotations

import json

import pytest
import yaml

from mtmc.reid.commands import train, tune
from mtmc.reid.errors import ReidError

SETTINGS = [
    "model={name: mobilenet_025}",
    "data={train: [folder], test: [folder]}",
    "input_size=[32, 16]",
    "sampler={people: 4, images: 2}",
    "augment={crop: 2}",
    "schedule={epochs: 1, lr: 0.02, warmup_epochs: 0, milestones: []}",
]
MARGIN = ["loss.margin=0..0.5"]


def tuned(root, out, over=(), settings=SETTINGS, **options) -> None:
    choices = {"budget": 2, "by": "mAP", "share": 0.2, "device": "cpu", **options}
    tune.run("tiny", over or MARGIN, settings, root, out, **choices)


def test_a_search_says_what_is_best_and_writes_it(tmp_path, little_people, capsys) -> None:
    tuned(little_people, tmp_path)
    said = capsys.readouterr().err
    assert "2 trainings of 1 epochs, judged by mAP of 2 training people who are held out" in said
    state = json.loads((tmp_path / "tune.json").read_text())
    best = min(state["trials"], key=lambda trial: trial["value"])
    written = yaml.safe_load((tmp_path / "best.yaml").read_text())
    assert written["loss"]["margin"] == best["settings"]["loss.margin"]
    assert written["data"]["test"] == ["folder"]
    assert (tmp_path / "tune.png").stat().st_size > 1000
    tuned(little_people, tmp_path)
    assert "going on after 2 of them" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"budget": 1}, "--budget 1: 1 epochs are one training"),
        ({"by": "loss"}, "--by loss: expected mAP or drop"),
        ({"share": 1.5}, "--held-out 1.5: expected a share between 0 and 1"),
        ({"over": ["loss.margn=0..1"]}, "did you mean 'loss.margin'"),
        ({"share": 0.9}, "has 6 people to train on, too few"),
    ],
)
def test_what_makes_no_search(tmp_path, little_people, options, what) -> None:
    with pytest.raises(ReidError, match=what):
        tuned(little_people, tmp_path, **options)


def test_a_metric_is_not_tuned(tmp_path) -> None:
    with pytest.raises(ReidError, match="learns a metric, in one step"):
        tune.run("lomo_xqda", MARGIN, [], tmp_path, tmp_path, budget=None, by="mAP", share=0.2,
                 device="cpu")  # fmt: skip


def test_a_progressive_training_shows_its_search(tmp_path, little_people) -> None:
    search = "progressive={rounds: 1, members: 2, explore: 2, positive_rank: [1, 1], " \
        "negative_rank: [1, 6]}"  # fmt: skip
    loss = "loss={triplet: hard, margin: 0.0, soft_margin: true}"
    train.run("tiny", [*SETTINGS, search, loss], little_people, tmp_path, resume=False,
              device="cpu")  # fmt: skip
    tried = json.loads((tmp_path / "search.json").read_text())["search"]
    assert [entry["part"] for entry in tried] == ["try 1", "try 2", "chosen"]
    assert (tmp_path / "search.png").stat().st_size > 1000
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["part"] for row in rows] == ["try 1"] * 2 + ["try 2"] * 2 + ["learn"]
    assert rows[1]["f"] == tried[0]["f"]
