import numpy as np
import pytest

pytest.importorskip("warp")

from mtmc.simulate.figures import Figures, Shot
from mtmc.simulate.stage import Lamp
from tests.mtmc.simulate.test_render import block, pose

# Looks along +y from (0, -5, 1).
FACING = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
SHOT = Shot(FACING, -FACING @ np.array([0, -5.0, 1.0]), 100.0, np.array([30.0, 40.0]), 60, 80)
SUN = Lamp((0.0, -0.7, 0.7), (1.0, 1.0, 1.0), sun=True, focus=(0, 0, 1), extent=2.0)
GREY = np.full(3, 0.5)


def drawn(poses, shot=SHOT, people=2, sky=GREY):
    figures = Figures([block()] * people, [False] * people)
    for each in poses:
        figures.box(each, shot)
    return figures.draw(poses, shot, 0.0, SUN, sky, sky)


def test_a_person_is_opaque_where_the_person_is_and_nothing_elsewhere():
    figures = Figures([block()], [False])
    box = figures.box(pose(0, 0.0, 0.0), SHOT)
    np.testing.assert_allclose(box, [24.98, 19.92, 35.02, 60.08], atol=0.05)
    cutout = drawn([pose(0, 0.0, 0.0)])
    assert cutout.alpha[30:50, 27:33].min() == 1
    assert cutout.alpha[:, :20].max() == 0
    assert np.all(cutout.light[:, :20] == 0)
    assert cutout.light[40, 30].min() > 0.01


def test_the_window_does_not_change_who_is_seen_in_it():
    shifted = Shot(FACING, SHOT.translation, 100.0, np.array([10.0, 30.0]), 30, 50)
    whole, part = drawn([pose(0, 0.0, 0.0)]), drawn([pose(0, 0.0, 0.0)], shifted)
    np.testing.assert_allclose(part.alpha, whole.alpha[10:60, 20:50])


def test_somebody_in_front_hides_the_person_and_is_not_counted_as_the_person():
    alone = drawn([pose(0, 0.0, 0.0)])
    half = drawn([pose(0, 0.0, 0.0), pose(1, 0.25 * 4 / 5, -1.0)])
    behind = drawn([pose(0, 0.0, 0.0), pose(1, 0.0, 1.0)])
    assert alone.visible == 1
    assert behind.visible == 1
    # The other, a metre nearer, covers all but the left 3.75 of 10 px.
    assert half.visible == pytest.approx(0.375, abs=0.03)
    assert half.own.sum() < alone.own.sum()


def test_rays_go_where_points_are_projected_from():
    points = np.array([[0.3, 0.0, 1.4], [-0.2, 1.0, 0.7]])
    pixels = np.floor(SHOT.project(points)).astype(int)
    for point, (column, row) in zip(points, pixels, strict=True):
        to = point - [0, -5.0, 1.0]
        assert np.dot(SHOT.rays()[row, column], to / np.linalg.norm(to)) > 0.9999


def test_light_from_the_place_colours_the_person():
    blue = drawn([pose(0, 0.0, 0.0)], sky=np.array([0.0, 0.0, 1.0]))
    red = drawn([pose(0, 0.0, 0.0)], sky=np.array([1.0, 0.0, 0.0]))
    assert blue.light[40, 30, 2] > red.light[40, 30, 2] + 0.03
