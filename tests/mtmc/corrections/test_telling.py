"""Corrections are told to the association, which then decides by them."""

import numpy as np
import pytest

from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from mtmc.associate.online.associator import OnlineAssociator, OnlineConfig
from mtmc.corrections import Merge, Move, NotAPerson, Split
from mtmc.corrections.before import Before
from mtmc.corrections.telling import Telling
from mtmc.tracking.messages import CameraStep
from mtmc.tracking.tracklet import Mark, Tracklet
from mtmc.types import TrackKey
from tests.mtmc.corrections.scenes import CAMERAS, FPS, boxes, entries, place, spot, track

A, B, C, D = (TrackKey(*key) for key in (("left", 1), ("right", 1), ("left", 2), ("right", 2)))
SPANS = {A: (1, 50, 0), B: (20, 60, 0), C: (61, 100, 1), D: (71, 100, 1)}
a, b = spot("left", 25, 0), spot("right", 40, 0)
c, d = spot("left", 80, 1), spot("right", 90, 1)
RED, BLUE = np.eye(4, dtype=np.float32)[:2]


def scene(**looks):
    """Rows and tracklets of four tracks that look as said; else like none other."""
    rows, tracklets = [], []
    for number, (key, (first, last, column)) in enumerate(SPANS.items()):
        rows.append(track(*key, (first, last), column))
        look = looks.get(f"{key.camera}{key.track_id}")
        tracklet = Tracklet(key, first / FPS, first / FPS)
        for frame in range(first, last + 1):
            tracklet.see(frame, frame / FPS)
        look = np.eye(8, dtype=np.float32)[number + 4] if look is None else np.pad(look, (0, 4))
        for time in np.linspace(first, last, 4) / FPS:
            tracklet.gallery.add(look, 0.9, float(time))
        tracklets.append(tracklet)
    return np.concatenate(rows), tracklets


def decided(rows, tracklets, *said):
    """Whom an offline association takes the tracks for, told of corrections; and the telling."""
    telling = Telling(entries(*said), CAMERAS)
    pieces = telling.cut(rows, tracklets)
    for key, parts in pieces.of_those_cut().items():
        for part in parts[1:]:
            late = (rows["frame"] >= part.frames[0][0]) & (rows["track"] == key.track_id)
            rows["track"][late & (rows["camera"] == CAMERAS.index(key.camera))] = part.key.track_id
    kept = telling.mark(rows, pieces.now())
    config = OfflineConfig(max_distance=0.5, split=None, change=None, passage=None)
    return dict(OfflineAssociator(config, 0.5).finish(kept).ids), telling


def partition(ids):
    found = {}
    for key, person in ids.items():
        found.setdefault(person, set()).add(key)
    return sorted(found.values(), key=lambda keys: min(map([*SPANS].index, keys & SPANS.keys())))


def test_nothing_is_said_and_looks_decide():
    rows, tracklets = scene(left1=RED, right1=RED)
    assert partition(decided(rows, tracklets)[0]) == [{A, B}, {C}, {D}]


def test_who_is_one_is_joined_whatever_they_look_like():
    ids, _ = decided(*scene(), Merge((a, d)))
    assert partition(ids) == [{A, D}, {B}, {C}]


def test_who_are_two_are_not_joined_however_alike():
    ids, _ = decided(*scene(left1=RED, right1=RED), Move((b,), (a,)))
    assert partition(ids) == [{A}, {B}, {C}, {D}]


def test_what_is_said_of_one_track_decides_of_others():
    """B looks like A and a little like D; it goes with whoever is not A, once it is not A's."""
    both = (RED + 0.9 * BLUE) / np.linalg.norm(RED + 0.9 * BLUE)
    looks = {"left1": RED, "right1": both, "right2": BLUE}
    assert partition(decided(*scene(**looks))[0]) == [{A, B}, {C}, {D}]
    ids, _ = decided(*scene(**looks), Move((b,), (a,)))
    assert partition(ids) == [{A}, {B, D}, {C}]
    # Who is joined compares as a whole: with D, A is no longer a stranger to what is like D.
    ids, _ = decided(*scene(**looks), Merge((a, d)))
    assert partition(ids) == [{A, B, D}, {C}]


def test_a_split_cuts_the_tracklet_and_its_looks():
    rows, tracklets = scene()
    ids, _ = decided(
        rows, tracklets, Split(spot("left", 29, 0), spot("left", 30, 0)), Merge((c, d))
    )
    new = TrackKey("left", 3)
    assert partition({key: ids[key] for key in SPANS}) == [{A}, {B}, {C, D}]
    assert list(ids.values()).count(ids[new]) == 1
    assert rows["frame"][(rows["track"] == 3) & (rows["camera"] == 0)].tolist() == list(
        range(30, 51)
    )


def test_nobody_is_left_out_and_no_cut_takes_their_number():
    said = [NotAPerson((c,)), Split(spot("left", 29, 0), spot("left", 30, 0))]
    rows, tracklets = scene()
    ids, _ = decided(rows, tracklets, *said)
    assert C not in ids
    assert set(rows["frame"][rows["track"] < 0]) == set(range(61, 101))


def test_of_two_boxes_of_one_person_in_a_frame_the_better_one_stays():
    better, _ = scene()
    worse = better.copy()
    better["score"], worse["score"] = 0.9, 0.5
    rows, people = np.concatenate([worse, better]), np.ones(2 * len(better), np.int64)
    doubled = Telling(entries(Merge((a, d))), CAMERAS).doubled(rows, people)
    assert doubled.tolist() == [True] * len(worse) + [False] * len(better)
    assert not Telling([], CAMERAS).doubled(rows, people).any()
    assert not Telling(entries(Merge((a, d))), CAMERAS).doubled(rows, 0 * people).any()


def test_ids_go_on_where_most_boxes_are():
    before = Before(boxes(scene()[0]), {A: 7, B: 7, C: 3, D: 9})
    rows, _ = scene()
    assert before.numbered(boxes(rows), {A: 1, B: 1, C: 2, D: 3}) == {A: 7, B: 7, C: 3, D: 9}
    assert before.numbered(boxes(rows), {A: 1, B: 2, C: 3, D: 3}) == {A: 7, B: 10, C: 3, D: 3}
    # A gallery's ids stay.
    assert before.numbered(boxes(rows), {A: 1, B: 1, C: 2, D: 3}, 2) == {A: 1, B: 1, C: 2, D: 9}


def step(frame, *columns):
    count = len(columns)
    return CameraStep(
        *("left", frame, frame / FPS, np.arange(1, count + 1)),
        boxes=np.array([place(column) for column in columns], np.float32).reshape(-1, 4),
        scores=np.ones(count, np.float32),
        seen=np.ones(count, bool),
        people=np.zeros(count, np.int64),
    )


@pytest.mark.parametrize(("frames", "row"), [((25,), 1), ((24, 28), 1), ((31,), None)])
def test_as_pictures_come_a_track_is_told_at_the_box_or_a_few_frames_later(frames, row):
    telling = Telling(entries(Merge((a, c))), CAMERAS)
    for frame in frames:
        marks = telling.marked(step(frame, 5, 0)).marks
    assert [where for where, _ in marks] == ([] if row is None else [row])
    assert telling.marked(step(frames[-1] + 1, 5, 0)).marks == ()


@pytest.mark.parametrize("one", [True, False])
def test_an_online_association_decides_by_what_it_is_told(one):
    """Two tracks in two cameras; they look alike only where they are said to be two."""
    config = OnlineConfig(max_distance=0.5, patience=0.5, max_patience=1.0, passage=None)
    associator = OnlineAssociator(config, 0.5)
    marks = [Mark(1), Mark(1)] if one else [Mark(1, apart=frozenset({2})), Mark(2)]
    looks = np.eye(4, dtype=np.float32) if one else np.tile(RED, (4, 1))
    ids = {}
    for frame in range(1, 40):
        steps = []
        for camera, mark, look in zip(CAMERAS, marks, looks, strict=False):
            told = [(0, mark)] if frame == 2 else []
            steps.append(
                CameraStep(
                    *(camera, frame, frame / FPS, np.array([1])),
                    boxes=np.array([place(0)], np.float32),
                    scores=np.ones(1, np.float32),
                    seen=np.ones(1, bool),
                    people=np.zeros(1, np.int64),
                    crops=np.array([0]),
                    quality=np.array([0.9], np.float32),
                    embeddings=look[None],
                    marks=told,
                )
            )
        ids |= associator.update(frame / FPS, steps).ids
    ids |= associator.finish([]).ids
    assert len(set(ids.values())) == (1 if one else 2)
