import numpy as np
import pytest

from mtmc.simulate.choreography import Errand, plan, walk
from mtmc.simulate.ways import Floor, Seat

ROOM = Floor(
    bounds=(0, 0, 6, 5), blocked=[(2, 2, 4, 3)], doors=[(5.5, 0.4)],
    seats=[Seat((1.0, 4.0), 0.0)],
)  # fmt: skip


def paths(floor, people, seconds=20.0, seed=0):
    rng = np.random.default_rng(seed)
    return walk(floor, plan(floor, people, seconds, rng), seconds, 15.0, rng)


def test_the_same_seed_gives_the_same_walks():
    for a, b in zip(paths(ROOM, 5), paths(ROOM, 5), strict=True):
        np.testing.assert_array_equal(a.position, b.position)
        np.testing.assert_array_equal(a.present, b.present)


def test_nobody_walks_through_the_table():
    for path in paths(ROOM, 6):
        x, y = path.position[path.present].T
        assert not ((x > 2.1) & (x < 3.9) & (y > 2.1) & (y < 2.9)).any()


def test_people_keep_apart():
    positions = np.stack([p.position for p in paths(ROOM, 5)], 1)
    present = np.stack([p.present for p in paths(ROOM, 5)], 1)
    apart = np.linalg.norm(positions[:, :, None] - positions[:, None], axis=-1)
    both = present[:, :, None] & present[:, None] & ~np.eye(5, dtype=bool)
    assert np.percentile(apart[both], 0.5) > 0.35


def test_nobody_jumps():
    for path in paths(ROOM, 6):
        there = path.present[1:] & path.present[:-1]
        step = np.linalg.norm(np.diff(path.position, axis=0), axis=1)
        assert step[there].max() < 0.25


def test_errands_are_run_in_turn():
    floor = Floor(bounds=(0, 0, 6, 5), blocked=[], doors=[(5.5, 0.4)])
    errands = [Errand((1.0, 1.0), 1.0), Errand((5.0, 4.0), 1.0)]
    (path,) = walk(floor, [errands], 25.0, 10.0, np.random.default_rng(1))
    first = np.linalg.norm(path.position - [1, 1], axis=1)
    second = np.linalg.norm(path.position - [5, 4], axis=1)
    assert first.min() < 0.6
    assert second[first.argmin() :].min() < 0.6


def test_sitting_down_and_getting_up():
    errands = [Errand((1.0, 4.0), 3.0, seat=0), Errand((5.0, 4.0), 30.0)]
    (path,) = walk(ROOM, [errands], 30.0, 10.0, np.random.default_rng(2))
    assert path.sit.max() == pytest.approx(1.0)
    assert path.sit[-1] == 0
    assert path.speed[path.sit > 0.5].max() < 0.05


def test_a_crowd_is_limited():
    floor = Floor(bounds=(0, 0, 6, 5), blocked=[], doors=[(5.5, 0.4)], crowd=3)
    present = np.stack([p.present for p in paths(floor, 8, 40.0)])
    assert 1 <= present.sum(0).max() <= 3


def test_no_people_is_fine():
    assert paths(ROOM, 0) == []
