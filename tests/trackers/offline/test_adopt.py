"""Tracks that go on over detections nobody took."""

from dataclasses import replace

import numpy as np
import pytest

from mtmc import trackers
from mtmc.trackers.offline import NOBODY, RefineConfig, linked, make_table, refine
from tests.trackers.offline.test_refine import PLAIN, looks_of, together, walk, with_boxes
from tests.trackers.test_contract import crowd

ASIDE = replace(PLAIN, adopt_gap=0)
PLACE, SPEED = (100, 200), (4, 0)


def nobodys(*args, **kwargs):
    """Detections of no track, weak ones."""
    return walk(NOBODY, *args, **({"score": 0.2} | kwargs))


def taken(found):
    weak = found["detected"] & (found["score"] < 0.5)
    return sorted(found["step"][weak].tolist())


def test_a_track_goes_on_before_it_begins_and_after_it_ends():
    rows = together(walk(1, range(20, 60), PLACE, SPEED), nobodys([*range(1, 20)], PLACE, SPEED))
    rows = together(rows, nobodys(range(60, 80), PLACE, SPEED))
    found = refine(rows, PLAIN)
    assert found["step"].tolist() == list(range(1, 80))
    assert taken(found) == [*range(1, 20), *range(60, 80)]
    np.testing.assert_allclose(found["box"], walk(1, range(1, 80), PLACE, SPEED)["box"], atol=1e-3)
    assert found["score"][0] == pytest.approx(0.2)


def test_it_stops_where_nothing_fits():
    silence = PLAIN.adopt_gap + 1
    near = nobodys(range(60, 63), PLACE, SPEED)
    rows = together(walk(1, range(20, 60), PLACE, SPEED), near)
    far = nobodys(range(63 + silence, 90), PLACE, SPEED)
    assert taken(refine(together(rows, far), PLAIN)) == [60, 61, 62]
    soon = nobodys(range(61 + silence, 90), PLACE, SPEED)
    assert len(taken(refine(together(rows, soon), PLAIN))) == 3 + 90 - 61 - silence


@pytest.mark.parametrize(
    "where", [((160, 200), SPEED), ((100, 290), SPEED)], ids=["beside", "below"]
)
def test_what_lies_elsewhere_is_left_alone(where):
    rows = together(walk(1, range(20, 60), PLACE, SPEED), nobodys(range(60, 80), *where))
    assert taken(refine(rows, PLAIN)) == []


def test_in_a_gap_it_must_fit_both_sides():
    parts = walk(1, [*range(1, 40), *range(60, 99)], PLACE, SPEED)
    straight = nobodys(range(40, 60), PLACE, SPEED)
    assert taken(refine(together(parts, straight), PLAIN)) == list(range(40, 60))
    # Somebody else goes on where this one was, and stays; the track is elsewhere by then.
    turned = nobodys(range(40, 60), (100 + 4 * 39, 200), (0, 0))
    got = refine(together(parts, turned), PLAIN)
    assert not [frame for frame in taken(got) if frame > 45]


def test_looks_speak_against_it():
    rows = together(walk(1, range(20, 60), PLACE, SPEED), nobodys(range(60, 70), PLACE, SPEED))
    assert len(taken(refine(rows, PLAIN, looks=looks_of(rows, {1: 0, NOBODY: 0})))) == 10
    assert taken(refine(rows, PLAIN, looks=looks_of(rows, {1: 0, NOBODY: 1}))) == []
    assert len(taken(refine(rows, PLAIN, looks=looks_of(rows, {1: 0, NOBODY: None})))) == 10


def test_a_weak_detection_below_the_least_score_does_not_count():
    rows = together(walk(1, range(20, 60), PLACE, SPEED), nobodys(range(60, 70), PLACE, SPEED))
    assert taken(refine(rows, replace(PLAIN, adopt_score=0.3))) == []


def test_two_tracks_share_nothing():
    """One goes to the left and ends, the other comes from there: between, one person is seen."""
    rows = together(
        walk(1, range(1, 40), (100, 200), (4, 0)), walk(2, range(50, 90), (100, 205), (4, 0))
    )
    rows = together(rows, nobodys(range(30, 60), (100, 202), (4, 0)))
    found = refine(rows, replace(PLAIN, link_gap=0))
    frames = taken(found)
    assert set(range(41, 49)) <= set(frames)
    assert len(frames) == len(set(frames))


def detections_of_a_crowd(seed, name):
    """A tracker's rows of a scene with many weak and some false detections."""
    rng = np.random.default_rng(seed)
    scene = crowd(rng, 80, missing=0.2)
    tracker, parts = trackers.create(name), []
    for frame, seen in enumerate(scene, start=1):
        wrong = seen.boxes[:2] + rng.normal(0, 20, (len(seen.boxes[:2]), 1))
        boxes = np.concatenate([seen.boxes, wrong])
        scores = rng.uniform(0.1, 1, len(boxes))
        tracks = tracker.update(trackers.Detections(boxes, scores))
        ids, found = np.zeros(len(boxes)), tracks.det_index >= 0
        ids[tracks.det_index[found]] = tracks.ids[found]
        parts.append(make_table(np.full(len(boxes), frame), ids, boxes, scores))
    return together(*parts)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["coast", "bytetrack", "ocsort", "sort"])
def test_what_always_holds(seed, name):
    rows = detections_of_a_crowd(seed, name)
    found = refine(rows)
    seen = found[found["detected"]]
    used = list(zip(seen["step"].tolist(), seen["score"].tolist(), strict=True))
    assert len(used) == len(set(used))  # no detection twice
    places = list(zip(found["step"].tolist(), found["person"].tolist(), strict=True))
    assert len(places) == len(set(places))  # nobody twice in a frame
    ids = linked(rows)
    kept = {
        (frame, score): track
        for frame, score, track in zip(
            rows["step"].tolist(), rows["score"].tolist(), ids.tolist(), strict=True
        )
        if track != NOBODY
    }
    after = dict(zip(used, seen["person"].tolist(), strict=True))
    assert kept.items() <= after.items()  # what a track had it keeps
    assert len(after) > len(kept)
    assert set(found["person"].tolist()) == set(kept.values())  # nobody new

    shuffled = refine(rows[np.random.default_rng(seed).permutation(len(rows))])
    np.testing.assert_array_equal(found["box"], shuffled["box"])
    np.testing.assert_array_equal(found["person"], shuffled["person"])


def test_without_such_detections_nothing_happens():
    rows = detections_of_a_crowd(0, "coast")
    rows = rows[rows["track"] != NOBODY]
    with_all, without = (  # ghosts removed would be nobody's
        refine(rows, RefineConfig(ghost_age=0, adopt_gap=gap).at_rate(30)) for gap in (0.33, 0)
    )
    np.testing.assert_array_equal(with_all["box"], without["box"])


def test_only_such_detections_are_nobody():
    found = refine(nobodys(range(1, 50), PLACE, SPEED))
    assert len(found) == 0


def test_part_of_a_person_is_made_whole():
    rows = together(walk(1, range(20, 60), PLACE, SPEED), nobodys(range(60, 70), PLACE, SPEED))
    boxes = rows["box"].copy()
    hidden = rows["track"] == NOBODY
    boxes[hidden, 3] -= 50  # of 120: the legs
    found = refine(with_boxes(rows, boxes), PLAIN)
    assert len(taken(found)) == 10
    np.testing.assert_allclose(found["box"], walk(1, range(20, 70), PLACE, SPEED)["box"], atol=1.0)
