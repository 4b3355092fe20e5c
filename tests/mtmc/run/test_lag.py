"""What an online run tells some seconds late, and never has to take back."""

from dataclasses import replace

import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.mot import MotKind, read_mot
from mtmc.run import run
from mtmc.run.lag import Lag, Told
from mtmc.trackers import Tracks
from mtmc.tracking.camera import Sighting
from mtmc.tracking.messages import CameraStep, Decisions, Revision
from mtmc.tracking.rows import make_rows
from mtmc.types import Frame, TrackKey
from tests.mtmc.conftest import SETTINGS
from tests.mtmc.run.test_run import FILES, Impatient

FPS = 10
A = [TrackKey("a", track) for track in range(10)]
NOTHING = np.zeros(0, np.int64)


def told(frame, ids, decided=None, renewed=(), ended=(), scores=None, seen=None, image=None):
    """A moment of camera ``a`` with tracks ``ids``."""
    ids = np.array(ids, np.int64)
    boxes = np.tile(np.array([[10, 10, 40, 90]], np.float32), (len(ids), 1))
    boxes[:, [0, 2]] += ids[:, None]
    scores = np.full(len(ids), 0.9, np.float32) if scores is None else np.float32(scores)
    seen = np.ones(len(ids), bool) if seen is None else np.array(seen)
    tracks = Tracks(ids, boxes, scores, np.where(seen, 0, -1))
    shown = Frame("a", frame, (frame - 1) / FPS, image)
    step = CameraStep(
        *("a", frame, shown.time, ids, boxes, scores, seen, np.zeros_like(ids)),
        ended=np.array(ended, np.int64),
        renewed=np.array(renewed, np.int64).reshape(-1, 2),
    )
    sighting = Sighting(shown, tracks, None, NOTHING, step)
    rows = make_rows(0, shown, tracks, None)
    ids_ = {A[t]: p for t, p in (decided or {}).items()}
    return Told(shown.time, rows, [sighting], Decisions(ids_, confidence=dict.fromkeys(ids_, 0.8)))


def ids_of(every):
    """Whom each box that was seen was told as, by frame and place, once all is told."""
    decided = {}
    for each in every:
        assert not decided.keys() & each.decisions.ids.keys(), "a track was told as somebody else"
        decided |= each.decisions.ids
    return {
        (int(row["frame"]), round(float(row["box"][0]) - 10)): decided.get(A[row["track"]], 0)
        for each in every
        for row in each.rows[each.rows["detected"]]
    }


def replayed(lag, moments, revisions=None, last=({}, ())):
    every = []
    for number, moment in enumerate(moments, 1):
        revised = (revisions or {}).get(number, ())
        every += lag.take(replace(moment, decisions=replace(moment.decisions, revised=revised)))
    return every + lag.take(Told.last(Decisions(last[0], revised=last[1])))


def test_a_moment_is_told_when_it_is_old_enough():
    lag = Lag(0.5, 0.4, ["a"])
    early = [lag.take(told(frame, [1], {1: 7} if frame == 1 else {})) for frame in range(1, 9)]
    assert [[each.sightings[0].frame.index for each in some] for some in early] == [
        *([] for _ in range(5)), [1], [2], [3]
    ]  # fmt: skip
    assert [each.sightings[0].frame.index for each in lag.take(Told.last(Decisions()))[:-1]] == [
        4,
        5,
        6,
        7,
        8,
    ]


def test_what_is_taken_back_in_time_is_never_told():
    moments = [told(frame, [1], {1: 7} if frame == 1 else {}) for frame in range(1, 11)]
    revised = {4: [Revision(A[1], 3, 1)]}
    assert set(ids_of(replayed(Lag(0.5, 0.4, ["a"]), moments, revised)).values()) == {3}


def test_what_was_told_stays_and_the_rest_goes_on_under_another_number():
    moments = [told(frame, [1], {1: 7} if frame == 1 else {}) for frame in range(1, 8)]
    moments += [told(8, [2], {2: 3}, renewed=[(1, 2)]), *(told(f, [2]) for f in (9, 10))]
    every = replayed(Lag(0.2, 0.4, ["a"]), moments, {7: [Revision(A[1], 3, 1)]})
    assert [ids_of(every)[f, 1 if f < 8 else 2] for f in range(1, 11)] == [7] * 4 + [3] * 6
    tracks = [int(each.rows["track"][0]) for each in every[:-1]]
    assert tracks == [1] * 4 + [2] * 6
    renewed = [each.sightings[0].step.renewed.tolist() for each in every[:-1]]
    assert renewed == [[]] * 4 + [[[1, 2]]] + [[]] * 5


def test_a_part_that_ended_is_somebody_elses_alone():
    moments = [told(frame, [1], {1: 7} if frame == 1 else {}) for frame in range(1, 9)]
    every = replayed(Lag(2.0, 0.4, ["a"]), moments, {6: [Revision(A[1], 3, 2, 4)]})
    assert [ids_of(every)[f, 1] for f in range(1, 9)] == [7, 3, 3, 3, 7, 7, 7, 7]


def test_who_is_decided_late_is_told_then():
    moments = [told(frame, [1]) for frame in range(1, 9)]
    lag = Lag(0.3, 0.4, ["a"])
    every = [each for moment in moments for each in lag.take(moment)]
    assert not any(each.decisions.ids for each in every)
    every += lag.take(told(9, [1], {1: 4}))
    assert every[-1].decisions.ids == {A[1]: 4}
    assert set(ids_of([*every, *lag.take(Told.last(Decisions()))]).values()) == {4}


@pytest.mark.parametrize("seconds", [0.2, 5.0])
def test_the_last_decisions_are_told(seconds):
    moments = [told(frame, [1, 2], {2: 1} if frame == 1 else {}) for frame in range(1, 9)]
    last = {A[1]: 2}, [Revision(A[2], 5, 1)]
    ids = ids_of(replayed(Lag(seconds, 0.4, ["a"]), moments, last=last))
    assert {ids[f, 1] for f in range(1, 9)} == {2}
    assert ids[8, 2] == 5
    assert ids[1, 2] == (5 if seconds > 1 else 1)


def test_a_frame_shows_nobody_twice():
    scores = [0.5, 0.8]
    moments = [told(f, [1, 2], {1: 1, 2: 2} if f == 1 else {}, scores=scores) for f in range(1, 5)]
    every = replayed(Lag(1.0, 0.4, ["a"]), moments, {4: [Revision(A[1], 2, 1, 2)]})
    assert ids_of(every) == {(1, 2): 2, (2, 2): 2, (3, 1): 1, (3, 2): 2, (4, 1): 1, (4, 2): 2}
    for each in every[:-1]:
        assert len(each.sightings[0].tracks) == len(each.rows)


def hidden(frames, lag, persons=lambda frame: {1: 7} if frame == 1 else {}):
    """Told boxes of somebody who is not seen in some frames, by frame: place and whether seen."""
    moments = [
        told(frame, [1], persons(frame), seen=[frame not in frames]) for frame in range(1, 11)
    ]
    for frame, moment in enumerate(moments, 1):
        moment.rows["box"][:, [0, 2]] += 2 * frame if frame not in frames else 50
    every = replayed(Lag(lag, 0.4, ["a"]), moments)
    assert all(len(each.sightings[0].tracks) == len(each.rows) for each in every[:-1])
    return {
        int(row["frame"]): (round(float(row["box"][0]), 3), bool(row["detected"]))
        for each in every
        for row in each.rows
    }


def test_who_is_seen_again_in_time_is_put_between_and_nothing_else_is_predicted():
    seen = {frame: (11 + 2 * frame, True) for frame in range(1, 11)}
    between = {frame: (11 + 2 * frame, False) for frame in (4, 5, 6)}
    assert hidden({4, 5, 6}, 1.0) == seen | between
    assert hidden({4, 5, 6}, 0.2) == {f: p for f, p in (seen | between).items() if f != 4}
    assert hidden({4, 5, 6, 7}, 1.0) == {f: p for f, p in seen.items() if f not in (4, 5, 6, 7)}
    assert hidden({9, 10}, 1.0) == {f: p for f, p in seen.items() if f < 9}


def test_no_more_is_remembered_than_what_may_go_on(monkeypatch):
    monkeypatch.setattr("mtmc.run.lag.FORGET_EVERY", 8)
    lag = Lag(0.5, 0.4, ["a"])
    for frame in range(1, 200):
        gone = [frame - 3] if frame > 3 else []
        new = TrackKey("a", frame)
        moment = told(frame, [frame], ended=gone)
        lag.take(replace(moment, decisions=Decisions({new: frame})))
    assert len(lag._tracks) < 32


def test_pictures_wait_small_and_only_if_somebody_looks():
    image = np.full((600, 1200, 3), 90, np.uint8)
    moments = [told(frame, [1], image=image) for frame in range(1, 4)]
    shown = replayed(Lag(1.0, 0.4, ["a"], pictures=True), moments)[0].sightings[0].frame.image
    assert shown.shape == (480, 960, 3)
    assert abs(int(shown[0, 0, 0]) - 90) < 4
    moments = [told(frame, [1], image=image) for frame in range(1, 4)]
    assert replayed(Lag(1.0, 0.4, ["a"]), moments)[0].sightings[0].frame.image is None


class Watching(Impatient):
    """Hears what is told, and interrupts a run at some frame."""

    looks = True

    def __init__(self, after):
        super().__init__(after)
        self.told = {}

    def seen(self, sightings, labels, decided):
        for sighting in sightings:
            camera = sighting.frame.camera
            self.told[camera, sighting.frame.index] = sorted(labels[camera][1].tolist())


def test_a_late_run_tells_all_of_it_and_can_be_cut_off(scene, tmp_path):
    late = {**SETTINGS, "associator": "online", "output": {"video": False, "lag": 2.0}}
    listener = Watching(15)
    run(scene, tmp_path / "cut", late, listener=listener)
    assert {frame for _, frame in listener.told} == set(range(1, 16))
    for camera in ("left", "right"):
        rows = read_mot(tmp_path / "cut" / "tracks" / f"{camera}.txt", MotKind.TRACKS)
        for frame in range(1, 16):
            assert [i for i in listener.told[camera, frame] if i] == sorted(
                rows.ids[rows.frames == frame].tolist()
            )
    with pytest.raises(UserError, match="lag"):
        run(scene, tmp_path / "cut", {**late, "output": {"lag": 1.0}}, resume=True)
    run(scene, tmp_path / "cut", late, resume=True)
    run(scene, tmp_path / "whole", late)
    for name in FILES:
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_lag_that_means_nothing_is_said(scene, tmp_path, caplog):
    run(scene, tmp_path / "out", {**SETTINGS, "output": {"video": False, "lag": 2.0}})
    assert "output.lag: this run tells who is who at its end" in caplog.text
