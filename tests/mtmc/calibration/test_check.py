import cv2
import numpy as np
import pytest

from mtmc.calibration import FloorHomography
from mtmc.calibration.camera import CameraModel
from mtmc.calibration.check import HeightCheck, apparent_heights, check, doubt, doubt_at_sight
from mtmc.errors import UserError
from tests.mtmc.calibration.test_camera import SIZE, looking_down, person_box

CAMERA = looking_down()


def plane(factor=1.0):
    to_image = CAMERA.matrix @ CAMERA.extrinsic[:3][:, [0, 1, 3]]
    return FloorHomography(np.diag([factor, factor, 1]) @ np.linalg.inv(to_image), SIZE)


def scaled(factor, model=CAMERA):
    extrinsic = model.extrinsic.copy()
    extrinsic[:3, 3] *= factor
    return CameraModel(model.matrix, model.distortion, extrinsic, SIZE)


def crowd(count=40, height=1.7):
    random = np.random.default_rng(0)
    places = np.column_stack([random.uniform(-1, 1, count), random.uniform(5, 9, count)])
    return np.array([person_box(CAMERA, x, y, height) for x, y in places])


@pytest.mark.parametrize(("model", "error"), [(CAMERA, 0.02), (plane(), 0.3)])
@pytest.mark.parametrize("height", [1.5, 1.9])
def test_how_tall_people_are(model, error, height):
    """A floor alone does not know that heads are nearer to the camera."""
    assert apparent_heights(model, crowd(5, height), SIZE) == pytest.approx(height, rel=error)


def test_what_tells_no_height():
    whole = crowd(1)[0]
    wide = [whole[0] - 300, whole[1], whole[2] + 300, whole[3]]
    cut = [whole[0], 0, whole[2], whole[3]]
    below = [whole[0], whole[1], whole[2], 479]
    sky = [300, 10, 310, 60]
    heights = apparent_heights(looking_down(tilt=5), np.array([wide, cut, below, sky]), SIZE)
    assert np.isnan(heights[:3]).all()
    assert np.isinf(heights[3])
    assert np.isnan(apparent_heights(looking_down(tilt=85), np.array([[300, 200, 340, 300]]), SIZE))


@pytest.mark.parametrize("model", [CAMERA, plane()])
def test_a_good_calibration_is_not_doubted(model):
    assert doubt(model, crowd(), SIZE) is None
    assert doubt(model, crowd(height=1.2), SIZE) is None  # children, or people who sit
    assert doubt(model, np.zeros((0, 4)), SIZE) is None


@pytest.mark.parametrize("make", [scaled, plane])
@pytest.mark.parametrize(
    ("factor", "cause"),
    [
        (1 / 0.3048, "is it in ft"),
        (1 / 0.0254, "is it in in"),
        (100, "is it in cm"),
        (0.01, "in m, not cm"),
        (0.3048, "in m, not ft"),
        (7, "is it this camera's"),
    ],
)
def test_another_unit(make, factor, cause):
    said = doubt(make(factor), crowd(), SIZE)
    assert "people would be" in said
    assert cause in said


def test_the_other_way():
    extrinsic = np.linalg.inv(CAMERA.extrinsic)
    other = CameraModel(CAMERA.matrix, CAMERA.distortion, extrinsic, SIZE)
    assert "is it given camera -> world?" in doubt(other, crowd(), SIZE)
    inverse = FloorHomography(np.linalg.inv(plane().matrix), SIZE)
    assert "direction: floor_to_image" in doubt(inverse, crowd(), SIZE)


def test_it_is_said_once(caplog):
    check = HeightCheck("hall", scaled(100), SIZE)
    for time in range(200):
        check.add(float(time), crowd(10))
    check.finish()
    check.finish()
    assert [r.getMessage()[:44] for r in caplog.records] == [
        "camera hall: by its calibration people would"
    ]


def test_a_few_boxes_tell_nothing(caplog):
    check = HeightCheck("hall", scaled(100), SIZE)
    for time in range(100):
        check.add(0.001 * time, crowd(3))  # one look
    check.finish()
    assert not caplog.records


@pytest.mark.parametrize(
    ("size", "given", "said"),
    [
        (SIZE, (1280, 960), "has its centre at 320, 240 px of 1280x960 images"),
        (SIZE, SIZE, None),
        ((1280, 960), SIZE, None),
        ((1280, 720), SIZE, "is of 640x480 images, and these are 1280x720"),
        (SIZE, None, None),
        ((1920, 1080), None, "has its centre at 320, 240 px of 1920x1080 images"),
    ],
)
def test_images_of_another_size(size, given, said):
    model = CameraModel(CAMERA.matrix, CAMERA.distortion, CAMERA.extrinsic, given)
    found = doubt_at_sight(model, size)
    assert found is None if said is None else said in found


@pytest.mark.parametrize("yaw", range(0, 360, 30))
@pytest.mark.parametrize("at", [(0.0, 0.0), (12.0, -7.0), (-4.0, 5.0)])
def test_extrinsics_the_other_way_show_at_once_or_by_people(yaw, at):
    turn = cv2.Rodrigues(np.array([0, 0, np.radians(yaw)]))[0]
    right = np.eye(4)
    right[:3, :3] = CAMERA.extrinsic[:3, :3] @ turn.T
    right[:3, 3] = -right[:3, :3] @ [*at, 3.0]
    check(CameraModel(CAMERA.matrix, CAMERA.distortion, right, SIZE), "a")
    turned = CameraModel(CAMERA.matrix, CAMERA.distortion, np.linalg.inv(right), SIZE)
    try:
        check(turned, "a")
        said = doubt_at_sight(turned, SIZE) or doubt(turned, crowd(), SIZE) or ""
    except UserError as error:
        said = str(error)
    assert "camera -> world" in said
