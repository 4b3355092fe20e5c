"""Plug-ins of another package, as a stranger would write them: installed, chosen, and run."""

import json
import textwrap

import pytest

from mtmc.errors import UserError
from mtmc.events.reporting import Reporting
from mtmc.events.sink import make_sink
from mtmc.run import run
from mtmc.tracking.messages import Decisions
from mtmc.types import TrackKey
from tests.mtmc.rooms import circling, room, write_room

# None of these takes anything from ours but the types that flow.
PLUGINS = '''
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mtmc.associate import Association
from mtmc.trackers import Detections, Tracks
from mtmc.tracking.messages import Decisions

CALLS = []


@dataclass(frozen=True)
class Config:
    """Each plug-in here has this one setting."""

    word: str = "nothing"


class Base:
    Config = Config

    def __init__(self, config, *rest):
        assert isinstance(config, Config)
        self.config = config
        CALLS.append((type(self).__name__, config.word, len(rest)))


class Finder(Base):
    stateful = False

    def detect(self, frames):
        place = [[10 + 2 * frame.index, 20, 40 + 2 * frame.index, 100] for frame in frames]
        return [Detections(np.array([box], float), np.array([0.9])) for box in place]


class Follower(Base):
    """Everything in the order it comes in."""

    needs_floor = needs_embeddings = needs_image = False

    def update(self, detections, image=None, frames=1):
        rows = np.arange(len(detections))
        return Tracks(rows + 1, detections.boxes, detections.scores, rows)


class SceneFollower(Base):
    """The same in each camera, who is told by where they stand to the nearest quarter."""

    needs_floor, needs_embeddings, needs_image = True, False, False
    merged = {}

    def update(self, time, cameras):
        angle = [np.arctan2(*(c.floor - 5).T) - time / 2.5 for c in cameras]
        ids = [np.round(a / np.pi * 2).astype(int) % 4 + 1 for a in angle]
        self.seen = np.unique(np.concatenate(ids))
        return [
            Tracks(i, c.boxes, c.scores, np.arange(len(i)))
            if len(set(i.tolist())) == len(i) else Tracks()
            for c, i in zip(cameras, ids)
        ]

    def positions(self):
        return self.seen, np.full((len(self.seen), 2), 5.0)

    def relink(self, times, ids, points, covariances, statures):
        CALLS.append(("relink", len(ids), 0))
        return ids


class Looks(Base):
    name, dim, even_distance = "theirs", 3, None

    def embed(self, crops):
        return np.tile(np.eye(3, dtype=np.float32)[0], (len(crops), 1))


class NobodyAgain(Base):
    online = False

    def update(self, time, steps):
        assert {step.camera for step in steps}
        return Decisions()

    def finish(self, tracklets):
        return Association({t.key: number for number, t in enumerate(tracklets, 1)})


class Sender(Base):
    def send(self, news):
        CALLS.append(("send", self.config.word, len(news.events)))

    def close(self):
        CALLS.append(("close", self.config.word, 0))


class Unfinished:
    Config = Config
    online = False

    def update(self, time, steps):
        return Decisions()
'''

ENTRY_POINTS = """
[mtmc.detectors]
theirs = theirs:Finder
[mtmc.trackers]
theirs = theirs:Follower
theirs-scene = theirs:SceneFollower
[mtmc.embedders]
theirs = theirs:Looks
[mtmc.associators]
theirs = theirs:NobodyAgain
unfinished = theirs:Unfinished
[mtmc.sinks]
theirs = theirs:Sender
"""


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """The package is installed; what its plug-ins were asked."""
    site = tmp_path / "site"
    about = site / "theirs-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "theirs.py").write_text(PLUGINS)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(textwrap.dedent(ENTRY_POINTS))
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(__import__("sys").modules, "theirs", raising=False)
    import theirs

    return theirs.CALLS


def theirs(word, name="theirs"):
    return {"name": name, "word": word}


@pytest.mark.parametrize("refine", [{}, None])
def test_a_run_of_plug_ins_alone(two_cameras, tmp_path, calls, refine):
    settings = {
        "detector": theirs("d"),
        "tracker": theirs("t"),
        "reid": theirs("r"),
        "associator": theirs("a"),
        "refine": refine,
        "output": {"video": False},
    }
    record = run(two_cameras, tmp_path / "out", settings)
    assert [record[kind] for kind in ("detector", "tracker", "reid")] == ["theirs"] * 3
    assert record["identities"] == 2
    made = {(name, word) for name, word, _ in calls}
    assert made == {("Finder", "d"), ("Follower", "t"), ("Looks", "r"), ("NobodyAgain", "a")}
    rows = (tmp_path / "out" / "tracks" / "left.txt").read_text().splitlines()
    assert len({row.split(",")[1] for row in rows}) == 1


@pytest.mark.parametrize("associator", ["offline", "online", "theirs"])
def test_a_scene_tracker_of_others_runs_to_the_end(tmp_path, calls, associator):
    calibration = write_room(tmp_path / "room", room(), circling(4, 30, 5.0), 5.0)
    settings = {
        "detector": "motfile",
        "tracker": theirs("s", "theirs-scene"),
        "reid": "none",
        "associator": associator,
        "calibration": str(calibration),
        "output": {"video": False},
    }
    record = run(tmp_path / "room", tmp_path / "out", settings)
    assert record["tracker"] == "theirs-scene"
    assert record["identities"] == (16 if associator == "theirs" else 4)
    assert ("SceneFollower", "s", 0) in calls
    assert any(name == "relink" for name, *_ in calls) == (associator != "online")
    about = json.loads((tmp_path / "out" / "run.json").read_text())["about"]
    assert about["tracker"] == theirs("s", "theirs-scene")


def test_the_command_line_takes_an_embedder_by_its_name(two_cameras, tmp_path, calls):
    settings = {
        "detector": theirs("d"),
        "reid": {"weights": "theirs", "word": "by name"},
        "output": {"video": False},
    }
    assert run(two_cameras, tmp_path / "out", settings)["reid"] == "theirs"
    assert ("Looks", "by name", 0) in calls


@pytest.mark.usefixtures("calls")
def test_a_plug_in_that_lacks_something_is_refused_in_one_line(two_cameras, tmp_path):
    settings = {"detector": "theirs", "associator": "unfinished"}
    with pytest.raises(UserError, match=r"'unfinished' \(theirs:Unfinished\) has no finish, which"):
        run(two_cameras, tmp_path / "out", settings)
    with pytest.raises(UserError, match=r"word"):
        run(two_cameras, tmp_path / "out", {"detector": {"name": "theirs", "wrod": "x"}})


def test_a_sink_of_others_is_sent_events(tmp_path, calls):
    told = Reporting(tmp_path / "events.jsonl", None, [make_sink("theirs://host/there?word=s")])
    told.step(1.0, [], Decisions({TrackKey("door", 1): 1}))
    told.finish(2.0, {}, {})
    assert calls[0] == ("Sender", "s", 1)
    assert sum(count for what, _, count in calls if what == "send") == 2
    assert calls[-1] == ("close", "s", 0)
