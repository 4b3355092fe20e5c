from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import torch

from mtmc import reid
from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.export import export_onnx
from mtmc.reid.models import build
from mtmc.reid.preprocess import Preprocess
from mtmc.reid.training.averaging import refresh_batch_norm
from tests.reid.test_cli import call

FOLDER = "--set=data={train: [folder], test: [folder]}"
SIZES = {"lomo_xqda": None, "lomo_kissme": None, "lomo_euclidean": 26960}


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Twelve people, two cameras, three pictures each, in two colours of clothes and noise."""
    root = tmp_path_factory.mktemp("metric")
    rng = np.random.default_rng(0)
    hues = np.stack([np.arange(12), 5 * np.arange(12) % 12], axis=1) * 15  # of 180
    vivid = np.stack([hues, np.full_like(hues, 200), np.full_like(hues, 160)], axis=-1)
    clothes = cv2.cvtColor(vivid.astype(np.uint8), cv2.COLOR_HSV2BGR)
    for pid in range(12):
        for camera in (1, 2):
            for shot in range(3):
                picture = np.full((96, 40, 3), 90, np.float64)
                left = 10 + rng.integers(-3, 4)
                picture[8:52, left : left + 20] = clothes[pid, 0]
                picture[52:92, left + 2 : left + 18] = clothes[pid, 1]
                picture = picture * (1.3 - 0.3 * camera) + rng.normal(0, 12, picture.shape)
                parts = ["bounding_box_train"] if pid < 8 else ["query", "bounding_box_test"]
                folder = root / parts[camera % len(parts)]
                folder.mkdir(exist_ok=True)
                name = f"{pid + 1:04d}_c{camera}s1_{shot:06d}_00.png"
                cv2.imwrite(str(folder / name), picture.clip(0, 255).astype(np.uint8))
    return root


def train(capsys, monkeypatch, preset, data, out, *options):
    arguments = ["train", preset, "--data", data, "--out", out, "--device", "cpu", FOLDER]
    return call(capsys, monkeypatch, *arguments, *options)


@pytest.mark.parametrize(
    ("preset", "options"),
    [
        ("lomo_xqda", []),
        ("lomo_xqda", ["--set=metric.compare=cosine"]),
        ("lomo_kissme", ["--set=metric.pca=6"]),
        ("lomo_euclidean", []),
    ],
)
def test_what_is_trained_is_served_evaluated_and_exported(
    capsys, monkeypatch, tmp_path, people, crops, preset, options
) -> None:
    out = tmp_path / "out"
    code, _, err = train(capsys, monkeypatch, preset, people, out, *options)
    assert code == 0, err
    assert {p.name for p in out.iterdir()} == {"best.pt", "config.yaml", "log.jsonl"}
    row = json.loads((out / "log.jsonl").read_text())
    assert row["scores"]["folder"]["rank1"] > 0.6  # four people: chance is a quarter
    assert Checkpoint.open(out / "best.pt").metrics["scores"] == row["scores"]

    file = tmp_path / "scores.json"
    evaluation = ["eval", out / "best.pt", "--dataset", "folder", "--data", people, "--json", file]
    assert call(capsys, monkeypatch, *evaluation)[0] == 0
    assert json.loads(file.read_text())["scores"] == row["scores"]["folder"]

    embedder = reid.load(out / "best.pt", device="cpu")
    rows = embedder.embed(crops)
    assert rows.shape == (len(crops), row["dim"])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert export_onnx(out / "best.pt", tmp_path / "best.onnx") < 1e-4
    # A pixel at the edge of a bin may fall to either side of it.
    by_onnx = reid.load(tmp_path / "best.onnx").embed(crops)
    assert np.median(np.abs(by_onnx - rows).max(axis=1)) < 1e-4


def test_a_finished_metric_stays(capsys, monkeypatch, tmp_path, people) -> None:
    out = tmp_path / "out"
    assert train(capsys, monkeypatch, "lomo_xqda", people, out)[0] == 0
    before = (out / "best.pt").read_bytes()
    code, _, err = train(capsys, monkeypatch, "lomo_xqda", people, out)
    assert (code, err.count("\n")) == (2, 1)
    assert "holds a training; choose another --out" in err
    code, _, err = train(capsys, monkeypatch, "lomo_xqda", people, out, "--resume")
    assert (code, "is done already" in err) == (0, True)
    other = ["--resume", "--set=metric.dims=2"]
    code, _, err = train(capsys, monkeypatch, "lomo_xqda", people, out, *other)
    assert (code, "was written with another configuration" in err) == (2, True)
    assert (out / "best.pt").read_bytes() == before


def test_a_metric_on_a_trained_network(capsys, monkeypatch, tmp_path, people) -> None:
    network = build("mobilenet_025")
    refresh_batch_norm(network, [torch.randn(8, 3, 64, 32)])
    preprocess = Preprocess(size=(64, 32))
    first = Checkpoint("mobilenet_025", {}, network.state_dict(), preprocess, network.dim)
    first.save(tmp_path / "first.pt")
    options = [
        "--set=model.name=mobilenet_025",
        f"--set=model.start_from={tmp_path / 'first.pt'}",
    ]
    second = tmp_path / "second"
    code, _, err = train(capsys, monkeypatch, "lomo_xqda", people, second, *options)
    assert code == 0, err
    checkpoint = Checkpoint.open(second / "best.pt")
    assert checkpoint.preprocess == preprocess
    assert checkpoint.model == "metric:mobilenet_025"
    assert all(
        torch.equal(checkpoint.weights[f"features.{k}"], v) for k, v in first.weights.items()
    )


@pytest.mark.parametrize(
    ("preset", "options", "message"),
    [
        (
            "lomo_xqda",
            ["--set=metric.method=lda"],
            "metric.method: 'lda' should be 'xqda', ",
        ),
        (
            "lomo_xqda",
            ["--set=metric.dims=0"],
            "metric: dims should be greater than",
        ),
        ("lomo_xqda", ["--set=schedule.epochs=9"], "unknown key 'schedule'"),
        ("lomo_kissme", [], "do not vary in all 47 dimensions; lower metric.pca"),
        ("tiny", ["--set=model={name: lomo}"], "has no weights that a training could change"),
    ],
)
def test_what_does_not_fit_is_one_line(
    capsys, monkeypatch, tmp_path, people, preset, options, message
) -> None:
    code, _, err = train(capsys, monkeypatch, preset, people, tmp_path / "out", *options)
    assert code == 2
    assert err.count("\n") == 1
    assert message in err
    assert not (tmp_path / "out").exists()


def test_one_camera_is_one_line(capsys, monkeypatch, tmp_path, people) -> None:
    import shutil

    data = tmp_path / "data"
    shutil.copytree(people, data)
    for file in (data / "bounding_box_train").glob("*_c2*"):
        file.unlink()
    code, _, err = train(capsys, monkeypatch, "lomo_xqda", data, tmp_path / "out")
    assert (code, err.count("\n")) == (2, 1)
    assert "show one person from different cameras" in err
    options = ["--set=metric.pairs=all"]
    assert train(capsys, monkeypatch, "lomo_xqda", data, tmp_path / "out", *options)[0] == 0
