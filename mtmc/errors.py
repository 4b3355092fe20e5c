"""The one kind of error a user is meant to read."""

from __future__ import annotations

from collections.abc import Iterable

from mtmc.reid.errors import unknown_text


class UserError(Exception):
    """The user's input is wrong: one line that names it, what was expected and what to do.

    The command line prints it on stderr and exits with code 2.
    """


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UserError:
    """The error for a name that does not exist: lists what does, nearest spelling first."""
    return UserError(unknown_text(kind, name, known))
