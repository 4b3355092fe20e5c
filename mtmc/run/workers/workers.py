"""All workers of a run together: their cameras are read, and followed, as if they were here."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from mtmc.errors import UserError
from mtmc.perception.log import Inference
from mtmc.perception.perception import Perception
from mtmc.run.config import RunConfig
from mtmc.run.group import Found, Group, Seen
from mtmc.run.parts import Parts
from mtmc.run.stopwatch import Stopwatch
from mtmc.run.workers.worker import Opened
from mtmc.sources import Camera, CameraReader
from mtmc.sources.reader import begun
from mtmc.sources.source import Request
from mtmc.trackers.scores import ScoreCurve
from mtmc.tracking.messages import Decisions
from mtmc.types import Frame, Image

DETECT, FOLLOW = "detect", "follow"  # lanes of a worker, beside one for each of its cameras

Said = Sequence[tuple[str, int, str]]  # logger, level and message


class WorkerError(UserError):
    """A worker has ended before the run has."""


class Link(Protocol):
    """A worker, wherever it is.

    Calls in one lane are answered one after the other, those of different lanes at once.
    """

    def call(self, lane: str, method: str, *args: Any, **options: Any) -> tuple[Any, Said]:
        """What a method of ``Worker`` answers, and what was logged meanwhile.

        Raises:
            OSError, EOFError: the worker has ended.
            Exception: what the method raises.
        """
        ...

    def fate(self) -> str:
        """How it has ended."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Workers:
    """The workers of a run.

    Args:
        links: to each.
        names: of the cameras of each.
        now: second 0 of the run's clock, where cameras are live.
    """

    def __init__(
        self, links: Sequence[Link], names: Sequence[Sequence[str]], now: datetime
    ) -> None:
        self._links, self._names, self._now = links, names, now
        self.number_of = {name: number for number, each in enumerate(names) for name in each}
        # Whoever waits for an answer may be interrupted; who asked for it is not.
        self._pools = [
            {lane: ThreadPoolExecutor(1, f"{lane}-{n}") for lane in (DETECT, FOLLOW)}
            for n in range(len(links))
        ]
        self._said: dict[str, int] = {}  # which worker was the first to say so
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._links)

    def call(self, number: int, lane: str, method: str, *args: Any, **options: Any) -> Any:
        """What a worker answers.

        Raises:
            WorkerError: it has ended.
            Exception: what its method raises.
        """
        link = self._links[number]
        try:
            answer, said = link.call(lane, method, *args, **options)
        except (OSError, EOFError) as error:
            cameras = ", ".join(self._names[number])
            raise WorkerError(
                f"worker {number + 1} of {len(self)} (cameras {cameras}) has ended: {link.fate()} "
                "What was done so far is written; --resume goes on with files"
            ) from error
        self._tell(number, said)
        return answer

    def _tell(self, number: int, said: Said) -> None:
        """Log what a worker has logged, but not what another one has said, too."""
        for name, level, message in said:
            with self._lock:
                first = self._said.setdefault(message, number)
            if first == number:
                logging.getLogger(name).log(level, "%s", message)

    def ask(self, number: int, lane: str, method: str, *args: Any, **options: Any) -> Future[Any]:
        """The same in the background."""
        return self._pools[number][lane].submit(self.call, number, lane, method, *args, **options)

    def ask_all(self, method: str, *args: Any, **options: Any) -> list[Any]:
        """What each worker answers."""
        asked = [self.ask(n, FOLLOW, method, *args, **options) for n in range(len(self))]
        return [each.result() for each in asked]

    def open(self, cameras: Sequence[Camera], config: RunConfig) -> list[CameraReader]:
        """Open all cameras where their worker is; see ``open_cameras``.

        Raises:
            UserError: one cannot be opened.
        """
        told = self.ask_all("open")
        opened = {
            name: about
            for names, found in zip(self._names, told, strict=True)
            for name, about in zip(names, found, strict=True)
        }
        return [
            CameraReader(
                begun(camera, self._now),
                _Source(self, camera.name, opened[camera.name]),
                config.sources,
            )
            for camera in cameras
        ]

    def end(self, watch: Stopwatch) -> None:
        """Nothing more is asked; takes over how long each stage was busy."""
        with suppress(WorkerError):
            for seconds in self.ask_all("seconds"):
                watch.add(seconds)
        self.close()

    def close(self) -> None:
        """End all."""
        links, self._links = self._links, ()
        for link in links:
            link.close()
        for pools in self._pools:
            for pool in pools.values():
                pool.shutdown(wait=False, cancel_futures=True)


class _Source:
    """A camera that a worker reads; see ``Source``. Its frames come without pictures."""

    def __init__(self, workers: Workers, camera: str, opened: Opened) -> None:
        self.fps, self.size, self.total = opened.fps, opened.size, opened.total
        self._workers, self._camera = workers, camera

    def frames(self, request: Request) -> Iterator[Frame]:
        """See ``Source``."""
        number, camera = self._workers.number_of[self._camera], self._camera
        self._workers.call(number, camera, "start", camera, request.pixels_from)
        while not request.closing.is_set():
            told = self._workers.call(number, camera, "read", camera)
            if told is None:
                return
            frame, losses = told
            vars(request.losses).update(vars(losses))
            yield frame


class RemoteCameras:
    """Cameras whose frames workers look at; see ``Cameras``.

    Args:
        workers: of all cameras.
        config: of the run.
        parts: the opened cameras and plug-ins.
        perception: knows what was once said.
        here: follows people where that takes all cameras at once; None where each worker does.
        pictures: whether somebody looks at the pictures here.
    """

    def __init__(
        self,
        workers: Workers,
        config: RunConfig,
        parts: Parts,
        perception: Perception,
        here: Group | None,
        *,
        pictures: bool,
    ) -> None:
        self._workers, self._perception, self._here = workers, perception, here
        self._pictures = pictures or here is not None
        self._decided: list[list[Decisions]] = [[] for _ in range(len(workers))]
        online, follows = parts.associator.online, here is None
        workers.ask_all(
            "prepare", config, parts.calibration, parts.kinds, online=online, follows=follows
        )

    def detect(self, frames: Sequence[Frame]) -> Callable[[], Found]:
        """See ``Cameras``."""
        answers = self._perception.answers(frames)
        asked = []
        for number, rows in self._by_worker(frames):
            mine, known = [frames[r] for r in rows], [answers[r] for r in rows]
            told = self._workers.ask(number, DETECT, "detect", mine, known, pictures=self._pictures)
            asked.append((rows, told))

        def found() -> Found:
            inferences: dict[int, Inference] = {}
            images: dict[int, Image | None] = {}
            for rows, told in asked:
                said, shown = told.result()
                inferences |= zip(rows, said, strict=True)
                images |= zip(rows, shown, strict=True)
            pictured = [replace(frame, image=images[row]) for row, frame in enumerate(frames)]
            return pictured, [inferences[row] for row in range(len(frames))]

        return found

    def follow(
        self, frames: Sequence[Frame], inferences: Sequence[Inference], curve: ScoreCurve
    ) -> list[Seen]:
        """See ``Cameras``."""
        if self._here is not None:
            return self._here.follow(frames, inferences, curve)
        asked = []
        for number, rows in self._by_worker(frames):
            mine = [replace(frames[r], image=None) for r in rows]
            said, decided = [inferences[r] for r in rows], self._decided[number]
            told = self._workers.ask(number, FOLLOW, "follow", mine, said, curve, decided)
            self._decided[number] = []
            asked.append((rows, told))
        seen = {
            row: each for rows, told in asked for row, each in zip(rows, told.result(), strict=True)
        }
        return [
            replace(seen[row], sighting=replace(seen[row].sighting, frame=frame))
            for row, frame in enumerate(frames)
        ]

    def obey(self, decisions: Decisions) -> None:
        """See ``Cameras``."""
        if self._here is not None:
            self._here.obey(decisions)
            return
        if decisions.renewed or decisions.ended:  # the rest does not concern trackers
            orders = Decisions(renewed=decisions.renewed, ended=decisions.ended)
            for decided in self._decided:
                decided.append(orders)

    def _by_worker(self, frames: Sequence[Frame]) -> Iterator[tuple[int, list[int]]]:
        """Each worker that has some of the frames, and which."""
        numbers = [self._workers.number_of[frame.camera] for frame in frames]
        for worker in sorted(set(numbers)):
            yield worker, [row for row, number in enumerate(numbers) if number == worker]
