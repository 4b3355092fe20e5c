"""Stopping early for some crops and going on for others."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from mtmc import reid
from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.commands.export import run as export
from mtmc.reid.errors import ReidError
from mtmc.reid.evaluation.tradeoff import size_of
from mtmc.reid.models import build
from mtmc.reid.preprocess import Preprocess
from mtmc.reid.staged import StagedEmbedder
from mtmc.reid.training.recipe import DistillationConfig
from mtmc.reid.training.teacher import Teacher

ARGS = {"hidden": 16, "dim": 8}


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    """A checkpoint with four exits, the same as ONNX, and a checkpoint without."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("staged")
    for name, args in (("exits:mobilenet_025", ARGS), ("mobilenet_025", {})):
        network = build(name, **args)
        weights, size = network.state_dict(), Preprocess(size=(64, 32))
        file = folder / ("best.pt" if args else "plain.pt")
        Checkpoint(name, args, weights, size, network.dim).save(file)
    export(folder / "best.pt", None, int8=False, calibration=None)
    return folder


def until(stages):
    """Leave crop i at stage ``stages[i]``."""
    return lambda stage, rows, vectors: np.asarray(stages)[rows] <= stage


FILES = pytest.mark.parametrize("file", ["best.pt", "best.onnx"])


@FILES
def test_everybody_leaving_at_an_exit_is_that_exit_of_the_file(staged, crops, file) -> None:
    embedder = reid.load(staged / file, device="cpu", batch_size=3)
    assert isinstance(embedder, StagedEmbedder)
    assert len(embedder.costs) == 4
    assert embedder.reliability == ()  # each exit has a space of its own
    for number in (1, 2, 3):
        rows, exits = embedder.embed_until(crops, until([number] * len(crops)))
        alone = reid.load(f"{staged / file}@{number}", device="cpu")
        assert alone.name == f"best@{number}"
        assert exits.tolist() == [number] * len(crops)
        np.testing.assert_allclose(rows, alone.embed(crops), atol=1e-5)
    rows, exits = embedder.embed_until(crops, until([9] * len(crops)))
    assert exits.tolist() == [4] * len(crops)
    np.testing.assert_allclose(rows, embedder.embed(crops), atol=1e-5)


@FILES
def test_crops_that_part_company_stay_themselves(staged, crops, file) -> None:
    embedder = reid.load(staged / file, device="cpu", batch_size=2)
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


@FILES
def test_a_passage_goes_where_it_is_told_to(staged, crops, file) -> None:
    embedder = reid.load(staged / file, device="cpu", batch_size=2)
    passage = embedder.begin(crops)
    passage.deepen(np.array([4, 1]))
    passage.deepen(np.array([1, 0, 6]))  # from different stages
    assert passage.exits.tolist() == [2, 3, 1, 1, 2, 1, 2]
    expected, _ = embedder.embed_until(crops, until(passage.exits))
    np.testing.assert_allclose(passage.rows, expected, atol=1e-5)
    passage.deepen(np.array([1]))
    with pytest.raises(ValueError, match="last stage already"):
        passage.deepen(np.array([1]))


def test_the_exported_file_says_what_torch_does(staged, crops) -> None:
    torch_one, onnx_one = (
        reid.load(staged / f"best.{kind}", device="cpu") for kind in ("pt", "onnx")
    )
    assert onnx_one.costs == pytest.approx(torch_one.costs)
    assert onnx_one.reliability == torch_one.reliability
    stages = [1, 4, 2, 3, 1, 4, 2]
    expected, _ = torch_one.embed_until(crops, until(stages))
    found, exits = onnx_one.embed_until(crops, until(stages))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert exits.tolist() == stages


def test_other_readers_see_one_input_and_one_output(staged) -> None:
    graph = onnx.load(staged / "best.onnx").graph
    assert [i.name for i in graph.input] == ["images"]
    assert [o.name for o in graph.output] == ["embeddings"]


def test_a_stage_computes_no_more_than_itself(staged) -> None:
    """Convolutions are counted: those of all stages are those of the whole."""
    embedder = reid.load(staged / "best.onnx", device="cpu")
    cut = embedder._cut
    parts = [onnx.load_from_string(cut.model(cut.inputs(s), cut.outputs(s))) for s in range(4)]
    convolutions = [sum(n.op_type == "Conv" for n in part.graph.node) for part in parts]
    assert convolutions == [7, 4, 12, 4]


def test_no_crops_are_no_rows(staged) -> None:
    rows, exits = reid.load(staged / "best.pt", device="cpu").embed_until([], until([]))
    assert rows.shape == (0, 8)
    assert exits.shape == (0,)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("best.onnx@5", r"best\.onnx: has the exits 1 to 4, not '5'"),
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


def test_int8_would_leave_the_exits_behind(staged, tmp_path) -> None:
    with pytest.raises(ReidError, match="has exits, which 8-bit integers would leave behind"):
        export(staged / "best.onnx", tmp_path / "a.onnx", int8=True, calibration=tmp_path)


def test_an_exit_of_an_exported_file_has_a_size_of_its_own(staged) -> None:
    sizes = {
        file: [size_of(reid.load(f"{staged / file}@{n}", device="cpu")) for n in (1, 2, 3)]
        for file in ("best.pt", "best.onnx")
    }
    for (_, flops), (_, exported) in zip(*sizes.values(), strict=True):
        assert exported == pytest.approx(flops, rel=0.01)


def test_an_exit_is_no_teacher(staged) -> None:
    settings = DistillationConfig(teacher=f"{staged / 'best.pt'}@2", head="means")
    with pytest.raises(ReidError, match=r"best\.pt@2: a teacher is a whole checkpoint"):
        Teacher(settings, Preprocess(), torch.device("cpu"))
