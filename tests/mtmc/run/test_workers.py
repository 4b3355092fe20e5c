# ruff: noqa: F811
"""Runs whose cameras are in several processes end with the very files of one that is in one."""

import json
import multiprocessing
import os
import pickle
import signal
import threading

import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.run import Listener, run
from mtmc.run.workers import Workers
from mtmc.run.workers.served import EndedError
from mtmc.run.workers.worker import Worker, renumbered
from mtmc.run.workers.workers import shares
from mtmc.types import Frame
from tests.mtmc.conftest import SETTINGS
from tests.mtmc.rooms import circling, room, write_room
from tests.mtmc.run.test_budget import Cut, embedder  # noqa: F401
from tests.mtmc.run.test_run import Impatient

TIMES = {"seconds", "frames_per_second", "stage_seconds"}


class Loopback:
    """A worker in this process, to which everything goes as it would to another one."""

    def __init__(self, task, lanes):
        self.worker = Worker(pickle.loads(pickle.dumps(task)))

    def call(self, lane, method, *args, **options):
        args, options = pickle.loads(pickle.dumps((args, options)))
        answer = getattr(self.worker, method)(*args, **options)
        return pickle.loads(pickle.dumps(answer)), []

    def close(self):
        pass


@pytest.fixture
def nearby(monkeypatch):
    """Workers are in this process."""
    monkeypatch.setattr("mtmc.run.workers.hire.Process", Loopback)
    monkeypatch.setattr(Worker, "_use_cores", lambda self: None)


def same(one, other):
    """Whether two runs have written the same, but for how long it took."""
    files = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(other) for p in other.rglob("*") if p.is_file())
    for name in files:
        if name.name != "run.json":
            assert (one / name).read_bytes() == (other / name).read_bytes(), name
    records = [json.loads((out / "run.json").read_text()) for out in (one, other)]
    for record in records:
        record.get("budget", {}).pop("ms_per_crop", None)
    assert (
        not {k for k in records[0] | records[1] if records[0].get(k) != records[1].get(k)} - TIMES
    )


def compared(folder, tmp_path, settings, **options):
    for workers in (1, 2):
        run(folder, tmp_path / str(workers), {**settings, "workers": workers}, **options)
    same(tmp_path / "1", tmp_path / "2")
    return tmp_path / "2"


@pytest.mark.parametrize(
    "settings",
    [
        {"associator": "offline", "sources": {"stride": 2}, "output": {"video": True}},
        {"associator": "online", "tracker": "botsort", "crops": {"interval": 0.1}},
        {"detector": "motion", "output": {"video": False, "anonymise": "person"}},
    ],
)
def test_the_files_are_the_same(nearby, scene, tmp_path, settings):
    compared(scene, tmp_path, {**SETTINGS, **settings})


def test_they_are_where_all_cameras_are_followed_together(nearby, tmp_path):
    calibration = write_room(tmp_path, room(), circling(3, 12, 2.0), 2.0, missing=0.1)
    chosen = {"reid": "none", "associator": "online", "calibration": str(calibration)}
    out = compared(tmp_path, tmp_path, {**SETTINGS, **chosen})
    assert json.loads((out / "run.json").read_text())["tracker"] == "floor"


def test_they_are_where_what_scores_mean_is_learned(nearby, tmp_path):
    write_room(tmp_path, room(), circling(3, 60, 10.0), 10.0, missing=0.1)
    for number, file in enumerate(sorted((tmp_path / "det").iterdir())):
        scores = iter(np.random.default_rng(number).normal(1.5, 1.0, 1000).round(2))
        lines = [line.replace(",0.9,", f",{next(scores)},") for line in file.read_text().split()]
        file.write_text("\n".join(lines) + "\n")
    out = compared(tmp_path, tmp_path, {**SETTINGS, "reid": "none"})
    assert "learned" in json.loads((out / "run.json").read_text())["scores"]


def test_they_are_where_a_budget_is_one_of_all_cameras(nearby, scene, tmp_path, embedder):
    reid = {"weights": "fake.pt", "budget": {"gflops": 2.0}}
    out = compared(scene, tmp_path, {**SETTINGS, "reid": reid, "crops": {"interval": 0.1}})
    assert json.loads((out / "run.json").read_text())["budget"]["crops_per_exit"]


def test_they_are_after_a_crash_too(nearby, scene, tmp_path):
    settings = {**SETTINGS, "associator": "online"}
    run(scene, tmp_path / "1", settings)
    with pytest.raises(RuntimeError):
        run(scene, tmp_path / "2", {**settings, "workers": 2}, listener=Cut())
    run(scene, tmp_path / "2", {**settings, "workers": 2}, resume=True)
    same(tmp_path / "1", tmp_path / "2")


class Looks(Listener):
    looks = True

    def __init__(self):
        self.seen_so_far = []

    def seen(self, sightings, labels, decided):
        self.seen_so_far += [
            (
                s.frame.camera,
                s.frame.index,
                s.frame.pixels.tobytes(),
                labels[s.frame.camera][1].tolist(),
            )
            for s in sightings
        ]


def test_who_looks_on_sees_the_same(nearby, scene, tmp_path):
    looks = [Looks(), Looks()]
    for workers, listener in enumerate(looks, 1):
        settings = {**SETTINGS, "associator": "online", "workers": workers}
        run(scene, tmp_path / str(workers), settings, listener=listener)
    assert looks[0].seen_so_far == looks[1].seen_so_far
    assert len(looks[0].seen_so_far) == 48


class Mortal(Loopback):
    """A worker that ends after some calls, before or after it has done what it was asked."""

    made, calls = [], 0

    def __init__(self, task, lanes):
        super().__init__(task, lanes)
        self.left = Mortal.calls if len(Mortal.made) == 1 else 10**9
        self.asked = threading.Lock()
        Mortal.made.append(task)

    def call(self, lane, method, *args, **options):
        with self.asked:
            self.left -= 1
            if self.left <= 0:
                if self.left == 0 and Mortal.calls % 2:
                    super().call(lane, method, *args, **options)
                raise EndedError("pulled the plug")
        return super().call(lane, method, *args, **options)


@pytest.fixture
def mortal(nearby, monkeypatch):
    """Workers whose cameras are taken over; the second one ends."""

    def hired(links, names, now):
        return Workers(links, names, now, lambda number: Mortal(Mortal.made[number], []))

    monkeypatch.setattr(Mortal, "made", [])
    monkeypatch.setattr("mtmc.run.workers.hire.Process", Mortal)
    monkeypatch.setattr("mtmc.run.workers.hire.Workers", hired)
    monkeypatch.setattr("mtmc.run.workers.handover.STATE_EVERY", 5)


@pytest.mark.parametrize(("associator", "calls"), [("offline", 31), ("online", 66)])
def test_cameras_are_taken_over_as_if_nothing_had_been(
    mortal, scene, tmp_path, monkeypatch, associator, calls
):
    monkeypatch.setattr(Mortal, "calls", calls)
    settings = {**SETTINGS, "associator": associator, "crops": {"interval": 0.1}}
    run(scene, tmp_path / "1", settings)
    record = run(scene, tmp_path / "2", {**settings, "workers": 2})
    assert len(Mortal.made) == 3
    [warning] = record["warnings"]
    assert "(cameras right) has ended: pulled the plug; its cameras are taken over" in warning
    path = tmp_path / "2" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "warnings": []}))
    same(tmp_path / "1", tmp_path / "2")


def test_a_live_camera_is_counted_on_by_the_clock():
    frames = [Frame("a", n, 12 + n / 10, None) for n in (1, 2, 4)]
    assert [f.index for f in renumbered(iter(frames), (50, 11.0), 10.0)] == [61, 62, 64]
    assert [f.index for f in renumbered(iter(frames), (50, 12.2), 10.0)] == [51, 52, 54]


def test_the_others_go_on_where_nobody_takes_over(mortal, scene, tmp_path, monkeypatch):
    monkeypatch.setattr(Mortal, "calls", 40)
    monkeypatch.setattr(Workers, "_begun_again", refuse)
    with pytest.raises(UserError, match=r"nobody could take over its cameras \(no room\)"):
        run(scene, tmp_path / "out", {**SETTINGS, "workers": 2})
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["status"] == "interrupted"
    frames = {name: camera["frames"] for name, camera in record["cameras"].items()}
    assert frames["left"] == 24
    assert 0 < frames["right"] < 24
    run(scene, tmp_path / "out", {**SETTINGS, "workers": 1}, resume=True)
    run(scene, tmp_path / "1", SETTINGS)
    same(tmp_path / "1", tmp_path / "out")


def refuse(workers, number):
    raise UserError("no room")


class Kills(Impatient):
    """Ends a worker after some frames."""

    def step(self, progress):
        if sum(progress.frames.values()) >= self.frames:
            for process in multiprocessing.active_children()[:1]:
                os.kill(process.pid, signal.SIGKILL)


def test_a_worker_that_dies_is_told_and_its_run_goes_on_later(scene, tmp_path):
    """In processes of their own."""
    run(scene, tmp_path / "1", SETTINGS)
    out, settings = tmp_path / "2", {**SETTINGS, "workers": 2}
    with pytest.raises(UserError, match=r"worker \d of 2 \(cameras \w+\) has ended: killed by sig"):
        run(scene, out, settings, listener=Kills(12))
    record = json.loads((out / "run.json").read_text())
    assert record["status"] == "interrupted"
    assert 12 <= record["frames"] < 48
    assert (out / "tracks" / "left.txt").read_text()
    assert not multiprocessing.active_children()
    run(scene, out, SETTINGS, resume=True)  # by one process, it is the same run
    same(tmp_path / "1", out)


@pytest.mark.slow
@pytest.mark.parametrize("associator", ["offline", "online"])
def test_processes_of_their_own_write_the_same(scene, tmp_path, associator):
    compared(scene, tmp_path, {**SETTINGS, "associator": associator})


def test_what_is_wrong_in_a_worker_is_one_line_here(nearby, scene, tmp_path):
    (scene / "det" / "no.txt").write_text("")
    (scene / "no.mp4").write_text("")
    with pytest.raises(UserError, match="camera 'no'"):
        run(scene, tmp_path / "out", {**SETTINGS, "workers": 2})


def test_cameras_are_shared_out_in_their_order():
    assert shares("abcde", 2) == ["ab", "cde"]
    assert shares("abc", 3) == ["a", "b", "c"]


def test_there_are_no_more_than_cameras(nearby, scene, tmp_path):
    record = run(scene, tmp_path / "out", {**SETTINGS, "workers": 5})
    assert record["warnings"][0].startswith("workers: 5 for 2 cameras")


@pytest.mark.parametrize("workers", [0, "many", 1.5, True])
def test_how_many_must_be_a_number(scene, tmp_path, workers):
    with pytest.raises(UserError, match="workers: expected a number of processes"):
        run(scene, tmp_path / "out", {**SETTINGS, "workers": workers})
