import numpy as np
import pytest

from mtmc.outputs.tracks import ROW
from mtmc.refinement import refine_camera
from mtmc.tracklets import Tracklet
from mtmc.types import TrackKey
from trackers.offline import RefineConfig

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


def memory(*tracks):
    tracklets = {}
    for track in tracks:
        tracklet = tracklets[track] = Tracklet(TrackKey("a", track), 0.0, 0.0)
        tracklet.gallery.add(np.eye(1, 8, track)[0], 0.5)
    return tracklets


def refine(rows, tracklets, stride=1, fps=30.0):
    return refine_camera(rows, tracklets, RefineConfig(), "a", stride, fps, None, SIZE)


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


def test_nobody():
    refined, people = refine(np.zeros(0, ROW), {})
    assert len(refined) == 0
    assert people == []


def test_boxes_stay_in_the_image():
    refined, _ = refine(make_rows(1, np.arange(1, 300)), memory(1))
    assert refined["box"].max() <= 640
    assert ((refined["box"][:, 2:] - refined["box"][:, :2]) > 0).all()
