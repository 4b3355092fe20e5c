"""Detections that come with embeddings, in each of the layouts that people have them in."""

import numpy as np
import polars as pl
import pytest

from mtmc.detectors.motfile import MotFileConfig, MotFileDetector, read_detections
from mtmc.errors import UserError
from mtmc.perception.given import GivenLooks
from mtmc.perception.perception import Perception
from mtmc.types import Frame

FRAMES = np.array([1, 1, 3])
BOXES = np.array([[10.0, 20, 40, 90], [50, 20, 80, 90], [12, 20, 42, 90]])
SCORES = np.array([0.9, 0.5, 0.8])
LOOKS = np.array([[3.0, 4], [0, 2], [1, 0]], np.float32)


def npy(path, first=1):
    mot = np.full((3, 10), -1.0)
    mot[:, 0], mot[:, 2:4], mot[:, 4:6] = FRAMES - 1 + first, BOXES[:, :2], [30, 70]
    mot[:, 6] = SCORES
    np.save(path, np.concatenate([mot, LOOKS], axis=1))


def npz(path, first=1):
    rows = np.column_stack([BOXES, SCORES, LOOKS])
    empty = np.zeros((0, 7))
    np.savez(path, **{str(first): rows[:2], str(first + 1): empty, str(first + 2): rows[2]})


def parquet(path, first=1, names=("x1", "y1", "x2", "y2")):
    boxes = BOXES.copy()
    if names[0] == "x":
        boxes[:, 2:] -= boxes[:, :2]
    columns = dict(zip(names, boxes.T, strict=True))
    table = {"frame": FRAMES - 1 + first, **columns, "score": SCORES, "embedding": LOOKS}
    pl.DataFrame(table).write_parquet(path)


def parquet_of_sizes(path, first=1):
    parquet(path, first, ("x", "y", "w", "h"))


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("write", [npy, npz, parquet, parquet_of_sizes])
def test_every_layout_says_the_same(tmp_path, write, first):
    path = tmp_path / f"a.{write.__name__.split('_')[0]}"
    write(path, first)
    rows = read_detections(path)
    assert rows.frames.tolist() == FRAMES.tolist()
    assert np.allclose(rows.boxes, BOXES)
    assert np.allclose(rows.scores, SCORES)
    assert np.array_equal(rows.embeddings, LOOKS)
    found = MotFileDetector(MotFileConfig(folder=str(tmp_path)), tmp_path)
    detections = found.detect([Frame("a", 1, 0.0, np.zeros((100, 100, 3), np.uint8))])[0]
    assert np.allclose(detections.embeddings, [[0.6, 0.8], [0, 1]])


def test_looks_stay_with_their_box(tmp_path):
    """A detection given twice, and one outside the image, go with their looks."""
    boxes = np.array([[10.0, 20, 40, 90], [10, 20, 40, 90], [500, 20, 530, 90], [50, 20, 80, 90]])
    rows = np.column_stack([boxes, [0.5, 0.9, 0.9, 0.7], np.eye(4)])
    np.savez(tmp_path / "a.npz", **{"1": rows})
    found = MotFileDetector(MotFileConfig(folder=str(tmp_path)), tmp_path)
    detections = found.detect([Frame("a", 1, 0.0, np.zeros((100, 100, 3), np.uint8))])[0]
    assert np.array_equal(detections.embeddings, np.eye(4)[[1, 3]])


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.npz", b"no archive", "cannot be read"),
        ("a.npy", np.ones((2, 10)), "no embeddings"),
        ("a.npy", np.array([object()]), "cannot be read"),
        ("a.npy", np.ones((2, 3)), "cannot be read"),
        ("a.npy", np.full((1, 12), np.nan), "NaN"),
        ("a.npy", np.full((1, 12), -1.0), "below 0"),
        ("a.npy", np.array([[1.5, *[1.0] * 11]]), "no whole number"),
        ("a.npy", np.array([[1.0] * 10 + [0.0, 0.0]]), "zeros only"),
        ("a.npz", {"one": np.ones((1, 7))}, "cannot be read"),
        ("a.npz", {"1": np.ones((1, 7)), "2": np.ones((1, 8))}, "cannot be read"),
        ("a.parquet", {"frame": [1], "score": [1.0]}, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path, name, content, why):
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif name == "a.npy":
        np.save(path, content)
    elif name == "a.npz":
        np.savez(path, **content)
    else:
        pl.DataFrame(content).write_parquet(path)
    with pytest.raises(UserError, match=rf"a\.\w+: .*({why}).*expected") as said:
        read_detections(path)
    assert "\n" not in str(said.value)


def test_two_files_of_one_camera_are_refused(tmp_path):
    npz(tmp_path / "a.npz")
    npy(tmp_path / "a.npy")
    with pytest.raises(UserError, match="both hold the detections of a"):
        MotFileDetector(MotFileConfig(folder=str(tmp_path)), tmp_path).last_frame("a")


def test_told_looks_are_not_computed(tmp_path):
    npz(tmp_path / "a.npz")
    detector = MotFileDetector(MotFileConfig(folder=str(tmp_path)), tmp_path)
    frames = [Frame("a", 1, 0.0, np.zeros((100, 100, 3), np.uint8))]
    perception = Perception(detector, GivenLooks(), None)
    said = perception.detect(frames)()
    assert said[0].detections.embeddings is None
    again = perception.embed(frames, said, [np.array([1])])
    assert np.array_equal(again[0].embeddings[again[0].rows == 1], [[0, 1]])


def test_looks_of_two_models_are_refused(tmp_path):
    npz(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", **{"1": [[10, 20, 40, 90, *[1] * 5]]})
    detector = MotFileDetector(MotFileConfig(folder=str(tmp_path)), tmp_path)
    image = np.zeros((100, 100, 3), np.uint8)
    with pytest.raises(UserError, match="4 numbers after some of 2"):
        Perception(detector, GivenLooks(), None).detect([Frame(n, 1, 0.0, image) for n in "ab"])()
