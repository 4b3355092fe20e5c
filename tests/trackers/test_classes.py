"""Classes, settings by name, and trackers used again."""

import numpy as np
import pytest

from mtmc import trackers
from mtmc.trackers import Detections, Tracks, to_supervision, to_ultralytics
from tests.trackers.test_contract import as_lists, crowd


@pytest.fixture(params=sorted(trackers.TRACKERS))
def name(request):
    return request.param


def test_what_is_of_another_class_is_another_one(name):
    tracker = trackers.create(name)
    box, seen = [[100, 100, 160, 220]], {}
    for frame in range(12):
        number = 2 if frame < 6 else 0
        tracks = tracker.update(Detections(box, [0.9], classes=[number]))
        for row, own in enumerate(tracks.ids.tolist()):
            assert seen.setdefault(own, int(tracks.classes[row])) == tracks.classes[row]
    assert sorted(seen.values()) == [0, 2]


def test_classes_are_followed_as_each_alone(name):
    rng = np.random.default_rng(7)
    people, cars = crowd(rng, 30), crowd(rng, 30)
    tracker, alone = trackers.create(name), [trackers.create(name) for _ in range(2)]
    for one, other in zip(people, cars, strict=True):
        both = Detections(
            np.concatenate([other.boxes, one.boxes]),
            np.concatenate([other.scores, one.scores]),
            np.concatenate([other.embeddings, one.embeddings]),
            classes=[2] * len(other) + [0] * len(one),
        )
        tracks = tracker.update(both)
        assert len(set(tracks.ids.tolist())) == len(tracks)
        assert (np.diff(tracks.ids) > 0).all()
        taken = tracks.det_index >= 0
        np.testing.assert_array_equal(tracks.classes[taken], both.classes[tracks.det_index[taken]])
        for number, own, found in ((0, alone[0], one), (2, alone[1], other)):
            mine, expected = tracks[tracks.classes == number], own.update(found)
            assert sorted(mine.boxes.tolist()) == sorted(expected.boxes.tolist())


def test_nobody_and_classes_go_together(name):
    tracker = trackers.create(name)
    assert len(tracker.update(Detections())) == 0
    tracker.update(Detections([[0, 0, 9, 20]], [0.9], classes=[5]))
    for _ in range(100):
        last = tracker.update(Detections())
    assert len(last) == 0
    with pytest.raises(ValueError, match="have no classes"):
        tracker.update(Detections([[0, 0, 9, 20]], [0.9]))
    plain = trackers.create(name)
    plain.update(Detections([[0, 0, 9, 20]], [0.9]))
    with pytest.raises(ValueError, match="those before had none"):
        plain.update(Detections([[0, 0, 9, 20]], [0.9], classes=[5]))


def test_a_new_class_is_not_there_from_the_beginning():
    tracker = trackers.create("sort", min_hits=3)
    tracker.update(Detections([[0, 0, 50, 100]], [0.9], classes=[0]))
    tracks = tracker.update(Detections([[0, 0, 50, 100]], [0.9], classes=[1]))
    assert 1 not in tracks.classes


def test_reset_is_like_new(name):
    scene = crowd(np.random.default_rng(3), 20)
    tracker = trackers.create(name, fps=12)
    first = [as_lists(tracker.update(found)) for found in scene]
    tracker.reset()
    assert [as_lists(tracker.update(found)) for found in scene] == first
    assert tracker.fps == 12


def test_the_floor_is_reset_too():
    tracker = trackers.create("floor", max_age=3.0)
    tracker.update(5.0, [Detections()])
    tracker.reset()
    assert tracker.update(1.0, [Detections()])  # an earlier time is a new video's
    assert tracker.config.max_age == 3.0


def test_at_rate_keeps_the_settings(name):
    tracker = trackers.create(name, max_age=2.0, fps=30).at_rate(10)
    assert (tracker.fps, tracker.config.max_age) == (10, 2.0)
    assert tracker._max_age == 20


def test_settings_by_name_are_in_seconds_or_in_frames(name):
    assert trackers.create(name, max_age=2.0, fps=25)._max_age == 50
    assert trackers.create(name, max_age_frames=60, fps=25)._max_age == 60
    with pytest.warns(UserWarning, match="in seconds, 1500 frames; max_age_frames=60"):
        trackers.create(name, max_age=60, fps=25)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_aeg": 3}, "did you mean max_age"),
        ({"min_hits_frames": 3}, "did you mean min_hits"),
        ({"max_age": 1, "max_age_frames": 30}, "given twice"),
        ({"max_age": -1}, "max_age must be at least 0"),
        ({"max_age": True}, "max_age must be like"),
        ({"max_age": "long"}, "max_age"),
    ],
)
def test_wrong_settings_are_named(settings, said):
    with pytest.raises(ValueError, match=said):
        trackers.create("bytetrack", **settings)


def test_tracks_for_other_libraries():
    tracks = Tracks([3, 4], [[0, 0, 5, 9], [5, 0, 9, 9]], [0.5, 1], [1, -1], [2, 0])
    given = to_supervision(tracks)
    assert set(given) == {"xyxy", "confidence", "tracker_id", "class_id"}
    assert given["class_id"].tolist() == [2, 0]
    assert given["xyxy"].flags.writeable
    assert to_ultralytics(tracks).tolist() == [[0, 0, 5, 9, 3, 0.5, 2], [5, 0, 9, 9, 4, 1, 0]]
    assert to_ultralytics(Tracks()).shape == (0, 7)


@pytest.mark.slow
def test_ultralytics_takes_them():
    results = pytest.importorskip("ultralytics.engine.results")
    torch = pytest.importorskip("torch")
    tracks = Tracks([3], [[0, 0, 5, 9]], [0.5], [0], [2])
    boxes = results.Boxes(torch.tensor(to_ultralytics(tracks)), (20, 20))
    assert (boxes.id.tolist(), boxes.cls.tolist(), boxes.conf.tolist()) == ([3], [2], [0.5])
