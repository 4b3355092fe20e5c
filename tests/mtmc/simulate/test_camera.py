import json

import cv2
import numpy as np
import pytest

from mtmc.simulate.camera import look_at


@pytest.fixture
def camera():
    return look_at("cam0", np.array([0.2, 0.1, 2.4]), np.array([3.0, 2.5, 0.8]), 640, 480, 78.0)


def test_projection_is_opencvs(camera):
    rng = np.random.default_rng(0)
    points = rng.uniform([1, 1, 0], [5, 4, 2], (50, 3))
    distortion = np.array([camera.k1, camera.k2, 0, 0, 0])
    rotation = cv2.Rodrigues(camera.rotation)[0]
    expected, _ = cv2.projectPoints(points, rotation, camera.translation, camera.matrix, distortion)
    pixels, depth = camera.project(points)
    assert (depth > 0).all()
    np.testing.assert_allclose(pixels, expected[:, 0], atol=1e-9)


def test_the_target_is_in_the_middle_and_up_is_up(camera):
    pixels, _ = camera.project(np.array([[3.0, 2.5, 0.8], [3.0, 2.5, 1.6]]))
    np.testing.assert_allclose(pixels[0], [320, 240], atol=1e-6)
    assert pixels[1, 1] < pixels[0, 1]


def test_distortion_folds_nothing_back_into_the_view(camera):
    radius = np.linspace(0, 1.5, 400)
    distorted = radius * (1 + camera.k1 * radius**2 + camera.k2 * radius**4)
    assert (np.diff(distorted) > 0).all()


def test_the_calibration_file_is_read_by_the_pipeline(camera, tmp_path):
    from mtmc import calibration

    path = tmp_path / "cam0.json"
    path.write_text(json.dumps(camera.calibration()))
    model = calibration.load_calibration(tmp_path, ["cam0"])["cam0"]
    np.testing.assert_allclose(model.matrix, camera.matrix)
    np.testing.assert_allclose(model.position, camera.origin, atol=1e-6)
    assert model.size == (640, 480)
