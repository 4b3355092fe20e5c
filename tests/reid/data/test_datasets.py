from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from mtmc import reid
from mtmc.reid.data import DATASETS, open_dataset
from mtmc.reid.data.decode import decode_all
from mtmc.reid.data.images import combine
from mtmc.reid.preprocess import Preprocess


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def market(root: Path) -> Path:
    touch(
        root / "bounding_box_train" / "0002_c1s1_000451_03.jpg",
        root / "bounding_box_train" / "0002_c6s1_000451_03.jpg",
        root / "bounding_box_train" / "0007_c3s3_077419_03.png",
        root / "bounding_box_train" / "-1_c3s3_077419_03.jpg",
        root / "bounding_box_train" / "Thumbs.db",
        root / "query" / "0003_c1s1_000451_00.jpg",
        root / "bounding_box_test" / "-1_c1s1_000401_03.jpg",
        root / "bounding_box_test" / "0000_c2s1_000401_03.jpg",
        root / "bounding_box_test" / "0003_c2s1_000401_03.jpg",
    )
    return root


@pytest.mark.parametrize("inside", ["", "Market-1501-v15.09.15"])
def test_market1501(tmp_path, inside) -> None:
    market(tmp_path / inside)
    dataset = open_dataset("market1501", tmp_path)
    assert dataset.train.pids.tolist() == [2, 2, 7]
    assert dataset.train.camids.tolist() == [1, 6, 3]
    assert dataset.gallery.pids.tolist() == [-1, 0, 3]
    assert dataset.gallery.people == 1
    assert "3 train images, published are 12936" in dataset.notes[0]


def test_any_folder_in_that_layout(tmp_path) -> None:
    market(tmp_path / "mine")
    dataset = open_dataset("folder=mine", tmp_path)
    assert (dataset.name, len(dataset.train), dataset.notes) == ("folder=mine", 3, ())
    assert [p.name for p in dataset.train.paths] == sorted(p.name for p in dataset.train.paths)


def test_dukemtmc_names(tmp_path) -> None:
    for part in ("bounding_box_train", "query", "bounding_box_test"):
        touch(tmp_path / "DukeMTMC-reID" / part / "0005_c2_f0046985.jpg")
    dataset = open_dataset("dukemtmc", tmp_path)
    assert (dataset.query.pids.tolist(), dataset.query.camids.tolist()) == ([5], [2])


def test_cuhk03_in_both_layouts(tmp_path) -> None:
    names = ["1_001_1_01.png", "1_001_2_06.png", "2_003_1_01.png"]
    touch(*(tmp_path / "mat" / "images_labeled" / name for name in names))
    savemat(
        tmp_path / "mat" / "cuhk03_new_protocol_config_labeled.mat",
        {
            "filelist": np.array([[n] for n in names], object),
            "labels": np.array([[1], [1], [3]]),
            "camId": np.array([[1], [2], [1]]),
            "train_idx": np.array([[3]]),
            "query_idx": np.array([[1]]),
            "gallery_idx": np.array([[2]]),
        },
    )
    dataset = open_dataset("cuhk03_labelled=mat", tmp_path)
    assert dataset.train.pids.tolist() == [3]
    assert dataset.query.paths[0].is_file()
    assert dataset.gallery.camids.tolist() == [2]
    for part in ("bounding_box_train", "query", "bounding_box_test"):
        touch(tmp_path / "cuhk03-np" / "detected" / part / "0001_c1s1_000000_00.png")
    assert open_dataset("cuhk03_detected", tmp_path).train.pids.tolist() == [1]


@pytest.mark.parametrize(
    ("version", "train", "test"),
    [("MSMT17_V1", "train", "test"), ("MSMT17_V2", "mask_train_v2", "mask_test_v2")],
)
def test_msmt17(tmp_path, version, train, test) -> None:
    folder = tmp_path / version
    line = "0000/0000_003_07_0303morning_0015_0.jpg 0\n"
    touch(folder / train / "x", folder / test / "x")
    for name in ("train", "val", "query", "gallery"):
        (folder / f"list_{name}.txt").write_text(line)
    dataset = open_dataset("msmt17", tmp_path)
    assert dataset.train.pids.tolist() == [1, 1]
    assert dataset.query.camids.tolist() == [7]
    assert dataset.query.paths[0] == folder / test / line.split(maxsplit=1)[0]
    (folder / "list_query.txt").write_text(line + "what is this\n")
    with pytest.raises(reid.ReidError, match=r"list_query.txt, line 2"):
        open_dataset("msmt17", tmp_path)


def test_mars(tmp_path) -> None:
    info = tmp_path / "MARS" / "info"
    touch(info / "x", tmp_path / "MARS" / "bbox_train" / "x", tmp_path / "MARS" / "bbox_test" / "x")
    names = [f"0001C1T0001F{i:03d}.jpg" for i in range(40)]
    (info / "train_name.txt").write_text("\n".join(names))
    (info / "test_name.txt").write_text("\n".join([*names[:5], "00-1C1T0001F001.jpg"]))
    savemat(info / "tracks_train_info.mat", {"t": np.array([[1, 30, 1, 1], [31, 40, 2, 2]])})
    tests = np.array([[1, 2, 1, 1], [3, 5, 1, 2], [6, 6, -1, 1]])
    savemat(info / "tracks_test_info.mat", {"t": tests})
    savemat(info / "query_IDX.mat", {"q": np.array([[1]])})
    dataset = open_dataset("mars", tmp_path)
    assert np.bincount(dataset.train.tracklets).tolist() == [16, 10]
    assert dataset.query.tracklets.tolist() == [0, 0]
    assert dataset.gallery.tracklets.tolist() == [0, 0, 1, 1, 1, 2]
    assert dataset.gallery.pids.tolist() == [1, 1, 1, 1, 1, -1]
    assert dataset.gallery.paths[-1].parent.name == "00-1"


@pytest.mark.parametrize("name", DATASETS)
def test_missing_data_says_what_was_expected_where(tmp_path, name) -> None:
    with pytest.raises(reid.ReidError, match=r"not found: expected") as caught:
        open_dataset(name, tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bad_input_is_named(tmp_path) -> None:
    with pytest.raises(reid.ReidError, match="unknown dataset 'market'; did you mean 'market1501'"):
        open_dataset("market", tmp_path)
    market(tmp_path)
    touch(tmp_path / "query" / "someone.jpg")
    with pytest.raises(reid.ReidError, match=r"someone.jpg: expected a name like"):
        open_dataset("folder", tmp_path)
    for file in (tmp_path / "query").iterdir():
        file.unlink()
    with pytest.raises(reid.ReidError, match="holds no image"):
        open_dataset("folder", tmp_path)
    recipe = Preprocess(size=(8, 4))
    with pytest.raises(reid.ReidError, match=r"0002_c1s1_000451_03.jpg: not a readable image"):
        decode_all(open_paths(tmp_path), recipe)


def open_paths(root: Path) -> list[Path]:
    return sorted((root / "bounding_box_train").glob("*.jpg"))[1:]


def test_several_datasets_keep_their_people_and_cameras_apart(tmp_path) -> None:
    train = open_dataset("folder", market(tmp_path)).train
    both = combine([train, train])
    assert both.pids.tolist() == [0, 0, 1, 2, 2, 3]
    assert both.camids.tolist() == [0, 2, 1, 3, 5, 4]


def test_pixels_are_those_of_the_preprocessing(tmp_path) -> None:
    import cv2

    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (30, 14, 3), dtype=np.uint8) for _ in range(3)]
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path, picture in zip(paths, pictures, strict=True):
        cv2.imwrite(str(path), picture)
    recipe = Preprocess(size=(16, 8))
    expected = recipe.resize(pictures).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(decode_all(paths, recipe), expected)


def test_pku_reid(shared_data) -> None:
    dataset = open_dataset("folder=pku-reid", shared_data)
    assert (len(dataset.train), dataset.train.people) == (400, 25)
    assert (len(dataset.query), len(dataset.gallery)) == (200, 200)
    assert set(dataset.query.camids.tolist()) == {1}
