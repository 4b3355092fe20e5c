"""Where people were, by what all cameras saw of them."""

import numpy as np
import pytest

from mtmc.offline import places
from mtmc.offline.places import floor_places
from mtmc.tracking.view import View
from tests.mtmc.offline.completion.scenes import FPS, VIEWS, rows_of, when
from tests.mtmc.rooms import SIZE, circling

HEIGHTS = [1.58, 1.9]
PATHS = circling(2, 100, FPS, radius=2.5, speed=1.2)
ROWS, PEOPLE = rows_of(PATHS, HEIGHTS)
TRUE = np.array([PATHS[f - 1][p - 1] for f, p in zip(ROWS["frame"], PEOPLE, strict=True)])


def noisy(rows, share=0.02):
    tall = (rows["box"][:, 3] - rows["box"][:, 1])[:, None]
    rows = rows.copy()
    rows["box"] += np.random.default_rng(0).normal(0, share, (len(rows), 4)) * tall
    return rows


def away(rows):
    return np.linalg.norm(floor_places(rows, PEOPLE, VIEWS) - TRUE, axis=1)


def test_all_cameras_together_know_better_than_each_alone():
    rows = noisy(ROWS)
    alone = np.concatenate(
        [v.locate(rows["box"][rows["camera"] == n])[0] for n, v in enumerate(VIEWS)]
    )
    assert np.median(away(rows)) < 0.7 * np.median(np.linalg.norm(alone - TRUE, axis=1))
    assert np.quantile(away(rows), 0.99) < 0.2


def test_a_predicted_box_tells_nothing_and_is_told_the_place():
    rows = noisy(ROWS, 0)
    wrong = when(rows, 0, 40, 50)
    rows["detected"][wrong] = False
    rows["box"][wrong] += 80
    assert away(rows)[wrong].max() < 0.1


def test_of_nobody_and_in_cameras_without_calibration_nothing_is_known():
    people = np.where(PEOPLE == 2, 0, PEOPLE)
    views = [View("a", FPS, SIZE, None), *VIEWS[1:]]
    known = np.isfinite(floor_places(ROWS, people, views)).all(axis=1)
    assert np.array_equal(known, (ROWS["camera"] != 0) & (PEOPLE == 1))
    assert np.isnan(floor_places(ROWS, people, [View("a", FPS, SIZE, None)] * 4)).all()
    assert floor_places(ROWS[:0], people[:0], VIEWS).shape == (0, 2)


def test_a_place_that_no_box_tells_is_not_told():
    """Boxes that fill the whole image, of a person whom nobody sees otherwise."""
    rows = ROWS[when(ROWS, 0, 1, 20) & (PEOPLE == 1)].copy()
    rows["box"] = [0, 0, *SIZE]
    assert np.isnan(floor_places(rows, np.ones(len(rows), np.int64), VIEWS)).all()


@pytest.mark.parametrize("at_once", [200, 1 << 18])
def test_it_may_be_told_piece_by_piece(monkeypatch, at_once):
    monkeypatch.setattr(places, "AT_ONCE", at_once)
    assert away(ROWS).max() < 0.1
