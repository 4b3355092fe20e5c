"""The whole chain by geometry alone: calibrated cameras, two frames per second, no pictures."""

import json

import pytest

from mtmc.errors import UserError
from mtmc.evaluate.benchmark import TrackOptions
from mtmc.evaluate.run import evaluate_cameras
from mtmc.run import run
from tests.mtmc.rooms import circling, room, write_room

SETTINGS = {"detector": {"name": "motfile"}, "reid": "none", "output": {"video": False}}


def scores(folder, out):
    return evaluate_cameras(folder / "gt", out).summary["combined"]


@pytest.mark.parametrize("associator", ["offline", "online"])
def test_slow_calibrated_cameras_are_followed_on_the_floor(tmp_path, associator):
    calibration = write_room(tmp_path, room(), circling(5, 40, 2.0), 2.0, missing=0.1)
    out = tmp_path / "out"
    settings = {**SETTINGS, "associator": associator, "calibration": str(calibration)}
    record = run(tmp_path, out, settings)
    assert record["tracker"] == "floor"
    assert record["identities"] == 5
    row = scores(tmp_path, out)
    assert row.ratios["IDF1"] > 0.95  # of 0.947 at most, were the missing boxes not filled in
    assert row.counts["IDSW"] == 0
    # The settings as resolved name the tracker, and give the same again.
    again = json.loads((out / "run.json").read_text())["about"]
    assert again["tracker"]["name"] == "floor"


def test_others_keep_the_tracker_of_boxes(tmp_path):
    slow, fast = tmp_path / "slow", tmp_path / "fast"
    write_room(slow, room(), circling(2, 8, 2.0), 2.0)
    calibration = write_room(fast, room(), circling(2, 8, 15.0), 15.0)
    assert run(slow, slow / "out", SETTINGS)["tracker"] == "coast"
    calibrated = {**SETTINGS, "calibration": str(calibration)}
    assert run(fast, fast / "out", calibrated)["tracker"] == "coast"
    chosen = {**calibrated, "tracker": "sort"}
    assert run(slow, slow / "out2", chosen)["tracker"] == "sort"


def test_without_calibration_there_is_no_floor(tmp_path):
    write_room(tmp_path, room(), circling(2, 8, 2.0), 2.0)
    with pytest.raises(UserError, match="--calibration"):
        run(tmp_path, tmp_path / "out", {**SETTINGS, "tracker": "floor"})
    with pytest.raises(UserError, match="needs calibrated cameras"):
        TrackOptions(tmp_path, tracker="floor").run(tmp_path / "out")
