"""Calibrations as other programs, and people, write them."""

import json

import cv2
import numpy as np
import pytest
import yaml

from mtmc.calibration import CameraModel, FloorHomography, load_calibration
from mtmc.calibration.load import load_lenses
from mtmc.errors import UserError
from tests.mtmc.calibration.test_camera import SIZE, looking_down

CAMERA = looking_down()
K, R, T = CAMERA.matrix, CAMERA.extrinsic[:3, :3], CAMERA.extrinsic[:3, 3]
PROJECTION = K @ CAMERA.extrinsic[:3]
TO_IMAGE = PROJECTION[:, [0, 1, 3]]
TO_FLOOR = np.linalg.inv(TO_IMAGE)
POINTS = np.array([[100.0, 400], [320, 300], [600, 470]])
POSE = {"R": R.tolist(), "T": T.tolist(), "image_width": 640, "image_height": 480}
PLANE = {"resolution": SIZE}


def load(tmp_path, content, name="a", file="all.json"):
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / file).write_text(text, encoding="utf-8")
    return load_calibration(tmp_path / file, [name])[name]


def assert_right(model, camera=CAMERA):
    assert model.to_floor(POINTS) == pytest.approx(camera.to_floor(POINTS), abs=1e-6)
    assert model.size == SIZE


@pytest.mark.parametrize(
    "intrinsic",
    [
        {"intrinsic": {"fx": 500, "fy": 500, "cx": 320, "cy": 240}},
        {"fx": 500, "fy": 500, "cx": 320, "cy": 240},
        {"intrinsics": [500, 500, 320, 240]},
        {"K": K.ravel().tolist(), "distortion": []},
        {"mtx": K.tolist(), "dist": None},
    ],
)
def test_intrinsics(tmp_path, intrinsic):
    assert_right(load(tmp_path, {"a": {**intrinsic, **POSE}}))


@pytest.mark.parametrize(
    "pose",
    [
        {"extrinsic": CAMERA.extrinsic[:3].tolist()},
        {"extrinsicMatrix": CAMERA.extrinsic.tolist()},
        {"camera_to_world": np.linalg.inv(CAMERA.extrinsic).tolist()},
        {
            "extrinsic": [[*row[:3], 1000 * row[3]] for row in CAMERA.extrinsic[:3].tolist()],
            "unit": "mm",
        },
        {"R": R.tolist(), "T": (T / 0.3048).tolist(), "units": "Feet"},
    ],
)
def test_poses(tmp_path, pose):
    assert_right(load(tmp_path, {"K": K.tolist(), "resolution": SIZE, **pose}, "all"))


@pytest.mark.parametrize("scale", [1.0, -2.5, 1e-3])
@pytest.mark.parametrize("key", ["projection", "P", "cameraMatrix", None])
def test_3x4_matrices(tmp_path, key, scale):
    matrix = (scale * PROJECTION).tolist()
    model = load(tmp_path, {"a": matrix if key is None else {key: matrix}, "b": matrix})
    assert isinstance(model, CameraModel)
    assert model.to_floor(POINTS) == pytest.approx(CAMERA.to_floor(POINTS), abs=1e-6)
    assert model.matrix == pytest.approx(K)


def test_a_projection_beside_intrinsics_is_of_rectified_images(tmp_path):
    """As in ROS, where it is no camera in the world."""
    rectified = [[400, 0, 320, 0], [0, 400, 240, 0], [0, 0, 1, 0]]
    entry = {"camera_matrix": K.tolist(), "projection_matrix": rectified, **POSE}
    assert_right(load(tmp_path, {"a": entry}))


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("m", 1), ("cm", 100), ("mm", 1000), ("ft", 1 / 0.3048), ("inches", 1 / 0.0254)],
)
@pytest.mark.parametrize("everywhere", [False, True])
def test_units_of_homographies(tmp_path, unit, factor, everywhere):
    matrix = (np.diag([factor, factor, 1]) @ TO_FLOOR).tolist()
    entry, said = {"homography": matrix, **PLANE}, {"unit": unit}
    content = {**said, "cameras": {"a": entry}} if everywhere else {"a": {**entry, **said}}
    assert_right(load(tmp_path, content))


@pytest.mark.parametrize("scale", [{"pixels_per_meter": 20}, {"meters_per_pixel": 0.05}])
def test_pixels_of_a_map(tmp_path, scale):
    """Whose y axis points down."""
    on_map = np.array([[20.0, 0, 300], [0, -20, 700], [0, 0, 1]]) @ TO_FLOOR
    entry = {"homography": on_map.tolist(), "unit": "px", "origin": [300, 700], **scale, **PLANE}
    assert_right(load(tmp_path, {"a": entry}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": "px"}, "meters_per_pixel: expected 1 finite number"),
        ({"unit": "px", "pixels_per_meter": 0}, "unit: px needs pixels_per_meter"),
        ({"unit": "furlong"}, "unit: expected m, cm, mm, ft, in, px, got 'furlong'"),
        ({"direction": "north"}, "direction: expected image_to_floor or floor_to_image"),
        ({"homography": TO_IMAGE.tolist()}, "px tall .given floor -> image. then say direction"),
        (
            {"homography": (np.diag([1e3, 1e3, 1]) @ TO_FLOOR).tolist()},
            "tall .*in cm, mm, ft or px",
        ),
        ({"direction": "floor_to_image"}, "px tall"),
        ({"floor_error": 1e308}, "floor_error: expected 1 finite number"),
        ({"floor_error": -1}, "floor_error: expected 0 to 100 m, got -1"),
        ({"resolution": [1e308, 480]}, "resolution: expected 2 finite numbers"),
        ({"resolution": [1e9, 480]}, "resolution: expected width and height in pixels"),
        ({"homography": [1e200] * 9}, "homography: expected 9 finite numbers"),
    ],
)
def test_homographies_that_cannot_be(tmp_path, change, message):
    entry = {"homography": TO_FLOOR.tolist(), **PLANE, **change}
    with pytest.raises(UserError, match=message) as error:
        load(tmp_path, {"a": entry})
    assert "\n" not in str(error.value)


def test_a_homography_the_other_way_when_it_says_so(tmp_path):
    entry = {"homography": (7 * TO_IMAGE).tolist(), "direction": "floor_to_image", **PLANE}
    assert_right(load(tmp_path, {"a": entry}))


CURVE = [-0.08, 0.02, -0.01, 0.002]


@pytest.mark.parametrize(
    "said",
    [
        {"fisheye": True},
        {"distortion_model": "equidistant"},
        {"camera_model": "OPENCV_FISHEYE"},
        {"camera_model": "pinhole", "distortion_model": "kannala_brandt4"},
    ],
)
def test_fisheye_lenses(tmp_path, said):
    model = load(tmp_path, {"a": {"K": K.tolist(), "distortion": CURVE, **POSE, **said}})
    flat = cv2.fisheye.undistortPoints(POINTS[:, None], K, np.array(CURVE))[:, 0]
    rays = np.column_stack([flat, np.ones(3)]) @ R
    assert model.to_floor(POINTS) == pytest.approx(-3 / rays[:, 2:] * rays[:, :2], abs=1e-4)
    assert model.from_floor(model.to_floor(POINTS)) == pytest.approx(POINTS)
    half = model.resized((320, 240))
    assert half.to_floor(POINTS / 2) == pytest.approx(model.to_floor(POINTS))


def test_a_fisheye_lens_sees_to_its_side():
    """120 degrees from its axis, of which OpenCV's own function knows nothing."""
    model = CameraModel(
        np.array([[200.0, 0, 640], [0, 200, 640], [0, 0, 1]]), np.zeros(4), np.eye(4), fisheye=True
    )
    points = np.array([[3.0, 1, -1.8], [0, 0, 2], [-2, 5, 0]])
    rays = model.rays(model.project(points))
    assert rays == pytest.approx(points / np.linalg.norm(points, axis=1)[:, None])
    assert np.isnan(model.undistorted(model.project(points))[0]).all()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"distortion_model": "double_sphere"}, "distortion_model: expected plumb_bob"),
        ({"camera_model": "omni"}, "camera_model: expected plumb_bob.*got 'omni'"),
        ({"fisheye": True, "distortion": [0.1] * 5}, "distortion: expected 4 finite numbers"),
        ({"rotation_count": 1}, "rotation_count: the calibration is of turned images"),
    ],
)
def test_lenses_that_are_refused(tmp_path, said, message):
    with pytest.raises(UserError, match=message):
        load(tmp_path, {"a": {"K": K.tolist(), "distortion": CURVE, **POSE, **said}})


def test_a_camera_model_may_be_a_makers(tmp_path):
    entry = {"K": K.tolist(), "camera_model": "Axis P3245", "distortion_model": "plumb_bob", **POSE}
    assert_right(load(tmp_path, {"a": entry}))


TOML = f"""
{{unit}}
[metadata]
adjusted = false
[cam_0]
name = "a"
port = 4
size = [640, 480]
rotation_count = 0
matrix = {K.tolist()}
distortions = [0.0, 0.0, 0.0, 0.0, 0.0]
rotation = {cv2.Rodrigues(R)[0].ravel().tolist()}
translation = {{translation}}
"""


@pytest.mark.parametrize("name", ["a", "cam_0", "port_4"])
def test_toml(tmp_path, name):
    text = TOML.format(unit="", translation=T.tolist())
    assert_right(load(tmp_path, text, name, "calibration.toml"))
    assert_right(load_calibration(tmp_path, [name])[name])  # as a folder
    text = TOML.format(unit='unit = "mm"', translation=(1000 * T).tolist())
    assert_right(load(tmp_path, text, name, "calibration.toml"))
    with pytest.raises(UserError, match=r"stands 3000 m above .*say unit: cm, mm"):
        load(tmp_path, TOML.format(unit="", translation=(1000 * T).tolist()), name, "c.toml")


def test_kalibr(tmp_path):
    chain = {
        "cam0": {
            "camera_model": "pinhole",
            "distortion_coeffs": CURVE,
            "distortion_model": "equidistant",
            "intrinsics": [500.0, 500.0, 320.0, 240.0],
            "resolution": [640, 480],
            "rostopic": "/cam0/image_raw",
        },
        "imu0": {"rate": 200.0},
    }
    path = tmp_path / "camchain.yaml"
    path.write_text(yaml.safe_dump(chain))
    lens = load_lenses(path, ["cam0"])["cam0"]
    assert (lens.fisheye, lens.size, lens.matrix.tolist()) == (True, SIZE, K.tolist())
    with pytest.raises(UserError, match="mtmc calibrate points --intrinsics finds it"):
        load_calibration(path, ["cam0"])
    chain["cam0"]["T_cam_world"] = CAMERA.extrinsic.tolist()
    path.write_text(yaml.safe_dump(chain))
    assert load_calibration(path, ["cam0"])["cam0"].fisheye


@pytest.mark.parametrize(
    "matrices",
    [
        {"cameraMatrix": PROJECTION.tolist(), "intrinsicMatrix": [[9, 0, 1], [0, 9, 1], [0, 0, 1]]},
        {"intrinsicMatrix": K.tolist(), "extrinsicMatrix": CAMERA.extrinsic[:3].tolist()},
        {"homography": TO_IMAGE.tolist(), "intrinsicMatrix": K.tolist()},
    ],
)
def test_ai_city(tmp_path, matrices):
    size = [{"name": "fps", "value": "30"}]
    size += [{"name": "frameWidth", "value": "640"}, {"name": "frameHeight", "value": "480"}]
    sensors = [
        {"type": "camera", "id": name, "scaleFactor": 31.0, "attributes": size, **matrices}
        for name in ("Camera_01", "Camera_02")
    ]
    content = {"calibrationType": "cartesian", "sensors": [{"type": "lidar", "id": "x"}, *sensors]}
    assert_right(load(tmp_path, content, "Camera_02", "calibration.json"))
    assert_right(load_calibration(tmp_path, ["Camera_01"])["Camera_01"])


def test_a_list_of_cameras(tmp_path):
    entry = {"homography": TO_FLOOR.tolist(), **PLANE}
    assert_right(load(tmp_path, {"cameras": [{"id": "b", **entry}, {"name": "a", **entry}]}))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("kind", ["json", "yaml", "toml", "xml", "yml"])
def test_encodings(tmp_path, encoding, kind):
    path = tmp_path / f"a.{kind}"
    if kind in {"xml", "yml"}:
        storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
        for name, value in (("K", K), ("R", R), ("T", T)):
            storage.write(name, value)
        storage.release()
        text = path.read_text()
    elif kind == "toml":
        text = f"matrix = {K.tolist()}\nrotation = {R.ravel().tolist()}\ntranslation = {T.tolist()}"
    else:
        text = json.dumps({"K": K.tolist(), **POSE})
    path.write_text(text, encoding=encoding)
    model = load_calibration(path, ["a"])["a"]
    assert model.to_floor(POINTS) == pytest.approx(CAMERA.to_floor(POINTS), abs=1e-6)


def test_no_text_at_all(tmp_path):
    for name in ("a.xml", "a.json"):
        (tmp_path / name).write_bytes(b"<?xml version='1.0'?>\xff\xfe\x9c")
        with pytest.raises(UserError, match=f"{name}: not text"):
            load_calibration(tmp_path / name, ["a"])


class TestWhoseItIs:
    @pytest.fixture(autouse=True)
    def entry(self, tmp_path, caplog):
        self.entry = {"homography": TO_FLOOR.tolist(), **PLANE}
        self.path, self.log = tmp_path, caplog

    def write(self, name, content):
        (self.path / name).write_text(json.dumps(content))

    def test_of_the_only_camera(self):
        self.write("calibration.json", self.entry)
        load_calibration(self.path / "calibration.json", ["lobby"])
        assert not self.log.records
        load_calibration(self.path, ["lobby"])
        self.write("calibration.json", {"cameras": {"door": self.entry}})
        load_calibration(self.path / "calibration.json", ["lobby"])
        assert "the calibration of door is taken for lobby" in self.log.text
        with pytest.raises(UserError, match="no calibration for lobby, door2; it has door"):
            load_calibration(self.path / "calibration.json", ["lobby", "door2"], partial=True)

    def test_of_some(self):
        self.write("all.json", {"a": self.entry, "x": self.entry})
        found = load_calibration(self.path / "all.json", ["a", "b"], partial=True)
        assert list(found) == ["a"]
        assert "no calibration for b (it also has: x)" in self.log.text
        assert len(self.log.records) == 1
        with pytest.raises(UserError, match="no calibration for b; it has a, x"):
            load_calibration(self.path / "all.json", ["a", "b"])

    @pytest.mark.parametrize("name", ["Lobby", "lobby ", "LOBBY"])
    def test_nearly_of_that_name(self, name):
        self.write("all.json", {"a": self.entry, name: self.entry})
        with pytest.raises(UserError, match=f"no calibration for lobby; it has {name}"):
            load_calibration(self.path / "all.json", ["a", "lobby"], partial=True)

    def test_strangers_in_the_folder(self):
        self.write("a.json", self.entry)
        self.write("notes.json", [1, 2, 3])
        self.write("settings.yaml", {"theme": "dark"})
        (self.path / "._a.json").write_bytes(b"\0\5\x16\7")
        (self.path / "broken.json").write_text("{")
        assert list(load_calibration(self.path, ["a"])) == ["a"]
        assert not self.log.records
        with pytest.raises(UserError, match=r"broken\.json: not a readable JSON"):
            load_calibration(self.path, ["a", "broken"])

    def test_two_files_of_one_name(self):
        self.write("a.json", self.entry)
        self.write("a.yaml", self.entry)
        self.write("b.json", self.entry)
        with pytest.raises(UserError, match=r"two calibrations of a: a\.json, a\.yaml"):
            load_calibration(self.path, ["a", "b"])
        assert isinstance(load_calibration(self.path, ["b"])["b"], FloorHomography)


def test_lists_that_hold_ever_more(tmp_path):
    """As many as YAML may stand for; a message does not write them out."""
    text = "x0: &x0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
    text += "".join(f"x{n + 1}: &x{n + 1} [{', '.join([f'*x{n}'] * 9)}]\n" for n in range(4))
    with pytest.raises(UserError, match="a: homography: expected 9 finite numbers"):
        load(tmp_path, text + "a: {homography: *x4, resolution: [640, 480]}\n", file="all.yaml")
    entry = f"homography: {TO_FLOOR.tolist()}, resolution: [640, 480]"
    for name in ("unit", "direction"):
        with pytest.raises(UserError, match=f"a: {name}: expected .*got 'list'"):
            load(tmp_path, f"{text}a: {{{entry}, {name}: *x4}}\n", file="all.yaml")
