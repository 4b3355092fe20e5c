import sys

import pytest

from mtmc.cli import main
from mtmc.reid.data import open_dataset
from mtmc.run import run


def call(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["mtmc", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.fixture
def results(two_cameras, tmp_path):
    settings = {"detector": {"name": "motion", "min_height": 0.2}, "output": {"video": False}}
    run(two_cameras, tmp_path / "run", settings)
    return tmp_path / "run"


def test_a_run_becomes_a_data_set(results, two_cameras, tmp_path, monkeypatch, capsys):
    out = tmp_path / "set"
    assert call(monkeypatch, "crops", results, two_cameras, "--out", out, "--each", 3) in (0, None)
    assert "people" in capsys.readouterr().out
    dataset = open_dataset("folder", out)
    assert set(dataset.gallery.camids.tolist()) == {1, 2}
    assert 2 <= dataset.gallery.people <= 6
    assert all(len(list(person.glob("*_c1*"))) <= 3 for person in out.iterdir())
    assert len(dataset.query) == sum(
        len({path.name.split("s")[0] for path in person.iterdir()}) for person in out.iterdir()
    )
    assert call(monkeypatch, "crops", results, two_cameras, "--out", out) == 2
    assert "is not empty" in capsys.readouterr().err


def test_what_is_missing_is_named(results, two_cameras, tmp_path, monkeypatch, capsys):
    assert call(monkeypatch, "crops", tmp_path / "none", two_cameras, "--out", tmp_path / "s") == 2
    assert "expected the --out folder of a run" in capsys.readouterr().err
    (two_cameras / "right.mp4").unlink()
    assert call(monkeypatch, "crops", results, two_cameras, "--out", tmp_path / "s") == 2
    assert "has no pictures of camera 'right'" in capsys.readouterr().err
    (results / "tracks.parquet").write_bytes(b"PAR1 damaged")
    assert call(monkeypatch, "crops", results, two_cameras, "--out", tmp_path / "s") == 2
    assert "not a table" in capsys.readouterr().err
