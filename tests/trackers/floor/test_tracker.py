"""People followed on the floor by several cameras, at few frames per second."""

import numpy as np
import pytest

from mtmc import trackers
from mtmc.trackers import Detections
from mtmc.trackers.floor.config import FloorConfig
from mtmc.trackers.floor.tracker import FloorTracker

STEP = 0.5  # s


def walkers(rng, people, steps):
    """People who walk over a square, at 0.5 to 1.6 m/s, turning a little: ``(T, P, 2)`` m."""
    heading = rng.uniform(0, 2 * np.pi, people)
    place, speed = rng.uniform(0, 20, (people, 2)), rng.uniform(0.5, 1.6, people)
    paths = []
    for _ in range(steps):
        paths.append(place)
        heading = heading + rng.normal(0, 0.1, people)
        place = place + STEP * speed[:, None] * np.column_stack([np.cos(heading), np.sin(heading)])
    return np.array(paths)


def seen_by(rng, places, camera, missing=0.1, noise=0.1):
    """What a camera sees of people: unsure along one axis, which axis depends on the camera."""
    seen = np.flatnonzero(rng.random(len(places)) >= missing)
    spread = np.array([noise, 3 * noise] if camera % 2 else [3 * noise, noise])
    points = places[seen] + rng.normal(0, 1, (len(seen), 2)) * spread
    # The box only says who it is, for the test.
    corner = np.column_stack([100.0 * seen, np.full(len(seen), 10.0 * camera)])
    boxes = np.concatenate([corner, corner + np.array([50, 100])], axis=1)
    covariances = np.tile(np.diag(spread**2 + 0.2**2), (len(seen), 1, 1))
    return Detections(boxes, np.full(len(seen), 0.9), None, points, covariances)


def scene(seed, people=12, cameras=4, steps=40, **options):
    rng = np.random.default_rng(seed)
    return [
        [seen_by(rng, places, camera, **options) for camera in range(cameras)]
        for places in walkers(rng, people, steps)
    ]


def follow(steps, config=None, order=None):
    """``(step, camera, person, id)`` of every reported box."""
    tracker, rows = FloorTracker(config), []
    for number, cameras in enumerate(steps):
        order = order or range(len(cameras))
        tracks = tracker.update(number * STEP, [cameras[c] for c in order])
        for camera, found in zip(order, tracks, strict=True):
            people = np.round(found.boxes[:, 0] / 100).astype(int).tolist()
            rows += [
                (number, camera, person, int(i))
                for person, i in zip(people, found.ids, strict=True)
            ]
    return rows


def purity(rows):
    """Share of the boxes that carry their person's most frequent id."""
    pairs = np.array([row[2:] for row in rows])
    best = [np.bincount(pairs[pairs[:, 0] == p, 1]).max() for p in np.unique(pairs[:, 0])]
    return sum(best) / len(pairs)


@pytest.mark.parametrize("seed", range(3))
def test_one_id_per_person_over_all_cameras(seed):
    rows = follow(scene(seed))
    assert purity(rows) > 0.95
    assert len(rows) > 0.85 * 40 * 12 * 4


def test_one_camera_is_enough_where_nobody_comes_close():
    paths = [np.array([[0.0, t * 0.6], [5.0, 8 - t * 0.6]]) for t in range(12)]
    rng = np.random.default_rng(0)
    rows = follow([[seen_by(rng, places, 0, missing=0)] for places in paths])
    assert purity(rows) == 1
    assert len(rows) == 24


def test_no_id_twice_in_a_camera_and_det_index_points_at_the_detection():
    tracker = FloorTracker()
    for number, cameras in enumerate(scene(5, people=30, noise=0.3)):
        for found, tracks in zip(cameras, tracker.update(number * STEP, cameras), strict=True):
            assert len(set(tracks.ids.tolist())) == len(tracks)
            assert sorted(tracks.ids.tolist()) == tracks.ids.tolist()
            np.testing.assert_array_equal(tracks.boxes, found.boxes[tracks.det_index])


def test_the_order_of_detections_does_not_matter():
    rng = np.random.default_rng(6)
    steps = scene(6)
    shuffled = [[d[rng.permutation(len(d))] for d in cameras] for cameras in steps]
    one, other = set(), set()
    for rows, groups in ((follow(steps), one), (follow(shuffled), other)):
        for i in {row[3] for row in rows}:
            groups.add(frozenset(row[:3] for row in rows if row[3] == i))
    assert one == other


def test_somebody_hidden_from_one_camera_is_led_on_by_the_others():
    rng = np.random.default_rng(7)
    steps = []
    for number in range(20):
        places = np.array([[0.0, number * 0.6]])
        hidden = 5 <= number < 15
        cameras = [seen_by(rng, places, camera, missing=0) for camera in range(3)]
        if hidden:
            cameras[0] = Detections()
        steps.append(cameras)
    assert {row[3] for row in follow(steps)} == {1}


def test_who_was_gone_for_long_is_somebody_new():
    rng = np.random.default_rng(8)
    here = [seen_by(rng, np.zeros((1, 2)), 0, missing=0)]
    steps = [here] * 3 + [[Detections()]] * 10 + [here] * 3
    assert {row[3] for row in follow(steps)} == {1, 2}


def test_one_step_may_miss_somebody_however_far_apart_the_steps_are():
    rng = np.random.default_rng(8)
    tracker, found = FloorTracker(), []
    for number in range(8):
        view = seen_by(rng, np.zeros((1, 2)), 0, missing=float(number == 4))
        found += tracker.update(2.2 * number, [view])[0].ids.tolist()
    assert found == [1] * 7


def test_one_look_after_a_long_step_does_not_make_one_of_two(monkeypatch):
    """Two people near each other, each seen by one camera."""
    monkeypatch.setattr("mtmc.trackers.floor.tracker.MERGE_REACH", 3.0)
    tracker, merged = FloorTracker(), []
    box, covariance = np.array([[0, 0, 5.0, 9]]), 1e-3 * np.eye(2)[None]
    for time in (0.0, 1.5, 3.0):
        places = np.zeros((1, 2)), np.array([[2.0, 0.0]])
        tracker.update(time, [Detections(box, [0.9], None, at, covariance) for at in places])
        merged.append(tracker.merged)
    assert merged == [{}, {}, {2: 1}]


def test_the_same_people_at_another_frame_rate():
    """A gap in time is one, however many steps it has."""
    rng = np.random.default_rng(9)
    tracker = FloorTracker()
    for time in (0.0, 0.1, 0.2, 1.5, 1.6):
        view = seen_by(rng, np.array([[1.3 * time, 0]]), 0, missing=0, noise=0.03)
        tracks = tracker.update(time, [view])[0]
        assert tracks.ids.tolist() == [1]


def test_without_a_place_nobody_is_followed():
    boxes, scores = np.array([[0, 0, 10, 20.0]]), np.array([0.9])
    unknown = Detections(boxes, scores, None, np.full((1, 2), np.nan), np.full((1, 2, 2), np.inf))
    tracker = FloorTracker()
    for time in range(4):
        assert [len(t) for t in tracker.update(time, [unknown, Detections(boxes, scores)])] == [
            0,
            0,
        ]


def test_two_who_are_one_are_made_one():
    """Calibrations that disagree make two people of one; no camera ever sees both."""
    rng = np.random.default_rng(10)
    tracker = FloorTracker(FloorConfig(gate=2.0, merge_after=1.0))
    for number in range(12):
        place = np.array([[0.5 * number, 0.0]])
        views = [
            seen_by(rng, place + np.array([0, 0.45 * c]), c, missing=0, noise=0.01) for c in (0, 1)
        ]
        tracks = tracker.update(number * STEP, views)
        if tracker.merged:
            break
        assert [t.ids.tolist() for t in tracks] == [[1], [2]]
    assert number == 2  # after the second of the two half seconds
    assert tracker.merged == {2: 1}
    assert [t.ids.tolist() for t in tracks] == [[1], [1]]


def test_two_whom_a_camera_sees_side_by_side_stay_two():
    rng = np.random.default_rng(11)
    steps = []
    for number in range(30):
        places = np.array([[0.5 * number, 0.0], [0.5 * number, 0.6]])
        steps.append([seen_by(rng, places, c, missing=0.1, noise=0.03) for c in range(3)])
    rows = follow(steps)
    assert purity(rows) == 1
    assert len({row[3] for row in rows}) == 2


def test_memory_does_not_grow():
    rng = np.random.default_rng(12)
    tracker = FloorTracker()
    for number in range(300):
        places = rng.uniform(0, 50, (6, 2))
        tracker.update(number * STEP, [seen_by(rng, places, c) for c in range(2)])
    assert len(tracker.ids) < 80
    assert tracker.alike.shape == (len(tracker.ids),) * 2


def test_it_is_found_by_name_but_is_no_tracker_of_one_camera():
    assert isinstance(trackers.create("floor"), FloorTracker)
    assert "floor" not in trackers.TRACKERS
    with pytest.raises(ValueError, match="floor"):
        trackers.tracker_class("nobody")


@pytest.mark.parametrize(
    ("floor", "covariance"),
    [(np.zeros((2, 2)), np.zeros((1, 2, 2))), (np.zeros((1, 2)), None), (None, np.eye(2)[None])],
)
def test_places_must_fit_the_boxes(floor, covariance):
    with pytest.raises(ValueError, match="floor"):
        Detections(np.array([[0, 0, 1, 1.0]]), np.ones(1), None, floor, covariance)


def test_places_are_frozen_and_selected_with_the_boxes():
    view = seen_by(np.random.default_rng(0), np.zeros((3, 2)), 0, missing=0)
    some = view[np.array([2, 0])]
    np.testing.assert_array_equal(some.floor, view.floor[[2, 0]])
    assert some.floor_covariance.shape == (2, 2, 2)
    with pytest.raises(ValueError, match="read-only"):
        view.floor[0] = 1


def test_a_weak_detection_starts_nobody():
    place, sure = np.array([[1.0, 2.0]]), 0.01 * np.eye(2)[None]
    weak = Detections(np.array([[0.0, 0, 10, 30]]), np.array([0.5]), None, place, sure)
    (tracks,) = FloorTracker().update(0.0, [weak])
    assert len(tracks.ids) == 0


def test_who_is_seen_beside_the_other_meanwhile_is_none_the_nearer_to_being_one():
    """Close for a while, then both in one view, then close again: never for long enough."""
    tracker, merged = FloorTracker(FloorConfig(merge_after=1.0)), []
    sure, box = 1e-4 * np.eye(2)[None], np.array([[0.0, 0, 50, 100]])
    one, other = np.zeros((1, 2)), np.array([[0.45, 0.0]])

    def seen(*places):
        count = len(places)
        corner = np.repeat(box, count, axis=0) + 60.0 * np.arange(count)[:, None] * [1, 0, 1, 0]
        return Detections(
            corner, np.full(count, 0.9), None, np.concatenate(places), np.repeat(sure, count, 0)
        )

    beside, apart = [seen(one, other), Detections()], [seen(one), seen(other)]
    for step, views in enumerate([beside] * 4 + [apart] * 3 + [beside] * 3 + [apart] * 3):
        tracks = tracker.update(0.2 * step, views)
        merged.append(tracker.merged)
        assert sorted(i for t in tracks for i in t.ids.tolist()) == [1, 2]
    assert merged == [{}] * 13


def test_two_in_different_views_and_places_are_two():
    rng, tracker = np.random.default_rng(13), FloorTracker()
    for step in range(10):
        views = [seen_by(rng, np.array([[4.0 * c, 0]]), c, missing=0) for c in (0, 1)]
        assert [t.ids.tolist() for t in tracker.update(step * STEP, views)] == [[1], [2]]
