import json

import pytest
from rich.console import Console

from mtmc.errors import UserError
from mtmc.evaluate.report import Report, Row
from mtmc.evaluate.scores import score
from tests.mtmc.evaluate.trackeval_oracle import scene_of

STANDING = {frame: {1: 0} for frame in range(1, 6)}


@pytest.fixture
def report():
    rows = {
        "all": Row.of(score(scene_of(STANDING, STANDING))),
        "none": Row.of(score(scene_of(STANDING, {1: {1: 0}}))),
    }
    return Report({"protocol": "mot16"}, "sequence", rows, {"mean": Row.mean(rows.values())})


def text(report, **options):
    console = Console(record=True, **options)
    with console.capture() as capture:
        report.print(console)
    return capture.get()


def test_table_is_whole_where_it_is_no_terminal(report):
    lines = text(report, width=40).splitlines()
    assert lines[0].strip() == "protocol mot16"
    (perfect,) = (line.split() for line in lines if line.split()[:1] == ["all"])
    assert perfect == ["all", *["100.00"] * 8, *["0", "0", "0", "0", "1", "0", "0"]]


def test_narrow_terminal_gets_the_main_columns(report):
    table = text(report, width=80, force_terminal=True, color_system=None)
    assert "IDSW" in table
    assert "MOTP" not in table
    assert "…" not in table


def test_json_is_in_percent(report, tmp_path):
    report.write_json(tmp_path / "new" / "scores.json")
    content = json.loads((tmp_path / "new" / "scores.json").read_text())
    assert (content["protocol"], content["unit"]) == ("mot16", "percent")
    assert content["sequences"]["all"]["MOTA"] == 100
    assert content["sequences"]["none"]["MOTA"] == pytest.approx(20)
    assert content["sequences"]["none"]["FN"] == 4
    assert content["mean"]["MOTA"] == pytest.approx(60)
    assert "FN" not in content["mean"]


def test_json_that_cannot_be_written(report, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"--json .*cannot be written"):
        report.write_json(tmp_path / "file" / "scores.json")
