"""Explicit tables ``name -> "module:attribute"``, loaded on use."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def unknown(kind: str, name: str, known: Iterable[str]) -> ReidError:
    """The error for a name that does not exist: what does, and which one was probably meant."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return ReidError(f"unknown {kind} '{name}'{hint} (available: {', '.join(names)})")


def lookup(kind: str, name: str, table: Mapping[str, str]) -> Any:
    """Import what ``table`` names.

    Raises:
        ReidError: there is no such name.
    """
    if name not in table:
        raise unknown(kind, name, table)
    module, attribute = table[name].split(":")
    return attrgetter(attribute)(import_module(module))
