"""Folders of pictures: their numbers, their depth, and those that cannot be read."""

import logging

import cv2
import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.reid.pictures import find_range
from mtmc.sources import Camera, SourcesConfig, open_cameras
from mtmc.sources.pictures import list_images, numbered


def write(folder, names, pixels=None):
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((8, 8, 3), np.uint8) if pixels is None else pixels
    for name in names:
        suffix = "." + name.rpartition(".")[2]
        (folder / name).write_bytes(cv2.imencode(suffix, pixels)[1].tobytes())
    return folder


def frames_of(folder, **options):
    stride = options.pop("stride", 1)
    camera = Camera("a", str(folder), "images", **options)
    (reader,) = open_cameras([camera], SourcesConfig(stride=stride))
    reader.start()
    try:
        return reader, list(reader._frames)
    finally:
        reader.close()


def numbers(folder, **options):
    return [frame.index for frame in frames_of(folder, **options)[1]]


@pytest.mark.parametrize(
    ("names", "frames", "named"),
    [
        (["000001.jpg", "000002.jpg", "000005.jpg"], [1, 2, 5], True),
        (["frame1.png", "frame2.png", "frame10.png", "frame12.png"], [1, 2, 10, 12], True),
        (["000000.jpg", "000001.jpg", "000003.jpg"], [1, 2, 4], True),
        (["cam1_f0021.jpg", "cam1_f0022.JPG", "cam1_f0031.jpeg"], [21, 22, 31], True),
        (["00000000.png", "00000005.png", "00000010.png"], [1, 6, 11], True),
        (["c.jpg", "a.jpg", "b.jpg"], [1, 2, 3], False),
        (["2026-01-31_10-15-00.jpg", "2026-01-31_10-16-01.jpg"], [1, 2], False),
        (["1701234567890.jpg", "1701234567990.jpg"], [1, 2], False),
        (["20260131101500.jpg", "20260131101501.jpg"], [1, 2], False),
        (["²2.png", "1.png"], [1, 2], False),
        ([f"{'9' * 150}.png", f"{'8' * 150}.png"], [1, 2], False),
        (["7.jpg"], [1], False),
    ],
)
def test_the_number_in_a_name_is_the_frame_where_names_are_numbered(tmp_path, names, frames, named):
    found = numbered(list(list_images(write(tmp_path / "a", names))))
    assert (list(found.frames), found.named, list(found.left_out)) == (frames, named, [])
    assert [frame.index for frame in frames_of(tmp_path / "a")[1]] == frames


def test_missing_numbers_are_missing_time_and_said_once(tmp_path, caplog):
    names = [f"{n:06d}.png" for n in (*range(1, 11), *range(21, 41))]
    folder = write(tmp_path / "seq" / "img1", names)
    (tmp_path / "seq" / "seqinfo.ini").write_text("[Sequence]\nframeRate=20\nseqLength=40\n")
    with caplog.at_level(logging.INFO, "mtmc"):
        reader, frames = frames_of(folder, offset=1)
    assert [frame.index for frame in frames] == [*range(1, 11), *range(21, 41)]
    assert [frame.time for frame in frames] == pytest.approx(
        [1 + (f.index - 1) / 20 for f in frames]
    )
    assert (reader.fps, reader.total) == (20, 30)
    assert caplog.messages == [
        "camera a: numbered by the pictures' names, which leave out 10, the first 11"
    ]
    assert numbers(folder, stride=3) == [1, 4, 7, 10, 23, 26, 29, 32, 35, 38]


def test_a_beginning_and_a_step_of_the_numbers_are_said(tmp_path, caplog):
    folder = write(tmp_path / "a", [f"{n:04d}.png" for n in range(101, 200, 5)])
    with caplog.at_level(logging.INFO, "mtmc"):
        reader, frames = frames_of(folder, fps=10)
    assert reader.fps == 2
    assert [frames[0].time, frames[1].time] == pytest.approx([10, 10.5])
    assert caplog.messages == [
        "camera a: numbered by the pictures' names, which begin with 101, at 10.00 s, and go in "
        "steps of 5, so there are 2 a second"
    ]


def test_a_sequence_that_says_how_long_it_is_counts_its_pictures(tmp_path, caplog):
    caplog.set_level(logging.INFO, "mtmc")
    folder = write(tmp_path / "seq" / "img1", ["000301.jpg", "000302.jpg", "000303.jpg"])
    (tmp_path / "seq" / "seqinfo.ini").write_text("[Sequence]\nframeRate=20\nseqLength=3\n")
    assert numbers(folder) == [1, 2, 3]
    assert caplog.messages == [
        "camera a: pictures are counted from 1; names go up to 303, beyond seqLength 3"
    ]


@pytest.mark.parametrize(
    ("others", "first"),
    [
        ([f"{n}_mask.png" for n in range(1, 6)], "1_mask.png"),
        ([f"camB_{n}.jpg" for n in range(1, 4)], "camB_1.jpg"),
        (["thumbnail.jpg"], "thumbnail.jpg"),
        (["3.png", "4.png"], "3.png"),
        (["0003.jpg"], "3.jpg"),
    ],
)
def test_pictures_without_a_number_of_their_own_are_left_out_and_named(
    tmp_path, caplog, others, first
):
    write(tmp_path / "a", [f"{n}.jpg" for n in range(1, 6)])
    folder = write(tmp_path / "a", others)
    with caplog.at_level(logging.WARNING, "mtmc"):
        assert numbers(folder, fps=10) == [1, 2, 3, 4, 5]
    assert len(caplog.messages) == 1
    assert (
        f"{len(others)} of {5 + len(others)} pictures are left out, such as {first}" in caplog.text
    )


def test_a_macs_files_are_none(tmp_path, caplog):
    folder = write(tmp_path / "a", ["1.jpg", "2.jpg"])
    for name in ("._1.jpg", "._2.jpg", ".3.jpg"):
        (folder / name).write_bytes(bytes([0, 5, 22, 7]) + b"Mac OS X" * 100)
    with caplog.at_level(logging.INFO, "mtmc"):
        assert numbers(folder, fps=10) == [1, 2]
    assert not caplog.messages


@pytest.mark.parametrize("broken", [[1], [3], [5], [1, 2, 3], [2, 4, 5]])
@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0"])
def test_a_picture_that_cannot_be_read_ends_nothing(tmp_path, caplog, broken, content):
    folder = write(tmp_path / "a", [f"{n}.jpg" for n in range(1, 6)])
    for number in broken:
        (folder / f"{number}.jpg").write_bytes(content)
    with caplog.at_level(logging.WARNING, "mtmc"):
        assert numbers(folder, fps=10) == [n for n in range(1, 6) if n not in broken]
    assert len(caplog.messages) == 1
    assert f"{broken[0]}.jpg" in caplog.text


def test_a_folder_without_a_readable_picture_is_refused(tmp_path):
    folder = write(tmp_path / "a", ["1.jpg", "2.jpg"])
    for path in folder.iterdir():
        path.write_bytes(b"")
    with pytest.raises(UserError, match=r"camera 'a': .*none of its 2 pictures can be read"):
        frames_of(folder)


def test_an_unread_picture_is_told_once_for_all_passes(tmp_path, caplog):
    folder = write(tmp_path / "a", ["1.jpg", "2.jpg", "3.jpg"])
    (folder / "2.jpg").write_bytes(b"")
    (reader,) = open_cameras([Camera("a", str(folder), "images", fps=1)], SourcesConfig())
    for _ in range(2):
        reader.start()
        assert len(list(reader._frames)) == 2
    reader.close()
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("[Sequence]\nframeRate=10\n", "utf-8-sig"),
        ("[Sequence]\r\nname=50%\r\nframeRate = 10.0 ; frames\r\n", "utf-8"),
        ("[sequence]\nFRAMERATE=10\nframeRate=10\n", "utf-16"),
    ],
)
def test_seqinfo_as_editors_write_it(tmp_path, caplog, text, encoding):
    folder = write(tmp_path / "seq" / "img1", ["1.jpg", "2.jpg"])
    (tmp_path / "seq" / "seqinfo.ini").write_text(text, encoding=encoding)
    with caplog.at_level(logging.INFO, "mtmc"):
        assert frames_of(folder)[0].fps == 10
    assert not caplog.messages


@pytest.mark.parametrize("text", ["frameRate=10", "[Sequence]\nframeRate=x", "[Sequence]\n", "\0"])
def test_a_seqinfo_that_cannot_be_read_is_named(tmp_path, caplog, text):
    folder = write(tmp_path / "seq" / "img1", ["1.jpg", "2.jpg"])
    (tmp_path / "seq" / "seqinfo.ini").write_text(text)
    with caplog.at_level(logging.INFO, "mtmc"):
        assert frames_of(folder)[0].fps == 30
    assert "seqinfo.ini: frameRate cannot be read" in caplog.messages[0]
    assert "do not tell their frame rate; 30 a second are assumed" in caplog.messages[1]


@pytest.mark.parametrize("rate", ["inf", "1e308", "1e-300", "90000"])
def test_a_seqinfo_of_impossible_rate_is_refused(tmp_path, rate):
    folder = write(tmp_path / "seq" / "img1", ["1.jpg"])
    (tmp_path / "seq" / "seqinfo.ini").write_text(f"[Sequence]\nframeRate={rate}\n")
    with pytest.raises(UserError, match=r"seqinfo\.ini: frameRate .*; expected from 0.00001 to 2"):
        frames_of(folder)
    assert frames_of(folder, fps=5)[0].fps == 5


EIGHT = np.arange(0, 256, 4, dtype=np.uint8)[None, :, None] * np.ones((8, 1, 3), np.uint8)


@pytest.mark.parametrize(
    ("suffix", "pixels"),
    [
        ("png", EIGHT.astype(np.uint16) * 4),
        ("png", EIGHT[:, :, 0].astype(np.uint16) * 16),
        ("tiff", EIGHT.astype(np.uint16) * 257),
        ("png", np.dstack([EIGHT.astype(np.uint16) * 4, np.full((8, 64), 65535, np.uint16)])),
        ("png", EIGHT.astype(np.uint16)),
        ("tiff", EIGHT.astype(np.float32) / 255),
        ("tiff", EIGHT.astype(np.float32)),
        ("tiff", EIGHT[:, :, 0].astype(np.float64) / 255),
        ("tiff", EIGHT[:, :, 0].astype(np.int32) * 4),
        ("pgm", EIGHT[:, :, 0].astype(np.uint16) * 4),
        ("png", np.dstack([EIGHT, np.full((8, 64), 9, np.uint8)])),
        ("png", EIGHT[:, :, 0]),
        ("ppm", EIGHT),
        ("bmp", EIGHT),
    ],
)
def test_pictures_of_any_depth_are_seen(tmp_path, caplog, suffix, pixels):
    folder = write(tmp_path / "a", [f"{n}.{suffix}" for n in (1, 2)], pixels)
    with caplog.at_level(logging.INFO, "mtmc"):
        _, frames = frames_of(folder, fps=10)
    for frame in frames:
        assert frame.pixels.dtype == np.uint8
        assert np.abs(frame.pixels.astype(int) - EIGHT).max() <= 3
    said = [message for message in caplog.messages if "are shown as 0 to 255" in message]
    assert len(said) == len(caplog.messages) == int(pixels.dtype != np.uint8)


def test_a_thermal_cameras_few_values_fill_the_range(tmp_path):
    warm = np.full((40, 40), 7300, np.uint16)
    warm[10:30, 10:20] = 7900
    warm[0, 0] = 0  # a dead pixel
    (frame,) = frames_of(write(tmp_path / "a", ["1.png"], warm), fps=1)[1]
    assert frame.pixels[0, 20].tolist() == [0, 0, 0]
    assert frame.pixels[20, 15].tolist() == [255, 255, 255]


def test_one_range_for_all_pictures_of_a_camera(tmp_path):
    for number, level in enumerate((40, 900, 500, 300), 1):
        write(tmp_path / "a", [f"{number}.png"], np.full((8, 8), level, np.uint16))
    _, frames = frames_of(tmp_path / "a", fps=1)
    levels = [int(frame.pixels[0, 0, 0]) for frame in frames]
    assert levels == pytest.approx([level / 1023 * 255 for level in (40, 900, 500, 300)], abs=1)


def test_ranges_of_odd_values():
    assert str(find_range([np.full((2, 2), np.nan)])) == "0 to 255"
    assert str(find_range([np.array([-200.0, 3000.0, np.inf])])) == "-200 to 4095"
    flat = find_range([np.full((3, 3), 5.0)])
    assert flat.apply(np.full((3, 3, 3), 5.0)).max() == 5


def test_a_picture_of_gigapixels_is_not_decoded(tmp_path, caplog):
    import struct
    import zlib

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 32000, 32000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(4001 * 100))  # never read as far as that
    folder = write(tmp_path / "a", ["2.png"])
    (folder / "1.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    assert numbers(folder, fps=1) == [2]
    assert "1.png cannot be read" in caplog.text
