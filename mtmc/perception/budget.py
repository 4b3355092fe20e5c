"""How deep each crop goes into an embedder of several exits, so that a budget is kept.

Wang et al. (CVPR 2018), section 4.2, with tracks in the place of a labelled gallery: a crop is sure
where it looks more like its own track than like any other that its camera follows.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mtmc.errors import UserError
from mtmc.perception.log import exits_of
from mtmc.reid.evaluation.budget import ExitRule
from mtmc.reid.evaluation.embeddings import chord
from mtmc.trackers.settings import Checked, setting
from mtmc.types import Floats, Image, Ints, Mask

if TYPE_CHECKING:
    from mtmc.reid.staged import Passage, StagedEmbedder

Confidence = Literal["margin", "distance", "random"]

STRANGER = 1.0  # cosine distance of somebody else where the camera follows nobody else
# Certainty of a track's first crop, below all others'. The next ones come within a second and look
# much the same: to have these at full depth, too, was worse at each budget.
NEW = -8.0
CHUNK = 8  # crops that go one exit further at a time, where the clock decides
MEASURED = 9  # times that a stage took, whose median it is expected to take
PATIENCE = 50  # times that an exit is too far before one crop shows whether it still is


@dataclass(frozen=True)
class BudgetConfig(Checked):
    """How much is computed to know people by their looks; with neither, all that can be.

    Args:
        gflops: multiply-adds for a crop, on average over the run, in billions; crops that are sure
            leave the network early. For models with exits, see `reid align`.
        ms: time for the crops of one time step; the clock decides how deep they go, so that two
            runs differ.
    """

    gflops: float | None = setting(None, gt=0, unit="GFLOPs")
    ms: float | None = setting(None, gt=0, unit="ms")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gflops is not None and self.ms is not None:
            raise ValueError("gflops and ms are two budgets; leave one of them out")

    @property
    def given(self) -> bool:
        """Whether there is a budget."""
        return self.gflops is not None or self.ms is not None


class StepTime:
    """Takes a time step's crops as deep as there is time for, the least sure ones first.

    Nobody is stopped before the first exit. From there on `CHUNK` crops at most go one exit
    further at a time, where that fits by what it took so far.

    Args:
        costs: GFLOPs of a crop up to each exit, by which times are guessed until they are known.
        ms: for the crops of a time step.
        clock: tells seconds.
    """

    def __init__(
        self, costs: Sequence[float], ms: float, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._work = np.diff([0.0, *costs])
        self._allowed, self._clock = ms / 1000, clock
        # Seconds that a crop took to each exit, and how often that was expected to be too long.
        self._seconds: list[deque[float]] = [deque(maxlen=MEASURED) for _ in costs]
        self._refused = np.zeros(len(costs), np.int64)
        self.steps = self.over = 0  # time steps with crops, and those that took too long
        self.most_over = 0.0  # seconds that one took too long

    def embed(
        self, begin: Callable[[], Passage], certainty: Callable[[int, Ints, Floats], Floats]
    ) -> Passage:
        """Embed the crops of a time step.

        Args:
            begin: takes them through the first exit.
            certainty: how sure one is at an exit, from 1, of crops ``(n,)`` whose embeddings
                ``(n, D)`` are given.
        """
        start = self._clock()
        passage = begin()
        self._seconds[0].append((self._clock() - start) / len(passage.rows))
        sure = certainty(1, np.arange(len(passage.rows)), passage.rows)
        while True:
            left = self._allowed - (now := self._clock()) + start
            if not len(which := self._next(passage.exits, sure, left)):
                break
            stage = int(passage.exits[which[0]]) + 1
            passage.deepen(which)
            self._seconds[stage - 1].append((self._clock() - now) / len(which))
            sure[which] = certainty(stage, which, passage.rows[which])
        self.steps += 1
        self.over += left < 0
        self.most_over = max(self.most_over, -left)
        return passage

    def _next(self, exits: Ints, sure: Floats, left: float) -> Ints:
        """Who goes one exit further now: the least sure ones of one exit, as many as fit."""
        going = np.flatnonzero(exits < len(self._work))
        going = going[np.argsort(sure[going], kind="stable")]
        if not len(going):
            return going
        stage = int(exits[going[0]])
        fit = int(max(left, 0.0) / max(self._expected(stage + 1), 1e-9))
        self._refused[stage] = 0 if fit else self._refused[stage] + 1
        if left > 0 and self._refused[stage] > PATIENCE:
            fit, self._refused[stage] = 1, 0
        return np.asarray(going[exits[going] == stage][: min(fit, CHUNK)], np.int64)

    def _expected(self, stage: int) -> float:
        """Seconds that a crop takes to an exit, from 1, from the one before."""
        if not (known := sorted(self._seconds[stage - 1])):
            return self._expected(1) * float(self._work[stage - 1] / self._work[0])
        return known[(len(known) - 1) // 2]


class Looks:
    """What the tracks look like that each camera follows.

    Args:
        confidence: what tells how sure one is; ``margin`` but for comparisons.
    """

    def __init__(self, confidence: Confidence = "margin") -> None:
        self._confidence = confidence
        # Of each camera's tracks, the weighted sums of their embeddings.
        self._tracks: dict[str, dict[int, Floats]] = defaultdict(dict)
        self._random = np.random.default_rng(0)

    def certainty(self, camera: str, track: int, vector: Floats) -> float:
        """How sure one is whom a crop shows.

        Args:
            camera: its name.
            track: whose crop it is, 0 where nobody knows yet.
            vector: ``(D,)`` unit.
        """
        known = self._tracks[camera]
        if not known or (track and track not in known):
            return NEW
        if self._confidence == "random":
            return float(self._random.random())
        rows = np.stack(list(known.values()))
        distances = 1 - rows @ vector / np.linalg.norm(rows, axis=1).clip(1e-9)
        mine = list(known).index(track) if track else int(distances.argmin())
        others = np.delete(distances, mine)
        own, other = chord(distances[mine]), chord(others.min(initial=STRANGER))
        return float(-own if self._confidence == "distance" else other - own)

    def take(self, camera: str, tracks: Ints, vectors: Floats, weights: Floats) -> None:
        """Take in the crops of a time step.

        Args:
            camera: its name.
            tracks: ``(K,)`` whose.
            vectors: ``(K, D)`` unit.
            weights: ``(K,)`` how much each counts.
        """
        known = self._tracks[camera]
        for track, row in zip(tracks.tolist(), vectors * weights[:, None], strict=True):
            known[track] = known.get(track, 0) + row

    def forget(self, camera: str, tracks: Ints) -> None:
        """Forget tracks that have ended, or are somebody else's than was said."""
        for track in tracks.tolist():
            self._tracks[camera].pop(track, None)


class Budget:
    """Embeds crops, each as deep as the budget lets it go.

    Args:
        embedder: of several exits in one space.
        config: with one budget.
        looks: of the tracks.
    """

    def __init__(self, embedder: StagedEmbedder, config: BudgetConfig, looks: Looks) -> None:
        self.looks = looks
        self._embedder = embedder
        costs = self._costs = embedder.costs
        self._mean = ExitRule(costs, config.gflops or costs[-1])
        self._time = StepTime(costs, config.ms) if config.ms else None
        self._seconds, self._embedded = 0.0, 0

    def embed(
        self, crops: Sequence[Image], cameras: Sequence[str], tracks: Ints
    ) -> tuple[Floats, Floats]:
        """Embed the crops of a time step.

        Args:
            crops: ``N``.
            cameras: ``N``, which each is of.
            tracks: ``(N,)``, 0 where nobody knows yet.

        Returns:
            ``(N, D)`` unit rows, and ``(N, S)`` how sure one was at each exit that a crop reached,
            NaN beyond.

        Raises:
            UserError: an embedding is not finite.
        """
        sure = np.full((len(crops), len(self._costs)), np.nan, np.float32)

        def certainty(stage: int, rows: Ints, vectors: Floats) -> Floats:
            if not np.isfinite(vectors).all():
                raise UserError(
                    f"reid: {self._embedder.name} gives embeddings at exit {stage} that are not "
                    "finite numbers; `reid align` it anew"
                )
            for row, vector in zip(rows.tolist(), vectors, strict=True):
                known = self.looks.certainty(cameras[row], int(tracks[row]), vector)
                sure[row, stage - 1] = known
            return np.asarray(sure[rows, stage - 1])

        def decide(stage: int, rows: Ints, vectors: Floats) -> Mask:
            return self._mean.leave(stage, certainty(stage, rows, vectors))

        start = time.perf_counter()
        if self._time is None:
            vectors, exits = self._embedder.embed_until(crops, decide)
        else:
            passage = self._time.embed(lambda: self._embedder.begin(crops), certainty)
            vectors, exits = passage.rows, passage.exits
        self._seconds += time.perf_counter() - start
        self._embedded += len(crops)
        sure[exits == len(self._costs), -1] = 0.0  # nobody is asked there
        self._mean.spend(exits)
        return vectors, sure

    def again(self, certainty: Floats) -> None:
        """Take in what was decided of the crops of a time step before a run was cut off."""
        exits = exits_of(certainty)
        for stage in range(1, len(self._costs)):
            self._mean.leave(stage, certainty[exits >= stage, stage - 1])
        self._mean.spend(exits)

    def told(self) -> dict[str, Any]:
        """For the record of the run."""
        told = {
            "crops_per_exit": self._mean.exits.tolist(),
            "gflops_per_crop": round(self._mean.mean_cost, 6),
            "ms_per_crop": round(1000 * self._seconds / max(self._embedded, 1), 3),
        }
        if self._time is not None:
            over = round(1000 * self._time.most_over, 3)
            told |= {"steps": self._time.steps, "steps_over": self._time.over, "most_over_ms": over}
        return told
