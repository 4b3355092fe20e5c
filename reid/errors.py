from __future__ import annotations


class ReidError(Exception):
    """The user's input is wrong; the message is one line that says what, and what was expected."""
