import numpy as np
import pytest

from mtmc.associate.evidence import floor
from mtmc.associate.evidence.config import FLOOR_MEMORY, FLOOR_TRACK, EvidenceConfig
from mtmc.associate.evidence.floor import Positions, floor_evidence, floor_odds, position_odds
from mtmc.trackers import steps
from mtmc.tracking.tracklet import TICK
from tests.mtmc.associate.scenes import crowd, make_tracklet

CONFIG = EvidenceConfig()


def test_floor_odds_fall_with_distance_to_the_share_of_outliers():
    away = np.column_stack([[0.0, 0.3, 1.0, 30.0], np.zeros(4)])
    odds = floor_odds(away, np.tile(0.02 * np.eye(2), (4, 1, 1)))
    assert odds[0] > odds[1] > 0 > odds[2] > odds[3]
    assert odds[3] == pytest.approx(np.log(floor.OUTLIERS))


def test_uncertain_positions_say_less():
    covariances = np.array([0.01, 4.0])[:, None, None] * np.eye(2)
    near = floor_odds(np.zeros((2, 2)), covariances)
    assert near[0] > near[1] > 0


def test_what_is_unsure_along_one_axis_is_not_along_the_other():
    away = np.array([[1.0, 0.0], [0.0, 1.0]])
    odds = floor_odds(away, np.tile(np.diag([1.0, 0.01]), (2, 1, 1)))
    assert odds[0] > 0 > odds[1]


def test_hidden_feet_put_people_behind_their_place_as_the_camera_sees_it():
    # The first camera looks along x; the second person's bearing is not known.
    away = np.array([[1.5, 0.0], [-1.5, 0.0], [0.0, 1.5], [floor.REACH + 0.5, 0.0]])
    rays = np.tile([1.0, 0.0], (4, 1)), np.zeros((4, 2))
    covariance = np.tile(0.01 * np.eye(2), (4, 1, 1))
    behind, before, beside, far = floor_odds(away, covariance, rays)
    assert behind > 0 > max(before, beside, far)
    back = floor_odds(-away, covariance, rays[::-1])
    np.testing.assert_allclose(back, [behind, before, beside, far])


def test_places_far_from_each_other_are_compared_where_both_are_unsure():
    pair = [make_tracklet(camera, 1, []) for camera in "ab"]
    for tracklet, x in zip(pair, (0.0, 6.0), strict=True):
        tracklet.path.add(0.0, np.array([x, 0.0]), 9.0 * np.eye(2))
    both, first, second = Positions.of(pair, -np.inf, np.inf), np.array([0]), np.array([1])
    plain = floor_odds(np.array([[-6.0, 0.0]]), np.array([18.0 * np.eye(2)]))
    assert plain > np.log(floor.OUTLIERS) + 0.1
    np.testing.assert_allclose(position_odds(both, first, both, second), plain)


def test_floor_evidence_grows_with_independent_looks_up_to_a_limit():
    def together(seconds):
        times = np.arange(0, seconds, TICK)
        path = np.column_stack([times, np.zeros(len(times))])
        pair = [make_tracklet(c, 1, times, floor=path) for c in "ab"]
        return floor_evidence(pair, pair, CONFIG).toarray()

    one, five, fifty = together(1), together(5), together(50)
    assert five[0, 1] == pytest.approx(5 * one[0, 1], rel=1e-3)
    assert fifty[0, 1] == pytest.approx(CONFIG.floor_limit * one[0, 1], rel=1e-3)
    assert one[0, 1] == one[1, 0] > 0
    assert one[0, 0] == 0


def test_tracks_compared_with_themselves_are_as_with_any(monkeypatch):
    tracklets, _ = crowd(0, walk=True)
    found = floor_evidence(tracklets, tracklets, CONFIG).toarray()
    np.testing.assert_allclose(found, floor_evidence(tracklets, list(tracklets), CONFIG).toarray())
    monkeypatch.setattr(floor, "FAR", 1e6)
    everywhere = floor_evidence(tracklets, tracklets, CONFIG).toarray()
    np.testing.assert_allclose(found, everywhere, atol=1e-4)


def test_the_floor_says_nothing_of_one_camera_or_of_other_times():
    here = np.zeros((5, 2))
    a = make_tracklet("a", 1, np.arange(5) * TICK, floor=here)
    b = make_tracklet("a", 2, np.arange(5) * TICK, floor=here)
    later = make_tracklet("b", 1, 100 + np.arange(5) * TICK, floor=here)
    assert floor_evidence([a, b, later], [a, b, later], CONFIG).nnz == 0


def slowly(a, b):
    """The evidence of two tracklets, tick by tick."""
    if a.key.camera == b.key.camera:
        return 0.0
    found = []
    for at, tick in enumerate(a.path.ticks):
        if tick in b.path.ticks:
            other = b.path.ticks.index(tick)
            away = np.subtract(a.path.points[at], b.path.points[other])
            total = np.add(a.path.covariances[at], b.path.covariances[other])[[0, 1, 1, 2]]
            found.append(floor_odds(away[None], total.reshape(1, 2, 2))[0])
    looks = min(len(found) * TICK / FLOOR_MEMORY, CONFIG.floor_limit)
    return float(np.mean(found) * looks) if found else 0.0


@pytest.mark.parametrize("at_once", [7, 1 << 16])
def test_evidence_of_many_is_that_of_each_two(monkeypatch, at_once):
    monkeypatch.setattr(steps, "PAIRS_AT_ONCE", at_once)
    tracklets, _ = crowd(3, people=3, visits=2, walk=True)
    some, others = tracklets[:5], tracklets[2:]
    expected = [[slowly(a, b) for b in others] for a in some]
    assert np.allclose(floor_evidence(some, others, CONFIG).toarray(), expected, atol=1e-4)


def test_a_tracker_over_all_cameras_has_compared_places_already():
    times = np.arange(0, 4, TICK)
    here = np.zeros((len(times), 2))
    tracklets = [make_tracklet(c, 1, times, floor=here) for c in "abc"]
    tracklets.append(make_tracklet("a", 2, times + 60, floor=here))
    for tracklet, person in zip(tracklets, (7, 7, 8, 9), strict=True):
        tracklet.person = person
    odds = floor_evidence(tracklets, tracklets, CONFIG).toarray()
    weight = FLOOR_TRACK
    assert odds[0].tolist() == [0, weight, -weight, 0]  # itself, one, two at once, another time
    np.testing.assert_array_equal(odds, odds.T)


def test_who_comes_back_under_the_same_number_is_the_same():
    first, again = (make_tracklet("a", n, np.arange(3) + 20.0 * n) for n in (1, 2))
    first.person = again.person = 4
    assert floor_evidence([first, again], [first, again], CONFIG)[0, 1] == FLOOR_TRACK
