import numpy as np
import pytest

from mtmc.calibration import CameraModel, FloorHomography

SIZE = (640, 480)
# A camera 3 m above the origin that looks along +y, 30 degrees below the horizon.
MATRIX = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
ROTATION = np.array([[1, 0, 0], [0, -0.5, -(0.75**0.5)], [0, 0.75**0.5, -0.5]])


def full():
    extrinsic = np.eye(4)
    extrinsic[:3, :3], extrinsic[:3, 3] = ROTATION, -ROTATION @ [0, 0, 3]
    return CameraModel(MATRIX, np.zeros(5), extrinsic, SIZE)


def floor_only(scale=1.0, error=0.0):
    to_image = MATRIX @ full().extrinsic[:3][:, [0, 1, 3]]
    return FloorHomography(scale * np.linalg.inv(to_image), SIZE, error)


@pytest.mark.parametrize("scale", [1.0, -7.0])
def test_the_floor_is_where_the_whole_camera_has_it(scale):
    pixels = np.array([[100.0, 470], [320, 240], [600, 300]])
    assert floor_only(scale).to_floor(pixels) == pytest.approx(full().to_floor(pixels))
    floor = np.array([[0.0, 4.0], [-2.0, 9.0]])
    assert floor_only(scale).from_floor(floor) == pytest.approx(full().from_floor(floor))
    assert floor_only().from_floor(np.zeros((0, 2))).shape == (0, 2)


def test_above_the_horizon_there_is_no_floor():
    assert np.isnan(floor_only().to_floor(np.array([[320.0, -400.0]]))).all()


def test_jacobian_is_that_of_small_steps():
    model, at = floor_only(), np.array([[200.0, 330.0]])
    for axis, step in enumerate(np.eye(2) * 1e-3):
        moved = (model.to_floor(at + step) - model.to_floor(at - step))[0] / 2e-3
        assert model.jacobian(at)[0, :, axis] == pytest.approx(moved, rel=1e-5)


def test_people_stand_at_their_feet_and_far_ones_are_less_certain():
    model = floor_only()
    (near, far) = model.from_floor(np.array([[0.5, 4], [0.5, 9]]))
    boxes = np.array([[x - 20, y - 150, x + 20, y] for x, y in (near, far)])
    points, covariances = model.locate(boxes)
    variances = np.trace(covariances, axis1=1, axis2=2)
    assert points == pytest.approx(np.array([[0.5, 4], [0.5, 9]]))
    assert variances[0] < variances[1]
    more = floor_only(error=0.3).locate(boxes)[1] - covariances
    assert more == pytest.approx(np.tile(0.09 * np.eye(2), (2, 1, 1)))


def test_feet_outside_the_image_say_nothing():
    points, covariances = floor_only().locate(np.array([[300.0, 200, 340, 479]]))
    assert np.isnan(points).all()
    assert np.isinf(covariances).all()


def test_another_image_size():
    pixels = np.array([[100.0, 400.0]])
    double = floor_only().resized((1280, 960))
    assert double.to_floor(2 * pixels) == pytest.approx(floor_only().to_floor(pixels))


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((3, 3)), "singular"),
        (np.zeros((3, 3)), "singular"),
        ([[1, 0, 0], [0, 1, 0], [0, 1, -480]], "horizon at the image's lower border"),
    ],
)
def test_impossible_homographies(matrix, message):
    with pytest.raises(ValueError, match=message):
        FloorHomography(np.array(matrix, float), SIZE)
