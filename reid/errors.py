"""The one kind of error a user is meant to read, and how names and values are put into it."""

from __future__ import annotations

import reprlib
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_QUOTE = 120  # characters of a value that a message repeats


class ReidError(Exception):
    """The user's input is wrong; the message is one line that says what, and what was expected."""


def one_line(error: Exception, most: int = 160) -> str:
    """What another library's error says, for a message: not more than so many characters."""
    return " ".join(str(error).split())[:most] or type(error).__name__


def unknown_text(kind: str, name: object, known: Iterable[str]) -> str:
    """What to say of a name that does not exist: lists what does, nearest spelling first."""
    # YAML has keys that are no text.
    name, names = name if isinstance(name, str) else quoted(name), sorted(known)
    name = name if len(name) <= LONGEST_QUOTE else f"{name[:LONGEST_QUOTE]}..."
    near = get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {name!r}{hint} (available: {', '.join(names)})"


def quoted(value: object) -> str:
    """A value as a message may repeat it: short, however much is in it."""
    text = _QUOTE.repr(value)
    return text if len(text) <= 2 * LONGEST_QUOTE else f"{text[: 2 * LONGEST_QUOTE]}..."


_QUOTE = reprlib.Repr()
_QUOTE.maxstring = _QUOTE.maxother = _QUOTE.maxlong = LONGEST_QUOTE
_QUOTE.maxlevel = 3
