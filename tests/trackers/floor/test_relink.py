"""Ids on the floor, revised with the future known."""

import numpy as np
import pytest

from mtmc.trackers.floor.relink import relink

STEP = 0.5
SURE = 0.2**2 * np.eye(2)


def sightings(paths, cameras=2):
    """Columns of straight paths ``{person: (start step, places (T, 2))}``."""
    rows = []
    for person, (start, places) in paths.items():
        for number, place in enumerate(places):
            rows += [((start + number) * STEP, person, *place)] * cameras
    table = np.array(rows)
    return table[:, 0], table[:, 1].astype(int), table[:, 2:], np.tile(SURE, (len(rows), 1, 1))


def groups(ids, truth):
    return len(set(zip(ids.tolist(), truth.tolist(), strict=True)))


def walk(start, velocity, steps):
    return np.array(start) + STEP * np.outer(np.arange(steps), velocity)


def two_who_cross():
    return sightings({1: (0, walk([0, 0], [1.2, 0], 16)), 2: (0, walk([4.5, -4.4], [0, 1.2], 16))})


def test_what_is_right_stays():
    times, truth, points, covariances = two_who_cross()
    ids = relink(times, truth, points, covariances)
    assert groups(ids, truth) == 2


def test_a_switch_is_taken_back():
    times, truth, points, covariances = two_who_cross()
    late = times > 3.7
    switched = np.where(late, 3 - truth, truth)
    assert groups(switched, truth) == 4
    ids = relink(times, switched, points, covariances)
    assert groups(ids, truth) == 2


def test_newcomers_in_file_are_told_apart_by_where_they_go():
    """The second appears where the first was a step before: only what follows tells."""
    step = [-0.7, 0.6]
    paths = {
        1: (0, walk([9, 11], np.array(step) * 2, 10)),
        2: (1, walk([9.05, 11.05], np.array(step) * 2, 10)),
    }
    times, truth, points, covariances = sightings(paths)
    wrong = np.where((times == 0) | (truth == 2), 5, 6)  # the first place goes to the second person
    ids = relink(times, wrong, points, covariances)
    assert groups(ids, truth) == 2


def test_sightings_of_one_moment_and_id_stay_together():
    rng = np.random.default_rng(0)
    times = np.repeat(np.arange(20) * STEP, 8)
    ids = np.tile(np.repeat(np.arange(4), 2), 20)
    points = rng.uniform(0, 3, (len(ids), 2))
    new = relink(times, ids, points, np.tile(SURE, (len(ids), 1, 1)))
    np.testing.assert_array_equal(new[::2], new[1::2])
    for time in np.unique(times):
        assert len(set(new[times == time].tolist())) == 4


def test_nobody():
    none = np.zeros(0)
    assert len(relink(none, none.astype(int), np.zeros((0, 2)), np.zeros((0, 2, 2)))) == 0


@pytest.mark.parametrize(("aside", "people"), [(0.5, 1), (1.25, 1), (1.8, 2)])
def test_people_seldom_end_just_where_another_one_begins(aside, people):
    """Ten times likelier than not it is one who stepped aside, unless that was too far."""
    path = walk([0, 0], [1.2, 0], 16)
    path[8:, 1] += aside
    times, one, points, covariances = sightings({1: (0, path)})
    assert len(set(relink(times, one, points, covariances).tolist())) == people


@pytest.mark.parametrize(("gone", "people"), [(2, 1), (10, 2)])
def test_who_was_gone_for_long_is_somebody_new_here_too(gone, people):
    here = walk([0, 0], [0, 0], 10)
    times, ids, points, covariances = sightings({1: (0, here), 2: (10 + gone, here)})
    assert len(set(relink(times, ids, points, covariances).tolist())) == people
