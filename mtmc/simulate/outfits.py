"""More kinds of clothes than `wardrobe` draws for a room: for sets that a ReID network learns from.

In a room people shall look alike, so that they are hard to tell apart; a network shall have seen
every colour, pattern and build that it will meet.
"""

from __future__ import annotations

import colorsys
from dataclasses import replace

import numpy as np

from mtmc.simulate.wardrobe import Cloth, Color, Look, draw_looks

TOP_PATTERNS = {
    "plain": 0.30, "print": 0.12, "large print": 0.14, "stripes": 0.08, "checks": 0.08,
    "colour block": 0.06, "all-over print": 0.06, "pinstripes": 0.02, "sleeves": 0.06,
    "chest band": 0.04, "dots": 0.04,
}  # fmt: skip
OUTER_PATTERNS = {
    "plain": 0.30, "zip": 0.25, "colour block": 0.12, "sleeves": 0.10, "large print": 0.08,
    "chest band": 0.05, "checks": 0.06, "denim": 0.04,
}  # fmt: skip


def draw_outfits(count: int, rng: np.random.Generator) -> list[Look]:
    """Draw people with more of everything; arguments as `draw_looks`."""
    return [_varied(look, rng) for look in draw_looks(count, rng)]


def _varied(look: Look, rng: np.random.Generator) -> Look:
    dress = look.top == look.bottom
    top = _other(look.top, rng, 0.4, TOP_PATTERNS)
    bottom = top if dress else _other(look.bottom, rng, 0.15, {})
    outer = None if look.outer is None else _other(look.outer, rng, 0.4, OUTER_PATTERNS)
    bag = look.bag
    if not bag and rng.random() < 0.25:
        bag = ("backpack", "shoulder bag", "handbag")[rng.integers(3)]
    return replace(
        look,
        phenotype=look.phenotype | {
            "age": float(rng.uniform(0.52, 0.98)),
            "weight": float(np.clip(rng.normal(0.52, 0.24), 0.08, 1.0)),
            "height": float(np.clip(rng.normal(0.48, 0.19), 0.05, 0.98)),
        },
        top=top,
        bottom=bottom,
        outer=outer,
        top_ease=float(rng.uniform(0.005, 0.034)),
        leg_width=float(look.leg_width * rng.uniform(0.7, 1.5)),
        bag=bag,
        bag_cloth=_other(look.bag_cloth, rng, 0.4, {}),
        hat_cloth=_other(look.hat_cloth, rng, 0.4, {}),
        shoes=replace(look.shoes, color=_any(rng)) if rng.random() < 0.2 else look.shoes,
    )  # fmt: skip


def _other(
    cloth: Cloth, rng: np.random.Generator, share: float, patterns: dict[str, float]
) -> Cloth:
    """The same piece with deeper folds, and now and then in another colour or pattern."""
    cloth = replace(cloth, folds=float(rng.uniform(0.25, 1.0)))
    if rng.random() < share and cloth.pattern != "denim":
        cloth = replace(cloth, color=_any(rng))
    if rng.random() < 0.5:
        cloth = replace(cloth, second=_any(rng), third=_any(rng))
    if patterns and cloth.pattern != "denim" and rng.random() < 0.6:
        kinds = np.array(list(patterns.values()))
        pattern = list(patterns)[rng.choice(len(kinds), p=kinds / kinds.sum())]
        scale = {"stripes": 0.06, "pinstripes": 0.035, "checks": 0.09, "all-over print": 0.2,
                 "dots": 0.05}.get(pattern, 0.5)  # fmt: skip
        cloth = replace(cloth, pattern=pattern, scale=scale * float(rng.uniform(0.5, 2.0)))
    return cloth


def _any(rng: np.random.Generator) -> Color:
    """Any colour that cloth is dyed in: strong ones too, but few that glow."""
    if rng.random() < 0.15:
        return (float(v := rng.uniform(0.8, 0.95)), v, v)
    saturation, value = rng.beta(1.6, 1.4), rng.uniform(0.12, 0.85)
    red, green, blue = colorsys.hsv_to_rgb(rng.random(), float(saturation), float(value))
    return (red, green, blue)
