"""What corrections say of the tracks of a run, once their boxes are found in it.

Corrections are taken in the order in which they were made, each on top of those before it, so the
later one holds where two contradict. Each is about tracks as they were cut when it was made: it
holds for all parts into which later ones cut them. The later part of a cut is somebody new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import numpy as np

from mtmc.corrections.boxes import Boxes
from mtmc.corrections.kinds import Merge, Move, Name, NotAPerson, Split
from mtmc.corrections.log import Entry
from mtmc.corrections.spot import Spot
from mtmc.types import TrackKey

TOGETHER = 1.0  # seconds for which one camera may show a person twice: a body with two boxes
NOBODY = 0


@dataclass(slots=True)
class Facts:
    """What is said of tracks.

    Args:
        groups: tracks that were spoken of, by person; whoever is the same has the same number.
        apart: persons that are two: whose tracks are the first's are not the second's.
        nobody: tracks that show nobody.
        names: of persons; empty for none any more.
        said: what contradicts, or matches no box, a line each.
        spots: frames at which each track was pointed at.
        parts: of tracks that are cut later only; what is done to one of them is done to all.
    """

    groups: dict[int, list[TrackKey]] = field(default_factory=dict)
    apart: list[tuple[int, int]] = field(default_factory=list)
    nobody: set[TrackKey] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    spots: dict[TrackKey, list[int]] = field(default_factory=dict)
    parts: dict[TrackKey, list[TrackKey]] = field(default_factory=dict)


def cuts_of(boxes: Boxes, entries: Sequence[Entry]) -> set[tuple[TrackKey, int]]:
    """Where tracks are to be cut, so that each is one person's as far as was said.

    Where it was said, and, of a track that has boxes of two people, half way between these.
    """
    cuts: set[tuple[TrackKey, int]] = set()
    for entry in entries:
        said = entry.correction
        if isinstance(said, Split):
            before, after = boxes.find(said.before), boxes.find(said.after)
            if before and after and before[0] == after[0] and before[1] < after[1]:
                cuts.add(after)
    now = boxes.cut(cuts)
    back = {part: key for key, parts in now.cut_into.items() for part in parts}
    for entry in entries:
        if isinstance(entry.correction, Move):
            said = entry.correction
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


def facts_of(boxes: Boxes, entries: Sequence[Entry]) -> Facts:
    """What corrections say of tracks that are cut as ``cuts_of`` says."""
    *_, last = facts_by_entry(boxes, entries)
    return last


def facts_by_entry(boxes: Boxes, entries: Sequence[Entry]) -> Iterator[Facts]:
    """What is said before all corrections, after the first, and so on, of tracks cut for all."""
    reading = _Reading(boxes, entries)
    yield reading.facts()
    for entry in entries:
        reading.take(entry)
        yield reading.facts()


class _Reading:
    def __init__(self, boxes: Boxes, entries: Sequence[Entry]) -> None:
        self._boxes = boxes
        splits = (e.correction for e in entries if isinstance(e.correction, Split))
        self._cuts_to_come = list(dict.fromkeys(filter(None, map(self._sides, splits))))
        self._spots: dict[TrackKey, list[int]] = {}
        self._said: list[str] = []
        self._whose: dict[TrackKey, int] = {}
        self._count = NOBODY
        self._differ: list[tuple[TrackKey, TrackKey, Entry]] = []  # the first one goes
        self._named: list[tuple[TrackKey, str, Entry]] = []  # by the first of its tracks

    def facts(self) -> Facts:
        """What is said so far."""
        facts = Facts(said=self._said.copy(), spots=self._spots)
        facts.parts = {key: self._parts(key) for cut in self._cuts_to_come for key in cut}
        for key, whose in self._whose.items():
            if whose == NOBODY:
                facts.nobody.add(key)
            else:
                facts.groups.setdefault(whose, []).append(key)
        self._tell_apart(facts)
        self._give_names(facts)
        return facts

    def take(self, entry: Entry) -> None:
        said = entry.correction
        if isinstance(said, Merge):
            self._join(self._found(said.tracks, entry), entry)
        elif isinstance(said, Split):
            self._split(said, entry)
        elif isinstance(said, Move):
            self._move(said, entry)
        elif isinstance(said, NotAPerson):
            self._whose |= dict.fromkeys(self._found(said.tracks, entry), NOBODY)
        elif isinstance(said, Name):
            found = self._found(said.tracks, entry)
            self._join(found, entry)
            self._named += [(key, said.name, entry) for key in found[:1]]

    def _found(self, spots: Sequence[Spot], entry: Entry) -> list[TrackKey]:
        """The tracks that boxes are on, as cut so far; what is not found any more is said."""
        keys: list[TrackKey] = []
        lost = []
        for spot in spots:
            found = self._boxes.find(spot)
            if found is None:
                lost.append(spot)
                continue
            key, frame = found
            keys += (parts := self._parts(key))
            new = self._new()
            for part in parts:
                self._whose.setdefault(part, new)
            self._spots.setdefault(key, []).append(frame)
        if lost:
            which = f"its box of {lost[0]}," if len(spots) == 1 else f"{len(lost)} of {len(spots)} "
            which += "" if len(spots) == 1 else f"boxes, such as that of {lost[0]},"
            self._say(entry, f"{which} is on no track of this run any more; left out")
        return list(dict.fromkeys(keys))

    def _parts(self, key: TrackKey) -> list[TrackKey]:
        """All parts, in order of time, of a track that later corrections cut."""
        found = [key]
        for part in found:
            cuts = (cut for cut in self._cuts_to_come if part in cut)
            found += [other for cut in cuts for other in cut if other not in found]
        return sorted(set(found), key=lambda part: self._boxes.frames[part][0])

    def _sides(self, split: Split) -> tuple[TrackKey, TrackKey] | None:
        """The tracks on both sides of a cut; None if one is lost, or both are one."""
        before, after = self._boxes.find(split.before), self._boxes.find(split.after)
        return (before[0], after[0]) if before and after and before[0] != after[0] else None

    def _split(self, split: Split, entry: Entry) -> None:
        if not all([self._found((spot,), entry) for spot in (split.before, split.after)]):
            return
        sides = self._sides(split)
        if sides is None:
            self._say(entry, f"its track cannot be cut at {split.after}; left out")
            return
        if sides in self._cuts_to_come:
            self._cuts_to_come.remove(sides)
        before, after = sides
        if self._whose[before] == self._whose[after]:
            later = self._parts(after)
            self._whose |= dict.fromkeys(later, self._new())
            # What was said of the whole track is not said of somebody new.
            self._differ = [each for each in self._differ if not {*each[:2]} & {*later}]
        self._differ.append((after, before, entry))

    def _move(self, move: Move, entry: Entry) -> None:
        tracks, away = self._found(move.tracks, entry), self._found(move.away, entry)
        to = self._found(move.to, entry)
        away = [key for key in away if key not in tracks]
        left = {self._whose[key]: self._new() for key in away}
        left.pop(NOBODY, None)
        self._whose |= {key: left.get(self._whose[key], self._whose[key]) for key in tracks}
        self._join([*to, *tracks], entry)
        self._differ += [(key, other, entry) for key in tracks for other in away]

    def _join(self, keys: Sequence[TrackKey], entry: Entry) -> None:
        """Tracks are one person's, and so are those they were said to go with.

        Who is seen beside the first ones stays out.
        """
        if not keys:
            return
        for key in keys:
            if self._whose[key] == NOBODY:
                self._whose[key] = self._new()
        person = self._whose[keys[0]]
        for key in keys[1:]:
            other = self._whose[key]
            if other == person:
                continue
            theirs, mine = self._tracks_of(other), self._tracks_of(person)
            if both := self._beside(mine, theirs):
                self._say(entry, f"{both}, so they are two people; left out")
                continue
            self._whose |= dict.fromkeys(theirs, person)

    def _tracks_of(self, person: int) -> list[TrackKey]:
        return [key for key, whose in self._whose.items() if whose == person]

    def _beside(self, mine: Iterable[TrackKey], theirs: Sequence[TrackKey]) -> str | None:
        """In which frames one camera shows both for longer than a body has two boxes."""
        for a in mine:
            for b in theirs:
                if a.camera == b.camera and (both := shared(self._boxes, a, b)):
                    return f"camera {a.camera} shows both in frames {both[0]} to {both[1]}"
        return None

    def _tell_apart(self, facts: Facts) -> None:
        back: dict[int, Entry] = {}
        apart: dict[tuple[int, int], None] = {}
        for key, other, entry in self._differ:
            pair = self._whose[key], self._whose[other]
            if NOBODY in pair:
                continue
            if pair[0] == pair[1]:
                back[entry.line] = entry
            else:
                apart.pop(pair[::-1], None)  # who goes is who was said to go last
                apart[pair] = None
        facts.apart += apart
        for entry in back.values():
            text = "a later correction says that both are one person, and holds"
            facts.said.append(_line(entry, text))

    def _give_names(self, facts: Facts) -> None:
        """The latest name of each; who have two names are two people."""
        given: dict[int, tuple[str, TrackKey, Entry]] = {}
        for key, name, entry in self._named:
            person = self._whose[key]
            before = given.get(person)
            if before and before[0] and name and before[0] != name and before[1] != key:
                text = f"they are also called {before[0]!r}, by {before[2]}"
                facts.said.append(_line(entry, text))
            given[person] = name, key, entry
        given.pop(NOBODY, None)
        names = facts.names = {person: name for person, (name, *_) in given.items()}
        named = [person for person, name in names.items() if name]
        known = set(facts.apart)
        facts.apart += [
            (b, a)
            for a, b in combinations(named, 2)
            if names[a] != names[b] and not {(a, b), (b, a)} & known
        ]

    def _new(self) -> int:
        self._count += 1
        return self._count

    def _say(self, entry: Entry, what: str) -> None:
        self._said.append(_line(entry, what))


def _line(entry: Entry, what: str) -> str:
    return f"corrections, {entry}: {what}"


def shared(boxes: Boxes, a: TrackKey, b: TrackKey) -> tuple[int, int] | None:
    """The first and last frame that show two tracks of a camera; None if that is but a moment."""
    first, second = boxes.frames[a], boxes.frames[b]
    if first[0] > second[-1] or second[0] > first[-1]:
        return None
    both = np.intersect1d(first, second)
    if len(both) * boxes.period(a.camera) <= TOGETHER:
        return None
    return int(both[0]), int(both[-1])
