import dataclasses

import numpy as np
import pytest

from mtmc.calibration import CameraModel
from mtmc.evaluate.floor import floor_scene, fuse
from mtmc.evaluate.protocol import CameraRows
from mtmc.evaluate.scores import score
from mtmc.mot import MotRows
from tests.mtmc.evaluate.trackeval_oracle import rows_of


class FromAbove:
    """A camera in which 10 px are a metre, and the floor point is the box's left side."""

    size = (1000, 1000)

    def locate(self, boxes):
        return boxes[:, :2] / 10, np.tile(np.eye(2), (len(boxes), 1, 1))


MODELS = {"a": FromAbove(), "b": FromAbove()}
WALK = {frame: {1: 10 * frame, 2: 200} for frame in range(1, 6)}


def scores_of(*results, truth=(WALK, WALK)):
    cameras = [
        CameraRows(name, t if isinstance(t, MotRows) else rows_of(t), rows_of(result), 1, 5)
        for name, t, result in zip("ab", truth, results, strict=True)
    ]
    return score(floor_scene(cameras, MODELS))


def test_perfect():
    scores = scores_of(WALK, WALK)
    assert scores.counts()["TP"] == 10  # once per person and frame, not per camera
    assert scores.ratios()["HOTA"] == pytest.approx(1)


def test_one_camera_is_enough_to_be_found():
    assert scores_of(WALK, {}).ratios()["MOTA"] == 1


def test_within_a_metre():
    def shifted(pixels):
        return {f: {n: x + pixels for n, x in boxes.items()} for f, boxes in WALK.items()}

    near, far = scores_of(shifted(10), shifted(10)), scores_of(shifted(11), shifted(11))
    assert near.ratios()["MOTP"] == pytest.approx(1 - 1 / 2)
    assert near.counts()["TP"] == 10
    assert (far.counts()["TP"], far.counts()["FP"]) == (0, 10)


def test_positions_of_several_cameras_are_averaged():
    left = {f: {1: x[1] - 15} for f, x in WALK.items()}
    right = {f: {1: x[1] + 15} for f, x in WALK.items()}
    only_1 = {f: {1: x[1]} for f, x in WALK.items()}
    assert scores_of(left, right, truth=(only_1, only_1)).ratios()["MOTP"] == pytest.approx(1)


def test_an_identity_for_each_camera_is_one_too_many():
    other = {f: {n + 10: x for n, x in boxes.items()} for f, boxes in WALK.items()}
    counts = scores_of(WALK, other).counts()
    assert (counts["TP"], counts["FP"]) == (10, 10)


def flagged(flag):
    rows = rows_of(WALK)
    return dataclasses.replace(rows, scores=np.where(rows.ids == 2, flag, 1).astype(float))


def test_ignored_in_all_cameras_makes_no_difference():
    without = {f: {1: x[1]} for f, x in WALK.items()}
    for result in (WALK, without):
        counts = scores_of(result, result, truth=(flagged(0), flagged(0))).counts()
        assert (counts["TP"], counts["FN"], counts["FP"]) == (5, 0, 0)


def test_ignored_in_one_camera_counts_by_the_other():
    assert scores_of(WALK, WALK, truth=(flagged(0), flagged(1))).counts()["TP"] == 10


def test_fuse_by_certainty_and_without_the_unknown():
    people = fuse(
        steps=np.array([3, 3, 3, 1]),
        ids=np.array([7, 7, 7, 9]),
        points=np.array([[0, 0], [3, 3], [np.nan, np.nan], [np.nan, 1]]),
        covariances=np.array([1, 2, np.nan, 1])[:, None, None] * np.eye(2),
        counts=np.ones(4, bool),
    )
    assert (people.steps.tolist(), people.ids.tolist()) == ([3], [7])
    np.testing.assert_allclose(people.points, [[1, 1]])


def test_nobody():
    scores = scores_of({}, {}, truth=({}, {}))
    assert scores.counts()["TP"] == 0


def test_with_a_real_camera_model():
    """Two people seen from 3 m height and 10 m away, found half a metre beside where they are."""
    rotation = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # looks along y
    extrinsic = np.eye(4)
    extrinsic[:3, :3], extrinsic[:3, 3] = rotation, -rotation @ [0, -10, 3]
    matrix = np.array([[1000.0, 0, 500], [0, 1000, 500], [0, 0, 1]])
    model = CameraModel(matrix, np.zeros(5), extrinsic, (1000, 1000))

    def rows(x):
        feet = model.project([[x, 0, 0], [x + 3, 2, 0]])
        head = model.project([[x, 0, 1.7], [x + 3, 2, 1.7]])
        half = np.array([30, 0])
        boxes = np.concatenate([head - half, feet + half], axis=1)
        return MotRows.make(np.array([1, 1]), np.array([1, 2]), boxes)

    scores = score(floor_scene([CameraRows("a", rows(0), rows(0.5), 1, 1)], {"a": model}))
    assert scores.counts()["TP"] == 2
    assert scores.ratios()["MOTP"] == pytest.approx(1 - 0.5 / 2, abs=0.01)
