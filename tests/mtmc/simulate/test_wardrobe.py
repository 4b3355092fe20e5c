from dataclasses import replace

import numpy as np

from mtmc.simulate.wardrobe import PATTERNS, draw_look, draw_looks, twin_of

CLOTHES = ("top", "sleeve", "outer", "outer_kind", "bottom", "leg", "skirt", "shoes", "bag")


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
    assert worn == set(PATTERNS) - {"as modelled", "hair", "shoe"}


def test_most_clothes_are_dark_or_grey_as_people_wear_them():
    bottoms = [draw_look(np.random.default_rng(seed)).bottom for seed in range(400)]
    dark = [max(cloth.color) < 0.5 for cloth in bottoms]
    assert np.mean(dark) > 0.6


def test_looks_can_be_changed_by_hand():
    look = draw_look(np.random.default_rng(0))
    assert replace(look, hat="cap").hat == "cap"
