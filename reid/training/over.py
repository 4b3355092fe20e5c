"""What a search may change of a training: settings and their ranges, as a user writes them."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from mtmc.reid.configuration import build_config
from mtmc.reid.errors import ReidError, unknown_text
from mtmc.reid.training.config import TrainConfig
from mtmc.reid.training.search import Range

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mtmc.reid.training.search import Point, Space

EXAMPLE = "as in loss.margin=0..0.5, or schedule.lr=1e-4..1e-1:log"
# What says how long a training is and what becomes of it, not how it learns.
FIXED = ("schedule.epochs", "cycles.cycles", "cycles.length", "evaluation.every", "seed")
ARGS = "model.args."  # of a network, about which nobody but the network knows anything
_NUMBER = r"([-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?)"
_RANGE = re.compile(rf"{_NUMBER}\.\.{_NUMBER}(:log)?", flags=re.I)


def read_space(texts: Sequence[str], config: TrainConfig) -> dict[str, Range]:
    """Ranges of settings, each written as ``section.key=low..high`` or ``...:log``.

    Args:
        texts: see above.
        config: what is changed; both ends of every range must suit it.

    Raises:
        ReidError: one is not written so, names no number, or an end does not fit.
    """
    space: dict[str, Range] = {}
    for text in texts:
        key, _, limits = (part.strip() for part in text.partition("="))
        found = _RANGE.fullmatch(limits)
        if found is None:
            raise ReidError(f"--over {text!r}: expected a range, {EXAMPLE}")
        if key in space:
            raise ReidError(f"--over {text!r}: {key} has a range already")
        try:
            low, high = float(found[1]), float(found[2])
            integer = _is_integer(key, found[1] + found[2])
            space[key] = Range(low, high, integer, log=found[3] is not None)
        except ValueError as error:
            raise ReidError(f"--over {text!r}: {error}") from error
        for end in (low, high):
            try:
                changed(config, {key: round(end) if integer else end})
            except ReidError as error:
                raise ReidError(f"--over {text!r}: {error}") from error
    return space


def changed(config: TrainConfig, point: Point) -> TrainConfig:
    """The same training with other values of some settings.

    Raises:
        ReidError: a value does not fit.
    """
    values = config.to_dict()
    for key, value in point.items():
        *sections, name = key.split(".")
        target = values
        for section in sections:
            target = target[section]
        target[name] = value
    return build_config(TrainConfig, values, "with " + written(point))


def written(point: Point) -> str:
    """Values for a person: ``loss.margin=0.3 schedule.lr=0.001``."""
    return " ".join(f"{key}={value:.4g}" for key, value in point.items())


def present(config: TrainConfig, space: Space) -> Point | None:
    """The values that a training has now; None where one lies outside its range."""
    point: Point = {}
    for key, limits in space.items():
        value: Any = config.to_dict()
        for name in key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if not limits.low <= value <= limits.high:
            return None
        point[key] = value
    return point


def _is_integer(key: str, ends: str) -> bool:
    """Whether a setting is a whole number."""
    if key.startswith(ARGS):
        return not re.search(r"[.e]", ends, flags=re.I)
    kinds = {name: kind for name, kind in _numbers(TrainConfig, "") if name not in FIXED}
    if key not in kinds:
        raise ReidError(unknown_text("number among the settings", key, kinds))
    return kinds[key] is int


def _numbers(cls: Any, where: str) -> Iterator[tuple[str, type]]:
    """Settings that are numbers, those of sections included."""
    hints = get_type_hints(cls)
    for f in fields(cls):
        hint, key = hints[f.name], where + f.name
        if is_dataclass(hint):
            yield from _numbers(hint, f"{key}.")
            continue
        kinds = [kind for kind in (get_args(hint) or (hint,)) if kind is not NoneType]
        if len(kinds) == 1 and kinds[0] in (int, float):
            yield key, kinds[0]
