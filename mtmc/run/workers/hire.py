"""How many workers a run has, which cameras are whose, and where they are."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from mtmc.reid.threads import available_cores
from mtmc.run.config import RunConfig
from mtmc.run.workers.process import Process
from mtmc.run.workers.worker import Task
from mtmc.run.workers.workers import DETECT, FOLLOW, Workers, shares
from mtmc.sources import Camera

log = logging.getLogger("mtmc")


@contextmanager
def hired(config: RunConfig, cameras: Sequence[Camera], root: Path) -> Iterator[Workers | None]:
    """The workers of a run, until the end of the block; None where this process does it all.

    Args:
        config: of the run.
        cameras: all of them, on one clock.
        root: the folder that holds them.
    """
    if isinstance(config.workers, str):
        from mtmc.run.workers.cluster import on_cluster

        with on_cluster(config, cameras, root) as workers:
            yield workers
        return
    count = config.workers
    if count > len(cameras):
        log.warning(
            "workers: %d for %d cameras; each takes one camera at least, so there are %d",
            count, len(cameras), len(cameras),
        )  # fmt: skip
        count = len(cameras)
    if count == 1:
        yield None
        return
    names = shares([camera.name for camera in cameras], count)
    cores, now = max(1, available_cores() // count), datetime.now().astimezone()
    with ExitStack() as ending:
        links = []
        for mine in names:
            task = Task(config, root, cameras, mine, cores, now)
            links.append(Process(task, [DETECT, FOLLOW, *mine]))
            ending.callback(links[-1].close)
        workers = Workers(links, names, now)
        ending.callback(workers.close)
        yield workers
