"""Refinement of finished tracks on made-up stories."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from mtmc.trackers.offline import RefineConfig, linked, make_table, refine
from mtmc.trackers.offline.link import best_links, chain_labels

BOX = np.array([0.0, 0, 50, 120])
AT_30 = RefineConfig().at_rate(30)
PLAIN = replace(AT_30, extend=0, smooth_position=0, smooth_size=0)


def walk(track_id, frames, start, speed, *, noise=0.0, score=1.0, seed=0):
    """Somebody walking straight on, seen in the given frames."""
    frames = np.asarray(frames)
    rng = np.random.default_rng(seed)
    corner = np.asarray(start) + frames[:, None] * np.asarray(speed)
    corner = corner + rng.normal(0, noise, corner.shape)
    count = len(frames)
    boxes = BOX + np.tile(corner, 2)
    return make_table(frames, np.full(count, track_id), boxes, np.full(count, score))


def together(*parts):
    return np.concatenate(parts)


def with_boxes(rows, boxes):
    rows = rows.copy()
    rows["box"] = boxes
    return rows


def test_a_gap_is_linked_and_filled():
    before = walk(3, range(1, 40), (100, 200), (4, 0))
    after = walk(8, range(60, 100), (100, 200), (4, 0))
    found = refine(together(before, after), PLAIN)
    assert set(found["person"].tolist()) == {3}
    assert found["step"].tolist() == list(range(1, 100))
    expected = walk(3, range(1, 100), (100, 200), (4, 0))["box"]
    np.testing.assert_allclose(found["box"], expected, atol=1e-3)
    filled = (found["step"] >= 40) & (found["step"] < 60)
    assert np.array_equal(found["detected"], ~filled)


@pytest.mark.parametrize(("gap", "people"), [(30, 1), (145, 2)])
def test_who_comes_back_late_is_somebody_else_at_equal_evidence(gap, people):
    start = 60 + gap
    before = walk(1, range(1, 60), (100, 200), (2, 0), noise=1)
    after = walk(2, range(start, start + 60), (105, 205), (2, 0), noise=1, seed=1)
    for settings, found in ((AT_30, people), (replace(AT_30, return_time=1e9), 1)):
        assert len(set(linked(together(before, after), settings).tolist())) == found


def test_people_who_pass_each_other_unseen_keep_their_ways():
    right = [walk(i, f, (100, 200), (5, 0)) for i, f in ((1, range(1, 40)), (3, range(60, 100)))]
    left = [walk(i, f, (600, 205), (-5, 0)) for i, f in ((2, range(1, 40)), (4, range(60, 100)))]
    found = refine(together(*right, *left), PLAIN)
    assert set(found["person"].tolist()) == {1, 2}
    last = found[found["step"] == 99]
    expected = {1: 100 + 5 * 99, 2: 600 - 5 * 99}
    for track_id, x in expected.items():
        np.testing.assert_allclose(last["box"][last["person"] == track_id][0, 0], x, atol=1e-3)


@pytest.mark.parametrize(
    ("start", "size"), [((1500, 200), 1.0), ((180, 200), 2.5)], ids=["elsewhere", "other size"]
)
def test_another_person_is_not_linked(start, size):
    before = walk(1, range(1, 40), (100, 200), (2, 0))
    after = walk(2, range(50, 90), start, (2, 0))
    after["box"][:, 2:] = after["box"][:, :2] + size * (BOX[2:] - BOX[:2])
    assert set(refine(together(before, after), PLAIN)["person"].tolist()) == {1, 2}


@pytest.mark.parametrize(("larger", "people"), [(1.3, 1), (2.0, 2)])
def test_whoever_goes_on_there_in_another_size_is_somebody_else(larger, people):
    before = walk(1, range(1, 40), (100, 200), (2, 0))
    after = walk(2, range(50, 90), (100, 200), (2, 0))
    middle = 0.5 * (after["box"][:, :2] + after["box"][:, 2:])
    half = 0.5 * larger * (after["box"][:, 2:] - after["box"][:, :2])
    after["box"] = np.concatenate([middle - half, middle + half], axis=1)
    assert len(set(refine(together(before, after), PLAIN)["person"].tolist())) == people


def test_sizes_are_smoothed():
    rows = walk(1, range(1, 61), (100, 200), (2, 0))
    rows["box"][::2, [0, 1]] -= 4
    rows["box"][::2, [2, 3]] += 4
    found = refine(rows, AT_30)["box"][10:50]
    assert np.std(found[:, 3] - found[:, 1]) < 0.5  # of 4


def looks_of(rows, looks):
    """One embedding per track id; None for a track without."""
    none = np.full(4, np.nan)
    return np.array([none if looks[i] is None else np.eye(4)[looks[i]] for i in rows["track"]])


def people_in(rows, looks=None):
    looks = None if looks is None else looks_of(rows, looks)
    return len(set(refine(rows, PLAIN, looks=looks)["person"].tolist()))


def test_looks_decide_where_motion_does_not():
    before = walk(1, range(1, 40), (100, 200), (0, 0), noise=1)
    after = walk(2, range(90, 130), (130, 200), (0, 0), noise=1)
    rows = together(before, after)
    assert people_in(rows, {1: 0, 2: 0}) == 1
    assert people_in(rows, {1: 0, 2: 1}) == 2
    assert people_in(rows, {1: 0, 2: None}) == people_in(rows)


def test_a_long_gap_is_cut_and_its_end_is_somebody_new():
    rows = together(
        walk(5, range(1, 40), (100, 200), (0, 0)), walk(5, range(80, 120), (900, 200), (0, 0))
    )
    found = refine(rows, PLAIN)
    assert sorted(set(found["person"].tolist())) == [5, 6]
    assert len(found) == len(rows)


def test_ghosts_go():
    rows = together(
        walk(1, range(1, 40), (100, 200), (0, 0)),
        walk(2, range(10, 16), (900, 200), (0, 0), score=0.4),
    )
    assert set(refine(rows, PLAIN)["person"].tolist()) == {1}


def test_both_ends_go_on_within_the_video():
    rows = walk(1, range(3, 40), (100, 200), (4, 0))
    found = refine(rows, replace(PLAIN, extend=5), last_step=42)
    assert found["step"].tolist() == list(range(1, 43))
    expected = walk(1, range(1, 43), (100, 200), (4, 0))["box"]
    np.testing.assert_allclose(found["box"], expected, atol=1.0)


def test_smoothing_takes_noise_away_and_leaves_lines_alone():
    line = walk(1, range(1, 60), (100, 200), (4, 1))
    config = replace(AT_30, extend=0)
    np.testing.assert_allclose(refine(line, config)["box"], line["box"], atol=1e-3)
    noisy = refine(walk(1, range(1, 60), (100, 200), (4, 1), noise=3), config)
    before = np.abs(walk(1, range(1, 60), (100, 200), (4, 1), noise=3)["box"] - line["box"]).mean()
    assert np.abs(noisy["box"] - line["box"]).mean() < 0.7 * before


def test_camera_motion_is_taken_out():
    """Everybody jumps with the camera; the filled boxes follow the camera's way."""
    rng = np.random.default_rng(1)
    camera = np.cumsum(rng.normal(0, 6, (101, 2)), axis=0)
    people = []
    for person in range(8):
        frames = np.arange(1, 101)
        rows = walk(person + 1, frames, (150 * person, 300), (0.2 * (person - 4), 0))
        people.append(with_boxes(rows, rows["box"] + np.tile(camera[frames], 2)))
    rows = together(*people)
    hidden = (rows["person"] == 4) & (rows["step"] > 40) & (rows["step"] < 60)
    found = refine(rows[~hidden], PLAIN)
    mine, truth = found[found["person"] == 4], rows[rows["person"] == 4]
    np.testing.assert_allclose(mine["box"], truth["box"], atol=6)
    assert np.abs(np.diff(camera[40:60], axis=0)).sum() > 60


def test_predicted_boxes_are_made_anew():
    rows = walk(1, range(1, 40), (100, 200), (4, 0))
    wrong = walk(1, range(40, 45), (700, 200), (4, 0))
    wrong["detected"] = False
    assert refine(together(rows, wrong), PLAIN)["step"].max() == 39


def test_nothing_in_nothing_out():
    nothing = walk(1, np.zeros(0, int), (0, 0), (0, 0))
    assert len(refine(nothing)) == 0
    ghost = walk(1, [5], (0, 0), (0, 0))
    assert len(refine(ghost)) == 0


def test_order_of_the_rows_does_not_matter():
    parts = [walk(i, range(i, 60 + i), (80 * i, 200), (i, 0), noise=1, seed=i) for i in range(1, 9)]
    rows = together(*parts)
    shuffled = rows[np.random.default_rng(0).permutation(len(rows))]
    np.testing.assert_array_equal(refine(rows)["box"], refine(shuffled)["box"])


def test_input_is_never_changed():
    rows = walk(1, range(1, 60), (100, 200), (4, 1), noise=3)
    before = rows["box"].copy()
    refine(rows)
    np.testing.assert_array_equal(rows["box"], before)


def test_links_have_the_greatest_evidence():
    rng = np.random.default_rng(0)
    for _ in range(30):
        table = rng.normal(0, 1, (4, 4))
        rows, cols = np.indices(table.shape).reshape(2, -1)
        before, after = best_links((rows, cols), table.ravel(), 4)
        gain = np.maximum(table, 0)
        best = max(gain[range(4), list(order)].sum() for order in itertools.permutations(range(4)))
        assert table[before, after].sum() == pytest.approx(best)


def test_chains_take_the_label_of_their_first():
    links = np.array([0, 2, 5]), np.array([2, 5, 3])
    assert chain_labels(links, 6).tolist() == [0, 1, 0, 0, 4, 0]


def test_bad_rows_are_named():
    row = np.ones(1)
    with pytest.raises(ValueError, match=r"box must have shape \(1, 4\)"):
        make_table(row, row, np.ones((1, 3)), row)
    with pytest.raises(ValueError, match="twice in one frame"):
        refine(make_table(np.ones(2), np.ones(2), np.ones((2, 4)), np.ones(2)))
