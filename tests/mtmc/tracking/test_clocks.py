"""Clocks that differ, seen by where two cameras say that people walk."""

import numpy as np
import pytest

from mtmc.tracking.clocks import Clocks, settled

STEP = 0.2  # s


def walkers(count, seconds, seed=0, speed=1.2):
    """``(T, count, 2)`` m: people who go from one place of a room to another, over and over."""
    rng = np.random.default_rng(seed)
    places = np.empty((round(seconds / STEP) + 40, count, 2))
    for person in range(count):
        here, goal = rng.uniform(0, 8, (2, 2))
        for step in range(len(places)):
            way = goal - here
            far = np.hypot(*way)
            if far < 0.5:
                goal = rng.uniform(0, 8, 2)
            here = here + way / max(far, 1e-9) * speed * STEP
            places[step, person] = here
    return places


def watch(late, seconds=80, people=4, cameras=3, speed=1.2):
    """What cameras tell of them, the last of which stamps its pictures so many seconds later."""
    clocks = Clocks([f"cam{number}" for number in range(cameras)])
    rng, places = np.random.default_rng(1), walkers(people, seconds, speed=speed)
    events = []
    for camera in range(cameras):
        for step in range(round(seconds / STEP)):
            seen = places[step] + rng.normal(0, 0.15, (people, 2))
            time = step * STEP
            after = late(time) if camera == cameras - 1 else 0.0
            events.append((time + after, f"cam{camera}", np.arange(people) + 1, seen))
    for time, camera, tracks, seen in sorted(events, key=lambda event: event[0]):
        clocks.see(camera, time, tracks, seen)
    return clocks


def test_clocks_that_agree_are_not_worth_a_word(caplog):
    clocks = watch(lambda time: 0.0)
    assert set(clocks.offsets) == {"cam0", "cam1", "cam2"}
    assert max(map(abs, clocks.offsets.values())) < 0.1
    assert caplog.text == ""


@pytest.mark.parametrize("late", [0.8, -2.0])
def test_a_clock_that_is_off_is_told_once_and_by_how_much(late, caplog):
    clocks = watch(lambda time: late)
    assert clocks.offsets["cam2"] == pytest.approx(-late, abs=0.15)
    (record,) = caplog.records
    ahead = "ahead of" if late > 0 else "behind"
    assert f"camera cam2: its clock is {abs(late):.1f} s {ahead} the others'" in record.message
    assert f"'offset: {-late:+.1f}' in cameras.yaml" in record.message


def test_a_clock_that_drifts_is_noticed_when_it_is_half_a_second_off(caplog):
    clocks = watch(lambda time: time / 120, seconds=150)
    assert clocks.offsets["cam2"] == pytest.approx(-1.0, abs=0.25)  # of the last minute
    assert len(caplog.records) == 1


@pytest.mark.parametrize("known", [{"people": 0}, {"speed": 0.0}, {"cameras": 1}])
def test_where_nobody_walks_nothing_is_known(known, caplog):
    assert watch(lambda time: 1.0, seconds=50, **known).offsets == {}
    assert caplog.text == ""


def test_the_odd_one_out_is_the_one_that_is_off():
    pairs = {("a", "b"): 0.0, ("a", "c"): 1.0, ("b", "c"): 1.0, ("x", "y"): 0.6}
    found = settled(pairs)
    assert found == pytest.approx({"a": 0.0, "b": 0.0, "c": 1.0, "x": 0.0, "y": 0.6})
