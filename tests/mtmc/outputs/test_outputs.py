import json
import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime

import av
import cv2
import numpy as np
import polars as pl
import pytest

from mtmc.errors import UserError
from mtmc.files import claimed, replacing, write_text
from mtmc.mot import MotKind, read_mot
from mtmc.outputs import tracks as outputs_of_tracks
from mtmc.outputs.drawing import clock, id_color
from mtmc.outputs.mosaic import Mosaic
from mtmc.outputs.people import People
from mtmc.outputs.report import to_json, versions
from mtmc.outputs.tracks import LiveTracks, TrackTable, write_mot_files, write_table
from mtmc.outputs.video import VideoWriter
from mtmc.trackers import Tracks
from mtmc.tracking.rows import TrackSpool, make_rows, read_spool
from mtmc.types import Frame, TrackKey

NAMES = ["a", "b"]


def tracks(*ids, x=10.0):
    boxes = np.array([[x + 20 * i, 5, x + 20 * i + 10, 35] for i in range(len(ids))])
    count = len(ids)
    return Tracks(np.array(ids), boxes.reshape(-1, 4), np.full(count, 0.5), np.arange(count))


def rows(camera, index, *ids, floor=None):
    frame = Frame(NAMES[camera], index, index / 10, None)
    return make_rows(camera, frame, tracks(*ids), floor)


@pytest.fixture
def table():
    parts = [
        rows(0, 2, 1, floor=np.array([[1.0, 2.0]])),
        rows(0, 1, 2, 1),
        rows(1, 1, 7),
        rows(1, 2),
        rows(0, 3, 9),
    ]
    ids = {TrackKey("a", 1): 5, TrackKey("a", 2): 3, TrackKey("b", 7): 5}
    return TrackTable(np.concatenate(parts), NAMES, ids)


def test_rows_are_sorted_and_tracks_without_an_id_left_out(table):
    mine, ids = table.camera(0)
    assert mine["frame"].tolist() == [1, 1, 2]
    assert ids.tolist() == [3, 5, 5]
    mine, ids = table.rows_at(0, 1)
    assert ids.tolist() == [3, 5]
    assert mine["box"].tolist() == [[10, 5, 20, 35], [30, 5, 40, 35]]
    assert len(table.rows_at(1, 2)[1]) == 0


def test_a_predicted_box_gives_way_to_a_detected_one():
    guess = tracks(1)
    guess = Tracks(guess.ids, guess.boxes + 3, guess.scores, np.array([-1]))
    parts = [
        make_rows(0, Frame("a", 1, 0.1, None), guess, None),
        make_rows(0, Frame("a", 1, 0.1, None), tracks(2), None),
        make_rows(0, Frame("a", 2, 0.2, None), guess, None),
    ]
    ids = {TrackKey("a", 1): 1, TrackKey("a", 2): 1}
    table = TrackTable(np.concatenate(parts), ["a"], ids)
    mine, numbers = table.camera(0)
    assert numbers.tolist() == [1, 1]
    assert mine["track"].tolist() == [2, 1]


def test_the_spool_gives_back_what_went_in(tmp_path):
    spool = TrackSpool(tmp_path, NAMES)
    assert len(spool.rows()) == len(spool.ids()) == 0
    spool.append(rows(0, 1, 4, 5))
    spool.append(rows(1, 1), {TrackKey("a", 5): 2})
    spool.append(rows(1, 2, 6), {TrackKey("b", 6): 1, TrackKey("a", 4): 3})
    assert spool.rows()["track"].tolist() == [4, 5, 6]
    given = spool.rows()
    given["track"][0] = 9  # as a track that is cut gets new ids
    assert given["track"].tolist() == [9, 5, 6]
    assert spool.rows()["track"].tolist() == [4, 5, 6]
    assert spool.ids() == {TrackKey("a", 5): 2, TrackKey("b", 6): 1, TrackKey("a", 4): 3}
    spool.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_spool_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path):
    spool = TrackSpool(tmp_path, NAMES)
    spool.append(rows(0, 1, 4, 5), {TrackKey("a", 5): 2, TrackKey("a", 4): 1})
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-3])
    left, ids = read_spool(tmp_path, NAMES)
    assert left["track"].tolist() == [4]
    assert ids == {TrackKey("a", 5): 2}


def test_results_are_the_same_written_in_parts(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    parts = [
        rows(int(camera), index, *sorted(random.choice(9, 3, replace=False) + 1))
        for index in range(1, 40)
        for camera in random.permutation(2)
    ]
    ids = {TrackKey(name, track): track // 2 + 1 for name in NAMES for track in range(1, 9)}
    written = {}
    for part in (7, 10_000):
        monkeypatch.setattr(outputs_of_tracks, "PART", part)
        folder = tmp_path / str(part)
        table = TrackTable(np.concatenate(parts), NAMES, ids)
        write_mot_files(table, folder)
        for name in ("tracks.parquet", "tracks.csv"):
            write_table(folder / name, table)
        write_text(folder / "i.json", to_json(People([0.1, 0.1]).identities(table)))
        written[part] = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert written[7] == written[10_000]
    assert written[7].keys() == {"a.txt", "b.txt", "tracks.parquet", "tracks.csv", "i.json"}


def test_mot_files_read_back(table, tmp_path):
    write_mot_files(table, tmp_path)
    back = read_mot(tmp_path / "a.txt", MotKind.TRACKS)
    assert back.ids.tolist() == [3, 5, 5]
    assert back.boxes[0].tolist() == [10, 5, 20, 35]
    assert (tmp_path / "b.txt").read_text() == "1,5,10.00,5.00,10.00,30.00,0.5,-1,-1,-1\n"


def test_parquet_has_one_row_per_box_and_null_where_the_floor_is_unknown(table, tmp_path):
    write_table(tmp_path / "tracks.parquet", table)
    frame = pl.read_parquet(tmp_path / "tracks.parquet")
    assert frame["camera"].to_list() == ["a", "a", "a", "b"]
    assert frame["global_id"].to_list() == [3, 5, 5, 5]
    assert frame["floor_x"].to_list() == [None, None, 1.0, None]
    assert frame["time"].to_list() == pytest.approx([0.1, 0.1, 0.2, 0.1])


def test_identities_tell_when_and_where(table):
    people = json.loads(to_json(People([0.1, 0.1]).identities(table)))
    assert [person["id"] for person in people] == [3, 5]
    five = people[1]
    assert set(five["cameras"]) == {"a", "b"}
    assert (five["first_seen"], five["last_seen"]) == (0.1, 0.2)
    assert five["cameras"]["a"][0] == {
        "track_id": 1,
        "start": 0.1,
        "end": 0.2,
        "first_frame": 1,
        "last_frame": 2,
        "frames": 2,
    }
    assert "python" in versions()


def test_nobody_seen(tmp_path):
    empty = TrackTable(rows(0, 1), NAMES, {})
    write_mot_files(empty, tmp_path)
    write_table(tmp_path / "tracks.parquet", empty)
    assert (tmp_path / "a.txt").read_text() == (tmp_path / "b.txt").read_text() == ""
    assert pl.read_parquet(tmp_path / "tracks.parquet").height == 0
    assert People([0.1, 0.1]).identities(empty) == []


def test_live_rows_wait_for_their_id(tmp_path):
    live = LiveTracks(tmp_path, NAMES)
    live.write(rows(0, 1, 4, 5), {})
    assert (tmp_path / "a.txt").read_text() == ""
    live.write(rows(0, 2, 4, 5), {TrackKey("a", 5): 1})
    lines = (tmp_path / "a.txt").read_text().splitlines()
    assert [line.split(",")[:2] for line in lines] == [["1", "1"], ["2", "1"]]
    live.write(rows(0, 3, 5), {TrackKey("a", 4): 2})
    live.forget_all_but([TrackKey("a", 5), TrackKey("b", 7)])
    assert live.ids == {TrackKey("a", 5): 1}
    live.close()
    assert (tmp_path / "a.txt").read_text().count("\n") == 5


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.txt"
    write_text(path, "old")

    def fail():
        with replacing(path) as partial:
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unwritable_folder(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tracks").touch()
    for wrong in (tmp_path / "file" / "out", tmp_path / "out"):
        with pytest.raises(UserError, match="cannot be written"), claimed(wrong):
            pass


def test_two_runs_cannot_write_to_one_folder(tmp_path):
    with claimed(tmp_path):
        code = (
            "import sys; from pathlib import Path; from mtmc.files import claimed\n"
            "with claimed(Path(sys.argv[1])): pass"
        )
        command = [sys.executable, "-c", code, str(tmp_path)]
        other = subprocess.run(command, check=False, capture_output=True, text=True)
        assert "another run is writing there" in other.stderr
    with claimed(tmp_path):
        pass
    # Were the lock's file removed, who still has it open would hold another lock than newcomers.
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "tracks"]


def test_what_killed_runs_left_half_written_is_swept(tmp_path):
    (tmp_path / "tracks").mkdir()
    for name in (".mosaic.partial.mp4", "tracks/.a.partial.txt", ".write-test-7"):
        (tmp_path / name).touch()
    (tmp_path / ".tracks.partial").touch()  # not half of anything: all rows of a run
    with claimed(tmp_path):
        left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {".lock", ".tracks.partial", "tracks"}


@pytest.mark.parametrize("cameras", [1, 2, 4, 7, 32])
def test_every_camera_has_a_cell_of_the_mosaic(cameras):
    sizes = {f"c{i}": (640, 480) for i in range(cameras)}
    mosaic = Mosaic(sizes, 1920, 1080)
    width, height = mosaic.size
    assert width <= 1920
    assert height <= 1080
    assert width % 2 == height % 2 == 0
    images = {
        name: Frame(name, 1, 0.0, np.full((480, 640, 3), 40 + i, np.uint8))
        for i, name in enumerate(sizes)
    }
    nobody = {name: (np.zeros((0, 4)), np.zeros(0, int), np.zeros(0, bool)) for name in sizes}
    drawn = mosaic.draw(images, nobody)
    assert {40 + i for i in range(cameras)} <= set(drawn.ravel().tolist())


def picture_of(identity, seen=True):
    """Somebody's box, without the label."""
    mosaic = Mosaic({"a": (400, 400)}, 400, 400)
    image = np.zeros((400, 400, 3), np.uint8)
    label = (np.array([[50, 60, 90, 300]]), np.array([identity]), np.array([seen]))
    drawn = mosaic.draw({"a": Frame("a", 1, 0.0, image)}, {"a": label})
    return drawn[80:].copy()


def line_of(identity, seen=True):
    """The colours of the left side of somebody's box."""
    return set(map(tuple, picture_of(identity, seen)[10:200, 50].tolist()))


def test_people_are_drawn_in_the_colour_of_their_id():
    assert line_of(4) == {id_color(4)}
    assert line_of(4, seen=False) == {id_color(4), (0, 0, 0)}


def test_36_people_are_told_apart():
    assert len({picture_of(i).tobytes() for i in range(1, 37)}) == 36
    colors = np.array([id_color(i) for i in range(1, 13)], np.uint8)[None]
    lab = cv2.cvtColor(colors.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)[0]
    apart = np.linalg.norm(lab[:, None] - lab, axis=2)
    assert apart[~np.eye(12, dtype=bool)].min() > 25


def test_the_video_is_h264_with_the_times_of_the_frames(tmp_path):
    path = tmp_path / "v.mp4"
    writer = VideoWriter(path, (64, 48), 10.0)
    for time in (5.0, 5.1, 5.4, 5.4, 5.5):
        writer.write(np.zeros((48, 64, 3), np.uint8), time)
    writer.close()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        times = [frame.time for frame in container.decode(stream)]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
    assert times == pytest.approx([0, 0.1, 0.4, 0.4, 0.5], abs=1e-3)
    assert (np.diff(times) > 0).all()


def pictures(count, size=(64, 48)):
    noise = np.random.default_rng(0).integers(0, 255, (*size[::-1], 3), np.uint8)
    return [np.roll(noise, 3 * number, axis=1).copy() for number in range(count)]


def write_whole(path, images, fps=10.0, **options):
    writer = VideoWriter(path, images[0].shape[1::-1], fps, **options)
    try:
        for number, image in enumerate(images):
            writer.write(image, number / fps)
    finally:
        writer.close()


def decoded(path):
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@contextmanager
def room(size):
    """Within it, no file becomes larger than so many bytes.

    Not a moment longer: where pytest itself writes into a file, it is held to that as well.
    """
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("live", [True, False])
def test_a_full_disk_is_an_error_whenever_it_shows(tmp_path, live):
    images, path = pictures(30), tmp_path / "v.mp4"
    write_whole(path, images, live=live)
    size = path.stat().st_size
    for least in (0, 100, size // 2, size - 3000, size - 1):
        with pytest.raises(OSError, match="too large"), room(least):
            write_whole(path, images, live=live)
    with room(size):
        write_whole(path, images, live=live)
    assert decoded(path) == len(images)


@pytest.mark.parametrize(
    "write",
    [
        write_mot_files,
        lambda table, out: write_table(out / "t.parquet", table),
        lambda table, out: write_table(out / "t.csv", table),
    ],
)
def test_results_on_a_full_disk_are_refused_in_one_line(table, tmp_path, write):
    with pytest.raises(UserError, match=r"cannot be written .*too large") as error, room(20):
        write(table, tmp_path)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_live_video_plays_to_its_last_second_when_the_process_dies(tmp_path):
    videos = [(2.0, 6), (10.0, 14), (25.0, 60)]
    code = f"""
import os
from pathlib import Path
from mtmc.outputs.video import VideoWriter
from tests.mtmc.outputs.test_outputs import pictures
writers = []
for fps, frames in {videos}:
    writers.append(VideoWriter(Path({str(tmp_path)!r}) / f"{{fps}}.mp4", (64, 48), fps, live=True))
    for number, image in enumerate(pictures(frames)):
        writers[-1].write(image, number / fps)
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    for fps, frames in videos:
        assert frames - decoded(tmp_path / f"{fps}.mp4") <= max(fps, 3)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux only")
def test_a_video_is_the_same_bytes_on_any_number_of_cores(tmp_path):
    every = os.sched_getaffinity(0)
    try:
        for name, cores in (("one", {min(every)}), ("all", every)):
            os.sched_setaffinity(0, cores)  # of this thread; the encoder's are begun by it
            for live in (False, True):
                write_whole(tmp_path / f"{name}-{live}.mp4", pictures(40, (320, 240)), live=live)
    finally:
        os.sched_setaffinity(0, every)
    for live in (False, True):
        same = {(tmp_path / f"{name}-{live}.mp4").read_bytes() for name in ("one", "all")}
        assert len(same) == 1


def test_a_video_without_a_picture_is_none(tmp_path):
    VideoWriter(tmp_path / "v.mp4", (64, 48), 10.0).close()
    assert list(tmp_path.iterdir()) == []


def test_the_clock_on_the_wall():
    assert clock(3725.04) == "1:02:05.0"
    assert clock(-0.5) == "-0:00:00.5"
    assert clock(59.96, datetime(2026, 12, 31, 23, 59)) == "2027-01-01 00:00:00.0"


def test_the_mosaic_shows_the_clock_on_the_wall_where_it_is_known():
    frames = {name: Frame(name, 1, 0.0, np.zeros((90, 400, 3), np.uint8)) for name in NAMES}
    nobody = np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0, bool)
    labels = dict.fromkeys(NAMES, nobody)
    drawn = []
    for zeros in (None, {"a": datetime(2026, 11, 28, 8), "b": None}):
        mosaic = Mosaic(dict.fromkeys(NAMES, (400, 90)), 400, 180, zeros)
        drawn.append(mosaic.draw(frames, labels).copy())
    changed = (drawn[0] != drawn[1]).any(axis=(1, 2))
    assert changed[:90].any()
    assert not changed[90:].any()
