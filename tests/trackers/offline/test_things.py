"""Things that a detector takes for people, and people who stand still."""

from dataclasses import replace

import numpy as np
import pytest

from mtmc.trackers.offline import on_things, refine
from mtmc.trackers.offline.config import RefineConfig
from tests.trackers.offline.test_refine import PLAIN, together, walk, with_boxes

HELD = replace(PLAIN, thing_age=100)
LONG = range(1, 121)


def thing(track_id, frames=LONG, at=(300, 200)):
    """The same box every time but for the noise of a detector, 0.5 px."""
    return walk(track_id, frames, at, (0, 0), noise=0.5)


def test_a_thing_goes_where_that_is_asked_for_and_walkers_stay():
    rows = together(thing(1), walk(2, LONG, (100, 200), (2, 0)))
    assert set(refine(rows, HELD)["person"].tolist()) == {2}
    assert set(refine(rows, PLAIN)["person"].tolist()) == {1, 2}


def test_a_thing_may_be_hidden_and_jump_while_somebody_passes():
    rows = thing(1, [*range(1, 40), *range(46, 121)])
    boxes = rows["box"].copy()
    boxes[40:60] += 20
    assert on_things(with_boxes(rows, boxes), HELD).all()


def test_who_shifts_and_what_was_seen_for_too_short_a_time_stays():
    shifting = thing(1)
    shifting["box"][60:] += 6  # 5 % of the height, once
    assert not on_things(shifting, HELD).any()
    assert not on_things(thing(1, range(1, 100)), HELD).any()
    assert on_things(thing(1, range(1, 101)), HELD).all()


def test_nobody_goes_on_as_a_thing():
    walker = walk(1, range(1, 80), (140, 200), (2, 0))  # who ends where the thing is
    found = refine(together(walker, thing(2)), HELD)
    assert found["step"].max() == 79


def test_detections_of_no_track_are_no_things():
    rows = together(walk(3, LONG, (100, 200), (2, 0)), thing(0))
    assert not on_things(rows, HELD).any()


@pytest.mark.parametrize("fps", [10.0, 30.0])
def test_the_age_is_a_time(fps):
    config = RefineConfig(thing_age=10).at_rate(fps)
    assert config.thing_age == 10 * fps
    assert RefineConfig().at_rate(fps).thing_age == 0


def test_settings_are_checked():
    with pytest.raises(ValueError, match="thing_age must be at least 0"):
        RefineConfig(thing_age=-1)
    with pytest.raises(ValueError, match="thing_age"):
        RefineConfig(thing_age=np.nan)
