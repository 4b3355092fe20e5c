"""Run an iterator ahead of its consumer, in a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Background(Generic[T]):
    """Iterates ``items`` in a background thread into a bounded buffer.

    What ``items`` raises is raised to the consumer, after everything that came before it.

    Args:
        items: iterated in the thread only.
        depth: how many items may wait.
        outdated: whether a waiting item is too old beside the newest. With it, the oldest ones
            are thrown away rather than wait for the consumer, and counted in ``dropped``; for live
            sources, where a late picture is worth less than a new one.
    """

    def __init__(
        self, items: Iterable[T], depth: int, outdated: Callable[[T, T], bool] | None = None
    ) -> None:
        self.dropped = 0
        self._items = items
        self._depth = depth
        self._outdated = outdated
        self._buffer: deque[T] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._closed = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    break
        except BaseException as error:
            self._error = error
        finally:
            close = getattr(self._items, "close", None)
            if close is not None:
                close()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _put(self, item: T) -> bool:
        with self._changed:
            while self._outdated is not None and self._buffer:
                full = len(self._buffer) >= self._depth
                if not full and not self._outdated(self._buffer[0], item):
                    break
                self._buffer.popleft()
                self.dropped += 1
            self._changed.wait_for(lambda: self._closed or len(self._buffer) < self._depth)
            if self._closed:
                return False
            self._buffer.append(item)
            self._changed.notify_all()
            return True

    def peek(self, timeout: float | None = None) -> T | None:
        """The next item without taking it; None when ended, or when none came in time."""
        with self._changed:
            self._changed.wait_for(
                lambda: bool(self._buffer) or self._ended or self._closed, timeout
            )
            if self._buffer:
                return self._buffer[0]
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            return None

    @property
    def ended(self) -> bool:
        """Whether nothing is left and nothing will come."""
        with self._changed:
            done = self._ended or self._closed
            return done and not self._buffer and self._error is None

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        self.peek()
        with self._changed:
            if not self._buffer:
                raise StopIteration
            item = self._buffer.popleft()
            self._changed.notify_all()
            return item

    def close(self, patience: float | None = None) -> None:
        """Stop the thread and forget what waits.

        Args:
            patience: seconds to wait for the thread, which may hang outside of our reach; it is
                a daemon, so the program can end without it. None waits for good.
        """
        with self._changed:
            self._closed = True
            self._buffer.clear()
            self._changed.notify_all()
        self._thread.join(patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
