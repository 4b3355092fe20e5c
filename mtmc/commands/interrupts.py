"""Signals that end a program, as Ctrl-C does: what was done so far is written first."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# What `kill`, `docker stop` and systemd send, and what a closed terminal does.
ENDINGS = ("SIGTERM", "SIGHUP")


@contextmanager
def like_ctrl_c() -> Iterator[None]:
    """Inside the block, the signals that end a program raise KeyboardInterrupt.

    Those that somebody else takes, or ignores as ``nohup`` does, stay theirs.
    """
    owner = os.getpid()

    def interrupt(number: int, _: FrameType | None) -> None:
        if os.getpid() == owner:
            raise KeyboardInterrupt
        signal.signal(number, signal.SIG_DFL)  # a forked worker ends as it always did
        os.kill(os.getpid(), number)

    numbers = [getattr(signal, name) for name in ENDINGS if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []  # only the main thread may say what becomes of signals
    ours = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
