import logging

import cv2
import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.sources import Camera, SourcesConfig, align, open_cameras, recording
from tests.mtmc.conftest import block_frames, write_video


def read(cameras, pixels_from=1, scale=1.0, **options):
    readers = open_cameras(cameras, SourcesConfig(**options))
    for reader in readers:
        reader.start(pixels_from, scale)
    try:
        return list(align(readers))
    finally:
        for reader in readers:
            reader.close()


def indices(steps):
    return [{name: frame.index for name, frame in step.items()} for step in steps]


def test_a_video_has_its_frames_numbers_and_times(tmp_path):
    path = write_video(tmp_path / "a.mp4", block_frames(7), fps=10)
    steps = read([Camera("a", str(path))])
    assert [step["a"].index for step in steps] == [1, 2, 3, 4, 5, 6, 7]
    assert [step["a"].time for step in steps] == pytest.approx(np.arange(7) / 10)
    original = np.stack(list(block_frames(7))).astype(int)
    decoded = np.stack([step["a"].image for step in steps]).astype(int)
    assert np.abs(decoded - original).mean() < 6


@pytest.mark.parametrize(("scale", "size"), [(0.5, (60, 80)), (1.7, (120, 160))])
def test_pictures_may_be_made_smaller_where_they_are_decoded(scale, size, tmp_path):
    path = write_video(tmp_path / "a.mp4", block_frames(2))
    (whole, *_), (step, *_) = (read([Camera("a", str(path))], scale=by) for by in (1.0, scale))
    assert step["a"].image.shape == (*size, 3)
    expected = cv2.resize(whole["a"].image, size[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(step["a"].image.astype(int) - expected).mean() < 4


def steps_of(steps):
    return [frame.steps for step in steps for frame in step.values()]


def test_a_frame_tells_how_many_are_missing_before_it(tmp_path):
    regular = write_video(tmp_path / "a.mp4", block_frames(9), fps=10)
    for stride in (1, 2):
        assert set(steps_of(read([Camera("a", str(regular))], stride=stride))) == {1}
    times = [0.0, 0.1, 0.2, 0.9, 1.0, 1.12]
    gap = write_video(tmp_path / "b.mkv", block_frames(6), times=times, fps=10)
    assert steps_of(read([Camera("b", str(gap), "video")])) == [1, 1, 1, 7, 1, 1]


def test_real_timestamps_unless_a_rate_is_given(tmp_path):
    times = [0.0, 0.1, 0.5, 0.6]
    path = write_video(tmp_path / "a.mkv", block_frames(4), times=times)
    assert [s["a"].time for s in read([Camera("a", str(path))])] == pytest.approx(times)
    steps = read([Camera("a", str(path), fps=4, offset=2)])
    assert [s["a"].time for s in steps] == pytest.approx([2.0, 2.25, 2.5, 2.75])


def test_times_by_rate_do_not_drift(tmp_path):
    path = write_video(tmp_path / "a.mp4", block_frames(60), fps=15)
    times = [step["a"].time for step in read([Camera("a", str(path), fps=15)])]
    assert times == [index / 15 for index in range(60)]


def test_cameras_of_different_rate_length_and_offset_are_aligned_by_time(tmp_path):
    fast = write_video(tmp_path / "fast.mp4", block_frames(6), fps=10)
    slow = write_video(tmp_path / "slow.mp4", block_frames(2), fps=5)
    steps = read([Camera("fast", str(fast)), Camera("slow", str(slow), offset=0.21)])
    assert indices(steps) == [
        {"fast": 1},
        {"fast": 2},
        {"fast": 3, "slow": 1},
        {"fast": 4},
        {"fast": 5, "slow": 2},
        {"fast": 6},
    ]


def test_stride_keeps_the_frames_numbers(tmp_path):
    path = write_video(tmp_path / "a.mp4", block_frames(7))
    readers = open_cameras([Camera("a", str(path))], SourcesConfig(stride=3))
    assert readers[0].total == 3
    assert indices(read([Camera("a", str(path))], stride=3)) == [{"a": 1}, {"a": 4}, {"a": 7}]
    assert readers[0].fps == pytest.approx(10 / 3)


def test_frames_that_the_stride_skips_are_not_converted(tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.mp4", block_frames(7))
    converted = []
    to_image = recording.to_image
    monkeypatch.setattr(recording, "to_image", lambda *f: converted.append(f) or to_image(*f))
    steps = read([Camera("a", str(path))], stride=3)
    assert [step["a"].time for step in steps] == pytest.approx([0, 0.3, 0.6])
    assert len(converted) == 1 + 3  # and one on opening, for the size


def test_images_and_boxes_have_a_stride_too(tmp_path):
    folder = tmp_path / "cam"
    folder.mkdir()
    for number in range(1, 6):
        cv2.imwrite(str(folder / f"{number}.png"), np.zeros((8, 8, 3), np.uint8))
    cameras = [
        Camera("a", str(folder), "images", fps=2),
        Camera("b", "", "boxes", fps=2, size=(64, 48), frames=5),
    ]
    assert indices(read(cameras, stride=2)) == [{"a": i, "b": i} for i in (1, 3, 5)]


def test_a_clock_far_from_0_loses_no_frame(tmp_path):
    cameras = [
        Camera(name, "", "boxes", fps=25, offset=1.7e16, size=(64, 48), frames=5) for name in "ab"
    ]
    steps = read(cameras)
    assert all(steps)
    assert sum(len(step) for step in steps) == 10


def test_frames_known_from_before_come_without_pixels(tmp_path):
    path = write_video(tmp_path / "a.mp4", block_frames(4))
    steps = read([Camera("a", str(path))], pixels_from=3)
    assert [step["a"].image is None for step in steps] == [True, True, False, False]
    with pytest.raises(ValueError, match="frame 1 of camera 'a' has no image"):
        _ = steps[0]["a"].pixels


def test_image_folder_takes_natural_order_and_the_rate_of_seqinfo(tmp_path, caplog):
    folder = tmp_path / "seq" / "img1"
    folder.mkdir(parents=True)
    for number in (1, 2, 10):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((8, 8, 3), number, np.uint8))
    (folder / "3.png").write_text("no image")
    (tmp_path / "seq" / "seqinfo.ini").write_text("[Sequence]\nframeRate=4\n")
    with caplog.at_level(logging.WARNING, "mtmc"):
        steps = read([Camera("seq", str(folder), "images")])
    assert [int(step["seq"].image[0, 0, 0]) for step in steps] == [1, 2, 10]
    assert [step["seq"].time for step in steps] == [0, 0.25, 2.25]
    assert "3.png cannot be read" in caplog.text
    again = read([Camera("seq", str(folder), "images")], pixels_from=11)
    assert indices(again) == indices(steps)


def test_boxes_cameras_are_blank_and_need_their_size(tmp_path):
    camera = Camera("a", "", "boxes", fps=2, size=(64, 48), frames=3)
    steps = read([camera])
    assert [step["a"].time for step in steps] == [0, 0.5, 1]
    assert steps[0]["a"].pixels.shape == (48, 64, 3)
    with pytest.raises(UserError, match=r"cameras\.yaml must give size"):
        open_cameras([Camera("a", "", "boxes", fps=2, frames=3)], SourcesConfig())


def test_a_text_file_is_no_video(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("hello")
    with pytest.raises(UserError, match=r"camera 'a': .*a\.mp4: cannot be opened as video"):
        open_cameras([Camera("a", str(path))], SourcesConfig())


def test_a_truncated_video_warns_and_gives_what_decodes(tmp_path, caplog):
    whole = write_video(tmp_path / "whole.ts", block_frames(60), fps=10)
    data = whole.read_bytes()
    cut = tmp_path / "cut.ts"
    cut.write_bytes(data[: len(data) // 2])
    other = write_video(tmp_path / "other.mp4", block_frames(60), fps=10)
    steps = read([Camera("cut", str(cut)), Camera("other", str(other))])
    seen = sum("cut" in step for step in steps)
    assert 5 < seen < 55
    assert len(steps) == 60


def test_an_mp4_cut_short_says_so(tmp_path, caplog):
    frames = np.random.default_rng(0).integers(0, 255, (40, 64, 64, 3), dtype=np.uint8)
    path = tmp_path / "a.mp4"
    import av

    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with caplog.at_level(logging.WARNING, "mtmc"):
        steps = read([Camera("a", str(path))])
    assert 5 < len(steps) < 30
    assert "the file seems truncated" in caplog.text


def test_a_stream_that_cannot_be_reached_hides_its_password():
    camera = Camera("door", "rtsp://user:secret@127.0.0.1:9/s?token=abc", "live")
    with pytest.raises(UserError, match=r"camera 'door': rtsp://127\.0\.0\.1:9/s: cannot") as error:
        open_cameras([camera], SourcesConfig())
    assert "secret" not in str(error.value)
    assert "abc" not in str(error.value)
