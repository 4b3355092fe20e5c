"""Who is who, as corrections say one after the other.

Each correction is about the people who were shown when it was made, so it comes on top of those
before it, and the later one holds where two contradict. It is about tracks as they were cut then:
what is said of a track is said of all parts into which later ones cut it. Whose the track was is
the part before a cut; the part after it is somebody new, of whom nothing was said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import combinations, pairwise

from mtmc.corrections.boxes import Boxes
from mtmc.corrections.kinds import Exchange, Merge, Move, Name, NotAPerson, Split
from mtmc.corrections.log import Entry
from mtmc.corrections.spot import Spot
from mtmc.trackers.offline import NOBODY
from mtmc.types import TrackKey

Keys = list[TrackKey]


def cuts_of(boxes: Boxes, entries: Sequence[Entry]) -> set[tuple[TrackKey, int]]:
    """Where tracks are to be cut, so that each is one person's as far as was said.

    Where it was said, and, of a track that has boxes of two people, half way between these.
    """
    corrections = [entry.correction for entry in entries]
    cuts: set[tuple[TrackKey, int]] = set()
    for pair in (pair for said in corrections for pair in said.cuts()):
        before, after = map(boxes.find, pair)
        if before and after and before[0] == after[0] and before[1] < after[1]:
            cuts.add(after)
    now = boxes.cut(cuts)
    back = {part: key for key, parts in now.cut_into.items() for part in parts}
    for said in corrections:
        if isinstance(said, Move):
            cuts |= {(back.get(key, key), frame) for key, frame in _between(now, said)}
    return cuts


def _between(boxes: Boxes, move: Move) -> Iterator[tuple[TrackKey, int]]:
    """Half way between boxes that are one person's and those that are another's, of one track."""
    found: dict[TrackKey, dict[int, bool]] = defaultdict(dict)
    for spots, mine in ((move.tracks, True), (move.away, False)):
        for key, frame in filter(None, map(boxes.find, spots)):
            found[key][frame] = mine
    for key, whose in found.items():
        for first, second in pairwise(sorted(whose)):
            if whose[first] != whose[second]:
                yield key, (first + second + 1) // 2


class Reading:
    """Takes corrections one by one.

    Args:
        boxes: of the run, cut as ``cuts_of`` says.
        entries: all that are taken sooner or later.

    Attributes:
        whose: the person each track shows, or nobody; at first, each shows somebody else.
        names: of persons, and the lines that say so; empty for none any more.
        last: the greatest number that a person ever had.
        spots: of each track that was spoken of, the frames at which it was pointed at.
    """

    def __init__(self, boxes: Boxes, entries: Sequence[Entry]) -> None:
        self._boxes, self._find = boxes, cache(boxes.find)
        self.whose = {key: number for number, key in enumerate(boxes.frames, 1)}
        self.names: dict[int, tuple[int, str]] = {}
        self.last, self._undone = len(self.whose), 0
        self.spots: dict[TrackKey, list[int]] = {}
        self._said: list[str] = []
        self._differ: list[tuple[TrackKey, TrackKey, Entry]] = []  # the first one goes
        cuts = (self._sides(*cut) for entry in entries for cut in entry.correction.cuts())
        self._to_come = list(dict.fromkeys(filter(None, cuts)))  # what is one track so far
        for key in {key for cut in self._to_come for key in cut}:
            self.whose[key] = self.whose[self._parts(key)[0]]

    def take(self, entries: Iterable[Entry]) -> None:
        """Some more."""
        for self._entry in entries:
            self.last += self._entry.undone - self._undone
            self._undone = self._entry.undone
            self._take()

    @property
    def groups(self) -> dict[int, Keys]:
        """The tracks that were spoken of, by person."""
        groups: dict[int, Keys] = defaultdict(list)
        for key in self.spots:
            groups[self.whose[key]].append(key)
        groups.pop(NOBODY, None)
        return groups

    @property
    def nobody(self) -> set[TrackKey]:
        """Tracks that were said to show nobody."""
        return {key for key in self.spots if self.whose[key] == NOBODY}

    @property
    def apart(self) -> list[tuple[int, int]]:
        """Persons who are two: whose tracks are the first one's are not the second one's."""
        apart = dict.fromkeys((self.whose[a], self.whose[b]) for a, b, _ in self._differ)
        here = set(self.whose.values())
        for a, b in combinations((p for p in self.names if p in here and self.names[p][1]), 2):
            if self.names[a][1] != self.names[b][1]:
                apart.setdefault((b, a))
        return [(a, b) for a, b in apart if a != b and NOBODY not in (a, b)]

    @property
    def said(self) -> list[str]:
        """What contradicts, or matches no box, a line each."""
        back = {
            entry: None for a, b, entry in self._differ if self.whose[a] == self.whose[b] != NOBODY
        }
        text = "a later correction says that both are one person, and holds"
        return [*self._said, *(f"corrections, {entry}: {text}" for entry in back)]

    def _take(self) -> None:
        match said := self._entry.correction:
            case Merge():
                if found := self._found(said.tracks):
                    self._join(found)
            case Split():
                self._split(said)
            case Exchange():
                self._exchange(said)
            case Move():
                self._move(said)
            case NotAPerson():
                self.whose |= dict.fromkeys(self._found(said.tracks), NOBODY)
            case Name():
                if found := self._found(said.tracks):
                    self.names[self._join(found)] = self._entry.line, said.name

    def _found(self, spots: Sequence[Spot]) -> Keys:
        """The tracks that boxes are on, as cut so far; what is not found any more is said."""
        keys: Keys = []
        lost = [spot for spot in spots if self._find(spot) is None]
        for key, frame in filter(None, map(self._find, spots)):
            keys += (parts := self._parts(key))
            for part in parts:
                self.spots.setdefault(part, [])
            self.spots[key].append(frame)
        if lost:
            which = f"its box of {lost[0]}," if len(spots) == 1 else f"{len(lost)} of {len(spots)} "
            which += "" if len(spots) == 1 else f"boxes, such as that of {lost[0]},"
            self._say(f"{which} is on no track of this run any more; left out")
        return list(dict.fromkeys(keys))

    def _parts(self, key: TrackKey) -> Keys:
        """All parts, in order of time, of a track that later corrections cut."""
        found = [key]
        for part in found:
            cuts = (cut for cut in self._to_come if part in cut)
            found += [other for cut in cuts for other in cut if other not in found]
        return sorted(set(found), key=lambda part: self._boxes.frames[part][0])

    def _sides(self, before: Spot, after: Spot) -> tuple[TrackKey, TrackKey] | None:
        """The tracks on both sides of a cut; None if one is lost, or both are one."""
        one, other = self._find(before), self._find(after)
        return (one[0], other[0]) if one and other and one[0] != other[0] else None

    def _cut(self, before: Spot, after: Spot) -> tuple[TrackKey, Keys] | None:
        """The track before a cut, and all parts of that after it, which are two from now on."""
        found, sides = self._found((before, after)), self._sides(before, after)
        if sides is None:
            if len(found) == 1:
                self._say(f"its track cannot be cut at {after}; left out")
            return None
        if sides in self._to_come:
            self._to_come.remove(sides)
        return sides[0], self._parts(sides[1])

    def _split(self, said: Split) -> None:
        if cut := self._cut(said.before, said.after):
            before, after = cut
            if self.whose[before] == self.whose[after[0]]:
                self._begin(after, self._new())
            self._differ.append((after[0], before, self._entry))

    def _exchange(self, said: Exchange) -> None:
        one, other = self._cut(*said.one), self._cut(*said.other)
        if one and other:
            people = self.whose[other[0]], self.whose[one[0]]
            self.whose |= dict.fromkeys([*one[1], *other[1]], NOBODY)
            for (before, after), person in zip((one, other), people, strict=True):
                given = person != NOBODY and self._give(after, person)
                self._begin(after, person if given else self._new())
                self._differ.append((after[0], before, self._entry))

    def _begin(self, after: Keys, person: int) -> None:
        """What follows on a cut is somebody else's; what was said of the whole is not of them."""
        self.whose |= dict.fromkeys(after, person)
        self._differ = [each for each in self._differ if not {*each[:2]} & {*after}]

    def _move(self, said: Move) -> None:
        tracks, away, to = map(self._found, (said.tracks, said.away, said.to))
        away = [key for key in away if key not in tracks]
        left = {self.whose[key] for key in away} | {NOBODY}
        going = [key for key in tracks if self.whose[key] in left]
        given = bool(to) and self._give(tracks, self._join(to))
        if going and not given:
            self.whose |= dict.fromkeys(going, self._new())
        self._differ += [(key, other, self._entry) for key in tracks for other in away]

    def _join(self, keys: Keys) -> int:
        """Tracks are one person's, and so are those they go with; returns whose.

        It is the person seen for longest. Who is seen beside them stays out.
        """
        people = sorted({self.whose[key] for key in keys} - {NOBODY})
        person = max(people, key=self._seen) if people else self._new()
        for key in keys:
            other = self.whose[key]
            theirs = [key] if other == NOBODY else self._tracks_of(other)
            if other != person and self._give(theirs, person):
                self._join_names(person, other)
        return person

    def _join_names(self, person: int, other: int) -> None:
        """The later one holds."""
        both = sorted(self.names.pop(one) for one in (person, other) if one in self.names)
        if len({name for _, name in both if name}) > 1:
            self._say(f"they are called {both[0][1]!r} and {both[1][1]!r}; the later name holds")
        if both:
            self.names[person] = max(both, key=lambda said: (bool(said[1]), said))

    def _give(self, keys: Keys, person: int) -> bool:
        """Tracks are a person's, whom no camera shows beside them but for a moment."""
        keys = [key for key in keys if self.whose[key] != person]
        for a in self._tracks_of(person):
            for b in keys:
                if both := self._boxes.both(a, b):
                    frames = f"camera {a.camera} shows both in frames {both[0]} to {both[1]}"
                    self._say(f"{frames}, so they are two people; left out")
                    return False
        self.whose |= dict.fromkeys(keys, person)
        return True

    def _tracks_of(self, person: int) -> Keys:
        return [key for key, whose in self.whose.items() if whose == person]

    def _seen(self, person: int) -> float:
        return sum(map(self._boxes.seconds, self._tracks_of(person)))

    def _new(self) -> int:
        self.last += 1
        return self.last

    def _say(self, what: str) -> None:
        self._said.append(f"corrections, {self._entry}: {what}")
