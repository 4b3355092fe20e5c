"""Five-frame stories; boxes are 10 px wide, so a shift of 2 px is an IoU of 8/12."""

import pytest

from mtmc.evaluate.clear import Clear, clear
from tests.mtmc.evaluate.trackeval_oracle import scene_of

STANDING = {frame: {1: 0} for frame in range(1, 6)}


def test_perfect():
    counts = clear(scene_of(STANDING, STANDING))
    assert counts == Clear(TP=5, MT=1, frames=5, similarity=5.0)
    assert counts.ratios()["MOTA"] == 1


def test_missed_false_and_switched():
    result = {
        1: {7: 0},
        2: {7: 0, 9: 50},  # 9 is nobody
        3: {},
        4: {8: 0},  # 8 takes over from 7 after a gap: one switch, one fragmentation
        5: {8: 2},
    }
    counts = clear(scene_of(STANDING, result))
    assert (counts.TP, counts.FN, counts.FP) == (4, 1, 1)
    assert (counts.IDSW, counts.MT, counts.PT, counts.ML) == (1, 0, 1, 0)
    ratios = counts.ratios()
    assert ratios["MOTA"] == pytest.approx(1 - 3 / 5)
    assert ratios["MODA"] == pytest.approx(1 - 2 / 5)
    assert ratios["MOTP"] == pytest.approx((3 + 8 / 12) / 4)
    assert ratios["Recall"] == pytest.approx(4 / 5)
    assert ratios["Precision"] == pytest.approx(4 / 5)


def test_frame_without_results_does_not_end_a_match():
    """Frame 3 has no results at all and is passed over: nothing was lost, nothing begins anew."""
    result = {1: {7: 0}, 2: {7: 0}, 4: {7: 0}, 5: {7: 0}}
    assert clear(scene_of(STANDING, result)).Frag == 0


def test_frame_with_other_results_does():
    result = {1: {7: 0}, 2: {7: 0}, 3: {9: 50}, 4: {7: 0}, 5: {7: 0}}
    assert clear(scene_of(STANDING, result)).Frag == 1


def test_match_of_the_frame_before_is_kept_against_a_closer_box():
    result = {1: {7: 2}, 2: {7: 2, 8: 0}, 3: {7: 2, 8: 0}, 4: {8: 0}, 5: {8: 0}}
    counts = clear(scene_of(STANDING, result))
    assert counts.IDSW == 1  # in frame 4, not in frame 2
    assert counts.similarity == pytest.approx(3 * 8 / 12 + 2)


def test_match_at_the_threshold_counts():
    """10 px wide boxes, 10/3 px apart, have an IoU of (20/3) / (40/3) = 1/2."""
    assert clear(scene_of(STANDING, {1: {7: 10 / 3}})).TP == 1
    assert clear(scene_of(STANDING, {1: {7: 3.4}})).TP == 0


def test_mostly_tracked_means_more_than_80_percent():
    result = {frame: {7: 0} for frame in range(1, 5)}
    counts = clear(scene_of(STANDING, result))
    assert (counts.MT, counts.PT) == (0, 1)


def test_one_side_only():
    nothing = clear(scene_of(STANDING, {}))
    assert (nothing.FN, nothing.ML, nothing.ratios()["MOTA"]) == (5, 1, 0)
    ghosts = clear(scene_of({}, STANDING))
    assert (ghosts.FP, ghosts.ratios()["MOTA"]) == (5, 0)


def test_combination_sums_counts_before_ratios():
    """1 error in 5 boxes and 0 in 1: 1/6, not the mean of 1/5 and 0."""
    first = clear(scene_of(STANDING, {frame: {7: 0} for frame in range(1, 5)}))
    second = clear(scene_of({1: {1: 0}}, {1: {1: 0}}))
    assert (first + second).ratios()["MOTA"] == pytest.approx(1 - 1 / 6)
