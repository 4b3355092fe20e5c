"""Signals that end a program, as Ctrl-C does: what was done so far is written first."""

from __future__ import annotations

import errno
import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# What Ctrl-C, `kill`, `docker stop` and systemd send, and what a closed terminal does.
ENDINGS = ("SIGINT", "SIGTERM", "SIGHUP")
REPEATED = 3.0  # seconds in which another signal means the same: systemd sends two at once


@contextmanager
def like_ctrl_c() -> Iterator[None]:
    """Inside the block, the signals that end a program raise KeyboardInterrupt, once.

    Those that somebody else takes, or ignores as ``nohup`` does, stay theirs.
    """
    owner, last = os.getpid(), -math.inf

    def interrupt(number: int, _: FrameType | None) -> None:
        nonlocal last
        if os.getpid() == owner:
            repeated, last = time.monotonic() - last < REPEATED, time.monotonic()
            if repeated:
                return  # the end has begun; interrupted again, it would write nothing
            raise KeyboardInterrupt
        signal.signal(number, signal.SIG_DFL)  # a forked worker ends as it always did
        os.kill(os.getpid(), number)

    numbers = [getattr(signal, name) for name in ENDINGS if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []  # only the main thread may say what becomes of signals
    usual = signal.SIG_DFL, signal.default_int_handler
    before = {n: handler for n in numbers if (handler := signal.getsignal(n)) in usual}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def terminal_may_be_gone() -> Iterator[None]:
    """What is shown inside the block need not arrive: the results are in their folder."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EIO, errno.EPIPE):
            raise
