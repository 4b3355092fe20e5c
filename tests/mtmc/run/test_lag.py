"""What an online run tells some seconds late, and never has to take back."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.mot import MotKind, read_mot
from mtmc.run import run
from mtmc.run.lag import Lag, Told
from mtmc.trackers import Detections, Tracks
from mtmc.trackers.offline import RefineConfig
from mtmc.tracking.camera import Sighting
from mtmc.tracking.messages import CameraStep, Decisions, Revision
from mtmc.tracking.rows import make_rows
from mtmc.types import Frame, TrackKey
from tests.mtmc.conftest import SETTINGS
from tests.mtmc.run.test_run import FILES, Impatient

FPS = 10
A = [TrackKey("a", track) for track in range(400)]
NOTHING = np.zeros(0, np.int64)


CAMERAS = [SimpleNamespace(name="a", fps=FPS, size=(640, 480))]


def late(seconds, refine=None, **more):
    return Lag(seconds, refine, CAMERAS, **more)


def told(frame, ids, decided=None, renewed=(), ended=(), scores=None, seen=None, image=None, x=0):
    """A moment of camera ``a`` with tracks ``ids``, those moved by ``x`` px which are seen."""
    ids = np.array(ids, np.int64)
    boxes = np.tile(np.array([[10, 10, 40, 90]], np.float32), (len(ids), 1))
    boxes[:, [0, 2]] += ids[:, None]
    scores = np.full(len(ids), 0.9, np.float32) if scores is None else np.float32(scores)
    seen = np.ones(len(ids), bool) if seen is None else np.array(seen)
    boxes[np.ix_(seen, [0, 2])] += x
    tracks = Tracks(ids, boxes, scores, np.where(seen, np.cumsum(seen) - 1, -1))
    shown = Frame("a", frame, (frame - 1) / FPS, image)
    step = CameraStep(
        *("a", frame, shown.time, ids, boxes, scores, seen, np.zeros_like(ids)),
        ended=np.array(ended, np.int64),
        renewed=np.array(renewed, np.int64).reshape(-1, 2),
    )
    sighting = Sighting(shown, tracks, None, NOTHING, step)
    rows = make_rows(0, shown, tracks, None)
    ids_ = {A[t]: p for t, p in (decided or {}).items()}
    decisions = Decisions(ids_, confidence=dict.fromkeys(ids_, 0.8))
    return Told(
        shown.time, rows, [sighting], decisions, (), [Detections(boxes[seen], scores[seen])]
    )


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
    lag = late(0.5)
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
    assert set(ids_of(replayed(late(0.5), moments, revised)).values()) == {3}


def test_what_was_told_stays_and_the_rest_goes_on_under_another_number():
    moments = [told(frame, [1], {1: 7} if frame == 1 else {}) for frame in range(1, 8)]
    moments += [told(8, [2], {2: 3}, renewed=[(1, 2)]), *(told(f, [2]) for f in (9, 10))]
    every = replayed(late(0.2), moments, {7: [Revision(A[1], 3, 1)]})
    assert [ids_of(every)[f, 1 if f < 8 else 2] for f in range(1, 11)] == [7] * 4 + [3] * 6
    tracks = [int(each.rows["track"][0]) for each in every[:-1]]
    assert tracks == [1] * 4 + [2] * 6
    renewed = [each.sightings[0].step.renewed.tolist() for each in every[:-1]]
    assert renewed == [[]] * 4 + [[[1, 2]]] + [[]] * 5


def test_a_part_that_ended_is_somebody_elses_alone():
    moments = [told(frame, [1], {1: 7} if frame == 1 else {}) for frame in range(1, 9)]
    every = replayed(late(2.0), moments, {6: [Revision(A[1], 3, 2, 4)]})
    assert [ids_of(every)[f, 1] for f in range(1, 9)] == [7, 3, 3, 3, 7, 7, 7, 7]


def test_who_is_decided_late_is_told_then():
    moments = [told(frame, [1]) for frame in range(1, 9)]
    lag = late(0.3)
    every = [each for moment in moments for each in lag.take(moment)]
    assert not any(each.decisions.ids for each in every)
    every += lag.take(told(9, [1], {1: 4}))
    assert every[-1].decisions.ids == {A[1]: 4}
    assert set(ids_of([*every, *lag.take(Told.last(Decisions()))]).values()) == {4}


@pytest.mark.parametrize("seconds", [0.2, 5.0])
def test_the_last_decisions_are_told(seconds):
    moments = [told(frame, [1, 2], {2: 1} if frame == 1 else {}) for frame in range(1, 9)]
    last = {A[1]: 2}, [Revision(A[2], 5, 1)]
    ids = ids_of(replayed(late(seconds), moments, last=last))
    assert {ids[f, 1] for f in range(1, 9)} == {2}
    assert ids[8, 2] == 5
    assert ids[1, 2] == (5 if seconds > 1 else 1)


def test_a_frame_shows_nobody_twice():
    scores = [0.5, 0.8]
    moments = [told(f, [1, 2], {1: 1, 2: 2} if f == 1 else {}, scores=scores) for f in range(1, 5)]
    every = replayed(late(1.0), moments, {4: [Revision(A[1], 2, 1, 2)]})
    assert ids_of(every) == {(1, 2): 2, (2, 2): 2, (3, 1): 1, (3, 2): 2, (4, 1): 1, (4, 2): 2}
    for each in every[:-1]:
        assert len(each.sightings[0].tracks) == len(each.rows)


def walk(frames, lag, free=(), **settings):
    """Somebody who walks to the right, seen in ``frames`` of 40, by frame: how far they got.

    Args:
        frames: in which they have a track.
        lag: s.
        free: frames in which no track took the detection of them.
        settings: of the refinement.
    """
    moments = []
    for frame in range(1, 41):
        moment = told(frame, [1], {1: 7} if frame == 1 else {}, seen=[frame in frames], x=4 * frame)
        if frame in free:
            box = np.array([[11 + 4 * frame, 10, 41 + 4 * frame, 90]], np.float32)
            moment = replace(moment, detections=[Detections(box, np.float32([0.3]))])
        moments.append(moment)
    every = replayed(late(lag, RefineConfig(**settings)), moments)
    assert all(len(each.sightings[0].tracks) == len(each.rows) for each in every[:-1])
    assert set(ids_of(every).values()) == {7}
    return {
        int(row["frame"]): (float(row["box"][0]) - 11, bool(row["detected"]))
        for each in every
        for row in each.rows
    }


ALL = set(range(1, 41))


def test_who_is_seen_again_in_time_is_put_between_and_nothing_else_is_predicted():
    lost = set(range(20, 26))
    whole = walk(ALL - lost, 2.0)
    assert [f for f, (_, seen) in whole.items() if not seen] == sorted(lost)
    assert [x for x, _ in whole.values()] == pytest.approx([4 * f for f in whole], abs=1)
    assert whole.keys() == ALL
    late_ = walk(ALL - lost, 0.3)  # when they are seen again, most has been told
    assert 20 not in late_
    assert 25 in late_
    assert walk(ALL - lost, 2.0, fill_gap=0.3).keys() == ALL - lost
    assert walk(ALL - set(range(35, 41)), 2.0).keys() == set(range(1, 35))


def test_a_detection_that_no_track_took_is_taken_up():
    free = {18, 19, 20, 21}
    found = walk(ALL - free, 1.0, free)
    assert found.keys() == ALL
    assert all(seen for _, seen in found.values())
    assert walk(ALL - {1, 2, 39, 40}, 1.0, {1, 2, 39, 40}).keys() == ALL
    assert walk(ALL - {1, 2, 39, 40}, 1.0, {1, 2, 39, 40}, adopt_gap=0).keys() == set(range(3, 39))


def test_hidden_feet_are_added_and_the_trackers_boxes_are_not_told():
    moments = [told(frame, [1], {1: 7} if frame == 1 else {}) for frame in range(1, 31)]
    for frame in (14, 15, 16):
        cut = np.array([[11, 10, 41, 50]], np.float32)
        moments[frame - 1] = replace(moments[frame - 1], detections=[Detections(cut, [0.9])])
    for moment in moments:
        moment.rows["box"] += 5  # of a filter
    every = replayed(late(2.0, RefineConfig()), moments)
    boxes = np.concatenate([each.rows["box"] for each in every])
    assert boxes == pytest.approx(np.tile([11, 10, 41, 90], (30, 1)), abs=1)


def test_who_turns_out_to_be_somebody_else_in_the_frame_is_told_once():
    moments = [told(f, [1, 2], {1: 1, 2: 2} if f == 1 else {}, scores=[0.5, 0.8]) for f in ALL]
    every = replayed(late(2.0, RefineConfig()), moments, {24: [Revision(A[1], 2, 1)]})
    assert {f for f, track in ids_of(every) if track == 1} == {1, 2, 3}


def test_somebody_goes_on_between_two_tracks_of_which_one_is_somebody_elses_by_then():
    moments = [
        told(f, [1, 2] if f > 24 else [1], {1: 7} if f == 1 else {2: 7} if f == 25 else {})
        for f in sorted(ALL)
    ]
    every = replayed(late(2.0, RefineConfig()), moments, {25: [Revision(A[1], 3, 21)]})
    tracks = [each.rows["track"].tolist() for each in every[:-1]]
    assert tracks == [[1]] * 20 + [[2, 1]] * 4 + [[2, 3]] * 16
    assert [each.rows["detected"].all() for each in every[20:24]] == [False] * 4
    assert all(each.sightings[0].step.ids.tolist() == [2] for each in every[20:24])


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_taken_back_nobody_is_twice_and_what_has_ended_stays_so(seed):
    random = np.random.default_rng(seed)
    lag, every = late(3.0, RefineConfig()), []
    begins = dict.fromkeys(range(1, 6), 0) | {t: 10 * t for t in range(3, 6)}
    for frame in range(1, 91):
        here = [t for t, begin in begins.items() if begin <= frame < begin + 30]
        over = [t for t, begin in begins.items() if frame == begin + 50]
        decided = {t: t for t in here if frame == begins[t] + 5}
        seen = random.random(len(here)) < 0.6
        moment = told(frame, here, decided, ended=over, seen=seen, x=3 * frame)
        lost = np.array([[10 + t + 3 * frame, 10, 40 + t + 3 * frame, 90] for t in here])
        lost = lost.reshape(-1, 4)[~seen]
        [found] = moment.detections
        boxes = np.concatenate([found.boxes, lost[random.random(len(lost)) < 0.5]])
        found = Detections(boxes, np.full(len(boxes), 0.8))
        known = [t for t in here if frame > begins[t] + 5 and random.random() < 0.2]
        since = max(1, frame - int(random.integers(40)))
        until = float(random.choice([since + 3, math.inf]))
        revised = [Revision(A[t], int(random.integers(1, 6)), since, until) for t in known]
        decisions = replace(moment.decisions, revised=revised)
        every += lag.take(replace(moment, detections=[found], decisions=decisions))
    every += lag.take(Told.last(Decisions()))
    ids_of(every)  # no track was told as somebody else
    decided = {key: person for each in every for key, person in each.decisions.ids.items()}
    ended = set()
    for each in every[:-1]:
        [sighting] = each.sightings
        tracks = each.rows["track"].tolist()
        people = [decided.get(A[track], 0) for track in tracks]
        assert len(set(tracks)) == len(tracks)
        assert len({*people} - {0}) == len(people) - people.count(0)
        ended |= {*sighting.step.ended.tolist(), *sighting.step.renewed[:, 0].tolist()}
        assert not ended.intersection(sighting.step.ids.tolist())
    assert not any(track.held for track in lag._tracks.values())


def test_no_more_is_remembered_than_what_may_go_on(monkeypatch):
    monkeypatch.setattr("mtmc.run.lag.FORGET_EVERY", 8)
    lag = late(0.5)
    for frame in range(1, 200):
        gone = [frame - 3] if frame > 3 else []
        new = TrackKey("a", frame)
        moment = told(frame, [frame], ended=gone)
        lag.take(replace(moment, decisions=Decisions({new: frame})))
    assert len(lag._tracks) < 32


def test_pictures_wait_small_and_only_if_somebody_looks():
    image = np.full((600, 1200, 3), 90, np.uint8)
    moments = [told(frame, [1], image=image) for frame in range(1, 4)]
    shown = replayed(late(1.0, pictures=True), moments)[0].sightings[0].frame.image
    assert shown.shape == (480, 960, 3)
    assert abs(int(shown[0, 0, 0]) - 90) < 4
    moments = [told(frame, [1], image=image) for frame in range(1, 4)]
    assert replayed(late(1.0), moments)[0].sightings[0].frame.image is None


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
