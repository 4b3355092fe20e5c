"""What a run says of the clock on the wall."""

import polars as pl
import pytest

from mtmc.run import Listener, run


@pytest.fixture
def dated(scene):
    """Two cameras, one of which began two seconds later, and settings of a quick run."""
    (scene / "cameras.yaml").write_text(
        "cameras:\n- {path: left.mp4, start: 2026-11-28T08:00:00+01:00}\n"
        "- {path: right.mp4, start: 2026-11-28T07:00:02Z}\n"
    )
    settings = {"detector": "motfile", "reid": {"weights": "none"}, "output": {"video": False}}
    return scene, settings


def test_a_run_says_when_its_cameras_began(dated, tmp_path):
    folder, settings = dated
    record = run(folder, tmp_path / "out", settings)
    left, right = record["cameras"].values()
    assert record["clock_zero"] == left["start"] == "2026-11-28T08:00:00+01:00"
    assert (right["start"], right["start_from"]) == ("2026-11-28T07:00:02+00:00", "cameras.yaml")
    first = pl.read_parquet(tmp_path / "out" / "tracks.parquet").group_by("camera")
    times = dict(first.agg(pl.col("time").min()).iter_rows())
    assert times == pytest.approx({"left": 0.0, "right": 2.0})


def test_without_a_start_nothing_is_said_of_it(dated, tmp_path):
    folder, settings = dated
    (folder / "cameras.yaml").unlink()
    record = run(folder, tmp_path / "out", settings)
    assert record["clock_zero"] is None
    assert not any("start" in camera for camera in record["cameras"].values())


class _Impatient(Listener):
    def step(self, progress):
        if progress.frames["left"] == 10:
            raise KeyboardInterrupt


def test_a_run_may_be_ended_before_a_camera_begins(dated, tmp_path):
    folder, settings = dated
    record = run(folder, tmp_path / "out", settings, listener=_Impatient())
    assert record["status"] == "interrupted"
    assert record["cameras"]["right"]["frames"] == 0
    assert pl.read_parquet(tmp_path / "out" / "tracks.parquet")["camera"].unique().to_list() == [
        "left"
    ]
