"""Events added to a file, a line each, beside that of the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TextIO

from mtmc.errors import UserError
from mtmc.events.sink import Address, News
from mtmc.files import explained


@dataclass(frozen=True)
class JsonlConfig:
    """There is nothing to set."""


class JsonlSink:
    """Adds events to a file that other programs read."""

    Config: ClassVar = JsonlConfig

    def __init__(self, config: JsonlConfig, address: Address) -> None:
        del config
        self._path = Path(address.path)
        if self._path.suffix != ".jsonl":
            raise UserError(f"--events {address.label}: expected a URL or a file *.jsonl")
        with explained(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = self._path.open("a", encoding="utf-8")

    def send(self, news: News) -> None:
        """See ``Sink``."""
        self._file.write("".join(news.message(event) + "\n" for event in news.events))
        self._file.flush()

    def close(self) -> None:
        """See ``Sink``."""
        self._file.close()
