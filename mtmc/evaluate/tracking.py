"""Running a tracker over the sequences of a benchmark, several at a time."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mtmc.errors import UserError
from mtmc.evaluate.frames import PerceptionConfig, SequenceFrames
from mtmc.mot import MotRows, write_mot
from mtmc.reid.threads import available_cores, threads_of_processes
from mtmc.trackers import Detections, Tracks
from mtmc.trackers.offline import NOBODY, RefineConfig, RefineFrames, make_table, refine
from mtmc.trackers.scores import Calibrator
from mtmc.tracking.camera import make_tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Sized
    from pathlib import Path

    from numpy.typing import NDArray

    from mtmc.config import Plugin
    from mtmc.evaluate.sequences import MotSequence
    from mtmc.trackers import Tracker
    from mtmc.types import Image

    Found = tuple[Detections, Tracks]


@dataclass(frozen=True)
class TrackingRun:
    """One tracker with its input, for any sequence.

    Args:
        tracker: the tracker and its settings.
        perception: where detections and embeddings come from.
        out: folder that gets ``<sequence>.txt``.
        offline: settings of the refinement of finished tracks; None for none.
    """

    tracker: Plugin
    perception: PerceptionConfig
    out: Path
    offline: RefineConfig | None = None

    def check(self, sequences: Sequence[MotSequence]) -> None:
        """Find out what is missing before anything starts.

        Raises:
            UserError: images are missing.
        """
        for sequence in sequences:
            self._prepare(sequence)

    def track(self, sequence: MotSequence) -> float:
        """Track one sequence, write its tracks, and tell the seconds that tracking took.

        Raises:
            UserError: the input is missing or wrong.
        """
        tracker, perception = self._prepare(sequence)
        calibrator = Calibrator(perception.curve)
        seconds = 0.0
        found: list[Found] = []
        for detections, image in perception:
            start = time.perf_counter()
            calibrator.look(detections, sequence.fps)
            calibrator.learn()
            probable = calibrator.probable(detections)
            tracks = self._update(tracker, probable, image)
            seconds += time.perf_counter() - start
            found.append((probable, tracks))
        start = time.perf_counter()
        rows = (
            reported(found)
            if self.offline is None
            else refined(found, self.offline.at_rate(sequence.fps))
        )
        seconds += time.perf_counter() - start
        write_mot(self.out / f"{sequence.name}.txt", rows)
        return seconds

    def _prepare(self, sequence: MotSequence) -> tuple[Tracker, SequenceFrames]:
        tracker = make_tracker(self.tracker, sequence.fps)
        config = self.perception
        if not tracker.needs_embeddings and self.offline is None:
            config = replace(config, reid=None)
        return tracker, SequenceFrames(sequence, config, tracker.needs_image)

    def _update(self, tracker: Tracker, detections: Detections, image: Image | None) -> Tracks:
        try:
            return tracker.update(detections, image)
        except ValueError as error:
            if not tracker.needs_embeddings or self.perception.reid is not None:
                raise
            raise UserError(f"tracker {self.tracker.name!r}: {error}; pass --reid") from error


def reported(found: Sequence[Found]) -> MotRows:
    """The tracks as the tracker reported them frame by frame."""
    tracks = [tracks for _, tracks in found] or [Tracks()]
    return MotRows.make(
        _frames(tracks),
        np.concatenate([each.ids for each in tracks]),
        np.concatenate([each.boxes for each in tracks]),
        scores=np.concatenate([each.scores for each in tracks]),
    )


def refined(found: Sequence[Found], config: RefineFrames) -> MotRows:
    """The tracks after a second look with the future known, made from the detections' own boxes."""
    detections = [d for d, _ in found] or [Detections()]
    looks = [d.embeddings for d in detections if d.embeddings is not None]
    rows = make_table(
        _frames(detections),
        np.concatenate([_ids(d, tracks) for d, tracks in found] or [np.zeros(0, np.int64)]),
        np.concatenate([d.boxes for d in detections]),
        np.concatenate([d.scores for d in detections]),
    )
    rows = refine(rows, config, len(found), np.concatenate(looks) if looks else None)
    return MotRows.make(rows["step"], rows["person"], rows["box"], scores=rows["score"])


def _ids(detections: Detections, tracks: Tracks) -> NDArray[np.int64]:
    """``(N,)`` the track that took each detection, or nobody."""
    ids = np.full(len(detections), NOBODY)
    taken = tracks.det_index >= 0
    ids[tracks.det_index[taken]] = tracks.ids[taken]
    return ids


def _frames(found: Sequence[Sized]) -> NDArray[np.int64]:
    """The frame of every box, the first frame being 1."""
    return np.repeat(np.arange(1, len(found) + 1), [len(each) for each in found])


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
    cores = available_cores()
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
    with threads_of_processes(threads), ProcessPoolExecutor(workers, context, _begin) as pool:
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


def _begin() -> None:
    """Warn as the parent process does, and leave it to that to end this one."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
