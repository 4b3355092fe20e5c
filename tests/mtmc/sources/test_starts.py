"""When cameras began: by cameras.yaml, by names, by metadata."""

from datetime import UTC, datetime, timedelta, timezone

import av
import pytest

from mtmc.errors import UserError
from mtmc.sources import find_cameras, open_cameras
from mtmc.sources.source import SourcesConfig
from mtmc.sources.wall_clock import by_name, by_text
from tests.mtmc.conftest import block_frames, write_video

EIGHT = datetime(2026, 11, 28, 8)


def clip(path, seconds=1.0, made=None, fps=10):
    """A video, with when it was made as metadata."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, block_frames(round(seconds * fps)), fps)
    if made:
        plain = path.with_name("plain" + path.suffix)
        path.rename(plain)
        with av.open(str(plain)) as old, av.open(str(path), "w") as new:
            new.metadata["creation_time"] = made
            stream = new.add_stream_from_template(old.streams.video[0])
            for packet in old.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    new.mux(packet)
        plain.unlink()
    return path


def times(cameras):
    """Of each camera's frames, s."""
    found = {}
    for reader in open_cameras(cameras, SourcesConfig()):
        reader.start()
        frames = found[reader.name] = []
        while reader.peek() is not None:
            frames.append(round(next(reader).time, 3))
        reader.close()
    return found


LOCAL = {
    "192.168.0.64_01_20261128080000123_MOTION_DETECTION": timedelta(milliseconds=123),  # Hikvision
    "ch01_20261128080000_20261128081500": timedelta(),
    "NVR_ch1_main_20261128080000_20261128081500": timedelta(),  # Dahua
    "2026-11-28/001/dav/08/08.00.00-08.15.00[M][0@0][0]": timedelta(),
    "20261128_080000_9A3B_ACCC8E123456": timedelta(),  # Axis
    "Hall_00_20261128080000": timedelta(),  # Reolink
    "RecM03_20261128_080000_081500_6D28808_1A2B3C": timedelta(),
    "Camera 1_2026-11-28_08-00-00.755": timedelta(milliseconds=755),  # Milestone
    "door_20261128_080000-20261128_081500_ab12cd": timedelta(),  # Frigate
    "Front - 11-28-2026, 8.00.00am": timedelta(),  # UniFi
    "Front - 28-11-2026, 08.00.00": timedelta(),
    "20261128-080000-081500_192.168.1.11-CH2": timedelta(),  # Brickcom
    "2026-11-28_08-00-00-250000": timedelta(milliseconds=250),  # MediaMTX
    "2026-11-28.08-00-00.08-05-00.bus.G331.r13": timedelta(),  # MEVA
    "2026-11-28T08 00 00": timedelta(),
    "20261128080000": timedelta(),
}
NONE = (
    *("MOT17-09-FRCNN", "S001_20261128_01", "20261128", "cam_20261328_080000", "GX010123"),
    *("door_20261128_0800", "1234567890123456789", "view_001", "Front - 2-9-2026, 8.00.00am"),
    *("08.00.00-08.15.00[M]", "15.23", "c001/vdo", "cam_20261128_086100"),
)


@pytest.mark.parametrize("name", LOCAL)
def test_a_name_says_when_a_recording_began(name):
    named = by_name(f"/exports/{name}.mp4")
    assert named.start == EIGHT + LOCAL[name]
    assert "2026" not in "".join(named.rest)


@pytest.mark.parametrize("name", NONE)
def test_a_name_that_does_not_say_it_is_left_alone(name):
    assert by_name(f"/exports/{name}.mp4") is None


def test_zones_in_names():
    for name, zone in {
        "door_2026-11-28T08-00-00Z": UTC,
        "door_2026-11-28T08:00:00+0200": timezone(timedelta(hours=2)),
        "Front 2026-11-28, 08.00.00 GMT-5": timezone(-timedelta(hours=5)),
        "recordings/2026-11-28/08/door/00.00": UTC,  # as Frigate keeps them
    }.items():
        assert by_name(f"{name}.mp4").start == EIGHT.replace(tzinfo=zone)


def test_text_is_a_date_and_a_time():
    assert by_text("2026-11-28 08:00") == by_text("2026-11-28T08:00:00") == EIGHT
    assert by_text("2026-11-28T08:00Z") == EIGHT.replace(tzinfo=UTC)
    assert by_text("2026-11-28") is by_text("08:00") is by_text("soon") is None
    assert by_text("1026-11-28 08:00") is None


def test_cameras_are_aligned_by_their_names(tmp_path, caplog):
    clip(tmp_path / "door_20261128080000.mp4")
    clip(tmp_path / "hall_20261128080002.mp4", fps=5)
    with caplog.at_level("INFO", "mtmc"):
        cameras = find_cameras(tmp_path)
    assert [r.message for r in caplog.records if r.levelname == "INFO"] == [
        "by the names, camera door_20261128080000 begins at 2026-11-28 08:00:00, "
        "hall_20261128080002 +2 s"
    ]
    found = times(cameras)
    assert found["door_20261128080000"][0] == 0
    assert found["hall_20261128080002"][:2] == [2.0, 2.2]
    assert all(reader.zero == EIGHT for reader in open_cameras(cameras, SourcesConfig()))


def test_cameras_that_do_not_say_it_stay_as_they_are(tmp_path, caplog):
    clip(tmp_path / "a.mp4")
    clip(tmp_path / "b.mp4")
    with caplog.at_level("INFO", "mtmc"):
        cameras = find_cameras(tmp_path)
    assert not caplog.records
    assert [(c.delay, c.began) for c in cameras] == [(0.0, None)] * 2


def test_some_that_do_and_some_that_do_not_are_told(tmp_path, caplog):
    clip(tmp_path / "a.mp4")
    clip(tmp_path / "door_20261128080000.mp4")
    cameras = find_cameras(tmp_path)
    (warning,) = [r.message for r in caplog.records if r.levelname == "WARNING"]
    assert warning.startswith("nothing says when a began: taken to begin with door_20261128080000")
    assert [camera.began is None for camera in cameras] == [True, False]


def write_cameras(folder, *lines):
    (folder / "cameras.yaml").write_text("cameras:\n" + "".join(f"- {{{x}}}\n" for x in lines))


def test_what_cameras_yaml_says_goes_before_names(tmp_path):
    clip(tmp_path / "x_20261128080000.mp4")
    clip(tmp_path / "y.mp4")
    write_cameras(
        tmp_path,
        "name: a, path: x_20261128080000.mp4, start: 2026-11-28T09:00, offset: 0.5",
        "name: b, path: y.mp4, start: 2026-11-28 09:00:10.25",
        "name: c, path: x_20261128080000.mp4, start: none",
    )
    a, b, c = find_cameras(tmp_path)
    assert (a.delay, b.delay, c.delay) == (0.5, 10.25, 0.0)
    assert (a.began.by, c.began) == ("cameras.yaml", None)


def test_zones_are_all_or_none_or_can_be_told(tmp_path):
    for name in ("x.mp4", "y_20261128080003.mp4"):
        clip(tmp_path / name)
    write_cameras(
        tmp_path, "path: x.mp4, start: '2026-11-28T08:00+01:00'", "path: y_20261128080003.mp4"
    )
    assert [camera.delay for camera in find_cameras(tmp_path)] == [0.0, 3.0]
    write_cameras(
        tmp_path,
        "name: a, path: x.mp4, start: '2026-11-28T08:00+01:00'",
        "name: b, path: x.mp4, start: '2026-11-28T07:00:05Z'",
    )
    assert [camera.delay for camera in find_cameras(tmp_path)] == [0.0, 5.0]
    write_cameras(
        tmp_path,
        "name: a, path: x.mp4, start: '2026-11-28T08:00+01:00'",
        "name: b, path: x.mp4, start: '2026-11-28T07:00Z'",
        "path: y_20261128080003.mp4",
    )
    with pytest.raises(UserError, match=r"without a zone, and 'a' at .* for all cameras"):
        find_cameras(tmp_path)


@pytest.mark.parametrize("start", ["soon", "2026-11-28", "'08:00'", "12", "[1]"])
def test_a_start_that_is_none_is_refused(tmp_path, start):
    clip(tmp_path / "x.mp4")
    write_cameras(tmp_path, f"path: x.mp4, start: {start}")
    with pytest.raises(UserError, match="camera 1: start must be a date and time such as"):
        find_cameras(tmp_path)


def test_live_cameras_begin_now(tmp_path):
    clip(tmp_path / "x.mp4")
    write_cameras(tmp_path, "name: a, url: 'rtsp://h/x', start: 2026-11-28T08:00")
    with pytest.raises(UserError, match="a live camera begins now"):
        find_cameras(tmp_path)
    write_cameras(tmp_path, "url: 'rtsp://h/live'", "path: x.mp4, start: 2026-11-28T08:00")
    with pytest.raises(UserError, match="does not go with live cameras"):
        find_cameras(tmp_path)


def test_metadata_count_where_that_is_asked_for(tmp_path, caplog):
    clip(tmp_path / "x.mp4", made="2026-11-28T08:00:03.000000Z")
    with caplog.at_level("INFO", "mtmc"):
        (camera,) = find_cameras(tmp_path)
    assert camera.began is None
    assert caplog.records[-1].message.startswith("only metadata say when x began, such as 2026-")
    write_cameras(tmp_path, "path: x.mp4, start: metadata")
    (camera,) = find_cameras(tmp_path)
    assert camera.began.zero == EIGHT.replace(second=3, tzinfo=UTC)
    clip(tmp_path / "y.mp4")
    write_cameras(tmp_path, "path: y.mp4, start: metadata")
    with pytest.raises(UserError, match="says nothing of when it was made"):
        find_cameras(tmp_path)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("2026-11-28T07:00:01Z", False),  # one hour west of the name's zone
        ("2026-11-28T07:00:20Z", False),  # when it ended
        ("2026-11-28T10:12:44Z", True),  # when it was exported
        ("2027-03-01T07:00:00Z", True),
    ],
)
def test_names_and_metadata_that_disagree(tmp_path, caplog, made, told):
    clip(tmp_path / "door_20261128080000.mp4", seconds=20, made=made, fps=1)
    with caplog.at_level("INFO", "mtmc"):
        (camera,) = find_cameras(tmp_path)
    assert camera.began.zero == EIGHT
    assert told == any("another time than the names" in r.message for r in caplog.records)


def test_cameras_that_never_ran_together_are_told(tmp_path, caplog):
    clip(tmp_path / "door_20261128080000.mp4")
    clip(tmp_path / "hall_20000101000000.mp4")  # a clock that was never set
    find_cameras(tmp_path)
    (warning,) = [r.message for r in caplog.records if r.levelname == "WARNING"]
    assert "no two cameras ran at the same time: hall" in warning


def test_files_that_follow_each_other_are_one_recording(tmp_path):
    for name in ("080000", "080001", "080005"):
        clip(tmp_path / f"door_20261128{name}_20261128090000.mp4")
    clip(tmp_path / "hall_20261128080000_ab12.mp4")
    cameras = find_cameras(tmp_path)
    assert [camera.name for camera in cameras] == ["door", "hall"]
    found = times(cameras)["door"]
    assert found[:10] == [n / 10 for n in range(10)]
    assert found[10:20] == [1 + n / 10 for n in range(10)]
    assert found[20:] == [5 + n / 10 for n in range(10)]  # with the pause that the names tell


def test_a_folder_of_parts_is_a_camera(tmp_path, caplog):
    for name in ("00.00", "00.01"):  # as Frigate has them
        clip(tmp_path / "2026-11-28" / "08" / "yard" / f"{name}.mp4")
    with caplog.at_level("INFO", "mtmc"):
        (camera,) = find_cameras(tmp_path / "2026-11-28" / "08")
    assert (camera.name, len(camera.files)) == ("yard", 2)
    assert caplog.records[0].message.startswith("camera yard: 2 files, by the times in their names")
    write_cameras(tmp_path, "path: 2026-11-28/08/yard")
    with pytest.raises(UserError, match=r"holds a recording in parts; write .*yard/\*"):
        find_cameras(tmp_path)


def test_files_at_the_same_time_are_cameras(tmp_path):
    for name in ("20261128080000", "20261128080001"):
        clip(tmp_path / f"{name}.mp4", seconds=20, fps=1)
    assert len(find_cameras(tmp_path)) == 2


def test_cameras_of_a_list_are_not_joined(tmp_path):
    for name in ("080000", "080001"):
        clip(tmp_path / f"door_20261128{name}.mp4")
    write_cameras(tmp_path, *(f"path: door_20261128{n}.mp4" for n in ("080000", "080001")))
    assert len(find_cameras(tmp_path)) == 2


def test_patterns_are_filled_in(tmp_path, monkeypatch):
    for name in ("door-10", "door-9", "hall-1"):
        clip(tmp_path / "videos" / f"{name}.mp4")
    write_cameras(tmp_path, "name: door, path: 'videos/door-*.mp4'")
    (camera,) = find_cameras(tmp_path)
    assert [path.name for path in camera.files] == ["door-9.mp4", "door-10.mp4"]
    write_cameras(tmp_path, "name: door, path: 'videos/gate-*.mp4'")
    with pytest.raises(UserError, match=r"camera 1: .*gate-.*: no video file fits that pattern"):
        find_cameras(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert [c.name for c in find_cameras("videos/door-*.mp4")] == ["door-10", "door-9"]


def test_parts_in_a_list_go_by_their_times(tmp_path):
    names = [f"x_2026112808000{n}.mp4" for n in (1, 0)]
    for name in names:
        clip(tmp_path / name)
    write_cameras(tmp_path, f"name: a, path: [{', '.join(names)}]")
    (camera,) = find_cameras(tmp_path)
    assert [path.name for path in camera.files] == names[::-1]
