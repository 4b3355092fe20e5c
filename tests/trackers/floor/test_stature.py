"""People who come close told apart by how tall they are."""

import numpy as np
import pytest

from mtmc.trackers import Detections
from mtmc.trackers.floor.relink import relink
from mtmc.trackers.floor.stature import USUAL, USUAL_SPREAD, Statures, standing
from mtmc.trackers.floor.tracker import FloorTracker

TALL = np.array([1.85, 1.60])  # m, of two people
FPS = 4.0
SURE = np.tile(0.2**2 * np.eye(2), (2, 1, 1))


def meeting(steps=24):
    """Two walk up to each other, and turn back: ``(T, 2, 2)`` m."""
    along = np.abs(np.linspace(-2.5, 2.5, steps)) + 0.1
    return np.stack([np.stack([side * along, np.zeros(steps)], 1) for side in (1, -1)], 1)


def seen(places, tall):
    boxes = np.array([[100.0, 0, 150, 100], [200.0, 0, 250, 100]])
    statures = np.column_stack([tall, np.zeros((2, 2))])
    return Detections(boxes, np.full(2, 0.9), None, places, SURE, statures=statures)


def names(tall):
    """Who each of two who turn back is at the end, for who they were first."""
    tracker = FloorTracker()
    told = [
        tracker.update(step / FPS, [seen(places, tall)] * 3)[0]
        for step, places in enumerate(meeting())
    ]
    boxes = [tracks.boxes[:, 0].astype(int).tolist() for tracks in (told[0], told[-1])]
    first, last = (
        dict(zip(where, tracks.ids.tolist(), strict=True))
        for where, tracks in zip(boxes, (told[0], told[-1]), strict=True)
    )
    return [first[x] == last[x] for x in (100, 200)]


def test_those_who_turn_back_are_told_apart_where_heads_are_seen():
    assert names(TALL) == [True, True]
    # By how they walked they seem to have passed each other.
    assert names(np.full(2, np.nan)) == [False, False]


@pytest.mark.parametrize("tall", [TALL, np.full(2, 1.7)])
def test_a_switch_is_taken_back_by_height_alone(tall):
    truth = np.tile([1, 2], 24)
    times, places = np.repeat(np.arange(24) / FPS, 2), meeting().reshape(-1, 2)
    wrong = np.where(times > 12 / FPS, 3 - truth, truth)
    statures = np.column_stack([tall[truth - 1], np.zeros((48, 2))])
    ids = relink(times, wrong, places, np.tile(SURE[0], (48, 1, 1)), statures)
    assert len(set(zip(ids.tolist(), truth.tolist(), strict=True))) == (2 if tall is TALL else 4)


def test_a_height_goes_with_the_place():
    known = np.array([1.5, 0.0, 0.2])
    tall, unsure = standing(known, np.array([0.3, -0.5]), np.diag([1.0, 0.04]))
    assert tall == pytest.approx(1.6)
    other, surer = standing(known, np.zeros(2), np.zeros((2, 2)))
    assert other == 1.5
    assert unsure - surer == pytest.approx(0.2**2 * 0.04)


def test_what_is_unknown_tells_nothing():
    statures = Statures.unknown(2)
    statures.correct(np.array([0, 0, 1]), np.array([1.9, 1.9, np.nan]), np.full(3, 0.01))
    assert statures.mean[0] > USUAL + 0.1
    assert (statures.mean[1], statures.variance[1]) == (USUAL, USUAL_SPREAD**2)
    mean, variance = statures.told()
    assert mean[0] == pytest.approx(1.9)
    assert np.isnan([mean[1], variance[1]]).all()
    assert statures.odds(np.array([np.nan, np.nan]), np.full(2, np.nan)).tolist() == [0, 0]
    near, far = (statures.odds(np.array([t, USUAL]), np.full(2, 0.01)) for t in (1.9, 1.6))
    assert near[0] > 0 > far[0]
    assert near[1] == 0


def test_what_is_just_wrong_changes_hardly_anything():
    statures = Statures.unknown(1)
    statures.correct(np.zeros(20, int), np.full(20, 1.8), np.full(20, 0.01))
    before = statures.mean[0]
    statures.correct(np.zeros(1, int), np.array([0.7]), np.full(1, 0.01))
    assert abs(statures.mean[0] - before) < 0.01


def test_newcomers_and_those_who_go():
    statures = Statures.unknown(1)
    statures.correct(np.zeros(1, int), np.array([1.9]), np.array([0.01]))
    tall = statures.mean[0]
    statures.add(1)
    assert statures.mean.tolist() == [tall, USUAL]
    statures.predict(3600.0)
    assert statures.variance.tolist() == pytest.approx([USUAL_SPREAD**2] * 2)
    assert statures[np.array([False, True])].mean.tolist() == [USUAL]
