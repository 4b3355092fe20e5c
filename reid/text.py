"""Text files as programs of all kinds write them."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MARKS = (  # the longer ones first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PROBE = 512  # bytes at the beginning that tell UTF-16 without a mark


def read_text(path: Path) -> str:
    """The text of a UTF-8, UTF-16 or UTF-32 file, with or without a byte order mark.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is no such text.
    """
    return decode(path.read_bytes())


def decode(raw: bytes) -> str:
    """See ``read_text``."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding)
    head = raw[:_PROBE]
    if len(head) > 1 and 0 in head:
        # Of Latin letters and digits in UTF-16, every other byte is 0.
        for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            if not any(head[first::2]):
                return raw.decode(encoding)
    return raw.decode("utf-8")
