import numpy as np
import pytest

from mtmc.calibration import load_calibration
from mtmc.calibration.entry import Lens
from mtmc.calibration.estimate.heights import pose_from_heights, standing
from mtmc.calibration.estimate.pose import PixelMap
from mtmc.calibration.estimate.sightings import SeenTracks
from mtmc.calibration.estimate.tracks import calibrate_tracks
from mtmc.mot import MotKind, read_mot
from tests.mtmc.calibration.estimate.scenes import (
    CAMERAS,
    OFFSETS,
    SIZE,
    floor_errors,
    scene,
    see,
    walks,
)


@pytest.mark.parametrize("swap", [False, True])
def test_cameras_and_clocks_from_people_alone(swap):
    result = calibrate_tracks(scene(swap), {}, {}, "a", 8.0)
    assert result.lost == {}
    assert np.median(floor_errors(result.found)) < 0.3
    for name, offset in OFFSETS.items():
        assert result.found[name].offset == pytest.approx(offset, abs=0.15)
        assert result.found[name].together > 30
        assert result.found[name].apart < 0.25


def test_known_cameras_stay_and_the_others_join_their_floor():
    result = calibrate_tracks(scene(), {"a": CAMERAS["a"]}, {}, None, 8.0)
    assert result.found["a"].model is CAMERAS["a"]
    assert result.found["a"].known
    assert np.median(floor_errors(result.found, rigid=False)) < 0.35
    assert result.found["c"].offset == pytest.approx(OFFSETS["c"], abs=0.15)


@pytest.mark.slow
def test_intrinsics_are_kept():
    lenses = {name: Lens(m.matrix, m.distortion, SIZE) for name, m in CAMERAS.items()}
    result = calibrate_tracks(scene(), {}, lenses, "a", 8.0)
    for name, model in CAMERAS.items():
        assert result.found[name].model.matrix == pytest.approx(model.matrix)
    assert np.median(floor_errors(result.found)) < 0.3


def test_cameras_that_share_nothing_are_told():
    elsewhere = scene()
    elsewhere["c"] = see(CAMERAS["c"], walks(seed=77), 0.0)
    result = calibrate_tracks(elsewhere, {}, {}, "a", 4.0)
    assert set(result.found) == {"a", "b"}
    assert "shares too few walks" in result.lost["c"]
    with pytest.raises(ValueError, match="no camera shares enough walks with 'a'"):
        calibrate_tracks({name: elsewhere[name] for name in "ac"}, {}, {}, "a", 4.0)


def test_too_few_people_are_told():
    few = scene()
    few["b"] = SeenTracks.make(
        SIZE, *(getattr(few["b"], k)[:9] for k in ("times", "tracks", "boxes"))
    )
    result = calibrate_tracks(few, {}, {}, "a", 8.0)
    assert "shows 9 whole standing people, too few" in result.lost["b"]


@pytest.mark.parametrize("name", CAMERAS)
def test_heights_tell_how_a_camera_is_mounted(name):
    truth = CAMERAS[name]
    view = PixelMap(SIZE)
    pose = pose_from_heights(standing(scene()[name], view), False)
    assert pose.focal * SIZE[0] == pytest.approx(truth.matrix[0, 0], rel=0.25)
    assert pose.height == pytest.approx(truth.position[2], rel=0.25)
    model = view.model(pose)
    straight = model.to_floor(np.array([[640.0, 500.0]]))[0]
    assert straight[0] == pytest.approx(0, abs=0.4)
    away = np.linalg.norm(truth.to_floor(np.array([[640.0, 500.0]]))[0] - truth.position[:2])
    assert np.linalg.norm(straight) == pytest.approx(away, rel=0.25)


@pytest.mark.slow
def test_a_real_room_without_markers(shared_data):
    """Two walkers in 13 s of four cameras, whose clocks were put wrong."""
    lab, size = shared_data / "lab4", (1288, 728)
    truth = load_calibration(lab / "calibration", [f"cam{i}" for i in range(4)])
    late = {"cam0": 0.0, "cam1": 2.3, "cam2": -4.1, "cam3": 6.0}
    sightings = {}
    for name in truth:
        rows = read_mot(lab / "gt" / f"{name}.txt", MotKind.TRUTH)
        rows = rows[rows.scores > 0]
        boxes = np.clip(rows.boxes, 0, [*size, *size])
        sightings[name] = SeenTracks.make(
            size, (rows.frames - 1) / 10 - late[name], rows.ids, boxes
        )
    lenses = {name: Lens(m.matrix, m.distortion, m.size) for name, m in truth.items()}
    result = calibrate_tracks(sightings, {}, lenses, "cam0", 10.0)
    for name, offset in late.items():
        assert result.found[name].offset == pytest.approx(offset, abs=0.3)
    assert np.median(floor_errors(result.found, truth)) < 0.5
