"""A log of messages between processes, any of which may be killed at any time."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mtmc.files import explained

SEGMENT = 16 << 20  # bytes of a file, after which the next one begins
HEAD = 8  # bytes before each message: its length and checksum


class Position(NamedTuple):
    """A place between two messages: the number of the file, and bytes from its beginning."""

    segment: int = 0
    offset: int = 0


BEGIN = Position()


class Journal:
    """Appends messages. What was added is with the operating system, which outlives the process.

    A message that a crash has torn is cut off on opening, and written again by whoever goes on
    from a state before it: readers drop what they know.

    Args:
        folder: of the files, made if it does not exist.

    Raises:
        UserError: it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._segment = max(_segments(folder), default=0)
            self._file = self._open()
            ends = [position for position, _ in read(folder, Position(self._segment))]
            end = ends[-1].offset if ends else 0
            self._file.truncate(end)
            self._file.seek(end)

    def add(self, message: bytes) -> None:
        """Append a message."""
        with explained(self._folder):
            head = len(message).to_bytes(4, "little") + zlib.crc32(message).to_bytes(4, "little")
            self._file.write(head + message)
            self._file.flush()
            if self._file.tell() >= SEGMENT:
                self._file.close()
                self._segment += 1
                self._file = self._open()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _open(self) -> BinaryIO:
        path = _path(self._folder, self._segment)
        path.touch()
        handle = path.open("r+b")
        handle.seek(0, os.SEEK_END)
        return handle


def read(folder: Path, start: Position = BEGIN) -> Iterator[tuple[Position, bytes]]:
    """The whole messages from a position on, each with the position after it."""
    segments = [number for number in _segments(folder) if number >= start.segment]
    for number in segments:
        offset = start.offset if number == start.segment else 0
        with _path(folder, number).open("rb") as handle:
            handle.seek(offset)
            while len(head := handle.read(HEAD)) == HEAD:
                length, checksum = (int.from_bytes(head[i : i + 4], "little") for i in (0, 4))
                message = handle.read(length)
                if len(message) < length or zlib.crc32(message) != checksum:
                    return  # it is being written, or was torn
                offset += HEAD + length
                yield Position(number, offset), message


def forget(folder: Path, before: Position) -> None:
    """Remove the files all of whose messages are before a position."""
    for number in _segments(folder):
        if number < before.segment:
            _path(folder, number).unlink()


def _path(folder: Path, segment: int) -> Path:
    return folder / f"{segment:08}.log"


def _segments(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in folder.glob("*.log")) if folder.is_dir() else []
