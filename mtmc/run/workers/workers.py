"""All workers of a run together: their cameras are read, and followed, as if they were here."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from typing import Any, Protocol

from mtmc.errors import UserError
from mtmc.perception.log import Inference
from mtmc.run.config import RunConfig
from mtmc.run.stopwatch import Stopwatch
from mtmc.run.workers.handover import Handover
from mtmc.run.workers.served import EndedError, Said
from mtmc.run.workers.worker import Opened
from mtmc.sources import Camera, CameraReader
from mtmc.sources.reader import begun
from mtmc.sources.source import Losses, Request
from mtmc.types import Frame

log = logging.getLogger("mtmc")

DETECT, FOLLOW = "detect", "follow"  # lanes of a worker, beside one for each of its cameras


def shares(names: Sequence[str], count: int) -> list[Sequence[str]]:
    """Cameras in their order, in ``count`` groups of about the same size."""
    ends = [round(len(names) * n / count) for n in range(count + 1)]
    return [names[start:end] for start, end in pairwise(ends)]


class WorkerError(UserError):
    """A worker has ended before the run has."""


class Link(Protocol):
    """A worker, wherever it is.

    Calls in one lane are answered one after the other, those of different lanes at once.
    """

    def call(self, lane: str, method: str, *args: Any, **options: Any) -> tuple[Any, Said]:
        """What a method of ``Worker`` answers, and what was logged meanwhile.

        Raises:
            EndedError: the worker has ended.
            Exception: what the method raises.
        """
        ...

    def close(self) -> None:
        """End it."""
        ...


Heir = Callable[[int], Link]  # a new worker in the place of one that has ended, by its number


class Workers:
    """The workers of a run.

    Args:
        links: to each.
        names: of the cameras of each.
        now: second 0 of the run's clock, where cameras are live.
        heir: takes over the cameras of a worker that has ended; None where nobody does.
    """

    def __init__(
        self,
        links: Sequence[Link],
        names: Sequence[Sequence[str]],
        now: datetime,
        heir: Heir | None = None,
    ) -> None:
        self._links, self._names, self._now, self._heir = list(links), names, now, heir
        self.number_of = {name: number for number, each in enumerate(names) for name in each}
        # Whoever waits for an answer may be interrupted; who asked for it is not.
        self._pools = [
            {lane: ThreadPoolExecutor(1, f"{lane}-{n}") for lane in (DETECT, FOLLOW)}
            for n in range(len(links))
        ]
        self._said: dict[str, int] = {}  # which worker was the first to say so
        self._lock = threading.Lock()
        self._passing = [threading.RLock() for _ in links]
        self._known = [Handover() for _ in links] if heir else []
        self._sources: dict[str, _Source] = {}
        self._prepared: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
        self._closed = False
        self.gone: dict[int, WorkerError] = {}  # those whose cameras nobody took over

    def __len__(self) -> int:
        return len(self._names)

    def call(self, number: int, lane: str, method: str, *args: Any, **options: Any) -> Any:
        """What a worker answers, or whoever takes over its cameras.

        Raises:
            WorkerError: it has ended.
            Exception: what its method raises.
        """
        while True:
            if number in self.gone:
                raise self.gone[number]
            link = self._links[number]
            try:
                answer, said = link.call(lane, method, *args, **options)
            except EndedError as error:
                self._pass_on(number, link, str(error))
                continue
            self._tell(number, said)
            return answer

    def _pass_on(self, number: int, link: Link, why: str) -> None:
        """Let somebody else take over a worker's cameras, once.

        Raises:
            WorkerError: nobody does.
        """
        cameras = ", ".join(self._names[number])
        lost = f"worker {number + 1} of {len(self)} (cameras {cameras}) has ended: {why}"
        with self._passing[number]:
            if number in self.gone or self._links[number] is not link:
                return  # others have noticed, too
            if self._closed:
                raise WorkerError(lost)
            if self._heir is None:
                self.gone[number] = WorkerError(
                    f"{lost}; what was done so far is written; --resume goes on with files"
                )
                raise self.gone[number]
            log.warning("%s; its cameras are taken over", lost)
            try:
                link.close()
                self._links[number] = self._begun_again(number)
            except Exception as error:
                self.gone[number] = WorkerError(
                    f"{lost}, and nobody could take over its cameras ({error}); the others went "
                    "on; --resume does the rest of files"
                )
                log.warning("%s; the others go on", self.gone[number])

    def _begun_again(self, number: int) -> Link:
        """A new worker that is where the old one was."""
        assert self._heir is not None
        known = self._known[number]
        if not known.whole:
            raise ValueError("its tracker cannot be handed over")
        link = self._heir(number)
        link.call(FOLLOW, "open")
        args, options = self._prepared
        link.call(FOLLOW, "prepare", *args, **options, state=known.state)
        for name in self._names[number]:
            source = self._sources[name]
            if source.started:
                first = max(source.pixels_from, known.first(name))
                link.call(name, "start", name, first, source.last)
                source.passed_on()
        link.call(FOLLOW, "again", known.steps())
        return link

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
        for names, found in zip(self._names, told, strict=True):
            for name, about in zip(names, found, strict=True):
                self._sources[name] = _Source(self, name, about)
        return [
            CameraReader(begun(camera, self._now), self._sources[camera.name], config.sources)
            for camera in cameras
        ]

    def prepare(self, *args: Any, **options: Any) -> None:
        """See ``Worker``."""
        self._prepared = args, options
        for known in self._known:
            known.follows = options["follows"]
        self.ask_all("prepare", *args, **options)

    def detect(
        self,
        number: int,
        frames: Sequence[Frame],
        answers: Sequence[Inference | None],
        *,
        pictures: bool,
    ) -> Future[Any]:
        """See ``Worker``."""

        def asked() -> Any:
            found = self.call(number, DETECT, "detect", frames, answers, pictures=pictures)
            if self._known:
                self._known[number].detected(frames, found[0])
            return found

        return self._pools[number][DETECT].submit(asked)

    def follow(self, number: int, frames: Sequence[Frame], *orders: Any) -> Future[Any]:
        """See ``Worker``."""

        def asked() -> Any:
            if not self._known:
                return self.call(number, FOLLOW, "follow", frames, *orders)
            with self._passing[number]:  # nobody takes over between the two
                seen = self.call(number, FOLLOW, "follow", frames, *orders)
                if self._known[number].followed(frames, orders):
                    self._known[number].is_in(self.call(number, FOLLOW, "state"))
                return seen

        return self._pools[number][FOLLOW].submit(asked)

    @property
    def passes_on(self) -> bool:
        """Whether the run goes on without workers that have ended."""
        return self._heir is not None

    @property
    def failure(self) -> WorkerError | None:
        """Why some cameras' frames are missing."""
        return next(iter(self.gone.values()), None)

    def end(self, watch: Stopwatch) -> None:
        """Nothing more is asked; takes over how long each stage was busy."""
        for number in range(len(self)):
            with suppress(WorkerError):
                watch.add(self.ask(number, FOLLOW, "seconds").result())
        self.close()

    def close(self) -> None:
        """End all."""
        self._closed = True
        for link in self._links:
            link.close()
        for pools in self._pools:
            for pool in pools.values():
                pool.shutdown(wait=False, cancel_futures=True)


class _Source:
    """A camera that a worker reads; see ``Source``. Its frames come without pictures."""

    def __init__(self, workers: Workers, camera: str, opened: Opened) -> None:
        self.fps, self.size, self.total = opened.fps, opened.size, opened.total
        self._workers, self._camera = workers, camera
        self.started, self.pixels_from = False, 1
        self.last: tuple[int, float] | None = None  # number and time, s, of the last frame
        self._losses, self._before = Losses(), Losses()

    def frames(self, request: Request) -> Iterator[Frame]:
        """See ``Source``; ends with its worker, if nobody takes over."""
        number, camera = self._workers.number_of[self._camera], self._camera
        self.pixels_from = request.pixels_from
        self._workers.call(number, camera, "start", camera, request.pixels_from)
        self.started = True
        while not request.closing.is_set():
            after = self.last[0] if self.last else 0
            try:
                told = self._workers.call(number, camera, "read", camera, after)
            except WorkerError:
                if self._workers.passes_on:
                    return
                raise
            if told is None:
                return
            frame, self._losses = told
            self.last = frame.index, frame.time
            self._count(request.losses)
            yield frame

    def _count(self, losses: Losses) -> None:
        before = vars(self._before)
        for name, lost in vars(self._losses).items():
            if name != "dropped":  # here
                setattr(losses, name, before[name] + lost)

    def passed_on(self) -> None:
        """A new worker reads the camera, and counts from 0."""
        for name, lost in vars(self._losses).items():
            setattr(self._before, name, getattr(self._before, name) + lost)
        self._losses = Losses()
