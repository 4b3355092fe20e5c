"""Boxes whose feet are hidden."""

from dataclasses import replace

import numpy as np
import pytest

from mtmc.trackers.offline import refine
from mtmc.trackers.offline.whole import upper_envelope
from tests.trackers.offline.test_refine import PLAIN, walk, with_boxes


def cut_off(rows, frames, share):
    """The rows with boxes that show only the upper part in some frames."""
    boxes, some = rows["box"].copy(), np.isin(rows["step"], frames)
    boxes[some, 3] -= (1 - share) * (boxes[some, 3] - boxes[some, 1])
    return with_boxes(rows, boxes)


@pytest.mark.parametrize("frames", [range(60, 90), range(1, 25), range(130, 150)])
def test_legs_hidden_for_a_while_are_added(frames):
    person = walk(1, range(1, 150), (100, 200), (2, 0), noise=0.5)
    found = refine(cut_off(person, frames, 0.6), PLAIN)
    np.testing.assert_allclose(found["box"], person["box"], atol=10)  # of 48 hidden
    assert found["detected"].all()


def test_who_comes_closer_grows_all_the_same():
    frames = np.arange(1, 150)
    rows = walk(1, frames, (100, 200), (0, 0))
    height = 60 * np.exp(frames / 100)
    boxes = np.column_stack([rows["box"][:, 0], 300 - height, rows["box"][:, 2], 300 + 0 * height])
    grown = with_boxes(rows, boxes)
    np.testing.assert_allclose(refine(grown, PLAIN)["box"], grown["box"], atol=1e-3)
    hidden = cut_off(grown, range(70, 90), 0.5)
    np.testing.assert_allclose(refine(hidden, PLAIN)["box"], grown["box"], atol=8)


def test_who_sits_down_for_long_is_seated():
    rows = cut_off(walk(1, range(1, 900), (100, 200), (0, 0)), range(300, 900), 0.6)
    found = refine(rows, PLAIN)
    seated = (found["step"] > 500) & (found["step"] < 850)
    np.testing.assert_allclose(found["box"][seated], rows["box"][seated], atol=1e-3)


def test_whose_head_is_above_the_image_has_feet():
    rows = walk(1, range(1, 150), (100, 40), (2, 0))
    boxes, some = rows["box"].copy(), slice(60, 90)
    boxes[some, 1], boxes[some, 3] = 0, 70  # close to the camera: the upper part is outside
    rows = with_boxes(rows, boxes)
    np.testing.assert_allclose(refine(rows, PLAIN)["box"], boxes, atol=1e-3)


def test_it_can_be_left_out():
    rows = cut_off(walk(1, range(1, 150), (100, 200), (2, 0)), range(60, 90), 0.6)
    found = refine(rows, replace(PLAIN, whole_period=0))
    np.testing.assert_allclose(found["box"], rows["box"], atol=1e-3)


def dense_envelope(signal, frames, period):
    """The same of one part, with dense matrices and many rounds."""
    place, size = frames - frames[0], frames[-1] - frames[0] + 1
    value, seen = np.zeros(size), np.zeros(size)
    value[place], seen[place] = signal, 1.0
    bend = np.diff(np.eye(size), 2, axis=0)
    weight = seen
    for _ in range(10):
        system = (period / (2 * np.pi)) ** 4 * bend.T @ bend + np.diag(weight + 1e-9)
        line = np.linalg.solve(system, weight * value)
        weight = seen * np.where(value > line, 0.98, 0.02)
    return line[place]


def test_the_envelope_is_that_of_dense_matrices_part_by_part():
    rng = np.random.default_rng(0)
    parts = [np.sort(rng.choice(60, size, replace=False)) for size in (1, 2, 3, 4, 20, 40)]
    signals = [rng.normal(4, 0.2, len(part)) for part in parts]
    number = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    found = upper_envelope(np.concatenate(signals), np.concatenate(parts), number, 20.0)
    expected = [dense_envelope(s, f, 20.0) for s, f in zip(signals, parts, strict=True)]
    np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-5)
