from __future__ import annotations

import math
import os
from contextlib import contextmanager
from pathlib import Path
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
    """CPU cores this process may use (`taskset` and limits of containers count), at least 1."""
    if _most:
        return _most
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, cores_allowed(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))))


def cores_allowed(groups: Path, mounted: Path) -> int:
    """The cores whose time control groups (Linux, version 1 or 2) allow, rounded up.

    Args:
        groups: the file that tells of which ones a process is.
        mounted: where they are told of.

    Returns:
        At least 1; very many where nothing is limited.
    """
    shares = [1024.0]
    try:
        lines = groups.read_text().splitlines()
    except OSError:  # another system
        lines = []
    for line in lines:
        _, kinds, name = line.split(":", 2)
        if kinds and "cpu" not in kinds.split(","):
            continue
        # In a container, what is mounted may be its own group and not the root.
        own = Path(name.lstrip("/"))
        for group in (own, *own.parents):
            shares += _share(mounted / kinds / group)
    return max(1, math.ceil(min(shares)))


def _share(folder: Path) -> list[float]:
    """Cores' worth of time that one group may take; nothing where it is not limited."""
    try:
        if (said := folder / "cpu.max").exists():
            most, period = said.read_text().split()
        else:
            most, period = (
                (folder / f"cpu.cfs_{what}_us").read_text().strip() for what in ("quota", "period")
            )
        return [int(most) / int(period)] if most not in {"max", "-1"} else []
    except (OSError, ValueError, ZeroDivisionError):
        return []


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
