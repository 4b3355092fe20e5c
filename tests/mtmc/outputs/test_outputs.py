import json
import subprocess
import sys

import av
import numpy as np
import polars as pl
import pytest

from mtmc.errors import UserError
from mtmc.files import claimed, replacing, write_text
from mtmc.mot import MotKind, read_mot
from mtmc.outputs.drawing import id_color
from mtmc.outputs.mosaic import Mosaic
from mtmc.outputs.report import identities, to_json, versions
from mtmc.outputs.tracks import LiveTracks, TrackTable, write_mot_files, write_parquet
from mtmc.outputs.video import VideoWriter
from mtmc.trackers import Tracks
from mtmc.tracking.rows import TrackSpool, make_rows
from mtmc.types import Frame, TrackKey

NAMES = ["a", "b"]


def tracks(*ids, x=10.0):
    boxes = np.array([[x + 20 * i, 5, x + 20 * i + 10, 35] for i in range(len(ids))])
    count = len(ids)
    return Tracks(np.array(ids), boxes.reshape(-1, 4), np.full(count, 0.5), np.arange(count))


def rows(camera, index, *ids, floor=None):
    frame = Frame(NAMES[camera], index, index / 10, None)
    made = make_rows(camera, frame, tracks(*ids))
    made["floor"] = np.nan if floor is None else floor
    return made


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
    boxes, ids = table.at(0, 1)
    assert ids.tolist() == [3, 5]
    assert boxes.tolist() == [[10, 5, 20, 35], [30, 5, 40, 35]]
    assert len(table.at(1, 2)[1]) == 0


def test_a_predicted_box_gives_way_to_a_detected_one():
    guess = tracks(1)
    guess = Tracks(guess.ids, guess.boxes + 3, guess.scores, np.array([-1]))
    parts = [
        make_rows(0, Frame("a", 1, 0.1, None), guess),
        make_rows(0, Frame("a", 1, 0.1, None), tracks(2)),
        make_rows(0, Frame("a", 2, 0.2, None), guess),
    ]
    ids = {TrackKey("a", 1): 1, TrackKey("a", 2): 1}
    table = TrackTable(np.concatenate(parts), ["a"], ids)
    mine, numbers = table.camera(0)
    assert numbers.tolist() == [1, 1]
    assert mine["track"].tolist() == [2, 1]


def test_the_spool_gives_back_what_went_in(tmp_path):
    with TrackSpool(tmp_path / "spool") as spool:
        assert len(spool.rows()) == 0
        spool.append(rows(0, 1, 4, 5))
        spool.append(rows(1, 1))
        spool.append(rows(1, 2, 6))
        assert spool.rows()["track"].tolist() == [4, 5, 6]
        given = spool.rows()
        given["track"][0] = 9  # as a track that is cut gets new ids
        assert given["track"].tolist() == [9, 5, 6]
        assert spool.rows()["track"].tolist() == [4, 5, 6]
    assert list(tmp_path.iterdir()) == []


def test_mot_files_read_back(table, tmp_path):
    write_mot_files(table, tmp_path)
    back = read_mot(tmp_path / "a.txt", MotKind.TRACKS)
    assert back.ids.tolist() == [3, 5, 5]
    assert back.boxes[0].tolist() == [10, 5, 20, 35]
    assert (tmp_path / "b.txt").read_text() == "1,5,10.00,5.00,10.00,30.00,0.5,-1,-1,-1\n"


def test_parquet_has_one_row_per_box_and_null_where_the_floor_is_unknown(table, tmp_path):
    write_parquet(table, tmp_path / "t.parquet")
    frame = pl.read_parquet(tmp_path / "t.parquet")
    assert frame["camera"].to_list() == ["a", "a", "a", "b"]
    assert frame["global_id"].to_list() == [3, 5, 5, 5]
    assert frame["floor_x"].to_list() == [None, None, 1.0, None]
    assert frame["time"].to_list() == pytest.approx([0.1, 0.1, 0.2, 0.1])


def test_identities_tell_when_and_where(table):
    people = json.loads(to_json(identities(table)))
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
    write_parquet(empty, tmp_path / "t.parquet")
    assert (tmp_path / "a.txt").read_text() == (tmp_path / "b.txt").read_text() == ""
    assert pl.read_parquet(tmp_path / "t.parquet").height == 0
    assert identities(empty) == []


def test_live_rows_wait_for_their_id(tmp_path):
    live = LiveTracks(tmp_path, NAMES)
    live.write(rows(0, 1, 4, 5), {})
    assert (tmp_path / "a.txt").read_text() == ""
    live.write(rows(0, 2, 4, 5), {TrackKey("a", 5): 1})
    lines = (tmp_path / "a.txt").read_text().splitlines()
    assert [line.split(",")[:2] for line in lines] == [["1", "1"], ["2", "1"]]
    live.write(rows(0, 3, 5), {TrackKey("a", 4): 2})
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
    assert [path.name for path in tmp_path.iterdir()] == ["tracks"]


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
    nobody = {name: (np.zeros((0, 4)), np.zeros(0, int)) for name in sizes}
    drawn = mosaic.draw(images, nobody)
    assert {40 + i for i in range(cameras)} <= set(drawn.ravel().tolist())


def test_people_are_drawn_in_the_colour_of_their_id():
    mosaic = Mosaic({"a": (200, 200)}, 200, 200)
    image = np.zeros((200, 200, 3), np.uint8)
    drawn = mosaic.draw(
        {"a": Frame("a", 1, 0.0, image)}, {"a": (np.array([[50, 60, 90, 160]]), np.array([4]))}
    )
    assert tuple(drawn[110, 50].tolist()) == id_color(4)
    assert len({id_color(i) for i in range(1, 50)}) == 49


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
