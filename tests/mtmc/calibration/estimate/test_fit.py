import numpy as np
import pytest

from mtmc.calibration import CameraModel, load_calibration
from mtmc.calibration.entry import Lens
from mtmc.calibration.estimate.fit import fit_camera, fit_homography

SIZE = (1280, 720)
FLOOR = np.array([[x, y] for x in (-2.0, 0.0, 2.0) for y in (4.0, 6.0, 9.0)])


def camera(distortion=(0.0,) * 5, yaw=0.3):
    """3 m above the floor, 25 degrees below the horizon."""
    tilt = np.radians(25)
    level = np.array(
        [[1, 0, 0], [0, -np.sin(tilt), -np.cos(tilt)], [0, np.cos(tilt), -np.sin(tilt)]]
    )
    turn = np.array([[np.cos(yaw), np.sin(yaw), 0], [-np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    extrinsic = np.eye(4)
    extrinsic[:3, :3] = level @ turn
    extrinsic[:3, 3] = -extrinsic[:3, :3] @ [0.5, -1, 3]
    matrix = np.array([[900.0, 0, 640], [0, 900, 360], [0, 0, 1]])
    return CameraModel(matrix, np.array(distortion), extrinsic, SIZE)


def pairs(model, noise=0.5):
    pixels = model.from_floor(FLOOR)
    return pixels + noise * np.random.default_rng(0).standard_normal(pixels.shape)


def fit(kind, pixels, floor, model):
    if kind == "homography":
        return fit_homography(pixels, floor, SIZE, 5.0)
    return fit_camera(pixels, floor, Lens(model.matrix, model.distortion, SIZE), SIZE, 5.0)


@pytest.mark.parametrize(
    ("kind", "distortion"),
    [("homography", (0.0,) * 5), ("camera", (0.0,) * 5), ("camera", (-0.25, 0.1, 0, 0, 0))],
)
def test_wrong_points_are_found_and_left_out(kind, distortion):
    truth = camera(distortion)
    pixels = pairs(truth)
    pixels[[2, 7]] += [[60, 10], [-40, 45]]
    found = fit(kind, pixels, FLOOR, truth)
    assert np.flatnonzero(~found.inliers).tolist() == [2, 7]
    assert found.pixels[found.inliers].max() < 3
    assert found.pixels[[2, 7]] == pytest.approx([60.8, 60.2], abs=8)
    between = np.array([[-1.0, 5], [1, 7.5]])
    assert found.model.to_floor(truth.from_floor(between)) == pytest.approx(between, abs=0.08)


def test_a_whole_camera_finds_its_place():
    truth = camera((-0.25, 0.1, 0, 0, 0))
    found = fit("camera", pairs(truth, 0.2), FLOOR, truth).model
    assert found.position == pytest.approx(truth.position, abs=0.05)


def test_the_error_of_a_homography_is_that_of_its_points():
    truth = camera()
    exact = fit_homography(pairs(truth, 0.0), FLOOR, SIZE, 5.0)
    assert exact.model.error < 1e-6
    noisy = fit_homography(pairs(truth, 1.0), FLOOR, SIZE, 5.0)
    assert 0.005 < noisy.model.error < 0.1
    four = fit_homography(pairs(truth)[[0, 2, 6, 8]], FLOOR[[0, 2, 6, 8]], SIZE, 5.0)
    assert four.model.error == 0.0


@pytest.mark.parametrize("kind", ["homography", "camera"])
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([0, 2, 6], "needs at least 4 points, got 3"),
        ([0, 1, 2, 2], "lie on one line"),
        ([], "needs at least 4 points, got 0"),
    ],
)
def test_too_few_points_or_all_on_a_line(kind, rows, message):
    truth = camera()
    with pytest.raises(ValueError, match=message):
        fit(kind, pairs(truth)[rows], FLOOR[rows], truth)


def test_three_of_four_on_a_line_do_not_determine_a_homography():
    truth = camera()
    for noise in (0, 1):
        with pytest.raises(ValueError, match="all but one or two lie on one line"):
            fit_homography(pairs(truth, noise)[[0, 1, 2, 8]], FLOOR[[0, 1, 2, 8]], SIZE, 5.0)


def test_a_mirrored_floor_is_refused_for_whole_cameras():
    truth = camera()
    with pytest.raises(ValueError, match="below the floor"):
        fit("camera", pairs(truth), FLOOR * [-1, 1], truth)


@pytest.mark.parametrize("lens_known", [True, False])
def test_real_cameras_from_nine_clicks(shared_data, lens_known):
    """Clicks of 1 px accuracy on marks of a real room's floor, as far as the cameras see them."""
    names = [f"cam{i}" for i in range(4)]
    truth = load_calibration(shared_data / "lab4" / "calibration", names)
    rng = np.random.default_rng(1)
    marks = np.array([[x, y] for x in (-1.5, 0, 1.5) for y in (-1.5, 0, 1.5)])
    walked = rng.uniform(-1, 1, (100, 2))
    for model in truth.values():
        pixels = model.from_floor(marks) + rng.standard_normal((9, 2))
        if lens_known:
            lens = Lens(model.matrix, model.distortion, model.size)
            found = fit_camera(pixels, marks, lens, model.size, 5.0)
        else:
            found = fit_homography(pixels, marks, model.size, 20.0)
        off = np.linalg.norm(found.model.to_floor(model.from_floor(walked)) - walked, axis=1)
        assert np.median(off) < (0.03 if lens_known else 0.08)
