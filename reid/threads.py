from __future__ import annotations

import os

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
