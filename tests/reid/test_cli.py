from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mtmc.reid.cli import main
from mtmc.reid.models import MODELS

TINY = [
    "--set=model.name=mobilenet_025",
    "--set=input_size=[32,16]",
    "--set=schedule.epochs=2",
    "--set=sampler={people: 3, images: 2}",
    "--set=data={train: [folder], test: [folder]}",
]


def call(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["reid", *map(str, arguments)])
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code or 0
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_train_eval_export_and_eval_again(capsys, monkeypatch, tmp_path, people) -> None:
    out = tmp_path / "out"
    train = ["train", tmp_path / "c.yaml", "--data", people, "--out", out, *TINY]
    code, _, err = call(capsys, monkeypatch, *train)
    assert code == 0, err
    assert {p.name for p in out.iterdir()} == {"best.pt", "last.pt", "config.yaml", "log.jsonl"}
    rows = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2]

    code, _, err = call(capsys, monkeypatch, *train)
    assert (code, err.count("\n")) == (2, 1)
    assert "holds a training; continue it with --resume" in err
    assert call(capsys, monkeypatch, *train, "--resume")[0] == 0

    assert call(capsys, monkeypatch, "export", out / "best.pt")[0] == 0
    results = []
    for model in ("best.pt", "best.onnx"):
        file = tmp_path / f"{model}.json"
        options = ["--dataset", "folder", "--data", people, "--json", file]
        assert call(capsys, monkeypatch, "eval", out / model, *options)[0] == 0
        results.append(json.loads(file.read_text()))
    assert results[0]["scores"] == rows[-1]["scores"]["folder"]
    assert results[1]["scores"]["queries"] == 6


@pytest.mark.parametrize(
    "options",
    [
        ["--rerank"],
        ["--camera-centred"],
        ["--augmentation", "ten_crop"],
        ["--multi-query"],
        ["--augmentation", "flip", "--batch-size", "2", "--threads", "1"],
    ],
)
def test_every_option_of_eval_works(capsys, monkeypatch, tmp_path, people, options) -> None:
    file = tmp_path / "scores.json"
    code, _, err = call(
        capsys,
        monkeypatch,
        "eval",
        "color",
        "--dataset",
        "folder",
        "--data",
        people,
        "--json",
        file,
        *options,
    )
    assert code == 0, err
    assert 0 < json.loads(file.read_text())["scores"]["mAP"] <= 1


def test_several_models_and_sets_are_one_table(capsys, monkeypatch, tmp_path, people) -> None:
    people.rename(people.parent / "mine")
    monkeypatch.chdir(tmp_path)
    found = []
    ways = ["--dataset mine,folder=mine", "--dataset mine --dataset folder=mine"]
    for sets in [*ways, "--dataset mine folder=mine"]:
        options = ["--data", people.parent, "--json", tmp_path / "a.json", "--show", 2]
        files = ["--save", tmp_path / "f.npz"]
        code, _, err = call(
            capsys, monkeypatch, "eval", "color", "simulated", *sets.split(), *options, *files
        )
        assert code == 0, err
        found.append(json.loads((tmp_path / "a.json").read_text()))
    assert found[0] == found[1] == found[2]
    assert [(r["model"], r["dataset"]) for r in found[0]["results"]] == [
        (model, name) for model in ("color", "simulated") for name in ("mine", "folder=mine")
    ]
    assert err.count("mean") == 2
    assert {p.name for p in tmp_path.glob("ranked*")} == {
        f"ranked_{m}_{d}.png" for m in ("color", "simulated") for d in ("mine", "folder_mine")
    }
    assert (tmp_path / "f_color_mine.npz").is_file()


def test_a_training_killed_in_its_first_epoch_begins_anew(
    capsys, monkeypatch, tmp_path, people
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "log.jsonl").write_text("half a li")
    train = ["train", tmp_path / "c.yaml", "--data", people, "--out", out, *TINY, "--resume"]
    code, _, err = call(capsys, monkeypatch, *train)
    assert code == 0, err
    assert "no epoch is done yet; beginning with the first" in err
    more = call(capsys, monkeypatch, *train, "--set=schedule.epochs=3")
    assert more[0] == 0, more[2]
    rows = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]


def test_list_shows_everything_with_a_name(capsys, monkeypatch) -> None:
    code, out, _ = call(capsys, monkeypatch, "list", "--json")
    content = json.loads(out)
    assert code == 0
    assert [row["name"] for row in content["models"]] == list(MODELS)
    weightless = {row["name"] for row in content["models"] if row["parameters"] == 0}
    assert weightless == {"lomo"}
    assert all(row["flops"] > 0 for row in content["models"])
    assert "robust_reid_2x_market1501" in content["presets"]
    assert {"simulated", "simulated-lite", "color"} == set(content["weights"])
    assert "market1501" in call(capsys, monkeypatch, "list")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "robust_reid_2x_markt1501"], "did you mean 'robust_reid_2x_market1501'?"),
        (["train", "none/of/this.yaml"], "no such configuration file"),
        (["train", "hacnn", "--set", "modle.name=x"], "did you mean 'model'?"),
        (["train", "hacnn", "--data", "{tmp}"], "Market-1501 not found: expected"),
        (
            ["train", "{tmp}/c.yaml", *TINY, "--data", "{data}", "--device", "tpu"],
            "device 'tpu' cannot be used here",
        ),
        (["eval", "none.pt", "--dataset", "folder", "--data", "{data}"], "no such model file"),
        (["eval", "color", "--dataset", "foldr"], "did you mean 'folder'?"),
        (["eval", "color"], "Missing option '--dataset'"),
        (
            ["eval", "color", "--dataset", "folder", "--augmentation", "l1"],
            "augmentation should be 'none', 'flip' or 'ten_crop', got 'l1'",
        ),
        (["export", "none.pt"], "no such file"),
        (["export", "none.pt", "x.onx"], "ends in .onnx"),
        (["lst"], "No such command 'lst'"),
    ],
)
def test_bad_input_is_one_line_and_code_2(capsys, monkeypatch, people, arguments, message) -> None:
    places = {"{tmp}": str(people.parent), "{data}": str(people)}
    for short, path in places.items():
        arguments = [a.replace(short, path) for a in arguments]
    code, _, err = call(capsys, monkeypatch, *arguments)
    assert code == 2
    assert err.count("\n") == 1
    assert message in err


def test_a_corrupt_image_is_named(capsys, monkeypatch, tmp_path, people) -> None:
    broken = people / "bounding_box_train" / "0002_c1s1_000001_00.png"
    broken.write_bytes(b"not a picture")
    code, _, err = call(
        capsys,
        monkeypatch,
        "train",
        tmp_path / "c.yaml",
        "--data",
        people,
        "--out",
        tmp_path / "out",
        *TINY,
    )
    assert code == 2
    assert f"error: {broken}: not a readable image" in err


def test_help_loads_no_torch() -> None:
    code = "import sys; from mtmc.reid.cli import main; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_skipped_queries_are_shown_and_no_training_images_are_asked_for(
    capsys, monkeypatch, people
) -> None:
    for file in (people / "bounding_box_train").iterdir():
        file.unlink()
    (people / "bounding_box_train").rmdir()
    one = next((people / "query").glob("0001_c1*"))
    (people / "query" / "0009_c1s1_000001_00.png").write_bytes(one.read_bytes())
    code, _, err = call(
        capsys, monkeypatch, "eval", "color", "--dataset", "folder", "--data", people
    )
    assert code == 0, err
    assert "folder: 1 more queries skipped" in err
