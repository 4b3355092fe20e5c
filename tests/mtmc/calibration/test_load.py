import json

import cv2
import numpy as np
import pytest

from mtmc.calibration import CameraModel, FloorHomography, load_calibration
from mtmc.errors import UserError

MATRIX = [[500.0, 0, 320], [0, 500, 240], [0, 0, 1]]
HOMOGRAPHY = [[0.01, 0, -3], [0, -0.02, 9], [0, 0.001, 1]]
RVEC, TVEC = [2.0, 0.1, -0.2], [0.5, 0.4, 6.0]


def write_opencv(path, **values):
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for name, value in values.items():
        storage.write(name, value)
    storage.release()


@pytest.mark.parametrize("suffix", ["yml", "yaml", "xml", "json"])
@pytest.mark.parametrize(
    "names", [("camera_matrix", "distortion_coefficients"), ("K", "D"), ("cameraMatrix", "dist")]
)
@pytest.mark.parametrize("pose", ["vectors", "matrix"])
def test_what_opencv_writes(tmp_path, suffix, names, pose):
    rotation = cv2.Rodrigues(np.array(RVEC))[0]
    vectors = {"rvec": np.array(RVEC), "tvec": np.array(TVEC)}
    matrix = {"R": rotation, "T": np.array([TVEC]).T}
    write_opencv(
        tmp_path / f"door.{suffix}",
        **{names[0]: np.array(MATRIX), names[1]: np.array([[-0.2, 0.1, 0, 0, 0.01]])},
        **(vectors if pose == "vectors" else matrix),
        image_width=640,
        image_height=480,
        avg_reprojection_error=0.3,
    )
    for path in (tmp_path, tmp_path / f"door.{suffix}"):
        model = load_calibration(path, ["door"])["door"]
        assert isinstance(model, CameraModel)
        assert model.size == (640, 480)
        assert model.matrix == pytest.approx(np.array(MATRIX))
        assert model.distortion == pytest.approx([-0.2, 0.1, 0, 0, 0.01])
        assert model.position == pytest.approx(-rotation.T @ TVEC)


def test_a_homography(tmp_path):
    entry = {"homography": HOMOGRAPHY, "resolution": [640, 480], "floor_error": 0.1}
    path = tmp_path / "all.yaml"
    path.write_text(json.dumps({"cameras": {"a": entry}}))
    model = load_calibration(path, ["a"])["a"]
    assert isinstance(model, FloorHomography)
    assert model.error == 0.1
    assert model.to_floor(np.array([[300.0, 450.0]])) == pytest.approx(np.zeros((1, 2)), abs=1e-9)


POSE = {"K": MATRIX, "rvec": RVEC, "tvec": TVEC}
PLANE = {"homography": HOMOGRAPHY, "resolution": [640, 480]}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({**POSE, "rvec": [1, 2]}, "a: rotation: expected 3 or 9 finite numbers"),
        ({**POSE, "tvec": [1, 2, float("nan")]}, "a: translation: expected 3 finite numbers"),
        ({"K": MATRIX, "rvec": RVEC}, "a: translation: expected 3 finite numbers"),
        ({"K": MATRIX}, "a: extrinsic: expected 12 or 16 finite numbers, .* or a rotation and a"),
        ({**POSE, "rvec": [1.0] * 9}, "is not a rotation"),
        ({**POSE, "rvec": [1, 0, 0, 0, 1, 0, 0, 0, -1]}, "is not a rotation"),
        ({**POSE, "K": [1, 0, 0, 0, -1, 0, 0, 0, 1]}, "intrinsic: expected rows fx 0 cx"),
        ({**POSE, "unit": "furlong"}, "unit: expected m, cm, mm, ft, in, got 'furlong'"),
        ({**POSE, "tvec": [50, 40, 600]}, "stands .* m above the floor; .*unit: cm"),
        ({**POSE, "rvec": [0, 0, 0]}, "stands -6 m above the floor"),
        ({**PLANE, "homography": [1] * 9}, "a: homography: is singular"),
        ({**PLANE, "resolution": None}, "a homography needs the resolution"),
        ([], "expected keys intrinsic, distortion, extrinsic, or homography"),
    ],
)
def test_wrong_entries(tmp_path, entry, message):
    (tmp_path / "a.json").write_text(json.dumps({"cameras": {"a": entry}}))
    with pytest.raises(UserError, match=message):
        load_calibration(tmp_path / "a.json", ["a"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xml", "<?xml version='1.0'?><opencv_storage><a></opencv_storage>"),
        ("a.yaml", "%YAML:1.0\n---\na: !!opencv-matrix\n   rows: ["),
        ("a.xml", "<?xml version='1.0'?>\n<html>"),
    ],
)
def test_files_that_opencv_cannot_read(tmp_path, capfd, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=f"{name}: not a file that OpenCV's FileStorage can read"):
        load_calibration(tmp_path, ["a"])
    assert capfd.readouterr().err == ""


def test_what_is_no_calibration_says_what_would_be(tmp_path):
    (tmp_path / "c1.txt").write_text("1 2 3 4\n")
    with pytest.raises(UserError, match=r"holds no calibration; expected c1\.json, say"):
        load_calibration(tmp_path, ["c1"])
    (tmp_path / "p.npz").write_bytes(b"PK\x03\x04\xa6\xff\xfe")
    with pytest.raises(UserError, match=r"p\.npz: not text; expected one of \.json"):
        load_calibration(tmp_path / "p.npz", ["c1"])
