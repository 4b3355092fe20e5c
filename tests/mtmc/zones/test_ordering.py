import numpy as np
import pytest

from mtmc.zones.ordering import Ordering

CAMERAS = ("a", "b", "c")


def messages(seconds=20):
    """``(source, number, time, what)``: 4 a second of each camera, not at the same moments."""
    return [
        (name, tick, 0.25 * tick + 0.03 * place, f"{name}{tick}")
        for tick in range(4 * seconds)
        for place, name in enumerate(CAMERAS)
    ]


def told(arrivals, **options):
    ordering = Ordering(CAMERAS, **options)
    moments = []
    for message in arrivals:
        ordering.put(*message)
        moments += ordering.take()
    return moments + ordering.take(all_of_it=True), ordering


@pytest.mark.parametrize("seed", range(5))
def test_duplicates_and_reordering_within_the_lateness_change_nothing(seed):
    random = np.random.default_rng(seed)
    every = messages()
    twice = [every[i] for i in random.choice(len(every), len(every) // 20, replace=False)]
    arrivals = sorted(
        [*every, *twice], key=lambda message: message[2] + random.uniform(0, 1.9)
    )  # fmt: skip
    moments, ordering = told(arrivals)
    assert moments == told(every)[0]
    assert ordering.doubles == len(twice)
    assert ordering.late == 0
    times = [moment.time for moment in moments]
    assert times == sorted(times)
    assert sum(len(moment.messages) for moment in moments) == len(every)


def test_nothing_is_told_before_the_slowest_camera_and_the_lateness_have_passed():
    ordering = Ordering(("a", "b"), lateness=2.0)
    for tick in range(10):
        ordering.put("a", tick, float(tick), "a")
    assert ordering.take() == []  # nothing of b so far
    ordering.put("b", 0, 5.0, "b")
    assert [moment.time for moment in ordering.take()] == [0.0, 1.0, 2.0]


def test_a_camera_that_falls_silent_is_not_waited_for_and_may_come_back():
    every = messages(60)
    without = [m for m in every if m[0] != "b" or not 10 < m[2] < 40]
    ordering = Ordering(CAMERAS, silence=5.0)
    behind = 0.0
    for message in without:
        ordering.put(*message)
        ordering.take()
        behind = max(behind, message[2] - ordering.watermark())
    assert behind < 5.0 + 2.0 + 1.0
    assert ordering.late == 0
    assert ordering.watermark() > 57


def test_what_comes_too_late_goes_along_with_the_next_moment():
    every = messages()
    slow = every.pop(every.index(("b", 8, 2.03, "b8")))
    arrivals = [*every[:60], slow, *every[60:]]
    moments, ordering = told(arrivals)
    assert ordering.late == 1
    (after,) = [moment for moment in moments if moment.late]
    assert after.late == ["b8"]
    assert after.time > 2.03
    assert "b8" not in [m for moment in moments for m in moment.messages]


def test_of_each_camera_one_message_at_a_time_is_told():
    for moment in told(messages())[0]:
        names = [message[0] for message in moment.messages]
        assert len(set(names)) == len(names)
