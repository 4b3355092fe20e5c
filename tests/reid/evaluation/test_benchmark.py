from __future__ import annotations

import cv2
import numpy as np
import pytest

from mtmc import reid
from mtmc.reid.data import open_dataset
from mtmc.reid.data.images import Dataset, Images
from mtmc.reid.evaluation.benchmark import Protocol, evaluate, retrieve
from mtmc.reid.evaluation.embeddings import Embeddings
from mtmc.reid.evaluation.extract import extract
from mtmc.reid.evaluation.picture import (
    FRAME,
    GAP,
    HEAD,
    HEIGHT,
    RIGHT,
    TEXT,
    WIDTH,
    WRONG,
    draw_ranked,
)
from mtmc.reid.evaluation.retrieval import Retrieval
from tests.reid.conftest import MeanColour


def write(path, colour, right=None):
    picture = np.full((18, 9, 3), colour, np.uint8)
    if right is not None:
        picture[:, 5:] = right
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)
    return path


RED, BLUE, GREEN, GREY = (0, 0, 200), (200, 0, 0), (0, 200, 0), (90, 90, 90)


def images(*rows, tracklets=None) -> Images:
    paths, pids, camids = zip(*rows, strict=True)
    numbers = None if tracklets is None else np.array(tracklets)
    return Images(paths, np.array(pids), np.array(camids), numbers)


@pytest.mark.parametrize("augmentation", ["none", "flip", "ten_crop"])
def test_views_of_an_image_are_averaged(tmp_path, augmentation) -> None:
    plain = images((write(tmp_path / "a.png", RED), 1, 1))
    np.testing.assert_allclose(
        extract(MeanColour(), plain, augmentation).features, [[0, 0, 1]], atol=1e-6
    )


def test_flip_makes_an_image_and_its_mirror_the_same(tmp_path) -> None:
    class LeftHalf(MeanColour):
        def embed(self, crops):
            return super().embed([crop[:, : crop.shape[1] // 2] for crop in crops])

    pair = images(
        (write(tmp_path / "a.png", RED, right=BLUE), 1, 1),
        (write(tmp_path / "b.png", BLUE, right=RED), 1, 1),
    )
    a, b = extract(LeftHalf(), pair).features
    assert a @ b < 0.5
    a, b = extract(LeftHalf(), pair, "flip").features
    assert a @ b > 0.95


def test_images_of_a_tracklet_are_averaged(tmp_path) -> None:
    red, blue = write(tmp_path / "r.png", RED), write(tmp_path / "b.png", BLUE)
    rows = extract(
        MeanColour(), images((red, 5, 2), (blue, 7, 1), (blue, 5, 2), tracklets=[9, 3, 9])
    )
    assert rows.pids.tolist() == [7, 5]
    half = np.sqrt(0.5)
    np.testing.assert_allclose(rows.features, [[1, 0, 0], [half, 0, half]], atol=1e-6)


def market(root):
    for folder, pid, camera, colour in (
        ("bounding_box_train", 9, 1, GREY),
        ("query", 1, 1, RED),
        ("query", 2, 1, GREEN),
        ("bounding_box_test", 1, 2, RED),
        ("bounding_box_test", 2, 2, BLUE),
        ("gt_bbox", 2, 1, BLUE),
        ("gt_bbox", 2, 2, RED),
        ("gt_bbox", 1, 1, RED),
    ):
        write(root / folder / f"{pid:04d}_c{camera}s1_000001_00.png", colour)
    return open_dataset("folder", root)


def test_a_query_may_have_more_images(tmp_path) -> None:
    dataset = market(tmp_path)
    assert len(dataset.more_queries) == 2  # not the one of another camera
    single = evaluate(MeanColour(), dataset)
    assert (single.queries, single.rank(1)) == (2, 0.5)
    assert evaluate(MeanColour(), dataset, Protocol(multi_query=True)).rank(1) == 1


def test_nothing_to_find_is_one_clear_line(tmp_path) -> None:
    dataset = market(tmp_path)
    for file in (tmp_path / "bounding_box_test").iterdir():
        file.rename(file.with_name(file.name.replace("_c2", "_c1")))
    with pytest.raises(reid.ReidError, match="folder: no query has a right answer"):
        evaluate(MeanColour(), open_dataset("folder", tmp_path))
    assert dataset.name == "folder"


def test_what_a_camera_adds_to_all_its_images_can_be_taken_out(tmp_path) -> None:
    # Camera 2 sees everything redder, so that it makes the orange person look like the red one.
    colours = {1: (0, 60, 200), 2: (0, 130, 130), 3: (0, 200, 60)}
    rows = {
        camera: images(
            *(
                (write(tmp_path / f"{camera}{pid}.png", (b, g, min(r + red, 255))), pid, camera)
                for pid, (b, g, r) in colours.items()
            )
        )
        for camera, red in ((1, 0), (2, 190))
    }
    dataset = Dataset("casts", rows[1], query=rows[1], gallery=rows[2])
    plain = evaluate(MeanColour(), dataset)
    centred = evaluate(MeanColour(), dataset, Protocol(camera_centred=True))
    assert plain.rank(1) < 1
    assert centred.rank(1) == 1


def test_centring_leaves_the_difference_between_people_of_one_camera() -> None:
    features = np.array([[1, 0, 1], [0, 1, 1], [5, 5, 5]], np.float32)
    rows = Embeddings(features, np.array([1, 2, 3]), np.array([1, 1, 2]))
    centred = rows.camera_centred(rows.camera_means()).features
    np.testing.assert_allclose(centred[0], [np.sqrt(0.5), -np.sqrt(0.5), 0], atol=1e-6)
    np.testing.assert_allclose(centred[2], 0)  # alone with its camera: nothing of its own is known


def test_ranked_lists_are_what_is_scored(tmp_path) -> None:
    rng = np.random.default_rng(1)
    people = rng.integers(-1, 6, 60)
    cameras = rng.integers(1, 4, 60)
    features = rng.normal(size=(60, 5)).astype(np.float32)
    files = tuple(tmp_path / f"{n}.png" for n in range(60))
    query = Embeddings(features[:20], people[:20], cameras[:20])
    gallery = Embeddings(features[20:], people[20:], cameras[20:])
    retrieval = Retrieval(query, gallery, files[:20], files[20:])
    scores = retrieval.scores()
    answered = retrieval.answered()
    assert len(answered) == scores.queries
    firsts = []
    for number in answered.tolist():
        rows, distances, right = retrieval.ranked(number)
        assert (np.diff(distances) >= 0).all()
        assert (gallery.pids[rows] != -1).all()
        assert (gallery.pids[rows][right] == query.pids[number]).all()
        assert (gallery.camids[rows][right] != query.camids[number]).all()
        firsts.append(np.argmax(right))
    assert np.mean(np.array(firsts) == 0) == pytest.approx(scores.rank(1))
    assert np.mean(np.array(firsts) < 5) == pytest.approx(scores.rank(5))
    retrieval.save(tmp_path / "features.npz")
    saved = np.load(tmp_path / "features.npz")
    np.testing.assert_array_equal(saved["gallery_features"], gallery.features)
    assert saved["query_paths"].tolist() == [str(file) for file in files[:20]]


def test_the_picture_frames_what_is_right_and_what_is_wrong(tmp_path) -> None:
    dataset = market(tmp_path)
    picture = draw_ranked(retrieve(MeanColour(), dataset), 12, "colours")
    rows = (len(picture) - HEAD) / (HEIGHT + 2 * FRAME + TEXT + GAP)
    assert rows == 2
    right, wrong = ((picture == colour).all(axis=2) for colour in (RIGHT, WRONG))
    ring = 2 * FRAME * (WIDTH + 2 * FRAME) + 2 * FRAME * HEIGHT  # px of one frame
    assert right.sum() == 2 * ring  # each query has one right answer and one wrong
    assert wrong.sum() == 2 * ring
    first = np.flatnonzero(right.any(axis=0)).min(), np.flatnonzero(wrong.any(axis=0)).min()
    assert first[0] == first[1]  # the first query is right at once, the second is not
    averaged = retrieve(MeanColour(), dataset, Protocol(multi_query=True))
    with pytest.raises(reid.ReidError, match="no picture"):
        draw_ranked(averaged, 3, "colours")
