"""The one kind of error a user is meant to read, and how names and values are put into it."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Iterable

# Control characters, and those that turn the direction of what follows on the screen.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


LONGEST_QUOTE = 120  # characters of a value that a message repeats


class UserError(Exception):
    """The user's input is wrong: one line that names it, what was expected and what to do.

    The command line prints it on stderr and exits with code 2.
    """


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UserError:
    """The error for a name that does not exist: lists what does, nearest spelling first."""
    # YAML has keys that are no text.
    name, names = name if isinstance(name, str) else quoted(name), sorted(known)
    name = name if len(name) <= LONGEST_QUOTE else f"{name[:LONGEST_QUOTE]}..."
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return UserError(f"unknown {kind} {name!r}{hint} (available: {', '.join(names)})")


def printable(text: str) -> str:
    """``text`` with every character that a terminal would obey written as an escape."""
    return _UNPRINTABLE.sub(lambda match: ascii(match.group())[1:-1], text)


def quoted(value: object) -> str:
    """A value as a message may repeat it: short, however much is in it."""
    text = _QUOTE.repr(value)
    return text if len(text) <= 2 * LONGEST_QUOTE else f"{text[: 2 * LONGEST_QUOTE]}..."


_QUOTE = reprlib.Repr()
_QUOTE.maxstring = _QUOTE.maxother = _QUOTE.maxlong = LONGEST_QUOTE
_QUOTE.maxlevel = 3
