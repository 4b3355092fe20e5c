"""Running a tracker over the sequences of a benchmark, several at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mtmc.errors import UserError
from mtmc.evaluate.perception import Perception, PerceptionConfig
from mtmc.mot import MotRows, write_mot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from mtmc.config import Plugin
    from mtmc.evaluate.sequences import MotSequence
    from trackers import Tracker, Tracks


@dataclass(frozen=True)
class TrackingRun:
    """One tracker with its input, for any sequence.

    Args:
        tracker: the tracker and its settings.
        perception: where detections and embeddings come from.
        out: folder that gets ``<sequence>.txt``.
    """

    tracker: Plugin
    perception: PerceptionConfig
    out: Path

    def check(self, sequences: Sequence[MotSequence]) -> None:
        """Find out what is missing before anything starts.

        Raises:
            UserError: images are missing, or the tracker needs embeddings and there are none.
        """
        for sequence in sequences:
            self._prepare(sequence)

    def track(self, sequence: MotSequence) -> float:
        """Track one sequence, write its tracks, and tell the seconds that the tracker took.

        Raises:
            UserError: the input is missing or wrong.
        """
        tracker, perception = self._prepare(sequence)
        seconds = 0.0
        found: list[Tracks] = []
        for detections, image in perception:
            start = time.perf_counter()
            found.append(tracker.update(detections, image))
            seconds += time.perf_counter() - start
        write_mot(self.out / f"{sequence.name}.txt", _rows(found))
        return seconds

    def _prepare(self, sequence: MotSequence) -> tuple[Tracker, Perception]:
        tracker: Tracker = self.tracker.cls(self.tracker.config)
        config = self.perception
        if not tracker.needs_embeddings:
            config = replace(config, reid=None)
        elif config.reid is None:
            raise UserError(
                f"tracker {self.tracker.name!r} compares looks: pass --reid (a checkpoint, an ONNX "
                "file, or color)"
            )
        return tracker, Perception(sequence, config, tracker.needs_image)


def _rows(found: Sequence[Tracks]) -> MotRows:
    if not found:
        return MotRows.empty()
    frames = np.repeat(np.arange(1, len(found) + 1), [len(tracks) for tracks in found])
    return MotRows.make(
        frames,
        np.concatenate([tracks.ids for tracks in found]),
        np.concatenate([tracks.boxes for tracks in found]),
        scores=np.concatenate([tracks.scores for tracks in found]),
    )


def track_all(
    run: TrackingRun,
    sequences: Sequence[MotSequence],
    done: Callable[[MotSequence], None] = lambda _: None,
) -> float:
    """Track all sequences in processes of their own; the seconds that the tracker took in all.

    Args:
        run: what to run.
        sequences: what to run it on.
        done: told of every sequence that is finished.

    Raises:
        UserError: something of the input is missing or wrong.
    """
    run.check(sequences)
    cores = _cores()
    workers = min(cores, len(sequences))
    if workers == 1:
        seconds = 0.0
        for sequence in sequences:
            seconds += run.track(sequence)
            done(sequence)
        return seconds
    threads = max(1, cores // workers)
    run = replace(run, perception=replace(run.perception, threads=threads))
    # Spawned, since threads of the libraries loaded here do not survive a fork.
    context = multiprocessing.get_context("spawn")
    longest_first = sorted(sequences, key=lambda sequence: -sequence.length)
    with _threads(threads), ProcessPoolExecutor(workers, context, _leave_ctrl_c) as pool:
        futures = {pool.submit(run.track, sequence): sequence for sequence in longest_first}
        try:
            for future in as_completed(futures):
                future.result()
                done(futures[future])
        except BrokenProcessPool as error:
            raise UserError(
                "tracking stopped: a process was killed, perhaps for lack of memory; name fewer "
                "--sequences at a time"
            ) from error
        except BaseException:
            for child in multiprocessing.active_children():
                child.terminate()
            raise
        return sum(future.result() for future in futures)


def _leave_ctrl_c() -> None:
    """Leave it to the parent process to end this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _cores() -> int:
    """The CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Let processes started within use so many threads in numerical libraries."""
    name = "OMP_NUM_THREADS"
    before = os.environ.get(name)
    os.environ.setdefault(name, str(count))
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
