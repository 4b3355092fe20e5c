from dataclasses import fields, replace

import numpy as np
import pytest

from mtmc import trackers
from mtmc.trackers import Detections
from mtmc.trackers.offline import RefineConfig, linked, make_table
from mtmc.trackers.rate import frames_in

PERSON = np.array([[0.0, 0, 50, 120]])


def test_a_time_is_frames_and_none_stays_none():
    assert [frames_in(s, 10.0) for s in (2.0, 1.0, 0.07, 0.0)] == [20, 10, 1, 0]
    assert frames_in(2.0, 60.0) == 120


@pytest.mark.parametrize("name", sorted(trackers.TRACKERS))
@pytest.mark.parametrize("fps", [5.0, 30.0])
def test_a_track_is_kept_for_the_same_time_at_every_rate(name, fps):
    """Somebody standing still is out of sight for a little less, or more, than ``max_age``."""
    config = trackers.tracker_class(name).Config(max_age=0.8)
    seen, one = [Detections(PERSON, np.array([0.9]))], Detections()
    for hidden, same in ((0.6, True), (1.2, False)):
        tracker = trackers.create(name, config, fps)
        story = seen * 6 + [one] * round(hidden * fps) + seen * 3
        found = [tracker.update(detections) for detections in story]
        assert (found[-1].ids.tolist() == found[5].ids.tolist()) == same


@pytest.mark.parametrize("name", [f.name for f in fields(RefineConfig)])
def test_every_time_of_the_refinement_becomes_frames(name):
    plain, changed = RefineConfig().at_rate(25), RefineConfig(**{name: 20.0}).at_rate(25)
    frames = {"ghost_age": "ghost_score"}.get(name, name)
    assert getattr(changed, frames) == 500
    assert replace(changed, **{frames: getattr(plain, frames)}) == plain


def test_the_refinement_keeps_durations():
    offline = RefineConfig().at_rate(10.0)
    assert (offline.link_gap, offline.extend) == (50, 1)
    assert offline.smooth_position == RefineConfig().at_rate(30.0).smooth_position


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_who_is_linked_does_not_depend_on_the_rate(fps):
    """Two people walk past each other, unseen for a second, a little off their straight ways."""
    seconds = np.arange(1, 4 * fps + 1) / fps
    seen = np.abs(seconds - 2) > 0.5
    rows = []
    for track, speed in ((1, 150.0), (2, -150.0)):
        x = 300 + speed * (seconds - 2) + 8 * np.sin(3 * seconds + track)
        boxes = PERSON + np.column_stack([x, 5.0 * np.full(len(x), track)] * 2)
        ids = np.where(seconds < 2, track, track + 2)
        steps = np.arange(1, len(x) + 1)
        rows.append(make_table(steps, ids, boxes, np.ones(len(x)))[seen])
    found = linked(np.concatenate(rows), RefineConfig().at_rate(fps))
    count = seen.sum()
    assert found.tolist() == [1] * count + [2] * count


@pytest.mark.parametrize("fps", [0, -5, float("nan"), float("inf"), "25", True])
def test_what_is_no_rate_is_refused(fps):
    for name in ("sort", "floor"):
        with pytest.raises(ValueError, match="frames per second above 0"):
            trackers.create(name, fps=fps)
    with pytest.raises(ValueError, match="frames per second above 0"):
        trackers.create("coast").at_rate(fps)
