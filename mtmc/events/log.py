"""``events.jsonl``: all events of a run, a line each, only ever added to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from mtmc.errors import UserError
from mtmc.events.event import Event
from mtmc.files import explained


class EventLog:
    """A log of events that is open for writing.

    Every ``add`` ends with the operating system, which keeps it when the process is killed. Only
    ``close`` waits for the disk: on a busy one that takes a tenth of a second, for which a run must
    not stand still. A line that a crash has torn is dropped on opening. Events that are there
    already are not written again, so a process that does its part again goes on with the log.

    Args:
        path: of the file, made if it does not exist.

    Attributes:
        last: ``seq`` of the last event that is there; 0 for none.

    Raises:
        UserError: it cannot be written, or holds something else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.last = 0
        for event in read_events(path):
            self.last = event.seq
        with explained(path):
            self._file = path.open("ab")
            self._file.truncate(_whole(path))

    def add(self, events: Sequence[Event]) -> Sequence[Event]:
        """Write down the events that are not there yet; returns those."""
        new = [event for event in events if event.seq > self.last]
        if not new:
            return new
        with explained(self._path):
            self._file.write("".join(event.json() + "\n" for event in new).encode())
            self._file.flush()
        self.last = new[-1].seq
        return new

    def close(self) -> None:
        """Wait until the disk has all, and close the file."""
        with explained(self._path), self._file:
            self._file.flush()
            os.fsync(self._file.fileno())


def read_events(path: Path, after: int = 0) -> Iterator[Event]:
    """The events of a log, in order; none where there is no file.

    Args:
        path: of the file.
        after: ``seq`` of the last one that is not asked for.

    Raises:
        UserError: a line is no event; a last one that is torn is left out.
    """
    if not path.exists():
        return
    with explained(path), path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return  # a crash has torn it, or it is being written
            try:
                event = Event.of_json(line)
            except ValueError as error:
                raise UserError(f"{path}: line {number} is no event ({error})") from error
            if event.seq > after:
                yield event


def _whole(path: Path) -> int:
    """Bytes of a file up to the end of its last whole line."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - (1 << 16))
            file.seek(start)
            place = file.read(end - start).rfind(b"\n")
            if place >= 0:
                return start + place + 1
            end = start
    return 0
