"""CUHK-SYSU in its published layout, made up."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from mtmc import reid
from mtmc.reid.data import open_dataset
from mtmc.reid.data.decode import read_image
from mtmc.reid.data.images import Cut
from mtmc.reid.evaluation.benchmark import Protocol, evaluate, retrieve
from tests.reid.conftest import MeanColour

RED, GREEN, BLUE, NOBODY = (0, 0, 250), (0, 250, 0), (250, 0, 0), (0, 120, 200)  # BGR
# Colours of the people in each frame, from the left.
FRAMES = {
    "s1.png": [RED, NOBODY],  # trained on
    "s2.png": [NOBODY, RED],
    "s3.png": [GREEN, BLUE],
    "s4.png": [BLUE, GREEN],
    "s5.png": [NOBODY, BLUE],
    "s6.png": [GREEN, NOBODY],
}


def box(place):
    return [2 + 20 * place, 3, 10, 20]  # x, y, width, height


def struct(**columns):
    """A 1xN struct array, as MATLAB writes it."""
    rows = list(zip(*columns.values(), strict=True))
    out = np.empty((1, len(rows)), [(name, object) for name in columns])
    out[0] = rows
    return out


def seen(frames, colour):
    """Where somebody is; nowhere in frames that show others only."""
    places = [FRAMES[name].index(colour) if colour in FRAMES[name] else None for name in frames]
    boxes = [np.zeros((0, 0)) if p is None else np.array([box(p)], np.uint8) for p in places]
    return struct(imname=frames, idlocate=boxes, ishard=[0] * len(frames))


def cells(rows):
    out = np.empty((len(rows), 1), object)
    out[:, 0] = rows
    return out


@pytest.fixture
def published(tmp_path):
    root = tmp_path / "CUHK-SYSU"
    lists = root / "annotation" / "test" / "train_test"
    lists.mkdir(parents=True)
    (root / "Image" / "SSM").mkdir(parents=True)
    for name, colours in FRAMES.items():
        frame = np.zeros((30, 50, 3), np.uint8)
        for place, colour in enumerate(colours):
            x, y, width, height = box(place)
            frame[y : y + height, x : x + width] = colour
        cv2.imwrite(str(root / "Image" / "SSM" / name), frame)
    empty = np.array([[5, 5, 0, 7]])  # as some of the published are
    boxes = [
        struct(idlocate=[*(np.array([box(n)]) for n in range(len(colours))), empty], ishard=[0] * 3)
        for colours in FRAMES.values()
    ]
    images = struct(imname=list(FRAMES), nAppear=[2] * 6, box=boxes)
    savemat(root / "annotation" / "Images.mat", {"Img": images})
    savemat(root / "annotation" / "pool.mat", {"pool": cells(list(FRAMES)[2:])})
    scenes = seen(["s1.png", "s2.png"], RED)
    person = struct(idname=["p9"], nAppear=[2], scene=[scenes])
    savemat(lists / "Train.mat", {"Train": cells([person])})
    tests = struct(
        Query=[seen(["s3.png"], GREEN), seen(["s3.png"], BLUE)],
        Gallery=[seen(["s4.png", "s5.png"], GREEN), seen(["s5.png", "s6.png"], BLUE)],
    )
    savemat(lists / "TestG50.mat", {"TestG50": tests})
    return root


def test_crops_are_cut_out_of_frames(published) -> None:
    dataset = open_dataset("cuhk_sysu_50", published.parent)
    assert (dataset.train.pids.tolist(), dataset.train.camids.tolist()) == ([1, 1], [1, 2])
    assert (dataset.query.pids.tolist(), dataset.query.camids.tolist()) == ([1, 2], [3, 3])
    assert dataset.gallery.pids.tolist() == [0, 1, 0, 2, 0, 0]  # not asked for there
    assert dataset.gallery.camids.tolist() == [4, 4, 5, 5, 6, 6]
    assert dataset.within is not None
    assert dataset.within.tolist() == [[4, 5], [5, 6]]
    colours = [colour for name in list(FRAMES)[3:] for colour in FRAMES[name]]
    for path, colour in zip(dataset.gallery.paths, colours, strict=True):
        assert read_image(path).shape == (20, 10, 3)
        assert (read_image(path) == colour).all()
    assert "1 train people, published are 5532" in dataset.notes[0]
    assert "2 queries, published are 2900" in dataset.notes[1]


def test_each_query_is_looked_for_in_its_own_frames(published) -> None:
    dataset = open_dataset("cuhk_sysu_50", published)
    scores = evaluate(MeanColour(), dataset)
    assert (scores.rank(1), scores.mean_ap, scores.queries) == (1, 1, 2)

    class ColourBlind(MeanColour):
        def embed(self, crops):  # in the order in which crops come: the later, the more alike
            self.seen = getattr(self, "seen", 0) + len(crops)
            angles = np.linspace(1, 0.1, len(crops)) * (len(crops) > 2)
            return np.stack([np.cos(angles), np.sin(angles), 0 * angles], 1).astype(np.float32)

    # Green among [blue, green, nobody, blue] is the third, blue among [nobody, blue, green,
    # nobody] too.
    scores = evaluate(ColourBlind(), dataset)
    assert (scores.rank(1), scores.rank(3)) == (0, 1)
    assert scores.mean_ap == pytest.approx(1 / 3)
    retrieval = retrieve(ColourBlind(), dataset)
    assert [retrieval.ranked(n)[0].tolist() for n in (0, 1)] == [[3, 2, 1, 0], [5, 4, 3, 2]]


@pytest.mark.parametrize("option", ["multi_query", "rerank", "camera_centred"])
def test_what_needs_one_gallery_is_refused(published, option) -> None:
    dataset = open_dataset("cuhk_sysu_50", published)
    with pytest.raises(reid.ReidError, match=f"gallery of its own.*leave {option} out"):
        evaluate(MeanColour(), dataset, Protocol(**{option: True}))


def test_a_damaged_or_missing_list_is_one_line(published) -> None:
    with pytest.raises(reid.ReidError, match=r"TestG100.mat: no such file"):
        open_dataset("cuhk_sysu", published)
    lists = published / "annotation" / "test" / "train_test"
    for content in ({"other": 1}, {"TestG50": np.zeros((1, 2))}, {"TestG50": struct(Query=[1])}):
        savemat(lists / "TestG50.mat", content)
        with pytest.raises(
            reid.ReidError, match=r"TestG50.mat: expected the table TestG50"
        ) as told:
            open_dataset("cuhk_sysu_50", published)
        assert "\n" not in str(told.value)
    (lists / "TestG50.mat").write_bytes(b"cut off")
    with pytest.raises(reid.ReidError, match=r"TestG50.mat: expected the table TestG50"):
        open_dataset("cuhk_sysu_50", published)


def test_lists_must_be_of_the_same_frames(published) -> None:
    person = struct(idname=["p9"], nAppear=[1], scene=[seen(["s1.png"], RED)])
    person["scene"][0, 0]["imname"][0, 0] = "s7.png"
    lists = published / "annotation" / "test" / "train_test"
    savemat(lists / "Train.mat", {"Train": cells([person])})
    with pytest.raises(reid.ReidError, match=r"Images.mat: lacks s7.png"):
        open_dataset("cuhk_sysu_50", published)


def test_a_box_outside_of_its_frame_is_named(tmp_path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((30, 50, 3), np.uint8))
    assert read_image(Cut(tmp_path / "a.png", (40, -5, 60, 10))).shape == (10, 10, 3)
    with pytest.raises(reid.ReidError, match=r"a.png \(50, 0, 60, 9\): the box is outside"):
        read_image(Cut(tmp_path / "a.png", (50, 0, 60, 9)))
