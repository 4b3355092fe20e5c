"""The videos of a run as browsers play them."""

import json
import shutil

import av
import numpy as np
import pytest
import yaml

from mtmc.errors import UserError
from mtmc.results import Results, layout
from mtmc.viewer.boxes import Boxes
from mtmc.viewer.clocks import media_clock, run_clock
from mtmc.viewer.footage import Footage
from tests.mtmc.conftest import block_frames, write_video

UNEVEN = [0.0, 0.1, 0.25, 0.3, 0.7, 0.8]


def test_frames_that_come_evenly_need_no_list(tmp_path):
    clock = media_clock(write_video(tmp_path / "even.mp4", block_frames(12), fps=10))
    assert (clock.count, clock.first, clock.listed) == (12, 0.0, None)
    assert clock.period == pytest.approx(0.1)
    clock = media_clock(write_video(tmp_path / "odd.mp4", block_frames(6), times=UNEVEN))
    assert clock.count == 6
    assert np.allclose(clock.listed, UNEVEN, atol=1e-3)


def test_the_table_says_when_a_frame_was():
    even = run_clock(np.array([3, 4, 9]), np.array([5.2, 5.3, 5.8]), 12, 10.0, 0.0)
    assert (even.count, even.listed) == (12, None)
    assert even.first == pytest.approx(5.0)
    odd = run_clock(np.array([2, 4]), np.array([1.0, 2.0]), 5, 10.0, 0.0)
    assert np.allclose(odd.listed, [0.9, 1.0, 1.5, 2.0, 2.1])
    nobody = run_clock(np.zeros(0, int), np.zeros(0), 5, 10.0, 7.0)
    assert (nobody.count, nobody.first) == (5, 7.0)


@pytest.fixture
def results(watched, tmp_path):
    """Results whose cameras can be exchanged, in ``tmp_path``."""
    shutil.copytree(watched / "out", tmp_path / "out")
    for name in ("left.mp4", "right.mp4", "cameras.yaml"):
        shutil.copy(watched / name, tmp_path)
    record = (tmp_path / "out" / layout.RECORD).read_text()
    (tmp_path / "out" / layout.RECORD).write_text(record.replace(str(watched), str(tmp_path)))
    return tmp_path / "out"


def found(folder, sources=()):
    results = Results.open(folder)
    return Footage(results, sources, Boxes(results))


def test_what_browsers_do_not_play_is_converted_once(results, caplog):
    write_video(results.parent / "left.mp4", block_frames(24), codec="mpeg4")
    footage = found(results)
    left, right = footage.cameras["left"], footage.cameras["right"]
    assert (left.state, right.state) == ("waits", "plays")
    assert "do not play mpeg4" in left.said
    assert footage.file("left") is None
    footage.convert()
    assert left.state == "plays"
    with av.open(str(footage.file("left"))) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    red = [(frame[34, :, 2] > 180) & (frame[34, :, 1] < 90) for frame in frames]
    assert [int(row.argmax()) for row in red] == pytest.approx(5 + 2 * np.arange(24), abs=1)
    assert left.media.count == 24
    assert footage.file("left").parent == results / layout.VIEWER
    made = footage.file("left").stat().st_mtime_ns
    again = found(results)
    again.convert()
    assert again.file("left").stat().st_mtime_ns == made


def test_hidden_people_stay_hidden(results):
    config = results / layout.CONFIG
    settings = yaml.safe_load(config.read_text())
    config.write_text(yaml.safe_dump({**settings, "output": {"anonymise": "person"}}))
    footage = found(results)
    assert footage.file("left") is None  # not the video as it is
    assert "hidden" in footage.cameras["left"].said
    footage.convert()
    assert footage.cameras["left"].state == "gone"  # nobody knows where they are


def test_a_video_with_other_frames_than_were_read_is_not_believed(results):
    write_video(results.parent / "left.mp4", block_frames(30))
    assert "24 of its 30 frames" in found(results).cameras["left"].said


def test_where_videos_are_gone_or_elsewhere(results, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shutil.move(results.parent / "right.mp4", elsewhere)
    footage = found(results)
    assert footage.file("right") is None
    assert footage.file("left") == results.parent / "left.mp4"
    assert "right.mp4" in footage.cameras["right"].said
    assert found(results, [str(elsewhere)]).file("right") == elsewhere / "right.mp4"
    with pytest.raises(UserError):
        found(results, [str(elsewhere / "nothing")])
    record = json.loads((results / layout.RECORD).read_text())
    record["given"] = ["rtsp://10.0.0.7/main"]
    (results / layout.RECORD).write_text(json.dumps(record))
    assert "second time" in found(results).cameras["left"].said
