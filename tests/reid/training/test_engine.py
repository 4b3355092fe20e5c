from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from mtmc import reid
from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.configuration import build_config
from mtmc.reid.data import open_dataset
from mtmc.reid.training.config import TrainConfig
from mtmc.reid.training.engine import Trainer

SETTINGS = {
    "model": {"name": "mobilenet_025"},
    "data": {"train": ["folder"]},
    "input_size": [32, 16],
    "sampler": {"people": 4, "images": 2},
    "augment": {"crop": 2},
    "schedule": {"epochs": 4, "lr": 0.02, "warmup_epochs": 1, "milestones": [3]},
}


def config(settings=SETTINGS, /, **sections) -> TrainConfig:
    merged = {
        k: {**settings.get(k, {}), **v} if isinstance(v, dict) else v
        for k, v in {**settings, **sections}.items()
    }
    return build_config(TrainConfig, merged, "test")


def trainer(settings, root, out, test=True) -> Trainer:
    dataset = open_dataset("folder", root)
    tests = [dataset] if test else []
    return Trainer(settings, [dataset], tests, torch.device("cpu"), out)


def weights(path):
    return Checkpoint.open(path).weights


def same(a, b) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


SWAG = {
    "cycles": {"cycles": 2, "length": 2},
    "average": {"method": "swag", "samples": 2},
    "schedule": {"epochs": 5},
}


@pytest.mark.parametrize(
    "sections", [{}, SWAG, {"optimizer": {"name": "adamw"}, "average": {"method": "ema"}}]
)
def test_a_training_cut_off_anywhere_ends_in_the_very_same_weights(
    tmp_path, little_people, sections
) -> None:
    settings = config(**sections)
    list(trainer(settings, little_people, tmp_path / "whole").run())
    for stop in range(1, settings.schedule.epochs):
        part = trainer(settings, little_people, tmp_path / f"cut{stop}")
        for report in part.run():
            if report.epoch == stop:
                break
        resumed = trainer(settings, little_people, tmp_path / f"cut{stop}")
        assert resumed.resume() == stop
        assert [r.epoch for r in resumed.run()] == list(
            range(stop + 1, settings.schedule.epochs + 1)
        )
        whole = Checkpoint.open(tmp_path / "whole" / "best.pt")
        cut = Checkpoint.open(tmp_path / f"cut{stop}" / "best.pt")
        assert same(whole.weights, cut.weights)
        assert same(whole.classifiers, cut.classifiers)
        assert all(same(a, b) for a, b in zip(whole.members, cut.members, strict=True))
        assert whole.metrics == cut.metrics


def test_it_learns_people_it_has_not_seen(tmp_path, little_people) -> None:
    settings = config(
        schedule={"epochs": 25, "lr": 0.05, "milestones": [18]},
        evaluation={"every": 24},
        augment={"erase": 0.0},
        sampler={"people": 6},
    )
    reports = list(trainer(settings, little_people, tmp_path).run())
    assert reports[-1].losses["loss"] < 0.6 * reports[0].losses["loss"]
    assert [bool(r.scores) for r in reports] == [False] * 23 + [True, True]
    assert reports[-1].scores["folder"]["rank1"] > 0.5  # 4 people: chance is a quarter
    checkpoint = Checkpoint.open(tmp_path / "best.pt")
    assert checkpoint.metrics["scores"] == reports[-1].scores
    assert checkpoint.preprocess.size == (32, 16)
    assert checkpoint.config == settings.to_dict()


def test_what_is_served_is_what_was_evaluated(tmp_path, little_people) -> None:
    from mtmc.reid.evaluation.benchmark import evaluate

    for name, sections in (("plain", {}), ("swag", SWAG)):
        *_, last = trainer(config(**sections), little_people, tmp_path / name).run()
        embedder = reid.load(tmp_path / name / "best.pt", device="cpu")
        scores = evaluate(embedder, open_dataset("folder", little_people))
        assert scores.to_dict() == last.scores["folder"]
        assert embedder.even_distance == scores.even_distance


def test_swag_members_differ_from_their_mean_and_swa_has_none(tmp_path, little_people) -> None:
    list(trainer(config(**SWAG), little_people, tmp_path / "swag").run())
    swag = Checkpoint.open(tmp_path / "swag" / "best.pt")
    assert len(swag.members) == 2
    assert not any(same(swag.weights, member) for member in swag.members)
    swa = config(**{**SWAG, "average": {"method": "swa"}})
    list(trainer(swa, little_people, tmp_path / "swa").run())
    mean = Checkpoint.open(tmp_path / "swa" / "best.pt")
    assert mean.members == []
    assert same(mean.weights, swag.weights)


def test_the_best_epoch_is_kept_where_that_is_asked_for(tmp_path, little_people) -> None:
    settings = config(
        schedule={"epochs": 6},
        evaluation={"every": 1, "select": "best"},
        data={"test": ["folder"]},
    )
    reports = list(trainer(settings, little_people, tmp_path).run())
    maps = [r.scores["folder"]["mAP"] for r in reports]
    assert Checkpoint.open(tmp_path / "best.pt").metrics["epoch"] == 1 + int(np.argmax(maps))


def test_a_loss_that_is_not_finite_stops_and_names_the_batch(tmp_path, little_people) -> None:
    settings = config(schedule={"lr": 1e30, "warmup_epochs": 0}, model={"args": {"neck": "none"}})
    with pytest.raises(reid.ReidError, match=r"epoch \d, batch \d+: the loss is (nan|inf)") as got:
        list(trainer(settings, little_people, tmp_path).run())
    assert "_c1s1_" in str(got.value)


def test_resuming_something_else_is_refused(tmp_path, little_people) -> None:
    list(trainer(config(), little_people, tmp_path).run())
    other = trainer(config(loss={"triplet": "hard"}), little_people, tmp_path)
    with pytest.raises(reid.ReidError, match=r"loss.triplet was soft, now is hard"):
        other.resume()
    with pytest.raises(reid.ReidError, match=r"no such file"):
        trainer(config(), little_people, tmp_path / "nothing").resume()
    (tmp_path / "last.pt").write_bytes((tmp_path / "best.pt").read_bytes())
    with pytest.raises(reid.ReidError, match=r"not the state of a training"):
        trainer(config(), little_people, tmp_path).resume()


@pytest.mark.parametrize("average", ["none", "ema"])
def test_more_epochs_go_on_as_if_they_had_been_asked_for_at_once(
    tmp_path, little_people, average
) -> None:
    method = {"average": {"method": average}}
    whole, part = config(**method), config(schedule={"epochs": 2}, **method)
    list(trainer(whole, little_people, tmp_path / "whole").run())
    list(trainer(part, little_people, tmp_path / "more").run())
    more = trainer(whole, little_people, tmp_path / "more")
    assert more.resume() == 2
    assert [r.epoch for r in more.run()] == [3, 4]
    assert same(weights(tmp_path / "whole/best.pt"), weights(tmp_path / "more/best.pt"))


@pytest.mark.parametrize(
    "schedule", [{"epochs": 3}, {"milestones": [2]}, {"lr": 0.01}, {"warmup_epochs": 2}]
)
def test_what_would_have_changed_the_epochs_done_is_refused(
    tmp_path, little_people, schedule
) -> None:
    list(trainer(config(), little_people, tmp_path, test=False).run())
    other = trainer(config(schedule=schedule), little_people, tmp_path, test=False)
    with pytest.raises(reid.ReidError, match=rf"schedule.{next(iter(schedule))} was"):
        other.resume()


def test_an_exponential_average_follows_the_weights(tmp_path, little_people) -> None:
    plain, ema = config(), config(average={"method": "ema", "decay": 0.5})
    list(trainer(plain, little_people, tmp_path / "plain").run())
    list(trainer(ema, little_people, tmp_path / "ema").run())
    last = torch.load(tmp_path / "ema" / "last.pt", weights_only=True)["learner"]
    served, learned = weights(tmp_path / "ema/best.pt"), weights(tmp_path / "plain/best.pt")
    names = [name for name in learned if name in last["average"]["mean"]]
    assert names
    for name in names:
        assert torch.equal(last["network"][name], learned[name])  # averaging changes no step
        assert torch.equal(last["average"]["mean"][name], served[name])
        assert not torch.equal(served[name], learned[name])
        torch.testing.assert_close(served[name], learned[name], atol=0.1, rtol=0.1)


def test_starting_from_a_checkpoint(tmp_path, little_people) -> None:
    list(trainer(config(), little_people, tmp_path / "first").run())
    start = {"name": "mobilenet_025", "start_from": str(tmp_path / "first" / "best.pt")}
    still = config(
        model=start, schedule={"epochs": 1, "lr": 1e-12}, optimizer={"weight_decay": 0.0}
    )
    list(trainer(still, little_people, tmp_path / "second", test=False).run())
    first, second = (
        weights(tmp_path / "first" / "best.pt"),
        weights(tmp_path / "second" / "best.pt"),
    )
    learned = [k for k in first if k.endswith("weight")]
    assert all(torch.allclose(first[k], second[k]) for k in learned)
    wrong = config(model={**start, "name": "mobilenet_050"})
    with pytest.raises(reid.ReidError, match=r"best.pt: holds a mobilenet_025"):
        trainer(wrong, little_people, tmp_path / "third")


def test_data_and_settings_that_do_not_fit(tmp_path, little_people) -> None:
    with pytest.raises(reid.ReidError, match="6 people, a batch needs 7"):
        trainer(config(sampler={"people": 7}), little_people, tmp_path)
    with pytest.raises(reid.ReidError, match="fp16 needs a GPU"):
        trainer(config(precision="fp16"), little_people, tmp_path)
    with pytest.raises(reid.ReidError, match=r"set cycles.cycles to at least 2"):
        config(average={"method": "swa"})
    with pytest.raises(reid.ReidError, match=r"select=best needs a dataset in data.test"):
        config(evaluation={"select": "best"})
    with pytest.raises(reid.ReidError, match=r"schedule.epochs=4 is the whole training"):
        config(cycles={"cycles": 2, "length": 3})


def test_mixed_precision_follows_full_precision(tmp_path, little_people) -> None:
    losses = {}
    for precision in ("fp32", "bf16"):
        settings = config(precision=precision, schedule={"epochs": 2, "lr": 0.002})
        reports = trainer(settings, little_people, tmp_path / precision).run()
        losses[precision] = [r.losses["loss"] for r in reports]
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.2)
    assert losses["bf16"] != losses["fp32"]


@pytest.mark.parametrize("name", ["hacnn", "robust_reid_1x"])
def test_the_papers_networks_train(tmp_path, little_people, name) -> None:
    settings = config(model={"name": name}, schedule={"epochs": 3}, input_size=[48, 24])
    dataset = open_dataset("folder", little_people)
    few = replace(dataset, train=dataset.train.where(dataset.train.pids <= 4))
    reports = list(Trainer(settings, [few], [], torch.device("cpu"), tmp_path).run())
    losses = [r.losses["loss"] for r in reports]
    assert all(later < earlier for earlier, later in pairwise(losses))
