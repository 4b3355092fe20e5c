import numpy as np
import pytest

pytest.importorskip("warp")

from mtmc.simulate import views
from mtmc.simulate.figures import Figures
from mtmc.simulate.motion import draw_manner
from mtmc.simulate.panorama import Panorama
from mtmc.simulate.props import KINDS, Prop, draw_props
from mtmc.simulate.views import Company, _Layer, _put_together, draw_view
from tests.mtmc.simulate.test_render import block, pose


def square(left, top, depth, value, person=True):
    """Ten by ten px of one colour."""
    box = np.array([left, top, left + 10, top + 10], float) if person else None
    light = np.full((10, 10, 3), value, np.float32)
    return _Layer(light, np.ones((10, 10), np.float32), left, top, depth, box)


def test_who_is_nearer_hides_who_is_farther_and_things_are_nobody():
    place = np.zeros((30, 40, 3), np.float32)
    near, far = square(10, 10, 2.0, 0.2), square(15, 10, 5.0, 0.5)
    thing = square(10, 15, 1.0, 0.9, person=False)
    light, people = _put_together(place, [near, far, thing])
    assert people == [[15, 10, 25, 20, 0.5], [10, 10, 20, 20, 0.5]]
    assert light[12, 12, 0] == pytest.approx(0.2)
    assert light[12, 22, 0] == pytest.approx(0.5)
    assert light[18, 12, 0] == pytest.approx(0.9)
    assert place.max() == 0


def test_boxes_end_at_the_border_and_what_lies_outside_is_not_seen():
    place = np.zeros((30, 40, 3), np.float32)
    _, people = _put_together(place, [square(-4, 5, 2.0, 0.5), square(50, 5, 2.0, 0.5)])
    assert len(people) == 1
    assert people[0][:4] == [0, 5, 6, 15]
    assert people[0][4] < 0.7


@pytest.mark.slow
def test_every_kind_of_thing_is_a_cutout_of_its_own_height():
    for prop in draw_props(len(KINDS), np.random.default_rng(3)):
        assert prop.light.shape == (*prop.alpha.shape, 3)
        assert 0.5 < prop.alpha.max() <= 1
        assert prop.light[prop.alpha == 0].max(initial=0) < 1e-6
        assert 0.3 < prop.height < 6


def test_a_view_follows_from_its_random_numbers_and_holds_the_boxes_of_people(monkeypatch):
    monkeypatch.setattr(views, "_pose", lambda _, person, spot, rng: pose(person, *spot))
    rng = np.random.default_rng(1)
    places = [Panorama(rng.integers(0, 256, (64, 128, 3), np.uint8)) for _ in range(2)]
    meshes = [block() for _ in range(3)]
    manners = [draw_manner(rng, "") for _ in meshes]
    company = Company(meshes, manners, Figures(meshes, [False] * 3), 3)
    props = [Prop(np.ones((20, 10, 3), np.float32), np.ones((20, 10), np.float32), 1.0, 0.2)]
    found = 0
    for seed in range(6):
        one, two = (
            draw_view(company, props, places[0], places, np.random.default_rng(seed))
            for _ in range(2)
        )
        assert (one[0] == two[0]).all()
        assert one[1] == two[1]
        height, width = one[0].shape[:2]
        assert len(one[1]) <= company.people
        for x1, y1, x2, y2, visible in one[1]:
            assert 0 <= x1 < x2 <= width
            assert 0 <= y1 < y2 <= height
            assert 0 <= visible <= 1
            found += 1
    assert found > 2
