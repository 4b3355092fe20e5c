"""What every tracker over all cameras promises, whatever its method."""

import pickle

import numpy as np
import pytest

from mtmc import trackers
from mtmc.trackers import Detections
from mtmc.trackers.types import SceneTracker

FPS = 5.0


@pytest.fixture(params=sorted(trackers.SCENE_TRACKERS))
def make(request):
    cls = trackers.tracker_class(request.param)
    return lambda: cls(cls.Config())


def boxes(places):
    """Boxes that do not matter: who is where is told by the floor."""
    corner = np.column_stack([40.0 * np.arange(len(places)), np.zeros(len(places))])
    return np.concatenate([corner, corner + np.array([30, 90])], axis=1).reshape(-1, 4)


def walk(seed, steps=30, people=4, cameras=3, missing=0.15):
    """People 3 m apart who walk side by side; in each step what each camera sees of whom."""
    random = np.random.default_rng(seed)
    start = np.column_stack([np.zeros(people), 3.0 * np.arange(people)])
    for step in range(steps):
        places = start + np.array([step / FPS, 0])
        seen, who = [], []
        for _ in range(cameras):
            rows = random.permutation(np.flatnonzero(random.random(people) >= missing))
            at = places[rows] + 0.05 * random.normal(size=(len(rows), 2))
            covariance = np.tile(0.01 * np.eye(2), (len(rows), 1, 1))
            scores = np.full(len(rows), 0.9)
            seen.append(Detections(boxes(at), scores, None, at, covariance))
            who.append(rows)
        yield step / FPS, seen, who


def follow(tracker, seed):
    """For each step and camera: the ids, the boxes' rows, and who that is."""
    result = []
    for time, seen, who in walk(seed):
        told = tracker.update(time, seen)
        assert len(told) == len(seen)
        for tracks, detections, people in zip(told, seen, who, strict=True):
            assert len(set(tracks.ids.tolist())) == len(tracks)
            assert (tracks.ids >= 1).all()
            assert tracks.det_index.max(initial=-1) < len(detections)
            result.append((tracks.ids.tolist(), tracks.det_index.tolist(), people.tolist()))
    return result


def test_it_says_what_it_needs(make):
    tracker = make()
    assert tracker.needs_floor is True
    for name in (*SceneTracker.__annotations__, "update", "positions", "relink"):
        assert hasattr(tracker, name), name


def test_one_id_is_one_person_in_all_cameras(make):
    whose = {}
    for ids, rows, people in follow(make(), 0):
        for track, row in zip(ids, rows, strict=True):
            if row >= 0:
                assert whose.setdefault(track, people[row]) == people[row]
    assert len(set(whose.values())) == 4


def test_instances_share_nothing_and_say_the_same_again(make):
    one, other = make(), make()
    first = follow(one, 1)
    assert follow(other, 1) == first
    assert follow(pickle.loads(pickle.dumps(make())), 1) == first


def test_nobody_at_all(make):
    tracker = make()
    for step in range(3):
        assert [len(tracks) for tracks in tracker.update(step / FPS, [Detections()] * 2)] == [0, 0]
        ids, places = tracker.positions()
        assert (ids.shape, places.shape) == ((0,), (0, 2))
        assert not tracker.merged


def test_positions_are_of_those_it_reports(make):
    tracker = make()
    for time, seen, _ in walk(2):
        told = {track for tracks in tracker.update(time, seen) for track in tracks.ids.tolist()}
        ids, places = tracker.positions()
        assert told <= set(ids.tolist())
        assert places.shape == (len(ids), 2)
        assert np.isfinite(places).all()


def test_relinking_keeps_who_is_together(make):
    tracker, columns = make(), ([], [], [], [])
    for time, seen, _ in walk(3):
        for tracks, detections in zip(tracker.update(time, seen), seen, strict=True):
            rows = tracks.det_index[tracks.det_index >= 0]
            parts = (
                np.full(len(rows), time),
                tracks.ids[tracks.det_index >= 0],
                detections.floor[rows],
                detections.floor_covariance[rows],
            )
            for column, part in zip(columns, parts, strict=True):
                column.append(part)
    times, ids, *rest = map(np.concatenate, columns)
    again = tracker.relink(times, ids, *rest)
    assert again.shape == ids.shape
    pairs = {(time, old, new) for time, old, new in zip(times, ids, again, strict=True)}
    assert len({pair[:2] for pair in pairs}) == len(pairs)
