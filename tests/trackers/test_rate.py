from dataclasses import fields, replace

import numpy as np
import pytest

from mtmc import trackers
from mtmc.trackers import Detections
from mtmc.trackers.offline import RefineConfig
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


@pytest.mark.parametrize("fps", [0, -5, float("nan"), float("inf"), "25", True])
def test_what_is_no_rate_is_refused(fps):
    for name in ("sort", "floor"):
        with pytest.raises(ValueError, match="frames per second above 0"):
            trackers.create(name, fps=fps)
    with pytest.raises(ValueError, match="frames per second above 0"):
        trackers.create("coast").at_rate(fps)
