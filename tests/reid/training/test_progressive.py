from __future__ import annotations

import copy
import shutil
from functools import partial

import pytest
import torch

from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.data import open_dataset
from mtmc.reid.errors import ReidError
from mtmc.reid.training.config import TrainConfig
from mtmc.reid.training.engine import Trainer
from mtmc.reid.training.learner import Learner
from mtmc.reid.training.progressive import Place, Progressive
from mtmc.reid.training.search import drop_error
from tests.reid.training import test_engine as engine

SETTINGS = {
    "model": {"name": "two_heads:mobilenet_025", "args": {"dim": 8}},
    "data": {"train": ["folder"], "test": ["folder"]},
    "input_size": [32, 16],
    "sampler": {"people": 4, "images": 4},
    "augment": {"crop": 2},
    "loss": {"triplet": "hard", "margin": 0.0, "soft_margin": True},
    "progressive": {
        "rounds": 2,
        "members": 2,
        "explore": 2,
        "positive_rank": [1, 3],
        "negative_rank": [1, 12],
    },
    "optimizer": {"name": "adam", "late_beta1": 0.5},
    "schedule": {
        "epochs": 2, "lr": 1e-3, "warmup_epochs": 0, "milestones": [], "decay_from": 1,
    },
}  # fmt: skip
CPU = torch.device("cpu")
EPOCHS = 2 * (2 * 2 + 2)


config = partial(engine.config, SETTINGS)


def trainer(root, out, settings=None) -> Trainer:
    dataset = open_dataset("folder", root)
    return Trainer(settings or config(), [dataset], [], CPU, out)


def same(a, b) -> bool:
    """Equal to the bit, all the way down."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


@pytest.fixture(scope="module")
def trained(tmp_path_factory, little_people):
    """A whole training: its reports, its history, and its state after every epoch."""
    out = tmp_path_factory.mktemp("progressive")
    one, reports = trainer(little_people, out), []
    for report in one.run():
        reports.append(report)
        shutil.copy(out / "last.pt", out / f"after{report.epoch}.pt")
    return out, reports, one.search.history


def test_a_round_tries_its_members_and_learns_with_what_it_chose(trained) -> None:
    _, reports, history = trained
    assert [r.epoch for r in reports] == list(range(1, EPOCHS + 1))
    parts = [r.search["part"] for r in reports[:6]]
    assert parts == [f"try {n}" for n in (1, 1, 2, 2)] + ["learn"] * 2
    assert [entry["part"] for entry in history] == 2 * ["try 1", "try 2", "chosen"]
    tried = {r.search["part"]: r for r in reports[:4]}
    for entry in history[:2]:
        number = int(entry["part"][-1])
        losses = [r.losses["loss"] for r in reports[2 * number - 2 : 2 * number]]
        assert entry["f"] == pytest.approx(drop_error(losses)) == tried[entry["part"]].search["f"]
    assert all(r.search["settings"] == history[2]["settings"] for r in reports[4:6])
    worst = max(history[:2], key=lambda entry: entry["f"])["part"]
    for before, after in zip(history[:2], history[3:5], strict=True):
        chosen = before["part"] == worst
        assert after["settings"] == (history[2] if chosen else before)["settings"]
    # Tries at the highest rate; every round has the whole schedule.
    rates = [r.rate for r in reports[:6]]
    assert rates == pytest.approx([1e-3] * 5 + [1e-6])


def test_it_goes_on_to_the_bit_from_wherever_it_was_cut_off(trained, little_people) -> None:
    """By induction: the state after every epoch leads to the state after the next."""
    out, _, _ = trained
    for done in (1, 2, 4, 5, 6):
        shutil.copy(out / f"after{done}.pt", out / "last.pt")
        one = trainer(little_people, out)
        assert one.resume() == done
        assert next(one.run()).epoch == done + 1
        after = torch.load(out / "last.pt", weights_only=True)
        wanted = torch.load(out / f"after{done + 1}.pt", weights_only=True)
        assert same(after, wanted), done


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_tries_leave_nothing_behind(name) -> None:
    """Weights, batch statistics, classifiers and optimiser, also where it had learned before."""
    settings = config(optimizer={"name": name, "late_beta1": None})
    learner = Learner(settings, CPU)
    learner.begin(people=4)
    images = torch.randn(16, 3, 32, 16, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(4).repeat_interleave(4)
    learner.begin_epoch(1)
    learner.learn(learner.forward(images), labels)
    search = Progressive(settings, learner)
    before = copy.deepcopy(learner.state_dict())
    for epoch in range(1, 5):
        step = search.begin(epoch)
        learner.follow(step.config)
        learner.begin_epoch(step.epoch)
        learner.learn(learner.forward(images), labels)
        assert not same(learner.state_dict(), before)
        search.end(epoch, loss=1 / epoch)
    search.begin(5)
    assert same(learner.state_dict(), before)


def test_a_round_ends_with_its_epoch_of_lowest_loss() -> None:
    settings = config(progressive={"members": 0})
    learner = Learner(settings, CPU)
    learner.begin(people=4)
    search = Progressive(settings, learner)
    for epoch, loss in enumerate([0.1, 0.2], 1):
        search.begin(epoch)
        with torch.no_grad():
            next(learner.network.parameters()).fill_(epoch)
        search.end(epoch, loss)
    assert float(next(learner.network.parameters()).detach().mean()) == 1
    assert search.state_dict()["_kept"] == {}


def test_members_of_a_round_see_the_same_batches_and_nothing_sees_them_again() -> None:
    learner = Learner(config(), CPU)
    learner.begin(people=4)
    search = Progressive(config(), learner)
    seen = []
    for epoch in range(1, EPOCHS + 1):
        seen.append(search.begin(epoch).batches)
        search.end(epoch, 1.0)
    assert seen == [*2 * [1, 2], 3, 4, *2 * [5, 6], 7, 8]
    assert search.place(7) == Place(round=1, member=0, within=1)


def by_chance(**progressive) -> TrainConfig:
    return config(
        progressive={"members": 0, **progressive},
        schedule={"epochs": 1, "decay_from": None},
        optimizer={"late_beta1": None},
    )


def test_without_members_each_round_learns_with_what_chance_says(little_people, tmp_path) -> None:
    reports = list(trainer(little_people, tmp_path, by_chance()).run())
    assert [r.search["part"] for r in reports] == ["learn", "learn"]
    assert reports[0].search["settings"] != reports[1].search["settings"]
    assert Checkpoint.open(tmp_path / "best.pt").dim == 16
    with pytest.raises(ReidError, match=r"progressive.drop was 0.15, now is 0.1"):
        trainer(little_people, tmp_path, by_chance(drop=0.1)).resume()
    more = trainer(little_people, tmp_path, by_chance(rounds=3))
    assert more.resume() == 2
    assert [r.epoch for r in more.run()] == [3]


@pytest.mark.parametrize(
    ("sections", "what"),
    [
        ({"progressive": {"explore": 3}}, "explore must be even"),
        ({"progressive": {"explore": 0}}, "explore should be greater than or equal to 2"),
        ({"progressive": {"members": 1}}, "members must be 0 or at least 2"),
        ({"progressive": {"margin": [0.3, -0.1]}}, r"margin must go up, got \[0.3, -0.1\]"),
        ({"progressive": {"positive_rank": [1, 4]}}, "positive_rank=4, but with sampler.images=4"),
        ({"progressive": {"positive_rank": [0, 3]}}, "positive_rank"),
        ({"progressive": {"negative_rank": [1, 13]}}, "negative_rank=13, but a batch of 4 x 4"),
        ({"sampler": {"images": 1}}, "set sampler.images to 2 at least"),
        ({"loss": {"triplet": "all"}}, "need triplet=hard"),
        ({"loss": {"soft_margin": False}}, "margin must be at least 0 for a hinge"),
        ({"average": {"method": "ema"}}, "set cycles.cycles=0 and average.method=none"),
    ],
)
def test_settings_that_make_no_search(sections, what) -> None:
    with pytest.raises(ReidError, match=what) as caught:
        config(**sections)
    assert "\n" not in str(caught.value)
