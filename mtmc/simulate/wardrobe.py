"""Who a person is to look at: body, skin, hair, clothes and what they carry, drawn at random.

Colours are drawn as people wear them, which is mostly black, navy, grey and denim, so that many
people look alike; `twin_of` dresses a second person like a first one on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

Color = tuple[float, float, float]

PATTERNS = {
    "as modelled": 0,
    "plain": 1,
    "stripes": 2,
    "pinstripes": 3,
    "checks": 4,
    "print": 5,
    "colour block": 6,
    "all-over print": 7,
    "denim": 8,
    "hair": 9,
    "shoe": 10,
    "sleeves": 11,
    "chest band": 12,
    "zip": 13,
    "large print": 14,
    "dots": 15,
}

# sRGB colours of cloth with how often they are worn.
_TOPS: dict[Color, float] = {
    (0.07, 0.07, 0.08): 0.20,
    (0.16, 0.17, 0.19): 0.09,
    (0.34, 0.35, 0.37): 0.08,
    (0.60, 0.61, 0.62): 0.08,
    (0.88, 0.88, 0.87): 0.12,
    (0.09, 0.12, 0.22): 0.13,
    (0.16, 0.25, 0.45): 0.05,
    (0.45, 0.60, 0.78): 0.05,
    (0.52, 0.11, 0.13): 0.035,
    (0.66, 0.15, 0.16): 0.03,
    (0.20, 0.28, 0.19): 0.03,
    (0.15, 0.42, 0.32): 0.015,
    (0.72, 0.64, 0.51): 0.04,
    (0.38, 0.27, 0.19): 0.03,
    (0.85, 0.62, 0.66): 0.025,
    (0.74, 0.62, 0.28): 0.015,
    (0.40, 0.25, 0.42): 0.015,
    (0.70, 0.38, 0.20): 0.01,
}
_BOTTOMS: dict[Color, float] = {
    (0.06, 0.06, 0.07): 0.30,
    (0.13, 0.14, 0.16): 0.10,
    (0.09, 0.11, 0.19): 0.12,
    (0.33, 0.34, 0.36): 0.08,
    (0.58, 0.51, 0.39): 0.09,
    (0.28, 0.29, 0.21): 0.04,
    (0.30, 0.21, 0.15): 0.03,
    (0.82, 0.81, 0.78): 0.03,
}
_DENIM: dict[Color, float] = {
    (0.13, 0.18, 0.29): 0.4,
    (0.22, 0.31, 0.46): 0.35,
    (0.42, 0.53, 0.66): 0.15,
    (0.10, 0.10, 0.12): 0.1,
}
_SHOES: dict[Color, float] = {
    (0.05, 0.05, 0.05): 0.4,
    (0.85, 0.85, 0.84): 0.25,
    (0.28, 0.19, 0.12): 0.15,
    (0.35, 0.36, 0.38): 0.1,
    (0.12, 0.16, 0.32): 0.06,
    (0.62, 0.14, 0.14): 0.04,
}
_HAIR: dict[Color, float] = {
    (0.05, 0.04, 0.035): 0.38,
    (0.14, 0.09, 0.06): 0.27,
    (0.27, 0.17, 0.10): 0.15,
    (0.44, 0.33, 0.20): 0.08,
    (0.33, 0.15, 0.08): 0.03,
    (0.55, 0.54, 0.53): 0.08,
}
_SKIN: dict[str, list[Color]] = {
    "african": [(0.36, 0.23, 0.17), (0.27, 0.17, 0.13), (0.46, 0.30, 0.22)],
    "asian": [(0.80, 0.62, 0.50), (0.73, 0.55, 0.42), (0.62, 0.44, 0.33)],
    "caucasian": [(0.84, 0.65, 0.56), (0.88, 0.71, 0.63), (0.76, 0.57, 0.46)],
}


@dataclass(frozen=True)
class Cloth:
    """A piece's material. Colours are sRGB; `scale` is the pattern's period in metres."""

    pattern: str = "plain"
    color: Color = (0.5, 0.5, 0.5)
    second: Color = (0.5, 0.5, 0.5)
    third: Color = (0.1, 0.1, 0.1)
    scale: float = 0.08
    phase: float = 0.0
    folds: float = 0.6
    gloss: float = 0.0
    fuzz: float = 0.12


@dataclass(frozen=True)
class Look:
    """Everything that can be seen of one person, motion aside.

    Lengths are shares of the limb they cover: a sleeve of 0.4 ends above the elbow, a `leg` of 1
    reaches the ankle.
    """

    phenotype: dict[str, float]
    skin: Color
    hair: Cloth
    hair_style: str = "short"
    beard: float = 0.0
    top: Cloth = field(default_factory=Cloth)
    sleeve: float = 1.0
    top_ease: float = 0.012
    hem: float = 0.0
    outer: Cloth | None = None
    outer_kind: str = ""
    bottom: Cloth = field(default_factory=Cloth)
    leg: float = 1.0
    leg_width: float = 0.01
    skirt: float = 0.0
    socks: Color = (0.1, 0.1, 0.1)
    shoes: Cloth = field(default_factory=Cloth)
    hat: str = ""
    hat_cloth: Cloth = field(default_factory=Cloth)
    bag: str = ""
    bag_cloth: Cloth = field(default_factory=Cloth)
    glasses: bool = False


def _choose(rng: np.random.Generator, weights: dict[Color, float]) -> Color:
    """Draw a worn colour and vary it a little, as dyes and washing do."""
    p = np.array(list(weights.values()))
    color = np.array(list(weights)[rng.choice(len(p), p=p / p.sum())])
    # Dark cloth differs in lightness more than in hue.
    hue = rng.normal(0, 0.03, 3) * (0.15 + color.mean())
    varied = np.clip(color * rng.normal(1.0, 0.10) + hue, 0.02, 0.95)
    return (float(varied[0]), float(varied[1]), float(varied[2]))


def _pick(rng: np.random.Generator, weights: dict[str, float]) -> str:
    p = np.array(list(weights.values()))
    return list(weights)[rng.choice(len(p), p=p / p.sum())]


def _cloth(
    rng: np.random.Generator, colors: dict[Color, float], patterns: dict[str, float], **other: float
) -> Cloth:
    pattern = _pick(rng, patterns)
    scale = {"stripes": 0.06, "pinstripes": 0.035, "checks": 0.09, "all-over print": 0.2}
    cloth = Cloth(
        pattern=pattern,
        color=_choose(rng, _DENIM if pattern == "denim" else colors),
        second=_choose(rng, colors),
        third=_choose(rng, colors),
        scale=scale.get(pattern, 0.5) * float(rng.uniform(0.6, 1.7)),
        phase=float(rng.uniform(0, 1)),
        folds=float(rng.uniform(0.2, 0.55)),
        fuzz=float(rng.uniform(0.05, 0.22)),
        **other,
    )
    if pattern == "denim":
        light = np.clip(np.array(cloth.color) * 1.5 + 0.06, 0, 0.9)
        return replace(cloth, second=(float(light[0]), float(light[1]), float(light[2])))
    return cloth


def _phenotype(rng: np.random.Generator) -> dict[str, float]:
    female = rng.random() < 0.48
    origin = ("african", "asian", "caucasian")[rng.choice(3, p=[0.2, 0.3, 0.5])]
    phenotype = dict.fromkeys(("african", "asian", "caucasian"), 0.05)
    phenotype[origin] = 1.0
    return phenotype | {
        "gender": float(np.clip(rng.normal(0.92 if female else 0.06, 0.06), 0, 1)),
        "age": float(rng.uniform(0.58, 0.9)),
        "muscle": float(np.clip(rng.normal(0.45 if female else 0.55, 0.13), 0.1, 0.95)),
        "weight": float(np.clip(rng.normal(0.52, 0.17), 0.15, 0.98)),
        "height": float(np.clip(rng.normal(0.48, 0.14), 0.1, 0.9)),
        "proportions": float(rng.uniform(0.3, 0.9)),
        "cupsize": float(rng.uniform(0.2, 0.7)),
        "firmness": float(rng.uniform(0.4, 0.8)),
    }


def _dress_bottom(rng: np.random.Generator, female: bool, warm: bool) -> dict[str, object]:
    kinds = {"denim": 0.36, "trousers": 0.44, "shorts": 0.16 if warm else 0.01}
    if female:
        kinds |= {"skirt": 0.12, "dress": 0.12 if warm else 0.05}
    kind = _pick(rng, kinds)
    patterns = {"plain": 0.9, "checks": 0.03, "pinstripes": 0.06, "all-over print": 0.01}
    if kind in ("skirt", "dress"):
        patterns = {"plain": 0.6, "all-over print": 0.25, "checks": 0.08, "stripes": 0.07}
    cloth = _cloth(rng, _BOTTOMS, {"denim": 1.0} if kind == "denim" else patterns)
    if kind in ("skirt", "dress"):
        return {"bottom": cloth, "leg": 0.0, "skirt": float(rng.uniform(0.35, 0.85)), "kind": kind}
    leg = float(rng.uniform(0.38, 0.52)) if kind == "shorts" else 1.0
    width = float(
        rng.uniform(0.02, 0.035) if kind == "shorts" else rng.choice([0.004, 0.012, 0.024])
    )
    return {"bottom": cloth, "leg": leg, "leg_width": width, "kind": kind}


def _dress_top(rng: np.random.Generator, warm: bool) -> dict[str, object]:
    patterns = {
        "plain": 0.62,
        "print": 0.13,
        "stripes": 0.07,
        "checks": 0.07,
        "colour block": 0.05,
        "all-over print": 0.04,
        "pinstripes": 0.02,
    }
    long = rng.random() < (0.25 if warm else 0.8)
    return {
        "top": _cloth(rng, _TOPS, patterns),
        "sleeve": 1.0 if long else float(rng.uniform(0.28, 0.46)),
        "top_ease": float(rng.uniform(0.006, 0.024)),
        "hem": float(rng.uniform(-0.06, 0.03)),
    }


def _dress_outer(rng: np.random.Generator, warm: bool) -> dict[str, object]:
    if rng.random() > (0.12 if warm else 0.6):
        return {}
    kind = _pick(rng, {"jacket": 0.42, "open jacket": 0.33, "coat": 0.15, "open coat": 0.1})
    patterns = {"plain": 0.86, "checks": 0.03, "colour block": 0.08, "denim": 0.03}
    return {"outer": _cloth(rng, _TOPS, patterns), "outer_kind": kind}


def _carried(rng: np.random.Generator, female: bool) -> dict[str, object]:
    kinds = {"": 0.5, "backpack": 0.24, "shoulder bag": 0.14, "handbag": 0.12 if female else 0.05}
    bag_colors = {c: w for c, w in _TOPS.items() if max(c) < 0.8}
    hat = _pick(rng, {"": 0.84, "cap": 0.1, "beanie": 0.06})
    return {
        "bag": _pick(rng, kinds),
        "bag_cloth": _cloth(rng, bag_colors, {"plain": 1.0}, gloss=0.04),
        "hat": hat,
        "hat_cloth": _cloth(rng, _TOPS, {"plain": 1.0}),
        "glasses": bool(rng.random() < 0.2),
    }


def draw_look(rng: np.random.Generator, warm: bool | None = None) -> Look:
    """Draw one person.

    Args:
        rng: the source of chance.
        warm: summer or winter clothes; drawn when not given.
    """
    warm = bool(rng.random() < 0.5) if warm is None else warm
    phenotype = _phenotype(rng)
    female = phenotype["gender"] > 0.5
    origin = max(("african", "asian", "caucasian"), key=lambda name: phenotype[name])
    skin = np.clip(
        np.array(_SKIN[origin][rng.integers(3)]) * rng.normal(1, 0.05) + rng.normal(0, 0.01, 3),
        0.08,
        0.95,
    )
    hair_color = _choose(rng, _HAIR)
    light = np.clip(np.array(hair_color) * 1.4 + 0.02, 0, 0.9)
    hair = Cloth(
        "hair", hair_color, (float(light[0]), float(light[1]), float(light[2])), gloss=0.035,
        phase=float(rng.uniform(0, 1)), folds=0.3, fuzz=0.0,
    )  # fmt: skip
    women = {"long": 0.42, "bob": 0.2, "bun": 0.14, "ponytail": 0.16, "short": 0.08}
    men = {"short": 0.45, "crop": 0.27, "full": 0.16, "bald": 0.08, "long": 0.04}
    pieces = _dress_bottom(rng, female, warm) | _dress_top(rng, warm) | _dress_outer(rng, warm)
    if pieces.pop("kind") == "dress":
        pieces["top"] = pieces["bottom"]
    pieces |= _carried(rng, female)
    return Look(
        phenotype=phenotype,
        skin=(float(skin[0]), float(skin[1]), float(skin[2])),
        hair=hair,
        hair_style=_pick(rng, women if female else men),
        beard=0.0 if female else float(rng.choice([0.0, 0.25, 0.75], p=[0.5, 0.25, 0.25])),
        socks=_choose(rng, _BOTTOMS) if rng.random() < 0.7 else (0.85, 0.85, 0.84),
        shoes=replace(
            _cloth(rng, _SHOES, {"plain": 1.0}, gloss=0.05),
            pattern="shoe",
            second=(0.8, 0.8, 0.78) if rng.random() < 0.4 else (0.08, 0.08, 0.08),
            folds=0.1,
        ),
        **pieces,  # type: ignore[arg-type]
    )


def twin_of(look: Look, rng: np.random.Generator) -> Look:
    """Another person in the same outfit: own body, skin and hair."""
    while True:
        other = draw_look(rng)
        if (other.phenotype["gender"] > 0.5) == (look.phenotype["gender"] > 0.5):
            return replace(
                look,
                phenotype=other.phenotype,
                skin=other.skin,
                hair=other.hair,
                hair_style=other.hair_style,
                beard=other.beard,
                glasses=other.glasses,
            )


def draw_looks(count: int, rng: np.random.Generator, twins: float = 0.08) -> list[Look]:
    """Draw people; a share `twins` of them wears what somebody before them wears."""
    looks: list[Look] = []
    single: list[int] = []  # whose outfit nobody else wears yet
    warm = bool(rng.random() < 0.5)
    for number in range(count):
        if single and rng.random() < twins:
            looks.append(twin_of(looks[single.pop(rng.integers(len(single)))], rng))
        else:
            looks.append(draw_look(rng, warm if rng.random() < 0.7 else None))
            single.append(number)
    return looks
