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


def test_cuhk03_by_one_random_split(tmp_path) -> None:
    for pid in range(1, 204):
        part = "bounding_box_train" if pid % 2 else "query"
        for camera, shot in ((1, 1), (1, 2), (2, 3), (2, 4)):
            touch(tmp_path / "cuhk03-np" / "labeled" / part / f"{pid:04d}_c{camera}_{shot}.png")
    touch(tmp_path / "cuhk03-np" / "labeled" / "bounding_box_test" / "0001_c1_9.png")
    dataset = open_dataset("cuhk03_labelled_200", tmp_path)
    assert (dataset.train.people, dataset.query.people, dataset.gallery.people) == (3, 200, 200)
    assert (len(dataset.gallery), set(dataset.gallery.camids.tolist())) == (200, {2})
    assert set(dataset.query.camids.tolist()) == {1}
    assert set(dataset.train.pids.tolist()).isdisjoint(dataset.query.pids.tolist())
    assert {path.name[-5] for path in dataset.gallery.paths} == {"3", "4"}  # a random one
    assert open_dataset("cuhk03_labelled_200", tmp_path).gallery.paths == dataset.gallery.paths
    assert any("random split of our own" in note for note in dataset.notes)
    few = tmp_path / "few" / "cuhk03-np" / "detected"
    parts = ("bounding_box_train", "query", "bounding_box_test")
    touch(*(few / part / "0001_c1_1.png" for part in parts))
    with pytest.raises(reid.ReidError, match="found 1 people, a split needs more than 200"):
        open_dataset("cuhk03_detected_200", tmp_path / "few")


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


def test_what_is_not_asked_for_may_be_missing(tmp_path) -> None:
    market(tmp_path)
    for file in (tmp_path / "bounding_box_train").iterdir():
        file.unlink()
    (tmp_path / "bounding_box_train").rmdir()
    for name in ("folder", "market1501", "dukemtmc"):
        dataset = open_dataset(name, tmp_path)
        assert (len(dataset.train), len(dataset.query), len(dataset.gallery)) == (0, 1, 3)
        assert not any("train" in note for note in dataset.notes)
        dataset.need("query", "gallery")
        with pytest.raises(reid.ReidError, match=f"dataset {name}: there are no train images"):
            dataset.need("train")


def test_training_needs_no_gallery(tmp_path) -> None:
    touch(tmp_path / "bounding_box_train" / "0002_c1s1_000451_03.tif")
    assert len(open_dataset("folder", tmp_path).train) == 1
    with pytest.raises(reid.ReidError, match="no query images"):
        open_dataset("market1501", tmp_path).need("query")


def test_msmt17_and_mars_without_training_images(tmp_path) -> None:
    touch(tmp_path / "MSMT17_V1" / "test" / "x")
    for name in ("query", "gallery"):
        line = "0000/0000_003_07_0303morning_0015_0.jpg 0\n"
        (tmp_path / "MSMT17_V1" / f"list_{name}.txt").write_text(line)
    dataset = open_dataset("msmt17", tmp_path)
    assert (len(dataset.train), len(dataset.query), len(dataset.gallery)) == (0, 1, 1)


def ids(images) -> list[tuple[str, int, int]]:
    return [
        (path.name, pid, camera)
        for path, pid, camera in zip(
            images.paths, images.pids.tolist(), images.camids.tolist(), strict=True
        )
    ]


def test_a_folder_for_each_person(tmp_path) -> None:
    touch(
        tmp_path / "anna" / "cam1_0001.jpg", tmp_path / "anna" / "cam2_0009.jpg",
        tmp_path / "anna" / "x-Camera-2-7.png", tmp_path / "bert" / "0007_c1s1_000451_03.jpg",
        tmp_path / "bert" / "Thumbs.db", tmp_path / "notes" / "read.txt",
    )  # fmt: skip
    dataset = open_dataset("folder", tmp_path)
    assert ids(dataset.gallery) == [
        ("cam1_0001.jpg", 1, 1), ("cam2_0009.jpg", 1, 2), ("x-Camera-2-7.png", 1, 2),
        ("0007_c1s1_000451_03.jpg", 2, 1),
    ]  # fmt: skip
    assert [name for name, _, _ in ids(dataset.query)] == [
        "cam1_0001.jpg", "cam2_0009.jpg", "0007_c1s1_000451_03.jpg"
    ]  # fmt: skip
    assert "the same people are in both" in dataset.notes[0]


def test_folders_of_cameras_and_pictures_without_any(tmp_path) -> None:
    touch(
        tmp_path / "0" / "door" / "1.jpg", tmp_path / "0" / "hall" / "1.jpg",
        tmp_path / "7" / "a.jpg", tmp_path / "7" / "b.jpg",
    )  # fmt: skip
    images = open_dataset("folder", tmp_path).gallery
    assert images.pids.tolist() == [1, 1, 2, 2]  # a folder called 0 is somebody
    assert len(set(images.camids.tolist())) == 4


@pytest.mark.parametrize(
    "names",
    [("train", "query", "gallery"), ("bounding_box_train", "query", "bounding_box_test")],
)
def test_people_keep_their_numbers_over_parts(tmp_path, names) -> None:
    touch(
        tmp_path / names[0] / "0005" / "0005_c1s1_1.jpg",
        tmp_path / names[1] / "0002" / "0002_c1s1_1.jpg",
        tmp_path / names[2] / "0002_c3s1_1.jpg",  # one part by names
        tmp_path / names[2] / "-1_c3s1_1.jpg", tmp_path / names[2] / "0000_c3s1_1.jpg",
    )  # fmt: skip
    dataset = open_dataset("folder", tmp_path)
    assert dataset.query.pids[0] not in dataset.train.pids
    assert dataset.gallery.pids.tolist() == [-1, 0, dataset.query.pids[0]]
    assert dataset.gallery.camids[-1] != dataset.query.camids[0]


@pytest.mark.parametrize("gallery", ["bounding_box_test", "bounding_box_default", "test"])
def test_exports_without_queries(tmp_path, gallery) -> None:
    touch(*(tmp_path / gallery / f"0001_c{c}s1_00000{n}_00.jpg" for c in (1, 2) for n in (1, 2)))
    dataset = open_dataset("folder", tmp_path)
    assert (len(dataset.query), len(dataset.gallery)) == (2, 4)
    touch(tmp_path / "query" / "0001_c3s1_000001_00.jpg")
    assert len(open_dataset("folder", tmp_path).query) == 1
