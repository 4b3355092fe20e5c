import numpy as np
import pytest

from mtmc.tracking.frame_clock import FrameClock


def test_frames_on_time_are_steps_one_by_one_whatever_the_stride():
    clock = FrameClock(10.0, ((1 + 3 * n, n / 10) for n in range(20)))
    assert clock.steps(np.array([1, 4, 58])).tolist() == [1, 2, 20]
    assert clock.frames(np.array([1, 2, 20, 21])).tolist() == [1, 4, 58, 0]
    assert clock.times(np.array([1, 2, 20])) == pytest.approx([0, 0.1, 1.9])


def test_a_jittering_clock_skips_nothing():
    times = np.cumsum([0.07, 0.1, 0.14, 0.1, 0.12, 0.07] * 9)
    clock = FrameClock(10.0, enumerate(times, 1))
    assert clock.steps(np.arange(1, 55)).tolist() == list(range(1, 55))
    assert clock.times(clock.steps(np.arange(1, 55))) == pytest.approx(times)


def test_where_the_camera_was_away_steps_pass_without_a_frame():
    clock = FrameClock(10.0, [(1, 0.0), (2, 0.1), (3, 2.1), (4, 2.2)])
    assert clock.steps(np.array([1, 2, 3, 4])).tolist() == [1, 2, 22, 23]
    assert clock.frames(np.array([2, 3, 21, 22])).tolist() == [2, 0, 0, 3]
    assert clock.times(np.array([12])) == pytest.approx([1.1])


def test_numbers_that_are_left_out_are_no_time():
    """As of damaged pictures: the clock counts, not the number."""
    clock = FrameClock(10.0, [(1, 0.0), (5, 0.1)])
    assert clock.steps(np.array([1, 5])).tolist() == [1, 2]


def test_what_was_taken_during_a_time_and_right_around_it():
    clock = FrameClock(10.0, ((n + 1, n / 10) for n in range(30)))
    assert clock.during(0.55, 1.02) == (6, 12)
    assert clock.during(-5, 99) == (1, 30)
    set_back = FrameClock(10.0, [(1, 0.0), (2, 0.5), (3, 0.2), (4, 0.6)])
    assert set_back.during(0.45, 0.5)[1] == set_back.steps(np.array([4]))[0]


def test_no_frame_at_all():
    assert FrameClock(10.0).frames(np.zeros(0, np.int64)).tolist() == []


def test_a_camera_that_had_yet_to_begin_has_no_times():
    """When a run is ended before: detections of nobody, at no time."""
    clock, nothing = FrameClock(10.0), np.zeros(0, np.int64)
    assert clock.times(nothing).shape == clock.frames(nothing).shape == (0,)
