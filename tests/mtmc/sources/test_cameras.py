import os
import sys

import pytest

from mtmc.errors import UserError
from mtmc.sources import find_cameras
from mtmc.sources.cameras import hide_credentials
from tests.mtmc.sources.test_folder import pictures


def test_videos_and_image_folders_of_a_folder_by_name(tmp_path):
    (tmp_path / "b.mp4").touch()
    (tmp_path / "A.MKV").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".hidden.mp4").touch()
    pictures(tmp_path / "seq" / "img1")
    (tmp_path / "empty").mkdir()
    found = find_cameras(tmp_path)
    assert [(c.name, c.kind) for c in found] == [
        ("A", "video"),
        ("b", "video"),
        ("seq", "images"),
    ]
    assert found[2].uri.endswith("img1")


def test_a_folder_of_images_and_a_single_video_are_one_camera(tmp_path):
    assert [c.name for c in find_cameras(pictures(tmp_path / "cam7"))] == ["cam7"]
    (tmp_path / "door.mp4").touch()
    assert [c.name for c in find_cameras(tmp_path / "door.mp4")] == ["door"]


def test_cameras_yaml(tmp_path):
    (tmp_path / "v.mp4").touch()
    (tmp_path / "cameras.yaml").write_text(
        "cameras:\n"
        "  - v.mp4\n"
        "  - {name: late, path: v.mp4, fps: 12.5, offset: 3}\n"
        "  - {name: door, url: 'rtsp://user:pw@host/stream?token=1'}\n"
        "  - {name: boxes, fps: 2, size: [640, 480], frames: 9}\n"
    )
    cameras = {c.name: c for c in find_cameras(tmp_path)}
    assert set(cameras) == {"v", "late", "door", "boxes"}
    assert (cameras["late"].fps, cameras["late"].offset) == (12.5, 3.0)
    assert cameras["door"].kind == "live"
    assert cameras["door"].label == "rtsp://host/stream"
    assert (cameras["boxes"].kind, cameras["boxes"].size) == ("boxes", (640, 480))


def test_credentials_are_hidden():
    assert hide_credentials("rtsp://a:b@h:554/x?k=s#f") == "rtsp://h:554/x"
    assert hide_credentials("/videos/a@b.mp4") == "/videos/a@b.mp4"


def test_names_that_only_look_forbidden_and_dates_are_fine(tmp_path):
    (tmp_path / "cameras.yaml").write_text(
        "cameras: [{name: console}, {name: com}, {name: a.b}, {name: 2024-13-45}, {name: 0}]"
    )
    assert {c.name for c in find_cameras(tmp_path)} == {"console", "com", "a.b", "2024-13-45", "0"}


def test_a_sequence_is_named_like_its_folder_but_img1_among_others_is_a_camera(tmp_path):
    sequence = tmp_path / "MOT17-02-FRCNN"
    pictures(sequence / "img1")
    (sequence / "det").mkdir()
    camera = find_cameras(sequence)
    assert [(c.name, c.uri) for c in camera] == [("MOT17-02-FRCNN", str(sequence / "img1"))]
    pictures(sequence / "img2")
    assert [c.name for c in find_cameras(sequence)] == ["img1", "img2"]


def test_results_of_earlier_runs_are_no_cameras(tmp_path):
    for folder in (tmp_path, pictures(tmp_path / "result")):
        (folder / "run.json").touch()
        (folder / "mosaic.mp4").touch()
        (folder / "floor.mp4").touch()
    (tmp_path / "door.mp4").touch()
    assert [c.name for c in find_cameras(tmp_path)] == ["door"]
    (tmp_path / "run.json").unlink()
    assert [c.name for c in find_cameras(tmp_path)] == ["door", "floor", "mosaic"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_results_cannot_have_are_refused(tmp_path):
    long = tmp_path / f"{'a' * 201}.mp4"
    long.touch()
    with pytest.raises(UserError, match="longer than 200 bytes"):
        find_cameras(tmp_path)
    long.unlink()
    (tmp_path / os.fsdecode(b"c\xff.mp4")).touch()
    with pytest.raises(UserError, match="not valid UTF-8"):
        find_cameras(tmp_path)


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match="no such file or folder"):
        find_cameras(tmp_path / "gone")
    with pytest.raises(UserError, match="no cameras found"):
        find_cameras(tmp_path)
    (tmp_path / "a.mp4").touch()
    (tmp_path / "a.avi").touch()
    with pytest.raises(UserError, match="two cameras are named 'a'"):
        find_cameras(tmp_path)


@pytest.mark.parametrize("given", ["", "  ", ["", "a.mp4"]])
def test_an_empty_argument_is_not_the_folder_one_is_in(given):
    with pytest.raises(UserError, match="VIDEO_DIR is empty"):
        find_cameras(given)
