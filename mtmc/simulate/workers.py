"""Processes that share the work and end with the one that started them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from mtmc.reid.threads import available_cores
from mtmc.simulate.extra import require_sim

Result = TypeVar("Result")


_counts: Any = None  # in a worker, where it reports what is done


def report(count: int) -> None:
    """Called in a worker: tell the parent how much more is done."""
    _counts.put(count)


@contextmanager
def pool(workers: int) -> Iterator[tuple[ProcessPoolExecutor, Any]]:
    """Freshly started processes; after an error or Ctrl-C none is waited for.

    Args:
        workers: how many.

    Yields:
        The processes, and the queue of what they `report`.
    """
    context = get_context("spawn")
    counts = context.Queue()
    executor = ProcessPoolExecutor(workers, context, _start, (counts,))
    try:
        yield executor, counts
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in list((executor._processes or {}).values()):
            process.terminate()
        raise
    executor.shutdown()


def each(
    work: Callable[..., Result], *shared: Any, count: int, workers: int
) -> Iterator[tuple[int, Result]]:
    """The results of ``work(*shared, number)`` for all numbers below ``count``, as they are done.

    Args:
        work: a function of a module, so that other processes find it.
        shared: its first arguments.
        count: how many numbers.
        workers: processes; 0 takes one per processor, 1 does it here.

    Yields:
        The number and its result.
    """
    workers = min(workers or available_cores(), count)
    if workers <= 1:
        for number in range(count):
            yield number, work(*shared, number)
        return
    with pool(workers) as (executor, _):
        jobs = {executor.submit(work, *shared, number): number for number in range(count)}
        for job in as_completed(jobs):
            yield jobs[job], job.result()


def _start(counts: Any) -> None:
    global _counts  # noqa: PLW0603
    _counts = counts
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    # One process per core: libraries must not start threads of their own.
    import cv2
    import torch

    require_sim()  # so that Warp starts without its banner here, too
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
