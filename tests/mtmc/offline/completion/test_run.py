"""The completion within a run."""

import pytest

from mtmc.evaluate.run import evaluate_cameras
from mtmc.run import run
from tests.mtmc.rooms import circling, room, write_room

SETTINGS = {"detector": {"name": "motfile"}, "reid": "none", "output": {"video": False}}
FPS = 10.0
LOST = range(60, 110)


@pytest.fixture
def scene(tmp_path):
    """A folder in which camera 0 loses one of two people for five seconds; its calibration."""
    calibration = write_room(tmp_path, room(), circling(2, 150, FPS, speed=1.3), FPS)
    file = tmp_path / "det" / "cam0.txt"
    lines = file.read_text().splitlines()
    kept = [line for n, line in enumerate(lines) if n % 2 or int(line.split(",")[0]) not in LOST]
    file.write_text("\n".join(kept) + "\n")
    return tmp_path, str(calibration)


def test_whom_a_camera_lost_is_in_the_results(scene):
    folder, calibration = scene
    ratios = {}
    for name, completion in (("with", {}), ("without", None)):
        chosen = {**SETTINGS, "calibration": calibration, "completion": completion}
        run(folder, folder / name, chosen)
        ratios[name] = evaluate_cameras(folder / "gt", folder / name).summary["combined"].ratios
    assert ratios["without"]["IDF1"] < 0.985
    assert ratios["with"]["IDF1"] > 0.995
    assert ratios["with"]["IDP"] > 0.995


def test_without_a_calibration_nothing_changes(scene):
    folder, _ = scene
    for name, completion in (("with", {}), ("without", None)):
        run(folder, folder / name, {**SETTINGS, "completion": completion, "find_cameras": False})
    for camera in room():
        with_it, without = (
            (folder / n / "tracks" / f"{camera}.txt").read_bytes() for n in ("with", "without")
        )
        assert with_it == without
