import pytest

from mtmc.evaluate.hota import ALPHAS, Hota, hota
from tests.mtmc.evaluate.trackeval_oracle import scene_of

STANDING = {frame: {1: 0} for frame in range(1, 6)}


def test_perfect():
    ratios = hota(scene_of(STANDING, STANDING)).ratios()
    assert set(ratios.values()) == {1.0}


def test_a_switch_costs_association_only():
    """Two boxes of 7 (A = 2/5 each), three of 8 (A = 3/5 each)."""
    result = {1: {7: 0}, 2: {7: 0}, 3: {8: 0}, 4: {8: 0}, 5: {8: 0}}
    ratios = hota(scene_of(STANDING, result)).ratios()
    assert ratios["DetA"] == 1
    assert ratios["AssA"] == pytest.approx((2 * 2 / 5 + 3 * 3 / 5) / 5)
    assert ratios["AssRe"] == pytest.approx((2 * 2 / 5 + 3 * 3 / 5) / 5)
    assert ratios["AssPr"] == 1
    assert ratios["HOTA"] == pytest.approx((13 / 25) ** 0.5)


def test_ghosts_and_misses_cost_detection():
    result = {1: {7: 0}, 2: {7: 0, 9: 50}, 3: {7: 0}}
    ratios = hota(scene_of(STANDING, result)).ratios()
    assert ratios["DetRe"] == pytest.approx(3 / 5)
    assert ratios["DetPr"] == pytest.approx(3 / 4)
    assert ratios["DetA"] == pytest.approx(3 / 6)
    assert ratios["AssA"] == pytest.approx(3 / 5)


def test_loose_boxes_match_below_their_similarity_only():
    """8/12 is reached by the thresholds 0.05 to 0.65."""
    result = {frame: {7: 2} for frame in range(1, 6)}
    sums = hota(scene_of(STANDING, result))
    assert sums.TP.tolist() == [5 if alpha <= 8 / 12 else 0 for alpha in ALPHAS]
    ratios = sums.ratios()
    assert ratios["HOTA"] == pytest.approx(13 / 19)
    assert ratios["LocA"] == pytest.approx((13 * 8 / 12 + 6) / 19)  # LocA of no match is 1
    assert ratios["LocA(0)"] == pytest.approx(8 / 12)


def test_combination_weighs_by_matches():
    switched = hota(scene_of(STANDING, {1: {7: 0}, 2: {7: 0}, 3: {8: 0}, 4: {8: 0}, 5: {8: 0}}))
    perfect = hota(scene_of({1: {1: 0}}, {1: {1: 0}}))
    combined = switched + perfect
    assert combined.ratios()["AssA"] == pytest.approx((13 / 5 + 1) / 6)
    assert (switched + Hota()).ratios() == pytest.approx(switched.ratios())


def test_nothing():
    ratios = hota(scene_of(STANDING, {})).ratios()
    assert (ratios["HOTA"], ratios["LocA"]) == (0, 1)
