"""What may be said on a terminal: names and paths are data, and passwords stay where they are."""

from __future__ import annotations

import logging

from mtmc.errors import printable


def sayable(text: str) -> str:
    """``text`` without passwords, and without characters that a terminal would obey."""
    from mtmc.sources.address import hide_passwords

    return printable(hide_passwords(text))


class Sayable(logging.Filter):
    """Makes every message ``sayable``, for handlers."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See ``logging.Filter``."""
        record.msg, record.args = sayable(record.getMessage()), ()
        return True
