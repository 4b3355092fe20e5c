"""What sets each method apart, told in short stories."""

import numpy as np
import pytest

from mtmc import trackers
from mtmc.trackers import Detections
from mtmc.trackers.camera_motion import common_shift
from mtmc.trackers.motion import AreaModel, Motion, ReplayMotion

PERSON = np.array([0.0, 0, 50, 120])
SIDEWAYS = np.array([1, 0, 1, 0])


def at(*corners, scores=None, embeddings=None):
    """Detections of people of one size at upper left corners."""
    boxes = np.array([PERSON + np.tile(corner, 2) for corner in corners]).reshape(-1, 4)
    return Detections(boxes, np.full(len(boxes), 0.9) if scores is None else scores, embeddings)


def run(name, story, **settings):
    tracker = trackers.create(name, trackers.tracker_class(name).Config(**settings))
    return [tracker.update(detections) for detections in story]


def test_bytetrack_keeps_a_track_on_an_unsure_detection():
    story = [at((4 * t, 0)) for t in range(10)] + [at((40, 0), scores=[0.2])]
    assert run("bytetrack", story)[-1].ids.tolist() == [1]
    assert run("sort", story)[-1].ids.tolist() == []


def test_bytetrack_starts_no_track_on_an_unsure_detection():
    story = [at((0, 0), scores=[0.2])] * 5
    assert all(len(tracks) == 0 for tracks in run("bytetrack", story))


def test_ocsort_takes_a_track_up_where_it_was_last_seen():
    """Walking, then hidden while standing still: the prediction has run away meanwhile."""
    story = [at((8 * t, 0)) for t in range(20)] + [at()] * 15 + [at((152, 0))] * 2
    assert run("ocsort", story)[-1].ids.tolist() == [1]
    assert run("sort", story)[-1].ids.tolist() != [1]


def test_replay_bridges_a_gap_as_if_it_had_been_seen():
    boxes = PERSON + np.outer(np.arange(30), [3, 1, 3, 1])
    seen, bridged = Motion(AreaModel()), ReplayMotion(AreaModel())
    row = np.array([0])
    for motion in (seen, bridged):
        motion.add(boxes[:1])
    for frame in range(1, 30):
        seen.predict()
        seen.correct(row, boxes[frame : frame + 1])
        bridged.predict()
        if not 10 <= frame < 20:
            bridged.correct(row, boxes[frame : frame + 1])
    np.testing.assert_allclose(bridged.state, seen.state, atol=1e-9)


def test_botsort_tells_people_apart_by_their_looks():
    """Two people change places between two frames; only their looks show it."""
    one, other = np.eye(2, 8)
    before = at((0, 0), (12, 0), embeddings=np.array([one, other]))
    after = at((0, 0), (12, 0), embeddings=np.array([other, one]))
    ids = [run("botsort", [before] * 5 + [frame])[-1] for frame in (before, after)]
    who = [dict(zip(t.det_index.tolist(), t.ids.tolist(), strict=True)) for t in ids]
    assert who[0][0] == who[1][1]
    assert who[0][1] == who[1][0]


@pytest.mark.parametrize("name", ["botsort", "motdt"])
def test_appearance_trackers_run_without_embeddings(name):
    story = [at((4 * t, 0), (600 - 4 * t, 300)) for t in range(20)]
    assert run(name, story)[-1].ids.tolist() == [1, 2]


def test_motdt_reports_its_own_prediction_for_a_while():
    story = [at((4 * t, 0)) for t in range(20)] + [at()] * 30
    reported = [len(tracks) for tracks in run("motdt", story)[20:]]
    assert reported[0] == 1
    assert reported[-1] == 0
    last = run("motdt", story)[20]
    assert last.det_index.tolist() == [-1]
    np.testing.assert_allclose(last.boxes[0, 0], 80, atol=4)


def behind_a_column(hidden):
    """A walker who passes behind a bigger person standing in front."""
    front = np.array([300.0, 50, 400, 320])
    story = []
    for t in range(60):
        walker = PERSON + np.tile([100 + 5 * t, 150], 2)
        boxes = [front] if hidden and 45 <= t < 55 else [front, walker]
        story.append(Detections(np.array(boxes), np.full(len(boxes), 0.9)))
    return story


def test_coast_reports_a_hidden_walker_where_they_are():
    for t, tracks in enumerate(run("coast", behind_a_column(hidden=True))):
        assert len(tracks) == 2
        walker = tracks.boxes[np.argmin(tracks.boxes[:, 2] - tracks.boxes[:, 0])]
        np.testing.assert_allclose(walker[0], 100 + 5 * t, atol=3)
        hidden = 45 <= t < 55
        assert (-1 in tracks.det_index.tolist()) == hidden
    assert tracks.ids.tolist() == [1, 2]


def test_coast_reports_nobody_whom_nothing_hides():
    story = [at((5 * t, 0), (0, 900), (1800, 900)) for t in range(40)]
    story += [at((0, 900), (1800, 900))] * 10
    reported = [len(tracks) for tracks in run("coast", story)[40:]]
    assert reported == [3, 3] + [2] * 8  # two frames of grace
    assert {len(tracks) for tracks in run("coast", story, coast_age=0)[40:]} == {2}


@pytest.mark.parametrize("name", ["sort", "bytetrack", "coast"])
def test_a_new_track_that_is_missed_once_is_forgotten(name):
    story = [at((0, 0))] * 5 + [at((0, 0), (500, 0)), at((0, 0))] + [at((0, 0), (500, 0))] * 6
    assert run(name, story)[-1].ids.tolist() == [1, 3]


@pytest.mark.parametrize(("aside", "shown"), [(20, 2), (45, 1)])
def test_coast_reports_nobody_who_is_hardly_covered(aside, shown):
    front = PERSON + np.tile([300 + aside, 20], 2)
    story = []
    for t in range(30):
        boxes = np.array([front] if t >= 20 else [front, PERSON + 300 * SIDEWAYS])
        story.append(Detections(boxes, np.full(len(boxes), 0.9)))
    assert len(run("coast", story)[-1]) == shown


@pytest.mark.parametrize(("missed", "taken"), [(1, [0]), (12, [])])
def test_coast_takes_an_unsure_box_only_for_who_was_just_lost(missed, taken):
    story = [at((0, 0))] * 10 + [at()] * missed + [at((0, 0), scores=[0.4])]
    last = run("coast", story, coast_age=0)[-1]
    assert last.det_index.tolist() == taken


def test_coast_finds_who_steps_aside_by_most_of_their_width():
    assert run("coast", [at((0, 0))] * 10 + [at((31, 0))] * 4)[-1].ids.tolist() == [1]


@pytest.mark.parametrize("fps", [5, 30])
def test_coast_knows_whose_feet_are_hidden(fps):
    """A walker steps behind a desk, which hides the lower 60 % of them, and out again."""
    story = []
    for t in range(3 * fps):
        box = PERSON + np.tile([60.0 * t / fps, 0], 2)
        if fps <= t < 2 * fps:
            box[3] = box[1] + 48
        story.append(Detections(box[None], np.array([0.9])))
    tracker = trackers.create("coast", fps=fps)
    found = [tracker.update(detections) for detections in story]
    assert {i for tracks in found for i in tracks.ids.tolist()} == {1}


def test_who_comes_nearer_does_not_move_the_camera():
    tracker = trackers.create("coast")
    for t in range(40):
        grown = np.outer([0, 300, 600, 900], SIDEWAYS) + PERSON * [1, 1, 1, 1 + 0.02 * t]
        tracker.update(Detections(grown, np.full(4, 0.9)))
    assert tracker._camera_speed < 0.1


def test_coast_takes_the_surer_of_two_boxes_that_fit_alike():
    story = [at((100, 0))] * 5 + [at((96, 0), (104, 0), scores=[0.55, 0.9])]
    last = run("coast", story)[-1]
    assert last.det_index[last.ids == 1].tolist() == [1]


@pytest.mark.parametrize(("feet", "hidden"), [(320, True), (240, False)])
def test_only_who_has_the_feet_lower_hides_somebody(feet, hidden):
    """The walker's are at 270; whoever has theirs higher stands farther away."""
    other = np.array([300.0, 50, 400, feet])
    reported = []
    for t in range(55):
        walker = PERSON + np.tile([100 + 5 * t, 150], 2)
        boxes = np.array([other] if t >= 45 else [other, walker])
        reported.append(Detections(boxes, np.full(len(boxes), 0.9)))
    counts = [len(tracks) for tracks in run("coast", reported)]
    assert counts[:47] == [2] * 47  # two frames of grace
    assert counts[47:] == [1 + hidden] * 8


@pytest.mark.parametrize(("still", "coasts"), [(1, False), (60, True)])
def test_where_the_camera_has_just_moved_nobody_is_led_on(still, coasts):
    """It may move again; only after a while of standing still is it believed to stand."""
    front, story = np.array([300.0, 50, 400, 320]), []
    others = [PERSON + np.tile(place, 2) for place in ([900, 100], [1300, 400], [1700, 200])]
    walker = PERSON + np.tile([330, 150], 2)
    for t in range(60 + still + 8):
        turn = 25.0 * min(t, 60)
        gone = t >= 60 + still
        boxes = np.array([front, *others] if gone else [front, *others, walker])
        story.append(Detections(boxes + turn * SIDEWAYS, np.full(len(boxes), 0.9)))
    counts = [len(tracks) for tracks in run("coast", story)]
    assert counts[59] == 5
    assert counts[-1] == 4 + coasts


def shaken(pixels):
    """Five people standing in front of a camera that is turned this way and that."""
    rng = np.random.default_rng(0)
    places = rng.uniform([0, 0], [1500, 700], (5, 2))
    story = []
    for t in range(60):
        turn = pixels * np.array([np.sin(t / 2), np.cos(t / 3)])
        story.append(at(*(places + turn + rng.normal(0, 1, (5, 2)))))
    return story


def test_coast_follows_the_camera():
    steady = {i for tracks in run("coast", shaken(60)) for i in tracks.ids.tolist()}
    assert steady == {1, 2, 3, 4, 5}
    lost = {i for tracks in run("coast", shaken(60), camera=False) for i in tracks.ids.tolist()}
    assert len(lost) > 5


def test_common_shift():
    rng = np.random.default_rng(0)
    moved = np.array([7.0, -3.0]) + rng.normal(0, 1, (25, 2))
    moved[:5] += 80  # some walk on their own
    np.testing.assert_allclose(common_shift(moved), [7, -3], atol=1)
    assert common_shift(moved[:2]).tolist() == [0, 0]
    assert common_shift(np.zeros((6, 2))).tolist() == [0, 0]
    both_ways = np.repeat([[5.0, 0], [-5, 0]], 10, axis=0)
    np.testing.assert_allclose(common_shift(both_ways), [0, 0], atol=1e-9)
