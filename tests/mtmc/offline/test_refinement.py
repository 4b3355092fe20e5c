import numpy as np
import pytest

from mtmc.offline.refinement import CameraRefinement
from mtmc.trackers.offline import RefineConfig
from mtmc.tracking.rows import ROW
from mtmc.tracking.tracklet import Tracklet
from mtmc.tracking.view import View
from mtmc.types import TrackKey

SIZE = (640, 480)


def make_rows(track, frames, fps=30.0, speed=2.0, detected=True):
    """Somebody who walks to the right."""
    rows = np.zeros(len(frames), ROW)
    rows["frame"], rows["track"], rows["score"] = frames, track, 0.9
    rows["time"] = (np.asarray(frames) - 1) / fps
    x = 100 + speed * np.asarray(frames)
    rows["box"] = np.stack([x, np.full(len(x), 100), x + 40, np.full(len(x), 220)], axis=1)
    rows["detected"] = detected
    return rows


def ticking(fps, stride=1):
    """A camera that took every frame on time; ``fps`` of those that are read."""
    view = View("a", fps, SIZE, None)
    for number in range(400):
        view.clock.add(1 + number * stride, number / fps)
    return view


def memory(*tracks):
    tracklets = {}
    for track in tracks:
        tracklet = tracklets[track] = Tracklet(TrackKey("a", track), 0.0, 0.0)
        tracklet.gallery.add(np.eye(1, 8, track)[0], 0.5)
    return tracklets


def refine(rows, tracklets, stride=1, fps=30.0, people=None, **settings):
    """The rows, when each track is a person unless ``people`` says who is who, and the tracks."""
    refinement = CameraRefinement(RefineConfig(**settings), ticking(fps, stride))
    linked, tracks, _ = refinement.linked(rows, tracklets)
    linked["person"] = linked["track"]
    if people is not None:
        linked["person"] = [people.get(track, 0) for track in linked["track"].tolist()]
    return refinement.completed(linked), tracks


def test_a_broken_track_is_linked_filled_and_looks_like_both_parts():
    rows = np.concatenate([make_rows(1, np.arange(1, 61)), make_rows(2, np.arange(71, 131))])
    refined, people = refine(rows, memory(1, 2))
    assert [p.key for p in people] == [TrackKey("a", 1)]
    assert len(people[0].gallery) == 2
    assert people[0].frames == [[1, 60], [71, 130]]  # what was filled in was not seen
    assert refined["frame"].tolist() == sorted(set(refined["frame"].tolist()))
    gap = refined[(refined["frame"] > 60) & (refined["frame"] < 71)]
    assert len(gap) == 10
    assert not gap["detected"].any()
    assert gap["time"] == pytest.approx((gap["frame"] - 1) / 30)
    assert gap["box"][:, 0] == pytest.approx(100 + 2.0 * gap["frame"], abs=2)


def test_frames_that_a_stride_leaves_out_stay_out():
    frames = np.concatenate([np.arange(1, 90, 3), np.arange(106, 200, 3)])
    refined, _ = refine(make_rows(1, frames), memory(1), stride=3, fps=10.0)
    assert set(((refined["frame"] - 1) % 3).tolist()) == {0}


def test_ghosts_go_and_short_tracks_of_slow_cameras_stay():
    assert len(refine(make_rows(1, np.arange(1, 6)), memory(1))[0]) == 0
    assert len(refine(make_rows(1, np.arange(1, 6), fps=5.0), memory(1), fps=5.0)[0]) >= 5


def test_a_thing_goes_and_nobody_takes_up_its_detections():
    still = make_rows(2, np.arange(1, 121), speed=0.0)
    still["box"] += 120  # where the walker is lost
    rows = np.concatenate([make_rows(1, np.arange(1, 61)), still])
    rows["box"][:60, 1::2] += 120
    refined, people = refine(rows, memory(1, 2), thing_age=3.3)
    assert [p.key for p in people] == [TrackKey("a", 1)]
    assert refined["frame"].max() <= 63  # continued for three frames at most
    assert len(refine(rows, memory(1, 2))[1]) == 2


def test_nobody():
    refined, people = refine(np.zeros(0, ROW), {})
    assert len(refined) == 0
    assert people == []


def test_boxes_stay_in_the_image():
    refined, _ = refine(make_rows(1, np.arange(1, 300)), memory(1))
    assert refined["box"].max() <= 640
    assert ((refined["box"][:, 2:] - refined["box"][:, :2]) > 0).all()


def test_tracks_of_one_person_are_filled_between_and_keep_their_numbers():
    """Motion alone would not link them: the first one stands, who goes on walks."""
    first, second = make_rows(1, np.arange(1, 61), speed=0), make_rows(2, np.arange(75, 130), 30, 2)
    second["box"][:, [0, 2]] -= 2 * 75
    rows = np.concatenate([first, second])
    refined, tracks = refine(rows, memory(1, 2), people={1: 7, 2: 7})
    between = refined[(refined["frame"] > 63) & (refined["frame"] < 72)]
    assert len(tracks) in (1, 2)
    assert len(between) == 8
    assert not between["detected"].any()
    assert set(refined["track"].tolist()) <= {1, 2}
    assert len(refined) == len(set(refined["frame"].tolist()))


def test_two_people_stay_two():
    rows = np.concatenate([make_rows(1, np.arange(1, 61)), make_rows(2, np.arange(30, 131))])
    rows["box"][60:, [1, 3]] += 200
    refined, _ = refine(rows, memory(1, 2), people={1: 1, 2: 2})
    assert len(np.unique(refined[["frame", "track"]])) == len(refined)


def test_a_person_takes_up_detections_of_no_track_each_once():
    rows = np.concatenate([make_rows(1, np.arange(40, 100)), make_rows(0, np.arange(1, 40))])
    refined, (track,) = refine(rows, memory(1))
    assert refined["frame"].tolist()[:39] == list(range(1, 40))
    assert refined["detected"][:39].all()
    assert set(refined["track"].tolist()) == {1}
    assert track.frames == [[40, 99]]  # the association is told of what was tracked alone


def test_what_another_person_has_is_not_taken():
    """Two tracks of one person, of whom another one is seen between: ids are kept apart."""
    rows = np.concatenate(
        [make_rows(1, np.arange(1, 41)), make_rows(2, np.arange(41, 81)), make_rows(0, [60, 61])]
    )
    rows["box"][40:80, [1, 3]] += 100
    refined, _ = refine(rows, memory(1, 2), people={1: 1, 2: 2})
    assert len(np.unique(refined[["frame", "track"]])) == len(refined)
    seen = refined[refined["detected"]]
    assert len(np.unique(np.column_stack([seen["frame"], seen["box"][:, 1] > 150]), axis=0)) == len(
        seen
    )


def test_nobody_but_weak_detections():
    refined, tracks = refine(make_rows(0, np.arange(1, 100)), {})
    assert len(refined) == 0
    assert tracks == []


def test_boxes_of_a_track_that_is_nobody_are_taken_up_by_the_one_they_fit():
    """As where cuts leave scraps: the rows are of the track that goes on over them."""
    rows = np.concatenate([make_rows(1, np.arange(1, 61)), make_rows(2, np.arange(61, 66))])
    rows["step"], rows["person"] = rows["frame"], np.where(rows["track"] == 1, 7, 0)
    refined = CameraRefinement(RefineConfig(), ticking(30.0)).completed(rows)
    assert refined["detected"][refined["frame"] <= 65].all()
    assert set(refined["track"].tolist()) == {1}
    assert set(rows["track"].tolist()) == {1, 2}


def test_what_is_taken_up_of_a_track_that_is_nobody_is_of_that_track_no_more():
    rows = np.concatenate([make_rows(1, np.arange(1, 61)), make_rows(2, np.arange(61, 76))])
    refined, _ = refine(rows, memory(1, 2), people={1: 1}, link_gap=0, extend=0)
    assert refined["frame"].tolist() == list(range(1, 76))
    assert refined["detected"].all()
    assert set(refined["track"].tolist()) == {1}
