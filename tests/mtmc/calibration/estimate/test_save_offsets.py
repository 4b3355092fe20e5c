from mtmc.calibration.estimate.save import save_offsets
from mtmc.sources import find_cameras


def test_parts_starts_rates_and_streams_of_a_run_are_written_back(tmp_path):
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        (tmp_path / name).write_bytes(b"")
    a, b, c = (str(tmp_path / f"{name}.mp4") for name in "abc")
    door = {"source": a, "parts": [b], "start": "2026-11-28T08:00:03"}
    hall = {"source": c, "start": "2026-11-28T08:00:00"}
    about = {"cameras": [["door", a, None, 12.5, 0.5, []], ["hall", c, 1, None, 0.0, []]]}
    record = {"cameras": {"door": door, "hall": hall}, "about": about}
    path = save_offsets(tmp_path / "cameras.yaml", record, {"door": 0.25, "hall": 0.0})
    found = {camera.name: camera for camera in find_cameras(path)}
    assert [str(file) for file in found["door"].files] == [a, b]
    assert (found["door"].fps, found["hall"].stream) == (12.5, 1)
    assert (found["door"].offset, found["door"].delay, found["hall"].delay) == (0.75, 3.75, 0.0)


def test_all_cameras_are_listed_and_no_other_file_is_overwritten(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"")
    record = {"cameras": {name: {"source": str(tmp_path / f"{name}.mp4")} for name in "ab"}}
    path = tmp_path / "cameras.yaml"
    assert save_offsets(path, record, {"b": 1.0}) == path  # nobody knows where `a` stands
    assert save_offsets(path, record, {"b": 2.0}) == path
    assert {c.name: c.offset for c in find_cameras(path)} == {"a": 0.0, "b": 2.0}
    path.write_text("mine")
    other = save_offsets(path, record, {"b": 3.0})
    assert path.read_text() == "mine"
    assert {c.name: c.offset for c in find_cameras(other)} == {"a": 0.0, "b": 3.0}
