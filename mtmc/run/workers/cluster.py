"""Workers on the machines of a Ray cluster."""

from __future__ import annotations

import logging
import os
import pickle
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mtmc.config import build, read_yaml
from mtmc.errors import UserError, unknown_name
from mtmc.reid.errors import one_line
from mtmc.run.config import RunConfig
from mtmc.run.workers.served import EndedError, Said, Served, opened
from mtmc.run.workers.worker import Task
from mtmc.run.workers.workers import Workers, shares
from mtmc.sources import Camera
from mtmc.trackers.settings import Checked, setting

log = logging.getLogger("mtmc")

FILE = "cluster.yaml"
PATIENCE = 180.0  # s for a worker to begin
AGAIN = 1.0  # s between two attempts to take over
LOCAL = {"worker_niceness": 0}  # of a cluster for this run alone: Ray would step back (15)


@dataclass(frozen=True)
class GroupConfig(Checked):
    """Cameras that one worker reads, and what it needs.

    Args:
        cameras: their names.
        cpus: cores it keeps busy.
        gpus: of a node, or a share of one.
        resources: others, by the names that were given to ``ray start --resources``.
    """

    cameras: tuple[str, ...] = ()
    cpus: int = setting(1, ge=1)
    gpus: float = setting(0.0, ge=0)
    resources: Mapping[str, float] = field(default_factory=dict)


# Before Ray is imported: it tells nobody that it is used, and sends the nodes no copy of the folder
# in which `uv run` was called.
QUIET = (
    "RAY_USAGE_STATS_ENABLED",
    "RAY_USAGE_STATS_PROMPT_ENABLED",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV",
)


def import_ray() -> Any:
    """Ray, which keeps to itself."""
    os.environ.update(dict.fromkeys(QUIET, "0"))
    import ray

    return ray


class Actor:
    """A ``Link`` to a worker that is a Ray actor.

    Args:
        task: what it is given.
        group: what it needs.
        heir: whether it takes over from another one, so that it finds a place even where all cores
            are taken.
    """

    def __init__(self, task: Task, group: GroupConfig, *, heir: bool = False) -> None:
        self._ray = import_ray()
        lanes = len(task.names) + 2
        self._actor = (
            self._ray.remote(Served)
            .options(
                num_cpus=0 if heir else group.cpus,
                num_gpus=group.gpus,
                resources=dict(group.resources),
                max_concurrency=lanes + 1,
                max_restarts=0,
            )
            .remote(task)
        )

    def wait(self, group: GroupConfig) -> None:
        """Wait until it has begun.

        Raises:
            UserError: it does not.
            EndedError: it ended at once.
        """
        ready = self._actor.__ray_ready__.remote()
        begun, _ = self._ray.wait([ready], timeout=PATIENCE)
        if not begun:
            raise UserError(_no_place(group, f"within {PATIENCE:g} s"))
        try:
            self._ray.get(ready)
        except self._ray.exceptions.RayError as error:
            raise EndedError(_fate(error)) from error

    def call(self, lane: str, method: str, *args: Any, **options: Any) -> tuple[Any, Said]:
        """See ``Link``; whoever calls waits, which keeps each lane's order."""
        del lane
        asked = pickle.dumps((args, options))
        try:
            answer = self._ray.get(self._actor.answer_bytes.remote(method, asked))
        except self._ray.exceptions.RayError as error:
            raise EndedError(_fate(error)) from error
        return opened(answer)

    def close(self) -> None:
        """See ``Link``."""
        if self._ray.is_initialized():
            self._ray.kill(self._actor)


@contextmanager
def on_cluster(config: RunConfig, cameras: Sequence[Camera], root: Path) -> Iterator[Workers]:
    """Workers on the nodes of a cluster, until the end of the block; see ``hired``.

    Raises:
        UserError: there is no cluster, or no node has what a group of cameras needs.
    """
    home = root if root.is_dir() else root.parent
    names = [camera.name for camera in cameras]
    now = datetime.now().astimezone()
    with _connected(str(config.workers)) as cores, ExitStack() as ending:
        groups = groups_of(home / FILE, names, cores)
        tasks = [Task(config, root, cameras, g.cameras, g.cpus, now) for g in groups]
        for group in groups:
            check_place(import_ray().nodes(), group)
        links = []
        for task, group in zip(tasks, groups, strict=True):
            links.append(Actor(task, group))
            ending.callback(links[-1].close)
        for link, group in zip(links, groups, strict=True):
            try:
                link.wait(group)
            except EndedError as error:
                whose = ", ".join(group.cameras)
                raise UserError(f"cluster: the worker of {whose} has ended: {error}") from error

        def heir(number: int) -> Actor:
            until = time.monotonic() + PATIENCE
            while True:
                check_place(import_ray().nodes(), groups[number])
                link = Actor(tasks[number], groups[number], heir=True)
                try:
                    link.wait(groups[number])
                    return link
                except EndedError:
                    # Until Ray knows that a node is lost, it may begin there.
                    if time.monotonic() > until:
                        raise
                    time.sleep(AGAIN)

        workers = Workers(links, [g.cameras for g in groups], now, heir)
        ending.callback(workers.close)
        yield workers


@contextmanager
def _connected(address: str) -> Iterator[int]:
    """The cores of a cluster that this process is connected to inside the block."""
    ray = import_ray()
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters is raised, too
            if address != "auto":
                ray.init(address, **quiet)
            else:
                try:
                    ray.init("auto", **quiet)
                except ConnectionError:  # there is none
                    ray.init(include_dashboard=False, _system_config=LOCAL, **quiet)
    except Exception as error:  # Ray raises many kinds, some of them bare
        raise UserError(f"--workers {address}: {one_line(error, 300)}") from error
    try:
        yield max(1, int(ray.cluster_resources().get("CPU", 1)))
    finally:
        ray.shutdown()


def groups_of(path: Path, names: Sequence[str], cores: int) -> list[GroupConfig]:
    """Which cameras are read together, in the order of the cameras.

    Args:
        path: of ``cluster.yaml``; need not exist.
        names: of all cameras.
        cores: of the cluster: those that no group names are shared out to so many workers.

    Raises:
        UserError: the file is wrong.
    """
    said = read_yaml(path) if path.is_file() else {}
    sections, groups = said.pop("groups", []), []
    if not isinstance(sections, list):
        raise UserError(f"{path}: groups: expected a list of groups of cameras")
    for number, section in enumerate(sections):
        groups.append(build(GroupConfig, section, f"{FILE}: groups[{number}]"))
    if said:
        raise unknown_name(f"{path}: section", next(iter(said)), ["groups"])
    taken = [name for group in groups for name in group.cameras]
    for name in taken:
        if name not in names:
            raise unknown_name(f"{path}: camera", name, names)
        if taken.count(name) > 1:
            raise UserError(f"{path}: camera {name!r} is in two groups; expected one")
    free = [name for name in names if name not in taken]
    if free:
        count = max(1, min(len(free), cores - sum(group.cpus for group in groups)))
        groups += [GroupConfig(tuple(part)) for part in shares(free, count)]
    return [group for group in groups if group.cameras]


def check_place(nodes: Sequence[Mapping[str, Any]], group: GroupConfig) -> None:
    """Refuse cameras that need what no node has, used or not.

    Args:
        nodes: as ``ray.nodes`` tells of them.
        group: the cameras.

    Raises:
        UserError: so they do.
    """
    needs = {"GPU": group.gpus, **group.resources}
    for node in nodes:
        has = node["Resources"]
        if node["Alive"] and all(has.get(name, 0) >= count for name, count in needs.items()):
            return
    raise UserError(_no_place(group, "that is there"))


def _no_place(group: GroupConfig, when: str) -> str:
    needs = {"CPU": group.cpus, "GPU": group.gpus, **group.resources}
    wanted = ", ".join(f"{count:g} {name}" for name, count in needs.items() if count)
    return (
        f"cluster: no node {when} takes the cameras {', '.join(group.cameras)}; they need {wanted} "
        f"(see `ray status`, and {FILE} beside the cameras)"
    )


def _fate(error: Exception) -> str:
    """How an actor has ended, of which Ray tells in many lines; what it raised is in the last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or ["lost"]
    what = lines[-1] if "creation task" in lines[0] else lines[0].partition(":")[0]
    return f"{type(error).__name__}, {what[:200]}"
