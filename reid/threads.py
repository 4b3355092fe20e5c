from __future__ import annotations

import os


def available_cores() -> int:
    """CPU cores this process may use (containers and `taskset` count), at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
