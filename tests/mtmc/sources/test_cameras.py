import os
import sys

import cv2
import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.sources import find_cameras
from mtmc.sources.cameras import hide_credentials


def image_folder(path, names=("1.jpg", "2.jpg")):
    path.mkdir(parents=True)
    for name in names:
        cv2.imwrite(str(path / name), np.zeros((8, 8, 3), np.uint8))
    return path


def test_videos_and_image_folders_of_a_folder_by_name(tmp_path):
    (tmp_path / "b.mp4").touch()
    (tmp_path / "A.MKV").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".hidden.mp4").touch()
    image_folder(tmp_path / "seq" / "img1")
    (tmp_path / "empty").mkdir()
    found = find_cameras(tmp_path)
    assert [(c.name, c.kind) for c in found] == [
        ("A", "video"),
        ("b", "video"),
        ("seq", "images"),
    ]
    assert found[2].uri.endswith("img1")


def test_a_folder_of_images_and_a_single_video_are_one_camera(tmp_path):
    assert [c.name for c in find_cameras(image_folder(tmp_path / "cam7"))] == ["cam7"]
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cameras: [{name: a}, {name: A}]", "two cameras are named 'A'"),
        ("cameras: []", "expected a list under 'cameras'"),
        ("cams: [a]", "expected a list under 'cameras'"),
        ("cameras: [{name: a, fsp: 3}]", "did you mean 'fps'"),
        ("cameras: [{name: a, fps: -1}]", "fps must be a number above 0, got -1"),
        ("cameras: [{name: a, offset: .nan}]", "offset must be a number of seconds"),
        ("cameras: [{name: a/b}]", "cannot be a file name"),
        ("cameras: [{path: gone.mp4}]", "no such file or folder"),
        ("cameras: [{name: a, size: 3}]", r"size must be \[width, height\]"),
        ("cameras: [{fps: 3}]", "needs a name, a path or a url"),
        ("cameras: [", "not valid YAML"),
        ("cameras: [{name: a, size: [0, 480]}]", r"size must be .*got \[0, 480\]"),
        ("cameras: [{name: a, size: [-5, 480]}]", "size must be"),
        ("cameras: [{name: a, size: [true, 480]}]", "size must be"),
        ("cameras: [{name: a, frames: true}]", "frames must be a number above 0"),
        (
            "cameras: [{name: a, url: 'rtsp://me:pw@[::1/x'}]",
            "camera 1: url is not valid: (?!.*pw)",
        ),
        ("cameras: [{url: 'rtsp://me:pw@[::1/x'}]", "camera 1: url is not valid: (?!.*pw)"),
        ("cameras: {a: v.mp4, b: v.mp4, a: v.mp4}", "key 'a' is given twice"),
        ("cameras: [{name: a, fps: 1, fps: 2}]", "key 'fps' is given twice"),
        ("cameras: [{name: a}]\noffsets: {a: 3}", "unknown key of .* 'offsets'"),
        ("cameras: [{name: 'a:b'}]", "cannot be a file name on every system"),
        ("cameras: [{name: Nul.left}]", "cannot be a file name"),
        ("cameras: [{name: COM1}]", "cannot be a file name"),
        ("cameras: [{name: 'a.'}]", "cannot be a file name"),
        ("cameras: [{name: 'a '}]", "cannot be a file name"),
        ("cameras: [{name: ''}]", "cannot be a file name"),
        ("cameras: [{name: ..}]", "cannot be a file name"),
        (f"cameras: [{{name: {'ä' * 101}}}]", "longer than 200 bytes"),
    ],
)
def test_wrong_cameras_yaml(tmp_path, text, message):
    (tmp_path / "cameras.yaml").write_text(text)
    with pytest.raises(UserError, match=message):
        find_cameras(tmp_path)


def test_names_that_only_look_forbidden_and_dates_are_fine(tmp_path):
    (tmp_path / "cameras.yaml").write_text(
        "cameras: [{name: console}, {name: com}, {name: a.b}, {name: 2024-13-45}, {name: 0}]"
    )
    assert {c.name for c in find_cameras(tmp_path)} == {"console", "com", "a.b", "2024-13-45", "0"}


def test_a_sequence_is_named_like_its_folder_but_img1_among_others_is_a_camera(tmp_path):
    sequence = tmp_path / "MOT17-02-FRCNN"
    image_folder(sequence / "img1")
    (sequence / "det").mkdir()
    camera = find_cameras(sequence)
    assert [(c.name, c.uri) for c in camera] == [("MOT17-02-FRCNN", str(sequence / "img1"))]
    image_folder(sequence / "img2")
    assert [c.name for c in find_cameras(sequence)] == ["img1", "img2"]


def test_results_of_earlier_runs_are_no_cameras(tmp_path):
    for folder in (tmp_path, image_folder(tmp_path / "result")):
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
