import numpy as np
import pytest
from filterpy.common import Q_continuous_white_noise
from filterpy.kalman import KalmanFilter

from mtmc.trackers.floor.motion import FloorMotion, invert


def test_the_same_numbers_as_filterpy():
    rng = np.random.default_rng(0)
    motion = FloorMotion(walking=1.2, acceleration=0.6)
    start = np.array([[1.0, 2.0]])
    motion.add(start)
    oracle = KalmanFilter(dim_x=4, dim_z=2)
    oracle.x = np.array([1.0, 2.0, 0, 0])
    oracle.P = motion.covariance[0].copy()
    oracle.H = np.eye(2, 4)
    for _ in range(20):
        step = rng.uniform(0.05, 1.0)
        oracle.F = np.block([[np.eye(2), step * np.eye(2)], [np.zeros((2, 2)), np.eye(2)]])
        block = Q_continuous_white_noise(2, step, 0.36)
        oracle.Q = np.kron(block, np.eye(2))
        root = rng.normal(size=(2, 2))
        oracle.R = root @ root.T + 0.1 * np.eye(2)
        measured = rng.normal(size=2)
        motion.predict(step)
        oracle.predict()
        motion.correct(np.array([0]), measured[None], oracle.R[None])
        oracle.update(measured)
        np.testing.assert_allclose(motion.mean[0], oracle.x, atol=1e-9)
        np.testing.assert_allclose(motion.covariance[0], oracle.P, atol=1e-9)


def test_inverses():
    rng = np.random.default_rng(1)
    root = rng.normal(size=(50, 2, 2))
    matrices = root @ root.transpose(0, 2, 1) + 0.01 * np.eye(2)
    np.testing.assert_allclose(invert(matrices), np.linalg.inv(matrices), rtol=1e-6)
    assert invert(np.zeros((1, 2, 2))) == pytest.approx(0)  # nothing known stays finite


def test_dropped_people_are_gone():
    motion = FloorMotion(1.0, 1.0)
    motion.add(np.arange(6.0).reshape(3, 2))
    motion.keep(np.array([True, False, True]))
    np.testing.assert_array_equal(motion.mean[:, :2], [[0, 1], [4, 5]])
