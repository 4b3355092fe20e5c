"""What corrections change: who becomes whom, and for how long."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mtmc.trackers.offline import NOBODY

SHORT = 0.05  # seconds of which so few are not worth telling


@dataclass(frozen=True, slots=True)
class Changes:
    """Who becomes whom.

    Args:
        seconds: of boxes, by the person before and the person after; 0 is nobody.
        names: of those after who had another name, or none; None where they have none any more.
    """

    seconds: Mapping[tuple[int, int], float]
    names: Mapping[int, str | None] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """For people, a sentence for each person whom it affects."""
        after: dict[int, dict[int, float]] = defaultdict(dict)
        for (person, now), seconds in sorted(self.seconds.items()):
            if seconds > SHORT:
                after[person][now] = seconds
        known = {*after, NOBODY}
        lines = [line for person in after for line in _told(person, after[person], known)]
        lines += [
            f"Person {person} is called {name}." if name else f"Person {person} has no name now."
            for person, name in sorted(self.names.items())
        ]
        moved = sum(s for (before, now), s in self.seconds.items() if before != now)
        lines.append(
            f"{moved:.1f} s of tracks change their person." if lines else "Nothing changes."
        )
        return "\n".join(lines)

    @classmethod
    def of(
        cls,
        moved: Iterable[tuple[int, int, float]],
        before: Mapping[int, str],
        after: Mapping[int, str],
    ) -> Changes:
        """Of the seconds for which each was somebody before and is somebody after.

        Args:
            moved: person before, person after, s.
            before: names.
            after: names.
        """
        seconds: Counter[tuple[int, int]] = Counter()
        for old, new, s in moved:
            seconds[old, new] += s  # type: ignore[assignment]
        people = {new for _, new in seconds}
        names = {p: after.get(p) for p in people if after.get(p) != before.get(p)}
        return cls(dict(seconds), names)


def _told(person: int, after: Mapping[int, float], known: Iterable[int]) -> Iterator[str]:
    """What becomes of a person, or of what was nobody's.

    Args:
        person: before; 0 for nobody.
        after: for how many seconds they are whom.
        known: who was there before.
    """
    called = {
        now: f"person {now}" + ("" if now in known else ", who is new") if now else "nobody"
        for now in after
        if now != person
    }
    if called and len(after) == 1 and person != NOBODY:
        yield f"Person {person} becomes {' '.join(called.values())}."
    elif called:
        parts = " and ".join(f"{after[now]:.1f} s become {who}" for now, who in called.items())
        whose = f"person {person}" if person else "what was nobody's"
        yield f"Of {whose}, {parts}."
