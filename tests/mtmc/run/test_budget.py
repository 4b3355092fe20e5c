"""Runs whose crops go as deep into the embedder as a budget lets them."""

import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.run import Listener, run
from mtmc.run.retrace import associate
from tests.mtmc.conftest import SETTINGS
from tests.mtmc.run.test_retrace import same
from tests.mtmc.run.test_run import FILES, ids_by_place
from tests.reid.staged import FakeStaged

OFTEN = {"interval": 0.1}


@pytest.fixture
def embedder(monkeypatch):
    fake = FakeStaged(noise=(0.1, 0.05, 0.0))
    monkeypatch.setattr("mtmc.reid.load", lambda *_, **__: fake)
    return fake


def chosen(associator="offline", **budget):
    reid = {"weights": "fake.pt", "budget": budget}
    return {**SETTINGS, "reid": reid, "crops": OFTEN, "associator": associator}


def test_all_that_it_costs_is_what_no_budget_is(scene, tmp_path, embedder, caplog):
    caplog.set_level("INFO", "mtmc")
    record = run(scene, tmp_path / "all", chosen(gflops=4.0))
    assert record["budget"]["crops_per_exit"][:2] == [0, 0]
    assert "goes to the end" in " ".join(record["notes"])
    assert "budget" not in run(scene, tmp_path / "no", chosen())
    same(tmp_path / "all", tmp_path / "no", FILES)


class Cut(Listener):
    """Ends a run in the middle, as a crash does."""

    def step(self, progress):
        if sum(progress.frames.values()) > 24:
            raise RuntimeError


@pytest.mark.parametrize("associator", ["offline", "online"])
def test_it_is_kept_and_told_also_after_a_crash_and_without_networks(
    scene,
    tmp_path,
    embedder,
    associator,
):
    settings = chosen(associator, gflops=2.0)
    settings["output"] = {"video": False, "keep": True}
    whole = run(scene, tmp_path / "whole", settings)
    told = whole["budget"]
    assert sum(told["crops_per_exit"]) == embedder.embedded[0] > 60
    assert told["gflops_per_crop"] == pytest.approx(2.0, rel=0.1)
    assert min(told["crops_per_exit"]) > 0
    assert ids_by_place(tmp_path / "whole", "left") == ids_by_place(tmp_path / "whole", "right")
    with pytest.raises(RuntimeError):
        run(scene, tmp_path / "cut", settings, listener=Cut())
    before = embedder.embedded[0]
    again = run(scene, tmp_path / "cut", settings, resume=True)
    assert 0 < embedder.embedded[0] - before < sum(told["crops_per_exit"])
    same(tmp_path / "whole", tmp_path / "cut", FILES)
    for key in ("crops_per_exit", "gflops_per_crop"):
        assert again["budget"][key] == told[key]
    traced = associate(tmp_path / "whole", tmp_path / "traced")
    same(tmp_path / "whole", tmp_path / "traced", FILES)
    assert traced["budget"] == told
    with pytest.raises(UserError, match=r"reid\.budget: what the networks said depends on it"):
        associate(tmp_path / "whole", tmp_path / "traced", ["reid.budget.gflops=3"])


def test_milliseconds(scene, tmp_path, embedder):
    """So many that everybody goes to the end, and so few that nobody goes on."""
    full = run(scene, tmp_path / "full", chosen(ms=60_000.0))["budget"]
    assert full["crops_per_exit"][:2] == [0, 0]
    assert (full["steps_over"], full["most_over_ms"]) == (0, 0)
    none = run(scene, tmp_path / "none", chosen(ms=1e-3))["budget"]
    assert none["crops_per_exit"][1:] == [0, 0]
    assert none["steps_over"] == none["steps"] > 10


def test_a_tracker_that_embeds_everything_keeps_it_too(scene, tmp_path, embedder):
    settings = {**chosen(gflops=2.0), "tracker": "botsort"}
    told = run(scene, tmp_path, settings)["budget"]
    assert sum(told["crops_per_exit"]) == 96
    assert told["gflops_per_crop"] == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize(
    ("budget", "reliability", "said"),
    [
        ({"gflops": 0.5}, (0.5, 0.8, 1.0), "0.5 is less than the first exit of fake.pt costs, 1"),
        ({"ms": -1}, (0.5, 0.8, 1.0), "reid.budget: ms must be above 0"),
        ({"gflops": 2, "ms": 5}, (0.5, 0.8, 1.0), "two budgets; leave one of them out"),
        ({"gflops": 2}, (), "each exit of fake.pt has a space of its own"),
        ({"gflop": 2}, (0.5, 0.8, 1.0), "did you mean 'reid.budget.gflops'"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(
    scene,
    tmp_path,
    embedder,
    budget,
    reliability,
    said,
):
    embedder.reliability = reliability
    with pytest.raises(UserError, match=said):
        run(scene, tmp_path, chosen(**budget))


@pytest.mark.parametrize(
    ("weights", "said"), [("color", "color has no exits"), ("none", "nothing to spend it on")]
)
def test_a_budget_for_what_has_no_exits_is_refused(scene, tmp_path, weights, said):
    settings = {**SETTINGS, "reid": {"weights": weights, "budget": {"gflops": 1.0}}}
    with pytest.raises(UserError, match=said):
        run(scene, tmp_path, settings)


def test_a_shallow_crop_counts_less(scene, tmp_path, embedder, monkeypatch):
    from mtmc.tracking.gallery import Gallery

    weights, add = [], Gallery.add
    monkeypatch.setattr(
        Gallery, "add", lambda self, e, q, t=0.0: (weights.append(q), add(self, e, q, t))[1]
    )
    embedder.reliability = (0.25, 0.25, 1.0)
    run(scene, tmp_path, chosen(gflops=1.5))
    shares = np.unique(np.round(np.array(weights) / max(weights), 2))
    assert shares.min() == pytest.approx(0.25, abs=0.1)
