"""``mtmc thresholds`` from the results of a run and from videos, and what it refuses."""

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from mtmc.cli import app
from mtmc.commands.demo import demo_folder
from mtmc.errors import UserError
from mtmc.results.layout import LOOKS
from mtmc.results.looks import read_looks, write_looks
from tests.mtmc.associate.scenes import crowd


def thresholds(*arguments):
    return CliRunner().invoke(app, ["thresholds", *map(str, arguments)])


def as_run(folder, tracklets, even):
    write_looks(folder / LOOKS, tracklets, even)
    (folder / "run.json").write_text('{"cameras": {}}')
    return folder


@pytest.fixture
def run_dir(tmp_path):
    tracklets, _ = crowd(0)
    for tracklet in tracklets:
        tracklet.gallery.extend(tracklet.gallery.part(np.ones(4, bool)))
    return as_run(tmp_path, tracklets, 0.5)


def test_looks_are_read_back(tmp_path):
    tracklets, _ = crowd(1, people=2)
    tracklets[0].gallery.settle(2)
    write_looks(tmp_path / LOOKS, tracklets, 0.4)
    again, usual = read_looks(tmp_path / LOOKS)
    assert usual == 0.4
    assert [t.key for t in again] == [t.key for t in tracklets]
    for a, b in zip(again, tracklets, strict=True):
        assert (a.start, a.end, a.frames) == (b.start, b.end, b.frames)
        assert a.gallery.sum() == pytest.approx(b.gallery.sum(), abs=1e-2)
        assert (a.gallery.weights() == b.gallery.weights()).all()
        assert (a.gallery.times() == b.gallery.times()).all()
    write_looks(tmp_path / LOOKS, [], 0.4)
    assert read_looks(tmp_path / LOOKS) == ([], 0.4)


def test_a_run_is_read_without_its_videos(run_dir):
    result = thresholds(run_dir, "--out", run_dir / "t.png")
    assert result.exit_code == 0, result.output
    assert "one person up to 0." in result.output
    assert "% of pairs" in result.output
    picture = cv2.imread(str(run_dir / "t.png"))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20


def test_what_is_refused(run_dir, tmp_path):
    for options, word in (
        ((run_dir, "--out", "t.jpg"), r"\.png"),
        ((run_dir, "--reid", "color"), "leave out"),
        ((demo_folder(), "--reid", "none"), "without a ReID model"),
        ((tmp_path / "nothing",), "nothing"),
    ):
        error = thresholds(*options).exception
        assert isinstance(error, UserError)
        assert error.args
        with pytest.raises(UserError, match=word):
            raise error
    (run_dir / LOOKS).write_bytes(b"PK")
    assert isinstance(thresholds(run_dir).exception, UserError)
    (run_dir / LOOKS).unlink()
    assert "made with --reid none" in str(thresholds(run_dir).exception)


def test_too_little_is_said(tmp_path):
    as_run(tmp_path, [], 0.4)
    result = thresholds(tmp_path, "--out", tmp_path / "t.png")
    assert result.exit_code == 0, result.output
    assert "too little" in result.output
