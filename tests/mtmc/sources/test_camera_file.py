"""What ``cameras.yaml`` may say, and how it is read."""

import pytest

from mtmc.errors import UserError
from mtmc.sources import find_cameras
from tests.mtmc.sources.test_folder import names, pictures

AS_WRITTEN = ["010", "007", "on", "off", "yes", "No", "1.10", "1e3", "0x1F", "12:30", "2024-01-31",
              "1_000", ".5", "true", "0b1", "+1", "=", "Null-1"]  # fmt: skip


def cameras(tmp_path, text, name="cameras.yaml"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return find_cameras(tmp_path / name)


@pytest.mark.parametrize("name", [n for n in AS_WRITTEN if ":" not in n])
def test_names_stay_what_is_written(tmp_path, name):
    (tmp_path / "a.mp4").touch()
    for text in (f"cameras: {{{name}: a.mp4}}", f"cameras: [{{name: {name}, path: a.mp4}}]"):
        assert names(cameras(tmp_path, text)) == [name]
    pictures(tmp_path / name)
    for text in (f"cameras: [{name}]", f"cameras: [{{path: {name}}}]"):
        (camera,) = cameras(tmp_path, text)
        assert camera.uri == str(tmp_path / name)


def test_numbers_are_numbers_and_null_is_left_out(tmp_path):
    text = "cameras: [{name: ~, path: a.mp4, fps: 12.5, offset: -3, live: ~, stream: 1}]"
    (tmp_path / "a.mp4").touch()
    (camera,) = cameras(tmp_path, text)
    assert (camera.name, camera.fps, camera.offset, camera.stream) == ("a", 12.5, -3.0, 1)
    (camera,) = cameras(tmp_path, 'cameras: [{name: b, fps: "2", size: [8, "9"], frames: 1}]')
    assert (camera.fps, camera.size, camera.frames) == (2.0, (8, 9), 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_encodings_that_editors_write(tmp_path, encoding):
    (tmp_path / "ä.mp4").touch()
    (tmp_path / "cameras.yaml").write_text("cameras:\r\n  - {path: ä.mp4}\r\n", encoding=encoding)
    assert names(find_cameras(tmp_path)) == ["ä"]


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ("url: http://10.0.0.7/stream.mjpg, live: true", "live"),
        ("url: https://10.0.0.7/a.mp4, live: false", "video"),
        ("url: rtsp://10.0.0.7/a", "live"),
        ("path: rtsp://10.0.0.7/a", "live"),
        ("url: RTSP://10.0.0.7/a, live: off", "video"),
        ("url: ftp://10.0.0.7/a.mp4", "video"),
        ("url: ftp://10.0.0.7/a.mp4, live: yes", "live"),
    ],
)
def test_what_is_live_can_be_said_of_any_url(tmp_path, entry, kind):
    (camera,) = cameras(tmp_path, f"cameras: [{{name: a, {entry}}}]")
    assert camera.kind == kind


def test_a_web_address_of_which_nothing_is_said_is_asked(tmp_path, monkeypatch):
    for never_ends, kind in ((True, "live"), (False, "video")):
        monkeypatch.setattr("mtmc.sources.opening.never_ends", lambda _, answer=never_ends: answer)
        (camera,) = cameras(tmp_path, "cameras: [{name: a, url: 'http://10.0.0.7/x'}]")
        assert camera.kind == kind


def test_recordings_in_parts(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).touch()
    (camera,) = cameras(tmp_path, "cameras: [{name: door, path: [a.mp4, b.mp4]}]")
    assert [path.name for path in camera.files] == ["a.mp4", "b.mp4"]
    (camera,) = cameras(tmp_path, "cameras: {door: [a.mp4, b.mp4]}")
    assert (camera.name, len(camera.files)) == ("door", 2)
    (camera,) = cameras(tmp_path, "cameras: [{path: [a.mp4]}]")
    assert (camera.name, camera.more) == ("a", ())
    pictures(tmp_path / "c")
    for listed, message in {
        "[a.mp4, gone.mp4]": r"gone\.mp4: no such file",
        "[a.mp4, c]": "a list under path is for one camera's video files, not .*c",
        "[a.mp4, 'rtsp://u:pw@h/x']": "a list under path is .*, not rtsp://h/x",
        "[]": "path must be text or a list of files, got a list",
        "[a.mp4, [b.mp4]]": "path must be text or a list of files, got a list",
        "{a: b}": "path must be text or a list of files, got a mapping",
    }.items():
        with pytest.raises(UserError, match=f"camera 1: .*{message}"):
            cameras(tmp_path, f"cameras: [{{name: door, path: {listed}}}]")


def test_paths_as_people_write_them(tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    pictures(home / "hall")
    (home / "v.mp4").touch()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "w.mp4").touch()
    (tmp_path / "a:b.mp4").touch()
    text = (
        "cameras:\n  - ~/v.mp4\n  - ~/hall\n  - deep\\er\\w.mp4\n"
        "  - {name: x, path: 'a:b.mp4'}\n  - {name: y, path: deep/er}\n"
        f"  - {{name: z, url: 'file://{tmp_path}/deep/er/w.mp4'}}\n"
    )
    found = {camera.name: camera.uri for camera in cameras(tmp_path, text)}
    assert found == {
        "v": str(home / "v.mp4"),
        "hall": str(home / "hall"),
        "w": str(tmp_path / "deep/er/w.mp4"),
        "x": str(tmp_path / "a:b.mp4"),
        "y": str(tmp_path / "deep/er/w.mp4"),
        "z": str(tmp_path / "deep/er/w.mp4"),
    }


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
def test_what_cannot_be_is_refused(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        cameras(tmp_path, text)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('path: "C:\\videos\\a.mp4"', 'in "double quotes" YAML reads backslashes as escapes'),
        ('path: "C:\\media\\a.mp4"', "unknown escape character 'm'.*use 'single' ones"),
        ("path: a.mp4, url: 'rtsp://h/x'", "has a path and a url; expected one of them"),
        ("path: a.mp4, live: true", "'live' is for a url or a webcam"),
        ("path: a.mp4, live: maybe", "live must be true or false, got maybe"),
        ("path: folder", "a folder|2 videos: one camera in parts is written as a list"),
        ("path: empty", "no pictures and no videos; expected pictures or one video file"),
        ("path: a.mp4, stream: -1", "stream must be a number from 0, got -1"),
        ("fps: 2, size: [1, 1], stream: 0", "'stream' is for videos"),
        ("path: a.mp4, fps: 90000", r"fps must be a number above 0 \(from 0.00001 to 2000\)"),
        ("path: a.mp4, fps: 1.0e+308", "fps must be"),
        ("path: a.mp4, fps: 1.0e-300", "fps must be"),
        ("path: a.mp4, fps: 30000/1001", "fps must be a number above 0, got 30000/1001"),
        ("path: a.mp4, fps: [1]", r"fps must be a number above 0, got \[1\]"),
        ("path: a.mp4, offset: 00:00:01", "offset must be a number of seconds, got 00:00:01"),
        ("path: a.mp4, offset: 1.0e+300", r"offset must be .* up to 1e\+10, got 1.0e\+300"),
        ("fps: 2, size: [100000, 100000]", "size must be .* up to 65535 each and 100 million"),
        ("fps: 2, size: [99999999999999999999, 2]", "size must be"),
        ("fps: 2, size: [60000, 60000]", "100 million in all"),
        ("fps: 2, frames: 9007199254740991", "frames must be a number above 0 up to 100000000"),
        ("fps: 2, frames: 1.5", "frames must be a number above 0, got 1.5"),
        ("path: 'rtsp:/h/x'", "a url begins with rtsp://"),
        ("path: 0, live: false", "a webcam is always live|no such webcam"),
        ("[1]", "camera 1: expected a path or keys, got a list|not valid YAML"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, entry, message):
    (tmp_path / "a.mp4").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder").mkdir()
    for name in ("b.mp4", "c.mp4"):
        (tmp_path / "folder" / name).touch()
    with pytest.raises(UserError, match=message):
        cameras(tmp_path, f"cameras:\n  - {{name: a, {entry}}}\n")


@pytest.mark.parametrize("key", ["frames: 10", "size: [10, 10]"])
def test_what_only_cameras_without_pictures_have_is_refused_of_others(tmp_path, key):
    (tmp_path / "a.mp4").touch()
    with pytest.raises(UserError, match="is for cameras without pictures"):
        cameras(tmp_path, f"cameras: [{{path: a.mp4, {key}}}]")
