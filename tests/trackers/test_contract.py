"""What every tracker promises, whatever its method."""

import pickle

import numpy as np
import pytest

from mtmc import trackers
from mtmc.trackers import Detections


@pytest.fixture(params=sorted(trackers.TRACKERS))
def name(request):
    return request.param


def crowd(rng, frames, people=8, *, embedding_size=16, score=0.9, missing=0.1, clutter=0.0):
    """A made-up scene: people who walk straight on, now and then unseen, with stable looks."""
    looks = rng.normal(size=(people, embedding_size))
    start = np.column_stack([rng.uniform(0, 1500, people), rng.uniform(100, 600, people)])
    size = np.column_stack([np.full(people, 60), np.full(people, 150)]) * rng.uniform(
        0.8, 1.2, (people, 1)
    )
    speed = rng.uniform(-4, 4, (people, 2)) * [1, 0.3]
    scene = []
    for frame in range(frames):
        corner = start + speed * frame + rng.normal(0, 1, (people, 2))
        boxes = np.concatenate([corner, corner + size], axis=1)
        seen = rng.random(people) >= missing
        embeddings = looks + 0.2 * rng.normal(size=looks.shape)
        scores = np.full(people, score)
        if clutter and rng.random() < clutter:
            boxes[0] += 500
            scores[0] = 0.3
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
        scene.append(Detections(boxes[seen], scores[seen], embeddings[seen]))
    return scene


def no_detections(embedding_size=16):
    return Detections(embeddings=np.zeros((0, embedding_size), np.float32))


def as_lists(tracks):
    return tracks.ids.tolist(), tracks.boxes.tolist(), tracks.det_index.tolist()


def test_empty_frames(name):
    tracker = trackers.create(name)
    for _ in range(3):
        assert len(tracker.update(Detections())) == 0
    for detections in crowd(np.random.default_rng(0), 10):
        tracker.update(detections)
    for _ in range(100):
        tracks = tracker.update(no_detections())
        assert (tracks.det_index == -1).all()
    assert len(tracks) == 0


def test_first_frame_is_reported(name):
    detections = crowd(np.random.default_rng(0), 1, missing=0)[0]
    tracks = trackers.create(name).update(detections)
    assert sorted(tracks.ids.tolist()) == list(range(1, len(detections) + 1))
    np.testing.assert_allclose(tracks.boxes, detections.boxes[tracks.det_index], atol=0.01)


def test_everyone_keeps_one_id(name):
    tracker = trackers.create(name)
    ids = set()
    for detections in crowd(np.random.default_rng(4), 60, missing=0, people=4):
        ids |= set(tracker.update(detections).ids.tolist())
    assert ids == {1, 2, 3, 4}


def test_who_is_found_twice_is_one_and_two_who_stand_close_are_two(name):
    whole, head_and_chest, neighbour = [0, 0, 60, 150], [3, 0, 57, 75], [30, 0, 90, 150]
    for other, people in ((head_and_chest, 1), (neighbour, 2)):
        tracker = trackers.create(name)
        for _ in range(5):
            boxes = np.array([whole, other], float)
            tracks = tracker.update(Detections(boxes, np.array([0.9, 0.8]), np.eye(2)))
        assert len(tracks) == people


def test_ids_are_unique_and_never_reused(name):
    rng = np.random.default_rng(1)
    tracker = trackers.create(name)
    gone = set()
    for _ in range(5):
        seen = set()
        for detections in crowd(rng, 20):
            ids = tracker.update(detections).ids.tolist()
            assert len(set(ids)) == len(ids)
            seen |= set(ids)
        assert min(seen) > max(gone, default=0)
        gone |= seen
        for _ in range(100):  # longer than anybody is remembered
            tracker.update(no_detections())


def test_det_index_points_at_the_detection(name):
    tracker = trackers.create(name)
    for detections in crowd(np.random.default_rng(2), 60):
        tracks = tracker.update(detections)
        taken = tracks.det_index[tracks.det_index >= 0]
        assert len(set(taken.tolist())) == len(taken)
        near = tracks[tracks.det_index >= 0]
        assert np.abs(near.boxes - detections.boxes[taken]).max(initial=0) < 20
        np.testing.assert_array_equal(near.scores, detections.scores[taken])


def test_two_instances_share_nothing(name):
    scene = crowd(np.random.default_rng(3), 40)
    alone = trackers.create(name)
    expected = [as_lists(alone.update(detections)) for detections in scene]
    one, other = trackers.create(name), trackers.create(name)
    found = []
    for detections, noise in zip(scene, crowd(np.random.default_rng(9), 40), strict=True):
        found.append(as_lists(one.update(detections)))
        other.update(noise)
    assert found == expected


def test_input_is_never_changed(name):
    tracker = trackers.create(name)
    for detections in crowd(np.random.default_rng(5), 20):
        copies = [a.copy() for a in (detections.boxes, detections.scores, detections.embeddings)]
        tracker.update(detections)
        now = detections.boxes, detections.scores, detections.embeddings
        assert all(np.array_equal(a, b) for a, b in zip(copies, now, strict=True))


def test_output_is_not_changed_later(name):
    tracker = trackers.create(name)
    reported = []
    for detections in crowd(np.random.default_rng(6), 20):
        tracks = tracker.update(detections)
        reported.append((tracks, as_lists(tracks)))
    assert all(as_lists(tracks) == before for tracks, before in reported)


def test_permuted_detections_give_the_same_tracks(name):
    rng = np.random.default_rng(7)
    straight, shuffled = trackers.create(name), trackers.create(name)
    for detections in crowd(rng, 60, clutter=0.3):
        order = rng.permutation(len(detections))
        expected, found = straight.update(detections), shuffled.update(detections[order])
        assert found.ids.tolist() == expected.ids.tolist()
        assert found.boxes.tolist() == expected.boxes.tolist()
        back = np.where(found.det_index >= 0, order[found.det_index], -1)
        assert back.tolist() == expected.det_index.tolist()


def test_score_exactly_at_the_threshold_counts(name):
    config = trackers.tracker_class(name).Config()
    at, below = np.float32(config.birth_score), np.nextafter(np.float32(config.birth_score), 0)
    scene = crowd(np.random.default_rng(8), 1, missing=0)[0]
    for score, expected in ((at, len(scene)), (below, 0)):
        detections = Detections(scene.boxes, np.full(len(scene), score), scene.embeddings)
        assert len(trackers.create(name).update(detections)) == expected


def test_memory_does_not_grow(name):
    rng = np.random.default_rng(10)
    scene = crowd(rng, 500, people=3, clutter=0.2)
    tracker = trackers.create(name)
    size = []
    for frame in range(3_000):
        tracker.update(scene[frame % len(scene)])
        if frame % len(scene) == len(scene) - 1:
            size.append(len(pickle.dumps(tracker)))
    assert size[-1] < size[0] + 1000


@pytest.mark.filterwarnings("error")
def test_any_boxes_will_do(name):
    """Tiny, huge, far outside, doubled, in any number, with any score."""
    rng = np.random.default_rng(11)
    for with_embeddings in (True, False):
        tracker = trackers.create(name)
        for _ in range(60):
            count = rng.integers(0, 12)
            corner = rng.uniform(-5000, 5000, (count, 2))
            size = 5000 * 10 ** rng.uniform(-3, 0, (count, 2))
            boxes = np.concatenate([corner, corner + size], axis=1).astype(np.float32)
            boxes = np.repeat(boxes, rng.integers(1, 3), axis=0)
            looks = rng.normal(size=(len(boxes), 8))
            looks /= np.linalg.norm(looks, axis=1, keepdims=True)
            scores = rng.random(len(boxes))
            tracker.update(Detections(boxes, scores, looks if with_embeddings else None))


def test_missing_frames_are_time_that_went_by(name):
    """Somebody walks; 10 frames are missing, in which they walk more than their own width."""
    scores = np.full(1, 0.9)
    boxes = [np.array([[5.0 * t, 100, 5.0 * t + 50, 220]]) for t in range(50)]
    ids = {}
    for steps in (11, 1):  # told, and not told
        tracker = trackers.create(name)
        for t in range(25):
            tracker.update(Detections(boxes[t], scores))
        tracker.update(Detections(boxes[35], scores), steps=steps)
        # A score of its own: MOTDT prefers its prediction to a detection of the same.
        found = tracker.update(Detections(boxes[36], scores + 0.05))
        ids[steps] = found.ids[found.det_index >= 0].tolist()
    assert ids[11] == [1]
    assert 1 not in ids[1]


def test_no_step_is_refused(name):
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        trackers.create(name).update(no_detections(), steps=0)


def test_one_update_may_miss_somebody_however_far_apart_they_are(name):
    box = Detections(np.array([[100.0, 100, 150, 220]]), np.full(1, 0.9))
    tracker = trackers.create(name)
    for step in range(20):
        tracker.update(no_detections() if step == 10 else box, steps=12)
    assert tracker.update(box, steps=12).ids.tolist() == [1]
    age = round(30 * tracker.config.max_age)
    for _ in range(2):
        tracker.update(no_detections(), steps=age)
    tracker.update(box)
    assert tracker.update(box).ids.tolist() == [2]
