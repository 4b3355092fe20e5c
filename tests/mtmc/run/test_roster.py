"""Cameras that come and go while a live run goes on."""

import json
import logging
import threading
from http.server import ThreadingHTTPServer

import polars as pl
import pytest

from mtmc.events.log import read_events
from mtmc.mot import MotKind, read_mot
from mtmc.run import Listener, pipeline, roster, run
from tests.mtmc.conftest import block_frames, write_video
from tests.mtmc.sources.test_http import Handler

SETTINGS = {
    "detector": {"name": "motion", "min_height": 0.3},
    "reid": "none",
    "associator": {"name": "online", "patience": 0.0, "max_patience": 0.0},
    "sources": {"reconnect": 0.1},
}


@pytest.fixture
def url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/camera"
    server.shutdown()
    server.server_close()


class Changing(Listener):
    """Writes the next list of cameras each time its condition holds, and then ends the run."""

    def __init__(self, file, *changes):
        self.file, self.changes = file, list(changes)

    def step(self, progress):
        if self.changes and self.changes[0][0](progress.frames):
            self.file.write_text(self.changes.pop(0)[1])
        elif not self.changes and progress.frames.get("yard", 0) >= 45:
            raise KeyboardInterrupt


def test_a_camera_joins_and_one_leaves(url, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(roster, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(pipeline, "GONE_AFTER", 1.0)
    write_video(tmp_path / "film.mp4", block_frames(5))
    file, out = tmp_path / "cameras.yaml", tmp_path / "out"

    def listed(*cameras):
        return json.dumps({"cameras": [{"name": n, "url": u, "fps": 10} for n, u in cameras]})

    file.write_text(listed(("door", url)))
    changes = [
        (lambda frames: frames["door"] >= 5, "cameras: [{name: door, ulr: x}]"),
        (lambda frames: frames["door"] >= 8, listed(("door", url), ("film", "film.mp4"))),
        (lambda frames: frames["door"] >= 12, listed(("door", url), ("yard", url))),
        (lambda frames: frames.get("yard", 0) >= 15, listed(("yard", url))),
    ]
    with caplog.at_level(logging.INFO, "mtmc"):
        record = run(file, out, SETTINGS, listener=Changing(file, *changes))
    for said in (
        "camera 1, 'ulr'; did you mean 'url'?",
        "the run goes on with the cameras it has",
        "camera film: is not live, and only those join a run; the run goes on without it",
        "camera yard: joins the run",
        "camera door: was taken out; what it saw is kept",
    ):
        assert caplog.text.count(said) == 1, said
    door, yard = (record["cameras"][name]["frames"] for name in ("door", "yard"))
    assert door >= 25
    assert yard >= 45
    assert set(record["cameras"]) == {"door", "yard"}
    rows = pl.read_parquet(out / "tracks.parquet")
    for camera in ("door", "yard"):
        mine = rows.filter(pl.col("camera") == camera)
        assert len(read_mot(out / "tracks" / f"{camera}.txt", MotKind.TRACKS)) == len(mine) > 0
    starts = rows.group_by("camera").agg(pl.col("time").min()).sort("camera")["time"].to_list()
    assert starts[1] > starts[0] + 1.0  # on the clock of the run
    events = list(read_events(out / "events.jsonl"))
    # Whoever its tracks were, they had gone before the run ended.
    assert not [e for e in events if e.kind == "close" and "door" in {k.camera for k in e.ended}]
    assert any("yard" in {k.camera for k in e.ended} for e in events if e.kind == "close")
