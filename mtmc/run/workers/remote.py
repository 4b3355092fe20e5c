"""Cameras whose frames workers look at: what a run asks of its cameras, asked of its workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from mtmc.perception.log import Inference
from mtmc.perception.perception import Perception
from mtmc.run.config import RunConfig
from mtmc.run.group import Found, Group, Seen
from mtmc.run.parts import Parts
from mtmc.run.workers.workers import WorkerError, Workers
from mtmc.trackers.scores import ScoreCurve
from mtmc.tracking.messages import Decisions
from mtmc.types import Frame


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
        workers.prepare(config, parts.calibration, parts.kinds, online=online, follows=follows)

    def detect(self, frames: Sequence[Frame]) -> Callable[[], Found]:
        """See ``Cameras``; of workers that are gone there is nothing."""
        answers = self._perception.answers(frames)
        asked = []
        for number, rows in self._by_worker(frames):
            mine, known = [frames[r] for r in rows], [answers[r] for r in rows]
            told = self._workers.detect(number, mine, known, pictures=self._pictures)
            asked.append((rows, told))

        def found() -> Found:
            both: dict[int, tuple[Frame, Inference]] = {}
            for rows, told in asked:
                with self._gone_is_missed():
                    inferences, images = told.result()
                    for row, inference, image in zip(rows, inferences, images, strict=True):
                        both[row] = replace(frames[row], image=image), inference
            kept = [both[row] for row in sorted(both)]
            return [frame for frame, _ in kept], [inference for _, inference in kept]

        return found

    def follow(
        self, frames: Sequence[Frame], inferences: Sequence[Inference], curve: ScoreCurve
    ) -> list[Seen]:
        """See ``Cameras``; of workers that are gone there is nothing."""
        if self._here is not None:
            return self._here.follow(frames, inferences, curve)
        asked = []
        for number, rows in self._by_worker(frames):
            mine = [replace(frames[r], image=None) for r in rows]
            said, decided = [inferences[r] for r in rows], self._decided[number]
            asked.append((rows, self._workers.follow(number, mine, said, curve, decided)))
            self._decided[number] = []
        seen: dict[int, Seen] = {}
        for rows, told in asked:
            with self._gone_is_missed():
                seen |= zip(rows, told.result(), strict=True)
        return [
            replace(seen[row], sighting=replace(seen[row].sighting, frame=frames[row]))
            for row in sorted(seen)
        ]

    @contextmanager
    def _gone_is_missed(self) -> Iterator[None]:
        """Whether the others go on without a worker that is gone."""
        try:
            yield
        except WorkerError:
            if not self._workers.passes_on or len(self._workers.gone) == len(self._workers):
                raise

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
