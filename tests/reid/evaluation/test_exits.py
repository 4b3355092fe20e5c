"""What is found at each exit, and how sure one is."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mtmc.reid.evaluation import Embeddings, score_embeddings
from mtmc.reid.evaluation.exits import Answers, at_every_exit, confidences
from tests.reid.staged import FakeStaged
from tests.reid.test_cli import call


def rows(angles, pids, camids):
    turned = np.radians(angles)
    features = np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)
    return Embeddings(features, np.array(pids, np.int64), np.array(camids, np.int64))


def straight(angle):
    return 2 * np.sin(np.radians(angle) / 2)


def test_confidences_by_hand() -> None:
    """Its own person's picture in its own camera, and junk, are nearest and do not count."""
    query = rows([0], [1], [1])
    gallery = rows([1, 2, 10, 15, 40, 50], [1, -1, 2, 2, 3, 1], [1, 2, 1, 1, 1, 2])
    assert confidences(query, gallery, "distance") == pytest.approx(-straight(10), abs=1e-3)
    margin = straight(40) - straight(10)
    assert confidences(query, gallery, "margin") == pytest.approx(margin, abs=1e-3)
    alone = rows([5, 30], [1, 1], [2, 2])
    assert confidences(query, alone, "margin").tolist() == [np.inf]


def test_everybody_at_one_exit_scores_as_that_exit_alone() -> None:
    rng = np.random.default_rng(0)
    query = [rows(rng.uniform(0, 90, 30), np.arange(30) % 9, np.zeros(30)) for _ in range(2)]
    gallery = [rows(rng.uniform(0, 90, 60), np.arange(60) % 8, np.ones(60)) for _ in range(2)]
    answers = Answers.of(query, gallery, ["margin", "distance"])
    for stage in range(2):
        alone = score_embeddings(query[stage], gallery[stage])
        found = answers.scores(np.full(len(answers.first), stage + 1))
        assert found == pytest.approx((alone.rank(1), alone.mean_ap))
        assert len(answers.first) == alone.queries == 27  # one of nine people is not there
    with pytest.raises(ValueError, match="no query has a right answer"):
        Answers.of([rows([1], [1], [1])], [rows([1], [1], [1])], [])


def test_a_budget_from_the_command_line(capsys, monkeypatch, tmp_path, people) -> None:
    from mtmc.reid.data import open_dataset

    embedder = FakeStaged()
    monkeypatch.setattr("mtmc.reid.load", lambda *_, **__: embedder)
    target = tmp_path / "b.json"
    options = ["--dataset", "folder", "--data", people, "--json", target]
    code, _, err = call(
        capsys, monkeypatch, "budget", "x.pt", *options, "--plot", tmp_path / "p.png"
    )
    assert code == 0, err
    told = json.loads(target.read_text())
    assert told["gallery"] == "full"
    query = at_every_exit(embedder, open_dataset("folder", people).query)
    gallery = at_every_exit(embedder, open_dataset("folder", people).gallery)
    for stage, point in enumerate(told["anytime"]):
        alone = score_embeddings(query[stage], gallery[-1])
        assert (point["rank1"], point["mAP"]) == pytest.approx((alone.rank(1), alone.mean_ap))
    assert {point["how"] for point in told["streams"]} == {"random", "distance", "margin"}
    for point in told["streams"]:
        assert point["exits"] @ np.array(embedder.costs) == pytest.approx(point["spent"])
    assert (tmp_path / "p.png").read_bytes()[:4] == b"\x89PNG"
    more = ["--gallery", "same", "--confidence", "random", "--gflops", "3", "--rule", "paper"]
    assert call(capsys, monkeypatch, "budget", "x.pt", *options, *more)[0] == 0
    told = json.loads(target.read_text())
    (point,) = told["streams"]
    assert (told["gallery"], point["exits"]) == ("same", [0, 0.5, 0.5])
    assert point["mAP"] == pytest.approx(np.mean([each["mAP"] for each in told["anytime"][1:]]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--gflops", "0.5"], "--gflops 0.5: the first exit of x.pt costs 1"),
        (["--gflops", "-1"], "--gflops -1: the first exit"),
        (["--gallery", "full"], "each exit has a space of its own"),
        (["--rule", "papr"], "--rule papr: expected one of recent, paper"),
        (["--confidence", "sure"], "expected one of margin, distance, random"),
    ],
)
def test_what_cannot_be_is_one_line(capsys, monkeypatch, people, options, message) -> None:
    embedder = FakeStaged(reliability=())
    monkeypatch.setattr("mtmc.reid.load", lambda *_, **__: embedder)
    where = ["--dataset", "folder", "--data", people]
    code, _, err = call(capsys, monkeypatch, "budget", "x.pt", *where, *options)
    assert (code, err.count("\n")) == (2, 1)
    assert message in err


def test_a_model_without_exits_has_no_budget(capsys, monkeypatch, people) -> None:
    where = ["--dataset", "folder", "--data", people]
    code, _, err = call(capsys, monkeypatch, "budget", "color", *where)
    assert (code, err.count("\n")) == (2, 1)
    assert "color: has no exits" in err
