import subprocess
import sys

import pytest

from mtmc.calibration import load_calibration
from mtmc.commands import demo
from mtmc.errors import UserError
from mtmc.mot import MotKind, read_mot
from mtmc.sources import find_cameras

CAMERAS = ["cam0", "cam1", "cam2", "cam3"]


def test_the_scene_is_whole_and_small():
    folder = demo.demo_folder()
    assert [camera.name for camera in find_cameras(folder)] == CAMERAS
    assert sum(p.stat().st_size for p in (folder / "videos").iterdir()) <= 6e6
    assert set(load_calibration(folder / "calibration", CAMERAS)) == set(CAMERAS)
    people = set()
    for name in CAMERAS:
        rows = read_mot(folder / "gt" / f"{name}.txt", MotKind.TRUTH, last_frame=390)
        people |= set(rows.ids.tolist())
    assert people == {1, 2, 3, 4, 5}


def test_a_missing_scene_is_one_clear_line(monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "mtmc" / "demo.py"))
    monkeypatch.setattr(demo.resources, "files", lambda _: tmp_path)
    with pytest.raises(UserError, match="mtmc simulate data/demo"):
        demo.demo_folder()


@pytest.mark.slow
def test_the_demo_runs_and_is_scored(tmp_path):
    command = [sys.executable, "-c", "from mtmc.cli import main; main()", "demo"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)], check=False, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert "IDF1" in done.stdout
    assert "combined" in done.stdout
    assert (tmp_path / "mosaic.mp4").stat().st_size > 10_000
