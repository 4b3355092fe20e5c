"""What corrections change: who becomes whom, and for how long."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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
    def merged(self) -> dict[int, list[int]]:
        """By person after, the people before, where they are several."""
        return self._several(0, 1)

    @property
    def split(self) -> dict[int, list[int]]:
        """By person before, the people after, where they are several."""
        return self._several(1, 0)

    @property
    def removed(self) -> list[int]:
        """People before who are nobody."""
        after = {before for (before, now), s in self.seconds.items() if now and s > SHORT}
        return sorted({before for before, now in self.seconds if before and not now} - after)

    @property
    def moved(self) -> float:
        """Seconds of boxes that are somebody else's, or nobody's, than before."""
        return sum(s for (before, after), s in self.seconds.items() if before != after)

    @property
    def text(self) -> str:
        """For people, a line each."""
        lines = [
            f"people {_listed(before)} are one: {after}" for after, before in self.merged.items()
        ]
        lines += [
            f"person {before} becomes {_listed(after)}" for before, after in self.split.items()
        ]
        lines += [f"person {person} is nobody" for person in self.removed]
        told = {person for each in self.merged.values() for person in each} | self.split.keys()
        lines += [
            f"person {before} becomes {after}"
            for (before, after), s in sorted(self.seconds.items())
            if 0 not in (before, after) and before != after and s > SHORT and before not in told
        ]
        lines += [
            f"person {person} is called {name}" if name else f"person {person} has no name any more"
            for person, name in sorted(self.names.items())
        ]
        lines.append(
            f"{self.moved:.1f} s of tracks change their person" if lines else "nothing changes"
        )
        return "\n".join(lines)

    def _several(self, what: int, by: int) -> dict[int, list[int]]:
        found: dict[int, set[int]] = defaultdict(set)
        for pair, seconds in self.seconds.items():
            if 0 not in pair and seconds > SHORT:
                found[pair[by]].add(pair[what])
        return {key: sorted(each) for key, each in sorted(found.items()) if len(each) > 1}

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


def _listed(people: Iterable[int]) -> str:
    *most, last = [str(person) for person in people]
    return f"{', '.join(most)} and {last}" if most else last
