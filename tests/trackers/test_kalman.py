"""The closed-form filter against filterpy's matrices."""

import filterpy.kalman
import numpy as np
import pytest

from mtmc.trackers import kalman
from mtmc.trackers.motion import AreaModel, HeightModel, Motion, SizeModel, TopModel

TOP = TopModel(measured=0.02, position=0.01, velocity=0.001, start=0.02, size=2.0, step=2.0)
MODELS = [AreaModel(), HeightModel(), SizeModel(), TOP]


def random_boxes(rng, count):
    corner = rng.uniform(0, 1000, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(20, 200, (count, 2))], axis=1)


def reference(model, box):
    """filterpy's filter of one track, 8 states: four values, four velocities."""
    values = model.encode(box[None])
    var_value, var_velocity = (np.broadcast_to(v, (1, 4)) for v in model.initial_noise(values))
    matrices = filterpy.kalman.KalmanFilter(dim_x=8, dim_z=4)
    matrices.x[:4, 0] = values[0]
    matrices.F = np.eye(8) + np.eye(8, k=4)
    matrices.H = np.eye(4, 8)
    matrices.P = np.diag(np.concatenate([var_value[0], var_velocity[0]]))
    return matrices


def step(matrices, model, box):
    values = matrices.x[None, :4, 0]
    noise = [np.broadcast_to(v, (1, 4))[0] for v in model.process_noise(values)]
    matrices.predict(Q=np.diag(np.concatenate(noise)))
    if box is not None:
        measured = np.broadcast_to(model.measurement_noise(matrices.x[None, :4, 0]), (1, 4))[0]
        matrices.update(model.encode(box[None])[0], R=np.diag(measured))


@pytest.mark.parametrize("model", MODELS)
def test_agrees_with_filterpy(model):
    rng = np.random.default_rng(0)
    boxes = random_boxes(rng, 7)
    motion = Motion(model)
    motion.add(boxes)
    references = [reference(model, box) for box in boxes]
    for _ in range(40):
        boxes = boxes + rng.normal(0, 2, (7, 4))
        seen = np.flatnonzero(rng.random(7) < 0.7)
        motion.predict()
        motion.correct(seen, boxes[seen])
        for row, matrices in enumerate(references):
            step(matrices, model, boxes[row] if row in seen else None)
        value, velocity, var_value, covariance, var_velocity = motion.state
        for row, matrices in enumerate(references):
            close = {"rtol": 1e-9, "atol": 1e-9}
            np.testing.assert_allclose(value[row], matrices.x[:4, 0], **close)
            np.testing.assert_allclose(velocity[row], matrices.x[4:, 0], **close)
            np.testing.assert_allclose(var_value[row], np.diag(matrices.P)[:4], **close)
            np.testing.assert_allclose(var_velocity[row], np.diag(matrices.P)[4:], **close)
            np.testing.assert_allclose(covariance[row], np.diag(matrices.P, k=4), **close)


@pytest.mark.parametrize("model", MODELS)
def test_decode_undoes_encode(model):
    boxes = random_boxes(np.random.default_rng(1), 50)
    np.testing.assert_allclose(model.decode(model.encode(boxes)), boxes, rtol=1e-12)


def test_steady_motion_is_learnt():
    box = np.array([[0.0, 0.0, 50.0, 100.0]])
    motion = Motion(HeightModel())
    motion.add(box)
    for frame in range(1, 60):
        motion.predict()
        motion.correct(np.array([0]), box + frame * np.array([3, 1, 3, 1]))
    np.testing.assert_allclose(motion.state[kalman.VELOCITY, 0, :2], [3, 1], atol=0.05)
