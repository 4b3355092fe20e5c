"""A setting with what it may be, its unit and whom it is for, beside its default."""

from __future__ import annotations

from dataclasses import field
from typing import TypeVar

T = TypeVar("T")


def setting(default: T, *, unit: str = "", public: bool = False, **bounds: float) -> T:
    """A field of a pydantic dataclass of settings.

    Args:
        default: what it is where nothing else is said.
        unit: such as ``px``.
        public: whether it is for everybody; the others are for experts.
        bounds: ``ge``, ``gt``, ``le`` and ``lt``, which pydantic holds the value to.
    """
    finite = {"allow_inf_nan": False} if isinstance(default, float) else {}
    metadata = {**bounds, **finite, "unit": unit, "public": public}
    result: T = field(default=default, metadata=metadata)
    return result
