"""Things that a detector takes for people, and people who stand still."""

from dataclasses import replace

import numpy as np
import pytest

from mtmc.trackers.offline import on_things, refine, thing_odds
from mtmc.trackers.offline.config import RefineConfig
from tests.trackers.offline.test_refine import PLAIN, together, walk, with_boxes

HELD = replace(PLAIN, thing_age=100)
LONG = range(1, 121)


def watched(rows, changed):
    """Rows that were looked at every tenth frame, with the share of pixels that changed."""
    names = [(name, rows.dtype[name]) for name in rows.dtype.names]
    result = np.zeros(len(rows), np.dtype([*names, ("changed", np.float32)]))
    for name in rows.dtype.names:
        result[name] = rows[name]
    result["changed"] = np.where(rows["step"] % 10 == 5, changed, np.nan)
    return result


def thing(track_id, frames=LONG, at=(300, 200), changed=0.0):
    """The same box every time but for the noise of a detector, 0.5 px."""
    return watched(walk(track_id, frames, at, (0, 0), noise=0.5), changed)


def walker(track_id, frames=LONG, at=(100, 200), changed=0.4):
    return watched(walk(track_id, frames, at, (2, 0)), changed)


def test_a_thing_goes_where_that_is_asked_for_and_walkers_stay():
    rows = together(thing(1), walker(2))
    assert set(refine(rows, HELD)["person"].tolist()) == {2}
    assert set(refine(rows, PLAIN)["person"].tolist()) == {1, 2}


def test_a_thing_may_be_hidden_and_jump_while_somebody_passes():
    rows = thing(1, [*range(1, 40), *range(46, 121)])
    boxes = rows["box"].copy()
    boxes[40:60] += 20
    assert on_things(with_boxes(rows, boxes), HELD).all()


def test_what_was_seen_for_too_short_a_time_stays():
    assert not on_things(thing(1, range(1, 100)), HELD).any()
    assert on_things(thing(1, range(1, 101)), HELD).all()


def test_who_sits_still_and_fidgets_stays():
    """Though the box is as still as a thing's."""
    sits = thing(1)
    sits["box"][::3] += 2
    assert on_things(sits, HELD).all()
    sits["changed"][np.isfinite(sits["changed"])] = np.resize([0.02, 0.0, 0.03], 12)
    assert not on_things(sits, HELD).any()


def test_what_nobody_looked_at_stays():
    unseen = thing(1)
    unseen["changed"] = np.nan
    assert not on_things(unseen, HELD).any()
    assert not on_things(walk(1, LONG, (300, 200), (0, 0), noise=0.5), HELD).any()
    unseen["changed"][:2] = 0
    assert thing_odds(unseen["box"], unseen["changed"]) == -np.inf


def test_nobody_goes_on_as_a_thing():
    goes = walker(1, range(1, 80), (140, 200))  # who ends where the thing is
    found = refine(together(goes, thing(2)), HELD)
    assert found["step"].max() == 79


def test_detections_of_no_track_are_no_things():
    rows = together(walker(3), thing(0))
    assert not on_things(rows, HELD).any()


@pytest.mark.parametrize("fps", [10.0, 30.0])
def test_the_age_is_a_time(fps):
    config = RefineConfig(thing_age=10).at_rate(fps)
    assert config.thing_age == 10 * fps
    assert RefineConfig().at_rate(fps).thing_age == 10 * fps
