"""A live run is started again into the folder of one that was killed, or ended."""

import dataclasses
import json

import numpy as np
import polars as pl
import pytest

from mtmc.mot import MotKind, read_mot
from mtmc.run import Listener, run, session
from mtmc.run.earlier import EARLIER, set_aside
from mtmc.sources import reader
from mtmc.tracking.rows import ROW, TrackSpool
from mtmc.types import TrackKey
from tests.mtmc.conftest import SETTINGS
from tests.mtmc.run.test_run import Impatient


class Killed(BaseException):
    """Nothing of the run itself catches it."""


class Dying(Listener):
    def __init__(self, at):
        self.at = at

    def step(self, progress):
        if progress.frames["left"] == self.at:
            raise Killed


@pytest.fixture
def live(scene, tmp_path, monkeypatch):
    """Runs files as if they were live cameras: nothing is dropped, and they end."""

    def start(out, dies_at=None):
        find, opened = session.find_cameras, reader._open
        with monkeypatch.context() as patch:
            cameras = [dataclasses.replace(camera, kind="live") for camera in find(scene)]
            patch.setattr(session, "find_cameras", lambda path: cameras)
            as_file = lambda c, *rest: opened(dataclasses.replace(c, kind="video"), *rest)  # noqa: E731
            patch.setattr(reader, "_open", as_file)
            patch.setattr(reader, "READ_AHEAD", 99)
            patch.setattr(reader.CameraReader, "_outdated", lambda *_: False)
            settings = {**SETTINGS, "output": {"width": 320}}
            return run(scene, out, settings, listener=Dying(dies_at))

    return start


def everything(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_what_a_killed_live_run_has_seen_is_kept_and_made_whole(live, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(Killed):
        live(out, dies_at=20)
    said = read_mot(out / "tracks" / "left.txt", MotKind.TRACKS)
    assert said.last_frame >= 19
    assert json.loads((out / "run.json").read_text())["status"] == "running"
    video = (out / "mosaic.mp4").read_bytes()
    assert f"are kept in {out / EARLIER}" in live(out)["warnings"][0]
    assert json.loads((out / "run.json").read_text())["status"] == "complete"
    (before,) = (out / EARLIER).iterdir()
    record = json.loads((before / "run.json").read_text())
    assert record["status"] == "killed"
    assert (before / "mosaic.mp4").read_bytes() == video
    table = pl.read_parquet(before / "tracks.parquet").filter(pl.col("camera") == "left")
    assert table["frame"].max() >= 19
    assert table["time"].to_list() == pytest.approx(((table["frame"] - 1) / 10).to_list())
    people = json.loads((before / "identities.json").read_text())["identities"]
    assert len(people) == record["identities"] > 0  # who was not yet decided is nobody
    rows = read_mot(before / "tracks" / "left.txt", MotKind.TRACKS)
    assert len(rows) >= len(said)
    assert not list(before.glob(".*"))


def test_no_run_takes_the_place_of_a_live_one(live, scene, tmp_path):
    out = tmp_path / "out"
    live(out)
    first = everything(out)
    run(scene, out, SETTINGS)  # not live itself
    (before,) = (out / EARLIER).iterdir()
    assert everything(before) == first
    live(out)
    assert len(list((out / EARLIER).iterdir())) == 2


def test_what_can_be_done_again_is_replaced(scene, tmp_path):
    out = tmp_path / "out"
    run(scene, out, SETTINGS)
    run(scene, out, SETTINGS, listener=Impatient(5))
    run(scene, out, SETTINGS)
    assert not (out / EARLIER).exists()


@pytest.mark.parametrize("record", ["", "[]", '{"cameras": 3}', '{"cameras": {}}'])
def test_what_cannot_be_understood_is_kept_as_it_is(tmp_path, record):
    (tmp_path / "tracks").mkdir()
    (tmp_path / "tracks" / "a.txt").write_text("1,1,0,0,9,9,1,-1,-1,-1\n")
    spool = TrackSpool(tmp_path, ["a"])
    spool.append(np.zeros(3, ROW), {TrackKey("a", 1): 1})
    (tmp_path / "run.json").write_text(record)
    before = everything(tmp_path)
    set_aside(tmp_path, live=True)
    (folder,) = (tmp_path / EARLIER).iterdir()
    assert everything(folder) == before
    assert list((tmp_path / "tracks").iterdir()) == []
    set_aside(tmp_path, live=True)
    assert len(list((tmp_path / EARLIER).iterdir())) == 1
