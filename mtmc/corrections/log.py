"""``corrections.jsonl``: what was said about a run's people, a line each, only ever added to."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from filelock import FileLock

from mtmc.corrections.kinds import Correction, correction_of, makes_somebody
from mtmc.errors import UserError
from mtmc.files import explained

UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Entry:
    """A correction that holds.

    Args:
        line: of the file, from 1.
        correction: what was said.
        at: when, as ISO 8601 has it.
        undone: how many corrections before it that made somebody new were taken back: the numbers
            of those people are not given again.
    """

    line: int
    correction: Correction
    at: str = ""
    undone: int = 0

    def __str__(self) -> str:
        """For people."""
        return f"line {self.line} ({self.correction.do})"


class Corrections:
    """The corrections in a file. ``Corrections.open(path)`` makes one.

    A line is on the disk before ``add`` returns, and no line is ever written anew: a crash loses at
    most the line that was being written, which is left out when it is read.

    Attributes:
        path: of the file.
        entries: the corrections that hold, in order.
        said: what there is to know of the file, a line each.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self.said: list[str] = []
        self._lines = self._undone = 0

    @classmethod
    def open(cls, path: Path | str, must_exist: bool = False) -> Self:
        """The corrections in a file; none where there is no file yet.

        Raises:
            UserError: it cannot be read, or a line is no correction.
        """
        log = cls(Path(path))
        if must_exist and not log.path.is_file():
            raise UserError(f"{path}: no such file; expected the corrections of a run")
        log._read()
        return log

    def add(self, correction: Correction) -> Entry:
        """Write a correction down.

        Raises:
            UserError: the file cannot be written.
        """
        line, at = self._append(correction.plain())
        self.entries.append(Entry(line, correction, at, self._undone))
        return self.entries[-1]

    def undo(self) -> Correction | None:
        """Take the latest correction back that holds; returns it, None where there is none."""
        if not self.entries:
            return None
        self._append({"do": UNDO, "line": self.entries[-1].line})
        return self.entries.pop().correction

    def _append(self, said: dict[str, Any]) -> tuple[int, str]:
        """Add a line, after those that others have added meanwhile; returns its number and time."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        with explained(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_name(f".{self.path.name}.lock")):
                self._read()
                whole = _whole(self.path.read_bytes() if self.path.exists() else b"")
                text = json.dumps({**said, "at": at}, ensure_ascii=False) + "\n"
                with self.path.open("ab") as file:
                    file.truncate(len(whole))  # what a crash has torn
                    file.write(text.encode())
                    file.flush()
                    os.fsync(file.fileno())
        self._lines += 1
        return self._lines, at

    def _read(self) -> None:
        try:
            content = self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise UserError(f"{self.path}: cannot be read ({error.strerror})") from error
        whole = _whole(content)
        self.said = []
        if len(whole) < len(content):
            self.said.append(f"{self.path}: its last line was cut off as it was written; left out")
        lines = whole.splitlines()
        self._lines, self._undone = len(lines), 0
        holding: dict[int, Entry] = {}
        for number, line in enumerate(lines, 1):
            if line.strip():
                self._take(number, line, holding)
        self.entries = list(holding.values())

    def _take(self, number: int, line: bytes, holding: dict[int, Entry]) -> None:
        try:
            said = json.loads(line)
            if said["do"] == UNDO:
                back = holding.pop(int(said["line"]), None)
                self._undone += back is not None and makes_somebody(back.correction)
            else:
                at = str(said.get("at", ""))
                holding[number] = Entry(number, correction_of(said), at, self._undone)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UserError(
                f"{self.path}: line {number} is no correction ({error}); remove that line"
            ) from error


def _whole(content: bytes) -> bytes:
    """Without a last line that does not end."""
    return content[: content.rfind(b"\n") + 1]
