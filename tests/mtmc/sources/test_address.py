"""Passwords never appear, wherever they stand in an address and whatever they hold."""

import logging

import pytest

from mtmc.errors import UserError, printable, quoted
from mtmc.sources import find_cameras
from mtmc.sources.address import hide_credentials, hide_passwords, is_url, stem, webcam

SECRET = "S3cretPw"
# Characters that a password may hold, before and after the part that is looked for.
AWKWARD = [
    "",
    "@",
    "/",
    "#",
    "?",
    ":",
    "@/",
    "#@",
    "%40",
    "&",
    "=",
    "é",
    "!",
    "$x",
    "://",
    "[",
    "\\",
]
PLACES = [
    "rtsp://joe:{}@10.0.0.7:554/main",
    "RTSP://joe:{}@10.0.0.7/main",
    "http://joe:{}@10.0.0.7/video?channel=1",
    "rtsp://10.0.0.7:554/user=joe&password={}&channel=1",
    "rtsp://10.0.0.7:554/user=joe_password={}_stream=0.sdp?real_stream",
    "http://10.0.0.7/cam?user=joe&pwd={}",
    "srt://10.0.0.7:9000?passphrase={}",
    "rtmp://10.0.0.7/live/{}",
    "rtsp://10.0.0.7/joe:{}/main",
    "crypto:rtsp://joe:{}@10.0.0.7/main",
    "concat:rtsp://joe:{}@10.0.0.7/a|rtsp://joe:{}@10.0.0.7/b",
    "rtsp://joe:{}",
    "rtsp:/joe:{}@10.0.0.7/main",
    "joe:{}@10.0.0.7/main",
]


def passwords():
    for awkward in AWKWARD:
        yield from (awkward + SECRET, SECRET + awkward + "x", awkward + SECRET + awkward)


@pytest.mark.parametrize("place", PLACES)
def test_no_password_is_shown(place):
    for password in passwords():
        address = place.replace("{}", password)
        if address == "rtsp://joe:@S3cretPw":  # which has no password
            continue
        if is_url(address):
            assert SECRET not in hide_credentials(address), address
        for text in (f"error: {address}: no such file", f"('{address}', 1)", f"/videos/{address}"):
            assert SECRET not in hide_passwords(text), text


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("awkward", ["", "@", "/", "#", "?", "'", " "])
def test_nothing_said_of_a_cameras_yaml_shows_a_password(tmp_path, place, awkward, monkeypatch):
    monkeypatch.setattr("mtmc.sources.cameras.settled", lambda camera: camera)
    address = place.replace("{}", SECRET + awkward + "x").replace("10.0.0.7", "[::1")
    single = address.replace("'", "''")
    for text in (
        f"cameras: [{{name: a, path: '{single}'}}]",
        f"cameras: [{{name: a, url: '{single}', url: x}}]",
        f"cameras: [{{url: {address} , : }} [",
        f"cameras:\n - {{url: {{main: '{single}'}}}}",
        f"cameras:\n - ['{single}']",
        *([] if awkward == " " else [f"cameras:\n - {{'{single}': 1}}"]),
        f"cameras:\n - {{name: '{single}', path: x}}",
    ):
        (tmp_path / "cameras.yaml").write_text(text)
        try:
            shown = " ".join(camera.label for camera in find_cameras(tmp_path))
        except UserError as error:
            shown = hide_passwords(str(error))
        assert SECRET not in shown, text


def test_what_is_no_secret_is_shown():
    assert hide_credentials("rtsp://a:b@h:554/x?k=s#f") == "rtsp://h:554/x"
    assert hide_credentials("rtsp://10.0.0.7/Streaming/Channels/101") == (
        "rtsp://10.0.0.7/Streaming/Channels/101"
    )
    for text in (
        "/videos/a@b.mp4: no such file",
        r"C:\models\best.pt@2: gone",
        "--set associator.passage=3",
        "camera 'a:b': 3 of 4",
        "expected key=value, as in detector.name=onnx",
    ):
        assert hide_passwords(text) == text


def test_the_command_line_says_no_password(here, caplog):
    for argument in ("rtsp://joe:S3cretPw@[::1/x", "joe:S3cretPw@10.0.0.7/x", "rtsp:/a:S3cretPw@h"):
        code, _, said = here("run", argument, "--out", "/nowhere")
        assert code == 2
        assert SECRET not in said
    assert not caplog.messages


def test_addresses_have_names():
    assert [stem(a) for a in ("rtsp://h/door?x=1", "rtsp://h:554/", "0", "/dev/video3")] == [
        "door",
        "h-554",
        "video0",
        "video3",
    ]
    assert stem(r"videos\hall.mp4") == "hall"
    assert webcam("cam0") is None
    assert not is_url("C://videos/a.mp4")


def test_names_are_data_for_the_terminal():
    nasty = "a\x1b]0;title\x07\x9b31m\x7f\u202eb"
    assert printable(nasty) == r"a\x1b]0;title\x07\x9b31m\x7f\u202eb"
    assert printable("Tür 3, 入口 [a]\t") == "Tür 3, 入口 [a]\t"
    assert len(quoted({"a": ["x" * 10**6] * 10**5})) < 1000


def test_messages_reach_the_terminal_without_escapes_and_passwords(here, monkeypatch):
    def warn(*_):
        logging.getLogger("mtmc").warning("camera %s: %s", "a\x1b[2J", "rtsp://joe:S3cretPw@h/x")
        raise UserError("b\x1b[2J: gone\n")

    monkeypatch.setattr("mtmc.run.session.find_cameras", warn)
    *_, said = here("run", "x", "--out", "/nowhere")
    assert "\x1b[2J" not in said
    assert SECRET not in said
    assert r"b\x1b[2J: gone" in said
