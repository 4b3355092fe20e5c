from mtmc.calibration.estimate.save import save_offsets
from mtmc.sources import find_cameras


def test_parts_and_starts_of_a_run_are_written_back(tmp_path):
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        (tmp_path / name).write_bytes(b"")
    a, b, c = (str(tmp_path / f"{name}.mp4") for name in "abc")
    door = {"source": a, "parts": [b], "start": "2026-11-28T08:00:03"}
    hall = {"source": c, "start": "2026-11-28T08:00:00"}
    about = {"cameras": [["door", a, None, None, 0.5], ["hall", c, None, None, 0.0]]}
    record = {"cameras": {"door": door, "hall": hall}, "about": about}
    path = save_offsets(tmp_path / "cameras.yaml", record, {"door": 0.25, "hall": 0.0})
    found = {camera.name: camera for camera in find_cameras(path)}
    assert [str(file) for file in found["door"].files] == [a, b]
    assert (found["door"].offset, found["door"].delay, found["hall"].delay) == (0.75, 3.75, 0.0)
