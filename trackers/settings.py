"""Settings that say themselves what they may be.

A range, a unit and whether a setting is for everybody stand beside the field::

    max_age: float = setting(1.0, ge=0, unit="s", public=True)

and its meaning in the ``Args`` of the class. The check, the messages and the reference page are
made from them.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

FRAMES = "_frames"  # behind the name of a time: it is given in frames
LONG = 10.0  # s; who asks for more may have meant frames
_BOUNDS = {"ge": ge, "gt": gt, "le": le, "lt": lt}  # as pydantic names them
_WORDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def setting(
    default: T,
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    unit: str = "",
    public: bool = False,
) -> T:
    """A field of a settings class.

    Args:
        default: what it is where nothing else is said; None and texts are in every range.
        ge: it must be at least this,
        gt: above this,
        le: at most this,
        lt: below this.
        unit: such as ``s`` or ``px``.
        public: whether users can know what suits their footage; the others are for experts.
    """
    bounds = {"ge": ge, "gt": gt, "le": le, "lt": lt}
    metadata: dict[str, Any] = {key: value for key, value in bounds.items() if value is not None}
    result: T = field(default=default, metadata={**metadata, "unit": unit, "public": public})
    return result


def share(default: T, *, public: bool = False) -> T:
    """A field between 0 and 1."""
    return setting(default, ge=0, le=1, public=public)


def check(config: Any) -> None:
    """Hold a settings object to the ranges its fields declare.

    Raises:
        ValueError: a value is out of its range, or not finite.
    """
    for f in fields(config):
        value = getattr(config, f.name)
        if not isinstance(value, int | float):
            continue
        bounds = {key: f.metadata[key] for key in _BOUNDS if key in f.metadata}
        if not all(_BOUNDS[key](value, bound) for key, bound in bounds.items()):
            raise ValueError(f"{f.name} must be {_allowed(bounds)}, got {value}")
        if not math.isfinite(value):
            raise ValueError(f"{f.name} must be a number, got {value}")


def from_names(config: T, settings: Mapping[str, Any], fps: float, who: str) -> T:
    """A settings object with some changed by name; times are also taken as ``NAME_frames``.

    Args:
        config: the settings.
        settings: by name.
        fps: frames per second, by which frames become seconds.
        who: whose settings they are, for messages.

    Raises:
        ValueError: there is none of a name, one is given twice, or a value does not fit.
    """
    known = {f.name: f for f in fields(config)}  # type: ignore[arg-type]
    times = {name + FRAMES: name for name, f in known.items() if f.metadata.get("unit") == "s"}
    values = {}
    for name, value in settings.items():
        own = times.get(name, name)
        if own not in known:
            near = get_close_matches(name, [*known, *times], 1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise ValueError(f"{who}: no setting {name!r}; {hint}there are {', '.join(known)}")
        if own in values:
            raise ValueError(f"{who}: {own} is given twice, in seconds and in frames")
        if _kind(value) is not _kind(known[own].default):
            raise ValueError(f"{who}: {name} must be like {known[own].default}, got {value!r}")
        values[own] = value / fps if name in times else value
        if own == name and f"{name}{FRAMES}" in times and value > LONG:
            warnings.warn(
                f"{who}: {name}={value:g} is in seconds, {value * fps:g} frames; "
                f"{name}{FRAMES}={value:g} counts frames",
                stacklevel=3,
            )
    return replace(config, **values)  # type: ignore[type-var]


def _kind(value: Any) -> type:
    return float if isinstance(value, int | float) and type(value) is not bool else type(value)


def _allowed(bounds: Mapping[str, float]) -> str:
    if set(bounds) == {"ge", "le"}:
        return f"in {bounds['ge']}..{bounds['le']}"
    return " and ".join(f"{_WORDS[key]} {bound}" for key, bound in bounds.items())


@dataclass(frozen=True)
class Checked:
    """A base for settings whose ranges are all there is to check."""

    __slots__ = ()

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class TrackerConfig(Checked):
    """What all trackers of one camera can be told.

    Args:
        birth_score: an unmatched detection starts a track if it shows a person so probably.
        min_hits: matches until a track is reported; in the first frame all are.
        max_age: a track is kept for so long without a match.
    """

    birth_score: float = setting(0.7, ge=0, le=1, public=True)
    min_hits: int = setting(2, ge=1, unit="frames", public=True)
    max_age: float = setting(1.0, ge=0, unit="s", public=True)
