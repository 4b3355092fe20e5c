from __future__ import annotations

import numpy as np

from mtmc import reid


def person(shirt: tuple[int, int, int], trousers: tuple[int, int, int]) -> np.ndarray:
    picture = np.full((120, 50, 3), 90, np.uint8)
    picture[15:60, 12:38] = shirt
    picture[60:115, 15:35] = trousers
    return picture


RED, BLUE, GREY = (40, 40, 200), (200, 60, 40), (120, 120, 120)


def test_unit_rows_of_the_promised_size(crops) -> None:
    embedder = reid.load("color")
    rows = embedder.embed(crops)
    assert rows.shape == (7, embedder.dim)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert embedder.embed([]).shape == (0, embedder.dim)


def test_same_clothes_in_other_light_and_size_beat_other_clothes() -> None:
    embedder = reid.load("color")
    query = person(RED, BLUE)
    darker = (person(RED, BLUE)[::2, ::2] * 0.8).astype(np.uint8)
    swapped, other = person(BLUE, RED), person(GREY, GREY)
    same, *different = embedder.embed([darker, swapped, other]) @ embedder.embed([query])[0]
    assert same > max(different) + 0.1


def test_a_row_does_not_depend_on_its_batch(crops) -> None:
    embedder = reid.load("color")
    alone = np.concatenate([embedder.embed([crop]) for crop in crops])
    np.testing.assert_array_equal(embedder.embed(crops), alone)


def test_real_people_are_found_far_better_than_by_chance(shared_data) -> None:
    import cv2

    def read(folder: str) -> tuple[np.ndarray, np.ndarray]:
        files = sorted((shared_data / "pku-reid" / folder).glob("*.png"))
        rows = reid.load("color").embed([cv2.imread(str(file)) for file in files])
        return rows, np.array([int(file.name[:4]) for file in files])

    (query, query_ids), (gallery, gallery_ids) = read("query"), read("bounding_box_test")
    rank1 = (gallery_ids[(query @ gallery.T).argmax(axis=1)] == query_ids).mean()
    assert rank1 > 0.2  # chance is 1 in 25
