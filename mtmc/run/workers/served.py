"""A worker behind messages: what is asked of it, what it answers, and what it has to say."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Sequence
from typing import Any

from mtmc.run.workers.worker import Task, Worker

Said = Sequence[tuple[str, int, str]]  # logger, level and message
Answer = tuple[bool, Any, Said]  # whether it is one, or else an error; and what was logged


class EndedError(Exception):
    """The worker has ended, or cannot be reached."""


class Saying(logging.Handler):
    """Keeps what is logged until somebody asks for it."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._said: list[tuple[str, int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        self._said.append((record.name, record.levelno, record.getMessage()))

    def take(self) -> Said:
        """What was logged since the last time."""
        said, self._said = self._said, []
        return said


class Served:
    """A worker in a process that is its own.

    Args:
        task: what it is given.
    """

    def __init__(self, task: Task) -> None:
        self._saying, logger = Saying(), logging.getLogger("mtmc")
        logger.addHandler(self._saying)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        self._worker = Worker(task)

    def answer(self, method: str, args: Sequence[Any], options: dict[str, Any]) -> bytes:
        """An ``Answer``, pickled."""
        try:
            done = getattr(self._worker, method)(*args, **options)
            return pickle.dumps((True, done, self._saying.take()))
        except Exception as error:
            return pickle.dumps((False, _portable(error), self._saying.take()))

    def answer_bytes(self, method: str, asked: bytes) -> bytes:
        """The same, of arguments that are pickled: arrays can be written to, as they are here."""
        args, options = pickle.loads(asked)
        return self.answer(method, args, options)


def opened(answer: bytes) -> tuple[Any, Said]:
    """What a method answered, and what was logged meanwhile.

    Raises:
        Exception: what the method raised.
    """
    done, told, said = pickle.loads(answer)
    if not done:
        raise told
    return told, said


def _portable(error: Exception) -> Exception:
    """The error, or its text where it is nothing that another process can have."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
