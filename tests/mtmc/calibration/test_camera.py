import json
from dataclasses import replace

import numpy as np
import pytest

from mtmc.calibration import CameraModel, load_calibration
from mtmc.errors import UserError

SIZE = (640, 480)


def looking_down(height=3.0, tilt=30.0, distortion=(0.0,) * 5):
    """A camera above the origin that looks along +y, ``tilt`` degrees below the horizon."""
    angle = np.radians(tilt)
    right, down = np.array([1, 0, 0]), np.array([0, -np.sin(angle), -np.cos(angle)])
    forward = np.array([0, np.cos(angle), -np.sin(angle)])
    rotation = np.stack([right, down, forward])
    extrinsic = np.eye(4)
    extrinsic[:3, :3] = rotation
    extrinsic[:3, 3] = -rotation @ [0, 0, height]
    matrix = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
    return CameraModel(matrix, np.array(distortion), extrinsic, SIZE)


def person_box(model, x, y, height=1.7):
    feet, head = model.project(np.array([[x, y, 0], [x, y, height]]))
    half = 0.15 * abs(feet[1] - head[1])
    return [feet[0] - half, head[1], feet[0] + half, feet[1]]


@pytest.mark.parametrize("distortion", [(0.0,) * 5, (-0.2, 0.1, 0.001, -0.001, 0.0)])
def test_image_and_floor_are_inverse(distortion):
    model = looking_down(distortion=distortion)
    floor = np.array([[0.0, 4.0], [1.5, 6.0], [-2.0, 8.0]])
    pixels = model.project(np.column_stack([floor, np.zeros(3)]))
    assert model.to_plane(pixels, 0.0) == pytest.approx(floor, abs=1e-3)
    assert model.position == pytest.approx([0, 0, 3])


def test_above_the_horizon_there_is_no_floor():
    assert np.isnan(looking_down().to_plane(np.array([[320.0, -400.0]]), 0.0)).all()


def test_people_are_located_and_uncertainty_grows_with_distance():
    model = looking_down()
    boxes = np.array([person_box(model, 0.5, 4), person_box(model, 1.0, 9)])
    points, covariances = model.locate(boxes)
    assert points == pytest.approx(np.array([[0.5, 4], [1.0, 9]]), abs=0.1)
    near, far = np.trace(covariances, axis1=1, axis2=2)
    assert near < far < 0.5


def test_the_bearing_is_surer_than_the_distance():
    model = looking_down()
    ahead, aside = model.locate(np.array([person_box(model, 0.0, 8), person_box(model, 5.0, 8)]))[1]
    assert ahead[1, 1] > 2 * ahead[0, 0]
    assert ahead[0, 1] == pytest.approx(0, abs=1e-9)
    assert aside[0, 1] > 0  # whoever is further away is also further aside


def test_covariances_hold_what_noisy_boxes_do():
    model, random = looking_down(), np.random.default_rng(0)
    x1, y1, x2, y2 = person_box(model, 2.0, 7.0)
    noise = 0.03 * (y2 - y1)  # as is assumed of detectors
    x, top, bottom = random.normal(0, noise, (3, 4000))
    boxes = np.array([x1, y1, x2, y2]) + np.column_stack([x, top, x, bottom])
    points, covariances = model.locate(boxes)
    sure = np.linalg.inv(covariances)
    away = points - np.mean(points, axis=0)
    squared = np.einsum("ni,nij,nj->n", away, sure, away)
    assert squared.mean() == pytest.approx(2, abs=1)


def test_hidden_feet_do_not_move_a_person_away():
    model = looking_down()
    x1, y1, x2, y2 = person_box(model, 0.0, 5.0)
    behind_a_desk = np.array([[x1, y1, x2, y1 + 0.55 * (y2 - y1)]])
    points, covariances = model.locate(behind_a_desk)
    feet_only = model.to_plane(np.array([[(x1 + x2) / 2, behind_a_desk[0, 3]]]), 0.0)
    assert abs(points[0, 1] - 5.0) < 0.3 < abs(feet_only[0, 1] - 5.0)
    whole = model.locate(np.array([[x1, y1, x2, y2]]))[1]
    assert np.linalg.det(covariances[0]) > np.linalg.det(whole[0])


def test_a_tall_person_in_a_hat_is_where_the_feet_are():
    """Whose head, taken to be at 1.70 m, would be far behind them."""
    model = looking_down()
    feet, top = model.project(np.array([[0.0, 5, 0], [0.0, 5, 2.15]]))
    half = 0.2 * (feet[1] - top[1])
    box = np.array([[feet[0] - half, top[1], feet[0] + half, feet[1]]])
    points, _ = model.locate(box)
    np.testing.assert_allclose(points[0], [0, 5], atol=0.1)


def test_of_who_raises_an_arm_only_the_feet_count():
    model = looking_down()
    feet, top = model.project(np.array([[0.0, 5, 0], [0.0, 5, 2.3]]))
    half = 0.2 * (feet[1] - top[1])
    box = np.array([[feet[0] - half, top[1], feet[0] + half, feet[1]]])
    np.testing.assert_allclose(model.locate(box)[0][0], [0, 5], atol=1e-6)


def test_a_box_cut_at_a_side_is_not_taken_for_a_person_in_its_middle():
    model = looking_down()
    feet, head = model.project(np.array([[0.0, 5, 0], [0.0, 5, 1.7]]))
    half = 0.2 * (feet[1] - head[1])
    box = np.array([[feet[0] - half, head[1], feet[0] + half, feet[1]]])
    border = int(feet[0] - 0.5 * half)
    cut = np.minimum(box, [[border, 480, border, 480]])
    point, covariance = replace(model, size=(border, 480)).locate(cut)
    assert point[0] == pytest.approx([0, 5], abs=0.02)
    assert model.to_plane(cut[:, [0, 3]] / 2 + cut[:, [2, 3]] / 2, 0.0)[0, 0] < -0.1
    whole = model.locate(box)[1]
    assert np.linalg.det(covariance[0]) > np.linalg.det(whole[0])


def test_who_sits_is_less_surely_there_than_who_stands():
    """Heads of people who sit are at more different heights than those of people who stand."""
    model = looking_down()
    x1, y1, x2, y2 = person_box(model, 0.0, 5.0)
    short = np.array([[x1, y1, x2, y1 + 0.55 * (y2 - y1)]])
    at_the_edge = replace(model, size=(640, int(short[0, 3])))
    sitting, cut = (m.locate(short)[1][0] for m in (model, at_the_edge))
    assert sitting[1, 1] > 2 * cut[1, 1]


def test_nothing_known_is_nan_with_infinite_covariance():
    points, covariances = looking_down().locate(np.array([[0, 0, 640, 480.0]]))
    assert np.isnan(points).all()
    assert np.isinf(covariances).all()


def test_another_image_size_is_scaled():
    model = looking_down()
    double = model.resized((1280, 960))
    pixels = np.array([[100.0, 400.0]])
    assert double.to_plane(pixels * 2, 0.0) == pytest.approx(model.to_plane(pixels, 0.0))
    assert model.resized(SIZE) is model
    unknown = replace(model, size=None)
    assert unknown.resized(SIZE).size == SIZE
    feet_outside = np.array([[300.0, 200, 340, 479.5]])
    alone, known = (m.locate(feet_outside)[1] for m in (unknown, unknown.resized(SIZE)))
    assert np.linalg.det(alone[0]) < np.linalg.det(known[0])  # a border cuts the feet


def entry():
    model = looking_down()
    return {
        "intrinsic": model.matrix.tolist(),
        "distortion": [0, 0, 0, 0],
        "extrinsic": model.extrinsic.tolist(),
        "resolution": [640, 480],
    }


def test_one_file_or_a_folder(tmp_path):
    (tmp_path / "all.json").write_text(json.dumps({"cameras": {"a": entry(), "b": entry()}}))
    assert set(load_calibration(tmp_path / "all.json", ["a"])) == {"a"}
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(entry()))
    (folder / "b.yaml").write_text(json.dumps(entry()))
    found = load_calibration(folder, ["a", "b"])
    assert found["a"].size == found["b"].size == SIZE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"intrinsic": [1, 2]}, "intrinsic: expected 4 or 9 finite numbers"),
        ({"intrinsic": None}, "intrinsic: expected 4 or 9 finite numbers"),
        ({"distortion": ["x"] * 5}, "distortion: expected 4, 5, 8, 12 or 14 finite numbers"),
        ({"extrinsic": np.full((4, 4), np.nan).tolist()}, "extrinsic: expected 12 or 16 finite"),
        ({"extrinsic": (2 * np.eye(4)).tolist()}, "is not a rotation"),
        ({"resolution": {"width": 3}}, "resolution"),
        ({"resolution": [0, 0]}, "resolution: expected width and height in pixels, got 0 x 0"),
        ({"resolution": [1920, -1]}, "resolution: expected width and height"),
    ],
)
def test_wrong_entries(tmp_path, change, message):
    (tmp_path / "a.json").write_text(json.dumps({**entry(), **change}))
    with pytest.raises(UserError, match=message):
        load_calibration(tmp_path, ["a"])


def test_wrong_files(tmp_path):
    with pytest.raises(UserError, match="no such calibration"):
        load_calibration(tmp_path / "gone", ["a"])
    for name in "bc":
        (tmp_path / f"{name}.json").write_text(json.dumps(entry()))
    with pytest.raises(UserError, match="no calibration for a; it has b, c"):
        load_calibration(tmp_path, ["a"])
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(UserError, match=r"a\.json: not a readable JSON file"):
        load_calibration(tmp_path, ["a"])


def test_names_that_yaml_reads_as_numbers(tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text(json.dumps({"cameras": {"1": entry()}}).replace('"1"', "1"))
    assert list(load_calibration(path, ["1"])) == ["1"]
    with pytest.raises(UserError, match="no calibration for 2; it has 1"):
        load_calibration(path, ["1", "2"])


def test_real_cameras_agree_on_where_a_person_stands(shared_data):
    names = [f"cam{i}" for i in range(4)]
    models = load_calibration(shared_data / "lab4" / "calibration", names)
    floor = {}
    for name in names:
        for line in (shared_data / "lab4" / "gt" / f"{name}.txt").read_text().splitlines():
            frame, person, x, y, w, h, flag = (float(v) for v in line.split(",")[:7])
            if flag and frame % 10 == 0:
                box = np.array([[x, y, x + w, y + h]])
                floor[name, frame, person] = models[name].locate(box)[0][0]
    apart = [
        np.linalg.norm(point - floor[other, frame, person])
        for (name, frame, person), point in floor.items()
        for other in names
        if other > name and (other, frame, person) in floor
    ]
    assert len(apart) > 50
    assert np.median(apart) < 0.4
