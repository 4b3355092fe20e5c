"""``mtmc people``, ``associate``, ``render`` and ``report`` as they are called."""

import pytest
from typer.testing import CliRunner

from mtmc.cli import app
from mtmc.commands.report import report_of
from mtmc.errors import UserError
from mtmc.results import Results, layout
from tests.mtmc.conftest import write_scene


def call(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = write_scene(tmp_path_factory.mktemp("scene"))
    (folder / "cameras.yaml").write_text(
        "cameras:\n"
        "  - {name: left, path: left.mp4, start: 2026-11-28T08:59:59}\n"
        "  - {name: right, path: right.mp4, start: 2026-11-28T08:59:59}\n"
    )
    call(
        "run", folder, "--detector", "motfile", "--reid", "color", "--out", folder / "out", "--keep"
    )
    return folder / "out"


def test_people_are_listed_with_how_sure_that_is(out):
    text = call("people", out)
    assert "2 people sure" in text
    assert "left" in text
    assert "3" not in call("people", out, "--camera", "right").split("score")[0]


def test_by_the_clock_on_the_wall(out):
    both = call("people", out, "--from", "9:00:01", "--to", "9:05")
    assert " 1 " in both
    assert " 2 " in both
    assert " 1 " not in call("people", out, "--from", "9:01:00")
    assert " 1 " not in call("people", out, "--to", "8:59:58")
    assert " 1 " not in call("people", out, "--from", "30")


def test_one_person_and_their_pictures(out, tmp_path):
    text = call("people", out, "--id", "2", "--crops", "--out", tmp_path)
    assert "left: 2026-11-28 08:59:59.0 to" in text
    written = sorted(path.name for path in (tmp_path / "0002").iterdir())
    keys = Results.open(out).tracks_of(2)
    assert len(written) == len(Results.open(out).crops.of(*keys)) > 4
    assert f"{len(written)} pictures of 1 people" in text
    assert [path.name for path in tmp_path.iterdir()] == ["0002"]


def test_there_is_a_report_unless_it_is_left_out(out, tmp_path):
    page = out / layout.REPORT
    assert page.is_file()
    page.unlink()
    assert str(page) in call("report", out)
    (tmp_path / layout.REPORT).write_text("another run's")
    assert layout.REPORT not in call("associate", out, "--out", tmp_path, "--no-report")
    assert not (tmp_path / layout.REPORT).exists()


def test_a_report_that_cannot_be_written_is_said_and_fails_no_run(tmp_path, caplog):
    assert report_of(tmp_path) is None
    assert "there is no report.html" in caplog.text


def test_again_and_drawn(out, tmp_path):
    text = call("associate", out, "--set", "associator.name=online", "--out", tmp_path)
    assert f"to look at: {tmp_path / layout.REPORT}" in text
    assert "people sure" in text
    assert Results.open(tmp_path).record["mode"] == "online"
    assert (tmp_path / "tracks.csv").read_text().count("2026-11-28T08:59:59") > 2
    assert "mosaic.mp4" in call("render", tmp_path, "--set", "output.width=160")
    with pytest.raises(UserError, match="no setting of output"):
        call("render", tmp_path, "--set", "reid=none")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--camera", "lft"], "unknown camera 'lft'"),
        (["--id", "9"], "--id 9: nobody"),
        (["--from", "noon"], "noon: expected seconds"),
        (["--from", "3", "--to", "1"], "ends before it begins"),
        (["--from", "9:00:01", "--to", "9:00:00"], "ends before it begins"),
        (["--from", "nan"], "expected seconds"),
        (["--to", "1e999"], "expected seconds"),
        (["--to", "1:2:3:4"], "expected seconds"),
        (["--out", "pictures"], "give --crops"),
    ],
)
def test_what_is_not_there_and_what_means_nothing_is_refused(out, words, said):
    with pytest.raises(UserError, match=said):
        call("people", out, *words)


def test_a_complete_run_keeps_what_the_networks_said_when_it_is_resumed(out):
    before = (out / layout.ANSWERS).read_bytes()
    words = ("run", out.parent, "--detector", "motfile", "--reid", "color", "--out", out)
    call(*words, "--resume")
    assert (out / layout.ANSWERS).read_bytes() == before
    (out / layout.ANSWERS).unlink()
    call(*words, "--resume", "--keep")
    assert (out / layout.ANSWERS).is_file()
