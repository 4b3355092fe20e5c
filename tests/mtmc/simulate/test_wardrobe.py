from dataclasses import replace

import numpy as np

from mtmc.simulate.outfits import OUTER_PATTERNS, TOP_PATTERNS, draw_outfits
from mtmc.simulate.wardrobe import PATTERNS, draw_look, draw_looks, twin_of

CLOTHES = ("top", "sleeve", "outer", "outer_kind", "bottom", "leg", "skirt", "shoes", "bag")
ONLY_FOR_CROPS = {"sleeves", "chest band", "zip", "large print", "dots"}


def test_the_same_seed_draws_the_same_people():
    first = draw_looks(30, np.random.default_rng(3))
    assert first == draw_looks(30, np.random.default_rng(3))
    assert first != draw_looks(30, np.random.default_rng(4))


def test_a_twin_wears_the_same_and_is_somebody_else():
    rng = np.random.default_rng(0)
    look = draw_look(rng)
    twin = twin_of(look, rng)
    assert all(getattr(look, name) == getattr(twin, name) for name in CLOTHES)
    assert twin.phenotype != look.phenotype
    assert (twin.phenotype["gender"] > 0.5) == (look.phenotype["gender"] > 0.5)


def test_every_piece_of_clothing_and_every_pattern_is_drawn():
    looks = [draw_look(np.random.default_rng(seed)) for seed in range(600)]
    assert {look.outer_kind for look in looks} == {"", "jacket", "open jacket", "coat", "open coat"}
    assert {look.bag for look in looks} == {"", "backpack", "shoulder bag", "handbag"}
    assert {look.hat for look in looks} == {"", "cap", "beanie"}
    assert any(look.skirt > 0 for look in looks)
    assert any(0 < look.leg < 1 for look in looks)
    worn = {cloth.pattern for look in looks for cloth in (look.top, look.bottom)}
    assert worn == set(PATTERNS) - {"as modelled", "hair", "shoe"} - ONLY_FOR_CROPS


def test_outfits_for_crops_have_all_patterns_and_more_colours():
    rng = np.random.default_rng(0)
    people = [look for _ in range(100) for look in draw_outfits(8, rng)]
    pieces = [c for look in people for c in (look.top, look.bottom, look.outer) if c is not None]
    assert {cloth.pattern for cloth in pieces} >= ONLY_FOR_CROPS
    assert set(TOP_PATTERNS) | set(OUTER_PATTERNS) <= set(PATTERNS)
    rooms = [draw_look(np.random.default_rng(seed)).top for seed in range(400)]

    def strong(cloths):
        return np.mean([max(c.color) - min(c.color) > 0.4 for c in cloths])

    assert strong([look.top for look in people]) > 1.3 * strong(rooms)


def test_a_dress_stays_one_piece():
    rng = np.random.default_rng(1)
    people = [look for _ in range(100) for look in draw_outfits(8, rng)]
    dresses = [look for look in people if look.skirt and look.top == look.bottom]
    assert dresses


def test_outfits_follow_from_the_seed():
    one, two = (draw_outfits(8, np.random.default_rng(3)) for _ in range(2))
    assert one == two


def test_most_clothes_are_dark_or_grey_as_people_wear_them():
    bottoms = [draw_look(np.random.default_rng(seed)).bottom for seed in range(400)]
    dark = [max(cloth.color) < 0.5 for cloth in bottoms]
    assert np.mean(dark) > 0.6


def test_looks_can_be_changed_by_hand():
    look = draw_look(np.random.default_rng(0))
    assert replace(look, hat="cap").hat == "cap"
