"""The one kind of error a user is meant to read, and how names and values are put into it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mtmc.reid.errors import LONGEST_QUOTE, quoted, unknown_text

__all__ = ["LONGEST_QUOTE", "UserError", "printable", "quoted", "unknown_name"]

# Control characters, and those that turn the direction of what follows on the screen.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class UserError(Exception):
    """The user's input is wrong: one line that names it, what was expected and what to do.

    The command line prints it on stderr and exits with code 2.
    """


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UserError:
    """The error for a name that does not exist: lists what does, nearest spelling first."""
    return UserError(unknown_text(kind, name, known))


def printable(text: str) -> str:
    """``text`` with every character that a terminal would obey written as an escape."""
    return _UNPRINTABLE.sub(lambda match: ascii(match.group())[1:-1], text)
