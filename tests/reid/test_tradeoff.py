from __future__ import annotations

import json
import sys
from functools import partial

import numpy as np
import onnx
import pytest
import torch

from mtmc import reid
from mtmc.reid.commands.display import short_names
from mtmc.reid.evaluation.tradeoff import measure_speeds
from mtmc.reid.export import export_onnx
from mtmc.reid.models import build
from mtmc.reid.models.profile import profile
from mtmc.reid.onnx_profile import profile_onnx
from mtmc.reid.quantise import quantise
from tests.reid.test_cli import call
from tests.reid.test_export import checkpoint

SIZE = (64, 32)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same network as a checkpoint, as ONNX, and quantised on noise."""
    out = tmp_path_factory.mktemp("models")
    import cv2

    rng = np.random.default_rng(0)
    (out / "crops" / "inside").mkdir(parents=True)
    for i in range(16):
        picture = rng.integers(0, 256, (4, 2, 3), dtype=np.uint8)
        picture = cv2.resize(picture, (32, 64), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(out / "crops" / "inside" / f"{i}.png"), picture)
    checkpoint("mobilenet_025", SIZE).save(out / "best.pt")
    export_onnx(out / "best.pt", out / "best.onnx")
    out.joinpath("agreement").write_text(
        str(quantise(out / "best.onnx", out / "int8.onnx", out / "crops"))
    )
    return out


def test_an_int8_model_embeds_nearly_the_same_and_is_smaller(files) -> None:
    import cv2

    assert float((files / "agreement").read_text()) > 0.85
    crops = [cv2.imread(str(p)) for p in sorted(files.rglob("*.png"))]
    floats, ints = reid.load(files / "best.onnx"), reid.load(files / "int8.onnx")
    assert ints.preprocess == floats.preprocess
    rows = floats.embed(crops)
    assert np.abs(rows - ints.embed(crops)).max() > 1e-4  # it is another model
    size = {f: (files / f).stat().st_size for f in ("best.onnx", "int8.onnx")}
    assert size["int8.onnx"] < 0.5 * size["best.onnx"]


def test_size_of_an_onnx_file_is_the_checkpoints(files) -> None:
    """Batch normalisation is folded into the convolutions: fewer numbers, the same products."""
    expected = profile(build("mobilenet_025"), SIZE)
    folded = sum(
        m.num_features
        for m in build("mobilenet_025").modules()
        if isinstance(m, torch.nn.BatchNorm2d)
    )
    for name in ("best.onnx", "int8.onnx"):
        parameters, flops = profile_onnx(files / name, SIZE)
        assert flops == expected.flops, name
        assert parameters == expected.parameters - folded, name


def test_what_cannot_be_found_out_about_a_model_is_none(tmp_path) -> None:
    (tmp_path / "odd.onnx").write_bytes(b"no model")
    assert profile_onnx(tmp_path / "odd.onnx", SIZE) == (None, None)
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, *SIZE])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    weight = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [32, 5], np.zeros(160))
    nodes = [
        onnx.helper.make_node("Unheard", ["x"], ["z"], domain="mine"),
        onnx.helper.make_node("MatMul", ["z", "w"], ["y"]),
    ]
    graph = onnx.helper.make_graph(nodes, "g", [x], [y], [weight])
    imports = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("mine", 1)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=imports), tmp_path / "mine.onnx")
    assert profile_onnx(tmp_path / "mine.onnx", SIZE) == (160, None)


def test_speeds_are_those_of_whole_batches(monkeypatch) -> None:
    clock = {"now": 0.0}
    monkeypatch.setattr("time.perf_counter", lambda: clock["now"])

    class Embedder:
        def __init__(self, seconds) -> None:
            self.seconds = seconds

        def embed(self, crops):
            assert len(crops) == 4
            clock["now"] += self.seconds

    crops = [np.zeros((2, 2, 3), np.uint8)] * 3
    assert measure_speeds([Embedder(0.01), Embedder(0.05)], crops, 4) == pytest.approx([400, 80])


def test_names_are_as_short_as_tells_them_apart() -> None:
    assert short_names(["a/best.pt", "b/best.pt", "color"]) == ["a/best.pt", "b/best.pt", "color"]
    assert short_names(["a/x.pt", "b/y.pt"]) == ["x.pt", "y.pt"]
    assert short_names(["a/x.pt", "a/x.pt"]) == ["x.pt", "x.pt"]


def test_tradeoff_from_the_command_line(capsys, monkeypatch, tmp_path, people, files) -> None:
    monkeypatch.setattr("mtmc.reid.commands.tradeoff.BATCHES", (1, 2))
    quick = partial(measure_speeds, rounds=2, seconds=0)
    monkeypatch.setattr("mtmc.reid.commands.tradeoff.measure_speeds", quick)
    models = [files / "best.pt", files / "best.onnx", files / "int8.onnx", "color"]
    options = ["--dataset", "folder", "--data", people, "--json", tmp_path / "t.json"]
    options += ["--plot", tmp_path / "new" / "t.png", "--threads", "1"]
    code, _, err = call(capsys, monkeypatch, "tradeoff", *models, *options)
    assert code == 0, err
    rows = json.loads((tmp_path / "t.json").read_text())["models"]
    assert [row["model"] for row in rows] == [str(m) for m in models]
    assert [row["dim"] for row in rows] == [256, 256, 256, 750]
    assert rows[0]["flops"] == rows[1]["flops"] == rows[2]["flops"]
    assert rows[3]["flops"] is rows[3]["parameters"] is None
    assert rows[0]["mAP"] == pytest.approx(rows[1]["mAP"])
    assert all(row["speed"]["1"] > 0 and row["speed"]["2"] > 0 for row in rows)
    assert (tmp_path / "new" / "t.png").read_bytes()[:4] == b"\x89PNG"


def test_distill_from_the_command_line(capsys, monkeypatch, tmp_path, people, files) -> None:
    command = ["distill", people.parent / "c.yaml", "--set=model.name=mobilenet_025"]
    command += ["--set=input_size=[32,16]", "--set=schedule.epochs=2"]
    command += ["--set=sampler={people: 4, images: 2}", "--data", files / "crops"]
    out = tmp_path / "out"
    for teacher in ("best.pt", "best.onnx"):
        options = ["--teacher", files / teacher, "--out", out / teacher]
        options += ["--test", f"folder={people}"]
        code, _, err = call(capsys, monkeypatch, *command, *options)
        assert code == 0, err
        rows = [json.loads(x) for x in (out / teacher / "log.jsonl").read_text().splitlines()]
        assert all(row["loss"] == row["similarity"] > 0 for row in rows)
        assert f"folder={people}" in rows[-1]["scores"]
        saved = torch.load(out / teacher / "best.pt", weights_only=True)
        assert saved["classifiers"] == {}
        assert reid.load(out / teacher / "best.pt", device="cpu").dim == 256
    code, _, err = call(capsys, monkeypatch, *command, *options, "--resume")
    assert code == 0, err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tradeoff", "color", "none.pt", "--dataset", "folder", "--data", "{data}"], "no such"),
        (["tradeoff", "--dataset", "folder"], "Missing argument"),
        (["export", "{files}/best.pt", "--int8"], "add --calibration DIR"),
        (["export", "{files}/best.pt", "--calibration", "{data}"], "--calibration is for --int8"),
        (["export", "{files}/best.pt", "--int8", "--calibration", "{files}/no"], "no such folder"),
        (["distill", "tiny", "--data", "{data}"], "Missing option '--teacher'"),
        (
            ["distill", "tiny", "--teacher", "x.pt", "--data", "{files}/crops"],
            "holds 16 crops, a batch takes 64",
        ),
    ],
)
def test_bad_input_is_one_line(
    capsys,
    monkeypatch,
    people,
    files,
    arguments,
    message,
) -> None:
    arguments = [a.replace("{data}", str(people)).replace("{files}", str(files)) for a in arguments]
    code, _, err = call(capsys, monkeypatch, *arguments)
    assert code == 2
    assert err.count("\n") == 1
    assert message in err


def test_a_plot_without_matplotlib_is_refused_before_anything_is_measured(
    capsys,
    monkeypatch,
    people,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    options = ["--dataset", "folder", "--data", people, "--plot", people.parent / "x.png"]
    code, _, err = call(capsys, monkeypatch, "tradeoff", "color", *options)
    assert (code, err.count("\n")) == (2, 1)
    assert "--plot needs matplotlib" in err
