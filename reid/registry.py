"""Explicit tables ``name -> "module:attribute"``, loaded on use."""

from __future__ import annotations

from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from mtmc.reid.errors import ReidError, unknown_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def unknown(kind: str, name: str, known: Iterable[str]) -> ReidError:
    """The error for a name that does not exist: what does, and which one was probably meant."""
    return ReidError(unknown_text(kind, name, known))


def lookup(kind: str, name: str, table: Mapping[str, str]) -> Any:
    """Import what ``table`` names.

    Raises:
        ReidError: there is no such name.
    """
    if name not in table:
        raise unknown(kind, name, table)
    module, attribute = table[name].split(":")
    return attrgetter(attribute)(import_module(module))
