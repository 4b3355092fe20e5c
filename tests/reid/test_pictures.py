"""Pictures of any depth are the same to everybody who reads them."""

import cv2
import numpy as np
import pytest

from mtmc import reid
from mtmc.evaluate.frames import SequencePicture
from mtmc.evaluate.sequences import MotSequence
from mtmc.reid.data.decode import read_image
from mtmc.reid.pictures import PictureReader
from mtmc.sources.images import log

EIGHT = np.random.default_rng(0).integers(0, 256, (20, 12, 3), dtype=np.uint8)
EIGHT[0, 0], EIGHT[0, 1] = 0, 255


@pytest.mark.parametrize("factor", [4, 16, 257])
@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_all_readers_see_the_same(tmp_path, caplog, factor, suffix):
    file = tmp_path / f"1.{suffix}"
    cv2.imwrite(str(file), EIGHT.astype(np.uint16) * factor)
    reader = PictureReader("camera a", [file], log)
    with caplog.at_level("INFO"):
        seen = reader.read(file)
        crop = read_image(file)
        frame = SequencePicture(MotSequence("a", tmp_path, 1), 1, file, reader).pixels
        read_image(file)
    assert np.abs(seen.astype(int) - EIGHT).max() <= 1
    np.testing.assert_array_equal(crop, seen)
    np.testing.assert_array_equal(frame, seen)
    assert caplog.text.count("camera a: pictures of more than 8 bits") == 1
    assert caplog.text.count(f"{tmp_path}: pictures of more than 8 bits") == 1


def test_a_folder_has_one_range(tmp_path):
    files = [tmp_path / "1.png", tmp_path / "2.png"]
    for file, level in zip(files, (100, 60000), strict=True):
        cv2.imwrite(str(file), np.full((8, 8), level, np.uint16))
    dark, bright = map(PictureReader("a", files, log).read, files)
    assert dark.max() < 5
    assert bright.min() > 200


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_what_is_no_picture_is_named(tmp_path, content):
    file = tmp_path / "1.png"
    file.write_bytes(content)
    with pytest.raises(reid.ReidError, match="not a readable image"):
        read_image(file)
    assert PictureReader("a", [file], log).read(file) is None
    with pytest.raises(reid.ReidError, match="cannot be read"):
        read_image(tmp_path / "none.png")
