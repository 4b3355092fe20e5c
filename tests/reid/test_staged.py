"""Stopping early for some crops and going on for others."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mtmc import reid
from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.commands.export import run as export
from mtmc.reid.errors import ReidError
from mtmc.reid.models import build
from mtmc.reid.preprocess import Preprocess
from mtmc.reid.staged import StagedEmbedder

ARGS = {"hidden": 16, "dim": 8}


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    """A checkpoint with four exits, and one without."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("staged")
    for name, args in (("exits:mobilenet_025", ARGS), ("mobilenet_025", {})):
        network = build(name, **args)
        weights, size = network.state_dict(), Preprocess(size=(64, 32))
        file = folder / ("best.pt" if args else "plain.pt")
        Checkpoint(name, args, weights, size, network.dim).save(file)
    return folder


def until(stages):
    """Leave crop i at stage ``stages[i]``."""
    return lambda stage, rows, vectors: np.asarray(stages)[rows] <= stage


def test_everybody_leaving_at_an_exit_is_that_exit_of_the_file(staged, crops) -> None:
    embedder = reid.load(staged / "best.pt", device="cpu", batch_size=3)
    assert isinstance(embedder, StagedEmbedder)
    assert len(embedder.costs) == 4
    assert embedder.reliability == ()  # each exit has a space of its own
    for number in (1, 2, 3):
        rows, exits = embedder.embed_until(crops, until([number] * len(crops)))
        alone = reid.load(f"{staged / 'best.pt'}@{number}", device="cpu")
        assert alone.name == f"best@{number}"
        assert exits.tolist() == [number] * len(crops)
        np.testing.assert_allclose(rows, alone.embed(crops), atol=1e-5)
    rows, exits = embedder.embed_until(crops, until([9] * len(crops)))
    assert exits.tolist() == [4] * len(crops)
    np.testing.assert_allclose(rows, embedder.embed(crops), atol=1e-5)


def test_crops_that_part_company_stay_themselves(staged, crops) -> None:
    embedder = reid.load(staged / "best.pt", device="cpu", batch_size=2)
    stages = [1, 4, 2, 3, 1, 4, 2]
    asked = []

    def decide(stage, rows, vectors):
        asked.append((stage, rows.tolist(), vectors.shape))
        return until(stages)(stage, rows, vectors)

    rows, exits = embedder.embed_until(crops, decide)
    assert exits.tolist() == stages
    assert asked == [(1, [*range(7)], (7, 8)), (2, [1, 2, 3, 5, 6], (5, 8)), (3, [1, 3, 5], (3, 8))]
    for crop, row, stage in zip(crops, rows, stages, strict=True):
        alone, _ = embedder.embed_until([crop], until([stage]))
        np.testing.assert_allclose(row, alone[0], atol=1e-5)


def test_a_passage_goes_where_it_is_told_to(staged, crops) -> None:
    embedder = reid.load(staged / "best.pt", device="cpu", batch_size=2)
    passage = embedder.begin(crops)
    passage.deepen(np.array([4, 1]))
    passage.deepen(np.array([1, 0, 6]))  # from different stages
    assert passage.exits.tolist() == [2, 3, 1, 1, 2, 1, 2]
    expected, _ = embedder.embed_until(crops, until(passage.exits))
    np.testing.assert_allclose(passage.rows, expected, atol=1e-5)
    passage.deepen(np.array([1]))
    with pytest.raises(ValueError, match="last stage already"):
        passage.deepen(np.array([1]))


def test_no_crops_are_no_rows(staged) -> None:
    rows, exits = reid.load(staged / "best.pt", device="cpu").embed_until([], until([]))
    assert rows.shape == (0, 8)
    assert exits.shape == (0,)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("best.pt@5", r"best\.pt: has the exits 1 to 4, not '5'"),
        ("plain.pt@2", r"plain\.pt: has no exits; leave @ and what follows out"),
    ],
)
def test_an_exit_that_is_not_there(staged, model, message) -> None:
    with pytest.raises(ReidError, match=message):
        reid.load(staged / model)
    assert not isinstance(reid.load(staged / "plain.pt"), StagedEmbedder)


def test_an_exit_is_exported_as_a_model_of_its_own(staged, crops) -> None:
    export(staged / "best.pt@2", None, int8=False, calibration=None)
    small = reid.load(staged / "best@2.onnx", device="cpu")
    whole = reid.load(f"{staged / 'best.pt'}@2", device="cpu")
    np.testing.assert_allclose(small.embed(crops), whole.embed(crops), atol=1e-4)
