import numpy as np
import pytest

pytest.importorskip("warp")

from mtmc.simulate.body import JOINTS, Rest
from mtmc.simulate.camera import look_at
from mtmc.simulate.cast import Pose
from mtmc.simulate.dress import PersonMesh, vertex_normals
from mtmc.simulate.geometry import Builder
from mtmc.simulate.render import Renderer
from mtmc.simulate.stage import Lamp, Stage, Surface
from mtmc.simulate.wardrobe import Cloth

SIZE = (320, 240)
CAMERA = look_at("cam0", np.array([0, -5.0, 1.0]), np.array([0, 0, 1.0]), *SIZE, 60.0, k1=0.0)


def block(half=0.25, height=2.0):
    """A person like a post, for whom the truth is known by heart."""
    b = Builder()
    b.box((-half, -0.02, 0), (half, 0.02, height), 1)
    vertices, faces, slot = b.build()
    joints = np.tile([0.0, 0.0, 1.0], (len(JOINTS), 1))
    n = len(vertices)
    return PersonMesh(
        Rest(vertices, joints), vertices, vertex_normals(vertices, faces),
        np.zeros((n, 4), int), np.tile([1.0, 0, 0, 0], (n, 1)), np.ones((n, 3)),
        np.zeros((n, 2)), faces, slot, [Cloth(folds=0.0, fuzz=0.0)] * 10, [0] * 10,
    )  # fmt: skip


def stage(wall=None):
    b = Builder()
    b.quad([(-20, -20, 0), (20, -20, 0), (20, 20, 0), (-20, 20, 0)], 0)
    if wall:
        b.box(*wall, 0)
    lamp = Lamp((0.3, -0.5, 1.0), (1.5, 1.5, 1.5), sun=True)
    grey = (0.5, 0.5, 0.5)
    return Stage(*b.build(), [Surface(0, grey)], [lamp], grey, grey, (grey, grey))


def pose(person, x, y, moved=(0.0, 0.0, 0.0)):
    turn = np.tile(np.eye(3), (len(JOINTS), 1, 1))
    offset = np.tile([x, y, 0.0], (len(JOINTS), 1))
    joints = offset + np.array([0, 0, 1.0])
    return Pose(person, turn, offset, turn, offset + np.array(moved), joints)


def look(renderer, poses, share=0.0):
    renderer.pose(poses)
    image = renderer.draw(0, share)
    return image, {s.person: s for s in renderer.seen(0)}


def test_the_box_is_the_projection_and_all_of_it_is_seen():
    renderer = Renderer(stage(), [CAMERA], rays=2)
    renderer.load([block()])
    _, seen = look(renderer, [pose(0, 0.5, 0.0)])
    corners = np.array([[x, y, z] for x in (0.25, 0.75) for y in (-0.02, 0.02) for z in (0.0, 2.0)])
    pixels, _ = CAMERA.project(corners)
    np.testing.assert_allclose(seen[0].box, [*pixels.min(0), *pixels.max(0)], atol=1e-3)
    assert seen[0].visible == pytest.approx(seen[0].whole, rel=1e-3)  # the soles touch the floor


def test_half_behind_a_wall_is_half_visible():
    # The wall ends where the line from the camera through the middle of the person passes.
    renderer = Renderer(stage(((-6, -2.6, 0), (0, -2.5, 4))), [CAMERA], rays=2)
    renderer.load([block()])
    _, seen = look(renderer, [pose(0, 0.0, 0.0)])
    assert seen[0].visible / seen[0].whole == pytest.approx(0.5, abs=0.03)


def test_people_hide_each_other():
    renderer = Renderer(stage(), [CAMERA], rays=2)
    renderer.load([block(), block(0.1)])
    _, seen = look(renderer, [pose(0, 0.0, 0.0), pose(1, 0.0, 1.5)])
    assert 1 not in seen
    assert seen[0].visible == pytest.approx(seen[0].whole, rel=1e-3)


def test_the_part_outside_the_picture_is_not_visible():
    renderer = Renderer(stage(), [CAMERA], rays=2)
    renderer.load([block()])
    edge = SIZE[0] / 2 / CAMERA.focal * 5  # of the view, where the person stands
    _, seen = look(renderer, [pose(0, edge, 0.0)])
    assert seen[0].visible / seen[0].whole == pytest.approx(0.5, abs=0.06)
    assert seen[0].box[2] > SIZE[0]


def test_an_open_shutter_blurs_along_the_motion():
    renderer = Renderer(stage(), [CAMERA], rays=2)
    renderer.load([block()])
    _, still = look(renderer, [pose(0, 0.0, 0.0)])
    _, moving = look(renderer, [pose(0, 0.0, 0.0, (0.4, 0, 0))], share=0.5)
    width = moving[0].box[2] - moving[0].box[0] - (still[0].box[2] - still[0].box[0])
    assert width == pytest.approx(0.2 * CAMERA.focal / 5, rel=0.1)


def test_a_person_throws_a_shadow():
    renderer = Renderer(stage(), [CAMERA], rays=4)
    empty, _ = look(renderer, [])
    renderer.load([block()])
    person, seen = look(renderer, [pose(0, 0.0, 0.0)])
    # The sun stands to the front right, so the shadow falls to the back left.
    shade = np.array([[-0.6, 0.8, 0.0]])
    (column, row), _ = (x[0] for x in CAMERA.project(shade))
    at = int(row), int(column)
    assert column < seen[0].box[0]
    assert person[at].mean() < 0.8 * empty[at].mean()


def test_nobody_gives_the_empty_place():
    renderer = Renderer(stage(), [CAMERA], rays=2)
    image, seen = look(renderer, [])
    assert seen == {}
    assert np.isfinite(image).all()
    assert image.min() >= 0
    assert image.max() > 0
