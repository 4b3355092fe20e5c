import numpy as np
import pytest

from mtmc.associate import floor
from mtmc.associate.evidence import EvidenceConfig
from mtmc.associate.floor import floor_evidence, floor_odds
from mtmc.tracklets import TICK
from tests.mtmc.associate.scenes import crowd, make_tracklet

CONFIG = EvidenceConfig()


def test_floor_odds_fall_with_distance_to_the_share_of_outliers():
    odds = floor_odds(np.array([0.0, 0.3, 1.0, 30.0]), np.full(4, 0.02), CONFIG)
    assert odds[0] > odds[1] > 0 > odds[2] > odds[3]
    assert odds[3] == pytest.approx(np.log(CONFIG.floor_outliers))


def test_uncertain_positions_say_less():
    near = floor_odds(np.zeros(2), np.array([0.01, 4.0]), CONFIG)
    assert near[0] > near[1] > 0


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
    for tick, point, variance in zip(a.path.ticks, a.path.points, a.path.variances, strict=True):
        if tick in b.path.ticks:
            at = b.path.ticks.index(tick)
            distance = np.linalg.norm(np.subtract(point, b.path.points[at]))
            found.append(floor_odds(distance, variance + b.path.variances[at], CONFIG))
    looks = min(len(found) * TICK / CONFIG.floor_memory, CONFIG.floor_limit)
    return float(np.mean(found) * looks) if found else 0.0


@pytest.mark.parametrize("at_once", [7, 1 << 18])
def test_evidence_of_many_is_that_of_each_two(monkeypatch, at_once):
    monkeypatch.setattr(floor, "PAIRS_AT_ONCE", at_once)
    tracklets, _ = crowd(3, people=3, visits=2, walk=True)
    some, others = tracklets[:5], tracklets[2:]
    expected = [[slowly(a, b) for b in others] for a in some]
    assert np.allclose(floor_evidence(some, others, CONFIG).toarray(), expected, atol=1e-4)
