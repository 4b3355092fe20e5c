"""Nothing in a folder is left out without a word."""

import logging
import os
import unicodedata

import cv2
import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.sources import find_cameras, home_of
from mtmc.sources.folder import VIDEO_SUFFIXES
from tests.mtmc.conftest import block_frames, write_video


def pictures(folder, names=("1.jpg", "2.jpg")):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        cv2.imwrite(str(folder / name), np.zeros((8, 8, 3), np.uint8))
    return folder


def names(found):
    return [camera.name for camera in found]


@pytest.fixture
def said(caplog):
    """What was said of a folder, found anew."""

    def look(folder, level=logging.WARNING):
        caplog.clear()
        with caplog.at_level(level, "mtmc"):
            found = find_cameras(folder)
        return names(found), caplog.messages

    return look


def test_videos_of_every_suffix_are_found(tmp_path, said):
    for suffix in ("dav", "asf", "h265", "264", "MXF", "vob", "mjpeg", "y4m"):
        assert f".{suffix.lower()}" in VIDEO_SUFFIXES
        (tmp_path / f"cam-{suffix}.{suffix}").touch()
    found, messages = said(tmp_path)
    assert len(found) == 8
    assert not messages


def test_a_video_of_an_unknown_suffix_is_found_by_what_is_in_it(tmp_path, said):
    write_video(tmp_path / "a.mp4", block_frames(2)).rename(tmp_path / "a.dvr")
    write_video(tmp_path / "b.mkv", block_frames(2)).rename(tmp_path / "b")
    (tmp_path / "c.g64").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "d.exe").write_bytes(b"MZ" + bytes(500))
    found, messages = said(tmp_path)
    assert found == ["a", "b"]
    assert len(messages) == 1
    assert "c.g64 (not a video), d.exe (not a video)" in messages[0]


def test_what_else_lies_about_is_passed_over(tmp_path, said):
    for name in (
        *("a.mp4", "._a.mp4", ".hidden", "Thumbs.db", "notes.txt", "a.srt", "README.md", "empty"),
        *("calibration.json", "model.onnx", "sound.wav", "list", "boxes.parquet"),
    ):
        (tmp_path / name).touch()
    (tmp_path / "script").write_text("#!/bin/sh\n")
    for name in ("empty-folder", "det", "__MACOSX", "@eaDir"):
        (tmp_path / name).mkdir()
    (tmp_path / "__MACOSX" / "a.mp4").touch()
    (tmp_path / "det" / "a.txt").touch()
    assert said(tmp_path) == (["a"], [])


def test_a_folder_per_camera(tmp_path, said):
    for name in ("c001", "c002"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vdo.mp4").touch()
        (tmp_path / name / "calibration.txt").touch()
        pictures(tmp_path / name, ["roi.jpg"])
        (tmp_path / name / "gt").mkdir()
    (tmp_path / "flat.mp4").touch()
    assert said(tmp_path) == (["c001", "c002", "flat"], [])
    (camera,) = find_cameras(tmp_path / "c001")
    assert (camera.name, camera.uri) == ("vdo", str(tmp_path / "c001" / "vdo.mp4"))


def test_what_could_have_been_a_camera_is_named_in_one_line(tmp_path, said):
    (tmp_path / "a.mp4").touch()
    (tmp_path / "a.mp4.part").touch()
    (tmp_path / "cam.yaml").touch()
    (tmp_path / "cameras.yaml.txt").touch()
    (tmp_path / "b.mp4").symlink_to(tmp_path / "unplugged" / "b.mp4")
    (tmp_path / "parts").mkdir()
    for name in ("10h00.mp4", "10h15.mp4"):
        (tmp_path / "parts" / name).touch()
    (tmp_path / "day1" / "left").mkdir(parents=True)
    (tmp_path / "day1" / "left" / "c.mp4").touch()
    pictures(tmp_path / "chessboard")
    pictures(tmp_path / "calib_images")
    pictures(tmp_path, ["poster.jpg"])
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "1.exr").touch()
    (tmp_path / "live.m3u8").touch()
    pictures(tmp_path / "b", [f"{n}.jpg" for n in range(9)])
    (tmp_path / "b" / "b.mp4").touch()
    found, messages = said(tmp_path)
    assert found == ["a", "b"]
    assert len(messages) == 1
    for told in (
        "raw (1 pictures of a kind that is not read, such as 1.exr)",
        "live.m3u8 (no video itself; its address goes into cameras.yaml)",
        "b (9 pictures beside its video)",
        "a.mp4.part (seems unfinished)",
        "cameras.yaml.txt (is not read; the list of cameras is called cameras.yaml)",
        "b.mp4 (a link to nothing)",
        "parts (2 videos: one camera in parts is written as a list of files in cameras.yaml",
        "day1 (cameras only deeper down, as in",
        "chessboard (by its name no camera)",
        "calib_images (by its name no camera)",
        "1 picture beside the cameras",
    ):
        assert told in messages[0]


def test_pictures_that_become_a_camera_beside_videos_are_noted(tmp_path, said):
    (tmp_path / "a.mp4").touch()
    pictures(tmp_path / "wall")
    assert said(tmp_path) == (["a", "wall"], [])
    _, notes = said(tmp_path, logging.INFO)
    assert notes == [f"{tmp_path}: folders of pictures are cameras beside the videos: ['wall']"]


def test_where_there_is_no_camera_the_refusal_names_what_there_is(tmp_path):
    (tmp_path / "S01" / "c001").mkdir(parents=True)
    (tmp_path / "S01" / "c001" / "vdo.mp4").touch()
    with pytest.raises(UserError, match=r"no cameras found.*left out: S01 \(.*deeper.*vdo\.mp4"):
        find_cameras(tmp_path.parent / tmp_path.name / "S01" / "..")
    assert names(find_cameras(tmp_path / "S01")) == ["c001"]


@pytest.mark.parametrize("name", ["cameras.yml", "Cameras.YAML", "cameras.json"])
def test_cameras_yaml_goes_by_other_names_too(tmp_path, name):
    (tmp_path / "cam1.mp4").touch()
    (tmp_path / name).write_text('{"cameras": [{"name": "door", "path": "cam1.mp4", "offset": 5}]}')
    for path in (tmp_path, tmp_path / name):
        (camera,) = find_cameras(path)
        assert (camera.name, camera.offset) == ("door", 5)


def test_a_sequence_with_another_folder_of_pictures_keeps_its_name(tmp_path):
    pictures(tmp_path / "MOT-7" / "images")
    (tmp_path / "MOT-7" / "seqinfo.ini").write_text("[Sequence]\nimDir=images\nframeRate=5\n")
    (tmp_path / "MOT-7" / "det").mkdir()
    assert names(find_cameras(tmp_path / "MOT-7")) == ["MOT-7"]


def test_two_lists_of_cameras_are_refused(tmp_path):
    (tmp_path / "cameras.yml").touch()
    (tmp_path / "cameras.yaml").touch()
    with pytest.raises(UserError, match=r"holds cameras\.yaml and cameras\.yml; expected one"):
        find_cameras(tmp_path)


def test_names_are_in_one_form_of_unicode(tmp_path):
    apart = unicodedata.normalize("NFD", "café")
    (tmp_path / f"{apart}.mp4").touch()
    (camera,) = find_cameras(tmp_path)
    assert camera.name == unicodedata.normalize("NFC", "café")
    assert camera.uri.endswith(f"{apart}.mp4")
    (tmp_path / f"{camera.name}.avi").touch()
    with pytest.raises(UserError, match="two cameras are named"):
        find_cameras(tmp_path)


@pytest.mark.parametrize("character", ["\x1b", "\x9b", "\x7f", "\n", "\u202e"])
def test_names_that_a_terminal_would_obey_are_refused(tmp_path, character):
    (tmp_path / f"a{character}[31m.mp4").touch()
    with pytest.raises(UserError, match="its name holds control characters"):
        find_cameras(tmp_path)


def test_cameras_one_by_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("a.mp4", "b.mp4", "more/c.mp4", "more/d.mp4", "e/vdo.mp4", "f/vdo.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    pictures(tmp_path / "pictures")
    given = ["a.mp4", "~/b.mp4", "more", "pictures", "rtsp://u:p@h/yard", "tcp://10.0.0.7:1/yard"]
    found = {camera.name: camera.kind for camera in find_cameras(given)}
    assert found == {
        **dict.fromkeys("abcd", "video"),
        "pictures": "images",
        "h-yard": "live",
        "10.0.0.7-1-yard": "live",
    }
    assert names(find_cameras(["e/vdo.mp4", "f/vdo.mp4"])) == ["e-vdo", "f-vdo"]
    assert home_of(["e/vdo.mp4", "f/vdo.mp4", "rtsp://h/x"]) == tmp_path
    assert home_of("more") == type(tmp_path)("more")
    assert home_of("rtsp://h/x") == type(tmp_path)()


def test_webcams_by_number_and_device(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for address in ("0", "/dev/video0"):
        if not os.path.exists("/dev/video0"):  # noqa: PTH110
            with pytest.raises(UserError, match="/dev/video0: no such webcam"):
                find_cameras(address)
    monkeypatch.setattr("mtmc.sources.places._present", lambda device, live: device)
    for address in ("0", "/dev/video0"):
        (camera,) = find_cameras(address)
        assert (camera.name, camera.uri, camera.kind) == ("video0", "/dev/video0", "live")
    pictures(tmp_path / "0")  # a folder of that name is meant, where there is one
    (camera,) = find_cameras("0")
    assert camera.kind == "images"


def test_what_is_nowhere_is_refused_with_a_hint(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for address, message in {
        "*.mp4": r"no video file fits that pattern",
        "~/gone.mp4": "gone.mp4: no such file or folder",
        "rtsp:/h/x": "a url begins with rtsp://",
        "rtsp://joe:pa/ss@h/x": r"its port is none; in a password, / \? # are written %2F",
    }.items():
        with pytest.raises(UserError, match=message):
            find_cameras(address)
