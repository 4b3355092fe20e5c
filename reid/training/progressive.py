"""Progressive training: rounds that try settings of the loss and learn with the best."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mtmc.reid.training.config import EvaluationConfig
from mtmc.reid.training.recipe import ProgressiveConfig
from mtmc.reid.training.search import (
    GaussianProcess,
    Range,
    drop_error,
    propose,
    random_points,
    shares,
)

if TYPE_CHECKING:
    from mtmc.reid.training.config import TrainConfig
    from mtmc.reid.training.learner import Learner
    from mtmc.reid.training.search import Point

LEARN = "learn"  # the part of a round that is no try
WHOLE = ("positive_rank", "negative_rank")  # settings that are whole numbers


@dataclass(frozen=True)
class Step:
    """What an epoch of a training is.

    Args:
        config: by which it learns.
        epoch: 1-based, in the schedule of that.
        batches: number of the epoch whose batches it sees.
    """

    config: TrainConfig
    epoch: int
    batches: int


class Place(NamedTuple):
    """Where in a progressive training an epoch lies: round, 0-based, try, and epoch of that.

    ``member`` is None where the round has chosen and learns.
    """

    round: int
    member: int | None
    within: int


class Progressive:
    """Searches settings of the loss while a network learns.

    Args:
        config: of the training, with rounds.
        learner: of the network.

    Source: Li et al., Algorithm 1, read so: f depends on the present weights, so each round tries
    its members anew and knows nothing of earlier values; what is chosen takes the place of the
    worst member.
    """

    def __init__(self, config: TrainConfig, learner: Learner) -> None:
        self._config, self._search, self._learner = config, config.progressive, learner
        ranges = self._search.ranges.items()
        self.space = {name: Range(low, high, name in WHOLE) for name, (low, high) in ranges}
        self._members = random_points(self.space, self._search.members, self._rng(0))
        self._values: list[float] = []  # f of members tried in this round
        self._losses: list[float] = []  # of this try, or of what was chosen
        self._chosen: Point = {}
        # Of the learner: where every try of this round begins, or its epoch of lowest loss.
        self._kept: dict[str, Any] = {}
        self.history: list[dict[str, Any]] = []

    def begin(self, epoch: int) -> Step:
        """Set the learner to where an epoch, 1-based, begins."""
        place = self.place(epoch)
        if place.within == 1:
            self._begin_part(place)
        first = place.round * (self._search.explore + self._config.schedule.epochs)
        if place.member is None:
            config = self._learned_with(self._chosen)
            return Step(config, place.within, first + self._search.explore + place.within)
        # All members of a round see the same batches, so that they differ in nothing else.
        config = self._tried_with(self._members[place.member])
        return Step(config, place.within, first + place.within)

    def end(self, epoch: int, loss: float) -> dict[str, Any]:
        """Take in what an epoch came to.

        Returns:
            For the log: round, its part (a try, or `LEARN`), epoch of that, and settings; ``f`` at
            the end of a try.
        """
        place = self.place(epoch)
        self._losses.append(loss)
        part, settings = LEARN, self._chosen
        if place.member is not None:
            part, settings = f"try {place.member + 1}", self._members[place.member]
        note: dict[str, Any] = {
            "round": place.round + 1,
            "part": part,
            "part_epoch": place.within,
            "settings": settings,
        }
        if place.member is None:
            self._end_learning(place)
        elif place.within == self._search.explore:
            self._values.append(drop_error(self._losses, self._search.drop))
            note["f"] = self._values[-1]
            self.history.append(note)
        return note

    def place(self, epoch: int) -> Place:
        """Where an epoch, 1-based, lies."""
        tries = self._search.members * self._search.explore
        number, rest = divmod(epoch - 1, tries + self._config.schedule.epochs)
        if rest >= tries:
            return Place(number, None, rest - tries + 1)
        member, within = divmod(rest, self._search.explore)
        return Place(number, member, within + 1)

    def state_dict(self) -> dict[str, Any]:
        """Plain types, for resuming."""
        return {name: getattr(self, name) for name in STATE}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        for name in STATE:
            setattr(self, name, state[name])

    def _begin_part(self, place: Place) -> None:
        """Begin a try, or to learn with what is chosen."""
        self._losses = []
        if place.member == 0:
            self._kept = copy.deepcopy(self._learner.state_dict())
        elif self._kept:
            self._restore()
        if place.member is None:
            self._choose(place.round)

    def _restore(self) -> None:
        # An optimiser goes on with the very tensors that it is given.
        self._learner.load_state_dict(copy.deepcopy(self._kept))

    def _choose(self, number: int) -> None:
        rng = self._rng(number + 1)
        note: dict[str, Any] = {"round": number + 1, "part": "chosen"}
        if not self._members:
            self._chosen = random_points(self.space, 1, rng)[0]
        else:
            best = self._members[int(np.argmin(self._values))]
            self._chosen = propose(self.space, self._members, self._values, rng) or best
            process = GaussianProcess(shares(self.space, self._members), np.array(self._values))
            mean, deviation = process(shares(self.space, [self._chosen]))
            note |= {"mean": float(mean[0]), "deviation": float(deviation[0])}
            self._members[int(np.argmax(self._values))] = self._chosen
        self._values = []
        self.history.append({**note, "settings": self._chosen})

    def _end_learning(self, place: Place) -> None:
        if self._losses[-1] == min(self._losses):
            self._kept = copy.deepcopy(self._learner.state_dict())
        if place.within == self._config.schedule.epochs:
            self._restore()
            self._kept = {}

    def _learned_with(self, point: Point) -> TrainConfig:
        loss = replace(self._config.loss, **point)  # type: ignore[arg-type]
        return replace(self._config, loss=loss, progressive=ProgressiveConfig())

    def _tried_with(self, point: Point) -> TrainConfig:
        """For a try: at the highest rate, and nobody is evaluated."""
        config = self._learned_with(point)
        return replace(
            config,
            schedule=replace(
                config.schedule,
                epochs=self._search.explore,
                warmup_epochs=0,
                milestones=(),
                decay_from=None,
            ),
            optimizer=replace(config.optimizer, late_beta1=None),
            evaluation=EvaluationConfig(),
        )

    def _rng(self, number: int) -> np.random.Generator:
        # Batches draw from streams of two numbers.
        return np.random.default_rng([self._config.seed, number, 1])


STATE = ("_members", "_values", "_losses", "_chosen", "_kept", "history")
