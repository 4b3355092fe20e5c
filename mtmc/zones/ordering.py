"""Messages of several sources in the order of their own times, whatever order they come in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic, TypeVar

M = TypeVar("M")

LATENESS = 2.0  # s that a message may be behind later ones
SILENCE = 10.0  # s behind the others after which a source is not waited for
MOMENT = 0.5  # s; messages of one are told together
ROUNDING = 1e-6  # s: differences of times are not exact


@dataclass(frozen=True, slots=True)
class Moment(Generic[M]):
    """What is told together.

    Args:
        time: of the latest message, s.
        messages: in the order of their times, of each source one at most.
        late: those that came when their own moment was over; by their times.
    """

    time: float
    messages: list[M]
    late: list[M] = field(default_factory=list)


@dataclass(slots=True)
class _Source:
    """What came of a source: its latest time, and which numbers may come twice."""

    latest: float = -math.inf
    seen: dict[int, float] = field(default_factory=dict)


class Ordering(Generic[M]):
    """Waits for what is late, drops what comes twice: its answer depends on the messages alone.

    A moment is told once the watermark has passed it: the latest time of the slowest source, less
    ``lateness``. A source that is ``silence`` behind the fastest is not waited for until it speaks
    again. What comes too late even so goes along with the next moment.

    Args:
        sources: names of all; none of them is waited for before it spoke, but for ``silence``.
        lateness: s.
        silence: s.

    Attributes:
        doubles: messages that came twice, or when even their numbers were forgotten: dropped.
        late: messages that came too late.
    """

    def __init__(
        self,
        sources: Iterable[str],
        lateness: float = LATENESS,
        silence: float = SILENCE,
    ) -> None:
        self._sources = {name: _Source() for name in sources}
        self._lateness, self._silence = lateness, silence
        self._waiting: list[tuple[float, str, int, M]] = []
        self._after: list[tuple[float, str, int, M]] = []  # came too late
        self._first = math.inf  # time that any source began with
        self._told = -math.inf  # number of the last moment that was told
        self.doubles = self.late = 0

    def put(self, source: str, number: int, time: float, message: M) -> None:
        """A message has come.

        Args:
            source: from where.
            number: which of its messages it is; the same for the same message.
            time: s, by the source's clock.
            message: whatever it is.
        """
        known = self._sources[source]
        if number in known.seen or time < known.latest - self._silence - self._lateness:
            self.doubles += 1
            return
        known.seen[number] = time
        known.latest = max(known.latest, time)
        self._first = min(self._first, time)
        entry = (time, source, number, message)
        if _moment_of(time) <= self._told:
            self.late += 1
            self._after.append(entry)
        else:
            self._waiting.append(entry)

    def watermark(self) -> float:
        """Before that time, s, nothing more is waited for."""
        fastest = max((each.latest for each in self._sources.values()), default=-math.inf)
        waited = [
            max(each.latest, self._first)
            for each in self._sources.values()
            if max(each.latest, self._first) >= fastest - self._silence
        ]
        return min(waited, default=-math.inf) - self._lateness

    def take(self, all_of_it: bool = False) -> list[Moment[M]]:
        """The moments that are over, or at the end all that there are."""
        end = math.inf if all_of_it else _moment_of(self.watermark())
        ready = sorted((e for e in self._waiting if _moment_of(e[0]) < end), key=_order)
        if not ready and not (all_of_it and self._after):
            return []
        self._waiting = [e for e in self._waiting if _moment_of(e[0]) >= end]
        moments = [
            moment for _, group in groupby(ready, lambda e: _moment_of(e[0]))
            for moment in _apart(list(group))
        ]  # fmt: skip
        if ready:
            self._told = _moment_of(ready[-1][0])
        if not moments:
            moments = [Moment(max(e[0] for e in self._after), [])]
        moments[0].late.extend(e[3] for e in sorted(self._after, key=_order))
        self._after = []
        self._forget()
        return moments

    def _forget(self) -> None:
        """Numbers so old that nothing of their time is taken any more."""
        for each in self._sources.values():
            oldest = each.latest - self._silence - self._lateness
            each.seen = {n: time for n, time in each.seen.items() if time >= oldest}


def _moment_of(time: float) -> float:
    return math.floor((time + ROUNDING) / MOMENT) if math.isfinite(time) else time


def _order(entry: tuple[float, str, int, M]) -> tuple[float, str, int]:
    return entry[:3]


def _apart(entries: list[tuple[float, str, int, M]]) -> list[Moment[M]]:
    """One moment, or several where a source speaks more than once in it."""
    result: list[Moment[M]] = []
    there: set[str] = set()
    for time, source, _, message in entries:
        if not result or source in there:
            result.append(Moment(time, []))
            there = set()
        there.add(source)
        last = result[-1]
        last.messages.append(message)
        result[-1] = Moment(time, last.messages, last.late)
    return result
