"""A worker in a process of its own, on this machine."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from mtmc.reid.threads import threads_of_processes
from mtmc.run.workers.served import EndedError, Said, Served, opened
from mtmc.run.workers.worker import Task

# What the main process is told by a terminal or by systemd, which tells all: it alone ends a run.
ENDINGS = ("SIGINT", "SIGTERM", "SIGHUP")
PATIENCE = 2.0  # s for a process to end by itself


class Process:
    """A ``Link`` to a worker in a process that this one starts, and that ends when this one does.

    It begins anew (spawn) on all systems.

    Args:
        task: what it is given.
        lanes: their names.
    """

    def __init__(self, task: Task, lanes: Sequence[str]) -> None:
        context = get_context("spawn")
        pipes = {lane: context.Pipe() for lane in lanes}
        self._lanes = {lane: (threading.Lock(), ours) for lane, (ours, _) in pipes.items()}
        theirs = {lane: pipe for lane, (_, pipe) in pipes.items()}
        self._closed, self._ending = False, threading.Lock()
        self._process = context.Process(target=_serve, args=(task, theirs), daemon=True)
        with threads_of_processes(task.cores):
            self._process.start()
        for pipe in theirs.values():
            pipe.close()  # so that its end is noticed here

    def call(self, lane: str, method: str, *args: Any, **options: Any) -> tuple[Any, Said]:
        """See ``Link``."""
        lock, pipe = self._lanes[lane]
        try:
            with lock:
                pipe.send((method, args, options))
                answer = pipe.recv_bytes()
        except (EOFError, OSError) as error:
            raise EndedError(self._fate()) from error
        return opened(answer)

    def _fate(self) -> str:
        """How it has ended."""
        if self._closed:
            return "closed"
        with self._ending:  # of two who wait for a process at once, one is told nothing
            self._process.join(PATIENCE)
            code = self._process.exitcode
        if code is not None and code < 0:
            return f"killed by signal {-code} (is there enough memory?)"
        return f"exit code {code}"

    def close(self) -> None:
        """See ``Link``."""
        if self._closed:
            return
        self._closed = True
        for _, pipe in self._lanes.values():
            pipe.close()
        self._process.join(PATIENCE)
        self._process.kill()
        self._process.join()
        self._process.close()


def _serve(task: Task, lanes: Mapping[str, Connection]) -> None:
    """Answer calls until nobody is there to call."""
    for name in ENDINGS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    worker, over = Served(task), threading.Event()

    def answer(lane: Connection) -> None:
        try:
            while True:
                lane.send_bytes(worker.answer(*lane.recv()))
        except (EOFError, OSError):
            over.set()

    for lane in lanes.values():
        threading.Thread(target=answer, args=(lane,), daemon=True).start()
    over.wait()
    os._exit(0)  # threads may hang in the network
