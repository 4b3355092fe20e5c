import numpy as np
import pytest

from mtmc.calibration.estimate.align import TICK, FloorTracks, align, common, pairs_at
from tests.mtmc.calibration.estimate.scenes import FPS, walks

TURN, SHIFT, LATE = 1.1 * np.exp(0.8j), 3 - 2j, 23  # LATE in ticks


def tracks(positions, late=0.0, rows=None):
    rows = list(range(len(positions))) if rows is None else rows
    times = np.tile(np.arange(positions.shape[1]) / FPS - late, len(rows))
    ids = np.repeat(np.arange(len(rows)), positions.shape[1])
    return FloorTracks.make(times, ids, positions[rows].ravel())


@pytest.mark.parametrize("rows", [[0, 1, 2, 3], [2, 0], [3]])
def test_turn_shift_and_time_are_found_without_ids(rows):
    positions = walks()
    rng = np.random.default_rng(1)
    noisy = positions + 0.1 * (rng.standard_normal((4, 300)) + 1j * rng.standard_normal((4, 300)))
    a = tracks(positions * TURN + SHIFT)
    found = align(a, tracks(noisy, LATE * TICK, rows), 10.0, free_scale=True)
    assert found.ticks == LATE
    assert found.factor == pytest.approx(TURN, abs=0.05)
    assert found.shift == pytest.approx(SHIFT, abs=0.2)
    assert found.score > 150


def test_outside_the_window_nothing_true_is_found():
    positions = walks()
    found = align(tracks(positions), tracks(positions, 5.0), 2.0, free_scale=False)
    inside = align(tracks(positions), tracks(positions, 5.0), 6.0, free_scale=False)
    assert abs(found.ticks * TICK) <= 2.7  # the window and what polishing adds to it
    assert found.score < 0.6 * inside.score


def test_people_who_stand_still_say_nothing():
    still = np.full((2, 300), 1 + 1j)
    assert align(tracks(still), tracks(still), 5.0, free_scale=True) is None
    nobody = FloorTracks.make(np.zeros(0), np.zeros(0, int), np.zeros(0, complex))
    assert align(tracks(walks()), nobody, 5.0, free_scale=True) is None


def test_gaps_longer_than_a_second_are_not_filled():
    times = np.concatenate([np.arange(0, 4, 0.2), np.arange(4.6, 8, 0.2), np.arange(11, 14, 0.2)])
    made = FloorTracks.make(times, np.zeros(len(times), int), times + 0j)
    known = np.isfinite(made.points[0])
    clock = (made.first + np.arange(len(known))) * TICK
    assert known[clock < 7.9].all()
    assert not known[(clock > 8.1) & (clock < 10.9)].any()


def test_tracks_side_by_side_are_not_one_person():
    positions = walks(2)
    a = tracks(positions)
    b = tracks(np.stack([positions[0] + 0.1, positions[0] + 0.6, positions[1]]))
    assert pairs_at(a, b, 1, 0, 0, 1.0) == [(0, 0), (1, 2)]


def test_cameras_together_keep_their_moments():
    a, b = tracks(walks(2)), tracks(walks(3), 4.0)
    both = FloorTracks.together([a, b])
    assert both.points.shape[0] == 5
    left, right = common(both, b, 0)
    assert left[2:, 10] == pytest.approx(right[:, 10])
