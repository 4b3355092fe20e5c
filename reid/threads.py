from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of libraries that make as many threads as there are cores when they are loaded.
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_most = 0  # that this process is to keep busy where it is one of several, else 0


def limit_cores(count: int) -> None:
    """Keep to so many cores: this process is one of several that share them."""
    global _most  # noqa: PLW0603
    _most = count


def available_cores() -> int:
    """CPU cores this process may use (containers and `taskset` count), at least 1."""
    if _most:
        return _most
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


@contextmanager
def threads_of_processes(cores: int) -> Iterator[None]:
    """Processes begun inside the block know how many threads suit them, if nobody says more."""
    new = {name: str(cores) for name in VARIABLES if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]
