"""How far each picture goes into a network of several exits, so that a mean cost is kept.

Wang et al., "Resource Aware Person Re-identification across Multiple Resolutions" (CVPR 2018),
section 4.2.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from typing import TYPE_CHECKING, Literal

import numpy as np

from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Rule = Literal["recent", "paper"]

RECENT = 512  # confidences at each exit that a new one is compared with
GAIN = 20.0  # of what was spent too much or too little so far, on what may be spent next
SURE = 200  # pictures after which the mean cost so far counts in full
NEAR = 1e-9  # of a cost: so near, a budget is the cost itself
STEEPEST, HALVINGS = 40.0, 50  # of the logarithm of a in Eq. 3


def exit_shares(costs: Sequence[float], budget: float) -> NDArray[np.float64]:
    """The share of pictures that leave at each exit, each a times the one before (Eq. 3).

    Args:
        costs: of a picture up to each exit, ascending.
        budget: mean cost of a picture; what is more than the last exit's is not spent.

    Returns:
        ``(S,)``, of sum 1, whose mean cost is the budget.

    Raises:
        ReidError: the budget is less than the first exit costs.
    """
    first, last = costs[0], costs[-1]
    if not budget >= first - NEAR:
        raise ReidError(
            f"a budget of {budget:g} is less than the first exit costs, {first:g}; give more"
        )
    last_exit = len(costs) - 1
    if budget <= first + NEAR or budget >= last:
        return np.asarray(np.eye(last_exit + 1)[0 if budget < last else last_exit])
    over = [cost - budget for cost in costs]
    low, high = -STEEPEST, STEEPEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        # From the end at which shares vanish, so that no power is too great.
        ratio, total = math.exp(-abs(middle)), 0.0
        for each in reversed(over) if middle < 0 else over:
            total = total * ratio + each
        low, high = (low, middle) if total > 0 else (middle, high)
    powers = np.exp(middle * np.arange(last_exit + 1) - max(middle, 0.0) * last_exit)
    return np.asarray(powers / powers.sum())


def leaving_shares(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(S,)`` of those that reach an exit, the share that leaves there (q of section 4.2)."""
    reach = np.cumsum(shares[::-1])[::-1]  # sums, not differences: small shares stay exact
    return np.divide(shares, reach, out=np.ones_like(shares), where=reach > 0)


class ExitRule:
    """Says of one picture after the other whether it leaves: the surest do, as the budget allows.

    ``paper`` compares with all confidences so far and expects them to be spread as ever. What a
    camera sees is not: ``recent``, the default, compares with the last `RECENT` and corrects what
    may be spent by what was.

    Args:
        costs: of a picture up to each exit, ascending.
        budget: mean cost of a picture.
        rule: ``recent`` or ``paper``.

    Raises:
        ReidError: the budget is less than the first exit costs.
    """

    def __init__(self, costs: Sequence[float], budget: float, rule: Rule = "recent") -> None:
        self._costs, self._budget, self._rule = costs, budget, rule
        self._seen = [_Seen(RECENT if rule == "recent" else None) for _ in costs]
        self._leaving = leaving_shares(exit_shares(costs, budget))
        self.exits = np.zeros(len(costs), np.int64)  # pictures that left, by exit

    @property
    def mean_cost(self) -> float:
        """Of a picture so far; 0 before the first."""
        return float(self.exits @ np.asarray(self._costs) / max(self.exits.sum(), 1))

    def leave(self, stage: int, confidences: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which of those that reached an exit leave there.

        Args:
            stage: the exit, from 1.
            confidences: ``(N,)`` how sure one is of each there.

        Raises:
            ReidError: a confidence is no number.
        """
        if np.isnan(confidences).any():
            raise ReidError("a confidence is not a number; the model's embeddings are damaged")
        return np.array([self._leaves(stage, float(c)) for c in confidences], bool)

    def _leaves(self, stage: int, confidence: float) -> bool:
        seen, share = self._seen[stage - 1], float(self._leaving[stage - 1])
        surer = seen.add(confidence)
        if self._rule == "paper":
            return surer <= math.floor((len(seen) - 1) * share)
        return surer < len(seen) * share

    def spend(self, exits: NDArray[np.integer]) -> None:
        """Note where pictures have left, ``(N,)`` from 1."""
        self.exits += np.bincount(exits, minlength=len(self._costs) + 1)[1:]
        if self._rule == "recent":
            trust = GAIN * min(int(self.exits.sum()), SURE) / SURE
            wanted = self._budget + trust * (self._budget - self.mean_cost)
            bounded = min(max(wanted, self._costs[0]), self._costs[-1])
            self._leaving = leaving_shares(exit_shares(self._costs, bounded))


class _Seen:
    """The last confidences at an exit, also in order of size.

    Args:
        most: so many are kept; None for all.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._times: deque[float] = deque()
        self._sizes: list[float] = []

    def __len__(self) -> int:
        return len(self._sizes)

    def add(self, confidence: float) -> int:
        """Take in one; returns how many are greater."""
        if len(self) == self._most:
            del self._sizes[bisect_left(self._sizes, self._times.popleft())]
        self._times.append(confidence)
        insort(self._sizes, confidence)
        return len(self) - bisect_right(self._sizes, confidence)


def stream(
    confidences: NDArray[np.floating], costs: Sequence[float], budget: float, rule: Rule = "recent"
) -> NDArray[np.int64]:
    """Where each picture of a stream leaves.

    Args:
        confidences: ``(N, S)`` at every exit, in the order the pictures come; the last column
            decides nothing.
        costs: of a picture up to each exit, ascending.
        budget: mean cost of a picture.
        rule: see `ExitRule`.

    Returns:
        ``(N,)`` exits, from 1.

    Raises:
        ReidError: a confidence is no number, or the budget is less than the first exit costs.
    """
    decide, last = ExitRule(costs, budget, rule), len(costs)
    result = np.full(len(confidences), last)
    for number, row in enumerate(confidences):
        for stage in range(1, last):
            if decide.leave(stage, row[stage - 1 : stage])[0]:
                result[number] = stage
                break
        decide.spend(result[number : number + 1])
    return result
