"""What corrections say of the tracks of a run, once their boxes are found in it.

Corrections are taken in the order in which they were made, each on top of those before it: one
that speaks of a box means all of the track that it was on at that time, and the later one holds
where two contradict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import numpy as np

from mtmc.corrections.boxes import Boxes
from mtmc.corrections.kinds import Merge, Move, Name, NotAPerson, Split, makes_somebody
from mtmc.corrections.log import Entry
from mtmc.corrections.spot import Spot
from mtmc.trackers.offline import NOBODY
from mtmc.types import TrackKey

TOGETHER = 1.0  # seconds for which one camera may show a person twice: a body with two boxes


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
        parted: of parts that were cut off as somebody else's, a track of whom they were taken for.
        numbers: of persons who may be new, which new one each is, from 1 on. It stays whatever is
            said later.
        most: the greatest of these numbers that was ever given.
    """

    groups: dict[int, list[TrackKey]] = field(default_factory=dict)
    apart: list[tuple[int, int]] = field(default_factory=list)
    nobody: set[TrackKey] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    spots: dict[TrackKey, list[int]] = field(default_factory=dict)
    parted: dict[TrackKey, TrackKey] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    most: int = 0


def cuts_of(boxes: Boxes, entries: Sequence[Entry]) -> dict[tuple[TrackKey, int], int]:
    """Where tracks are to be cut, so that each is one person's as far as was said, by which entry.

    Where it was said, and, of a track that has boxes of two people, half way between these.
    """
    cuts: dict[tuple[TrackKey, int], int] = {}
    for number, entry in enumerate(entries):
        said = entry.correction
        if isinstance(said, Split):
            before, after = boxes.find(said.before), boxes.find(said.after)
            if before and after and before[0] == after[0] and before[1] < after[1]:
                cuts.setdefault(after, number)
    now = boxes.cut(cuts)
    back = {part: key for key, parts in now.cut_into.items() for part in parts}
    for number, entry in enumerate(entries):
        if isinstance(entry.correction, Move):
            for key, frame in _between(now, entry.correction):
                cuts.setdefault((back.get(key, key), frame), number)
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


def facts_of(
    boxes: Boxes, entries: Sequence[Entry], cuts: Mapping[tuple[TrackKey, int], int] | None = None
) -> Facts:
    """What corrections say of tracks.

    Args:
        boxes: of the run.
        entries: what was said.
        cuts: by which ``boxes`` were cut, see ``cuts_of``; None where they were not.
    """
    return _Reading(boxes, cuts or {}).read(entries)


class _Reading:
    def __init__(self, boxes: Boxes, cuts: Mapping[tuple[TrackKey, int], int]) -> None:
        self._boxes = boxes
        self._now = self._number = 0  # which entry is read, and which new person it may make
        # By part of a track that was cut: all its parts, and the entry that cuts the part off.
        self._parts = {p: parts for parts in boxes.cut_into.values() for p in parts}
        self._since: dict[TrackKey, int] = {}
        for whole, parts in boxes.cut_into.items():
            for before, part in pairwise(parts):
                last, first = boxes.frames[before][-1], boxes.frames[part][0]
                self._since[part] = min(
                    n for (key, frame), n in cuts.items() if key == whole and last < frame <= first
                )
        self._facts = Facts()
        self._whose: dict[TrackKey, int] = {}
        self._count = NOBODY
        self._born: dict[int, int] = {}  # by person, how many new ones there were by then
        # The first one goes; which new person they may be.
        self._differ: list[tuple[TrackKey, TrackKey, Entry, int]] = []
        self._named: list[tuple[TrackKey, str, Entry]] = []  # by the first of its tracks

    def read(self, entries: Sequence[Entry]) -> Facts:
        made = 0
        for self._now, entry in enumerate(entries):
            made += makes_somebody(entry.correction)
            self._number = made + entry.undone
            self._take(entry)
        facts = self._facts
        facts.most = self._number
        for key, whose in self._whose.items():
            if whose == NOBODY:
                facts.nobody.add(key)
            else:
                facts.groups.setdefault(whose, []).append(key)
        self._tell_apart()
        self._give_names()
        return facts

    def _take(self, entry: Entry) -> None:
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
        """The tracks that boxes are on; what is not found any more is said."""
        keys, lost = [], []
        for spot in spots:
            found = self._boxes.find(spot)
            if found is None:
                lost.append(spot)
                continue
            key, frame = found
            self._facts.spots.setdefault(key, []).append(frame)
            piece = self._piece(key)
            keys += piece
            if piece[0] not in self._whose:
                self._whose |= dict.fromkeys(piece, self._new())
        if lost:
            which = f"its box of {lost[0]}," if len(spots) == 1 else f"{len(lost)} of {len(spots)} "
            which += "" if len(spots) == 1 else f"boxes, such as that of {lost[0]},"
            self._say(entry, f"{which} is on no track of this run any more; left out")
        return list(dict.fromkeys(keys))

    def _piece(self, key: TrackKey) -> list[TrackKey]:
        """The parts of a track that were one when the present entry was made."""
        parts = self._parts.get(key, [key])
        first = last = parts.index(key)
        while first > 0 and self._since[parts[first]] > self._now:
            first -= 1
        while last + 1 < len(parts) and self._since[parts[last + 1]] > self._now:
            last += 1
        return parts[first : last + 1]

    def _split(self, split: Split, entry: Entry) -> None:
        before, after = (self._found((s,), entry) for s in (split.before, split.after))
        if not before or not after:
            return
        if before == after:
            self._say(entry, f"its track cannot be cut at {split.after}; left out")
            return
        if self._whose[before[0]] == self._whose[after[0]]:
            self._whose |= dict.fromkeys(after, self._new())
        if after[0] in self._since and before[0] in self._parts[after[0]]:
            self._facts.parted |= dict.fromkeys(after, before[0])
        self._differ.append((after[0], before[0], entry, self._number))

    def _move(self, move: Move, entry: Entry) -> None:
        tracks, away = self._found(move.tracks, entry), self._found(move.away, entry)
        to = self._found(move.to, entry)
        away = [key for key in away if key not in tracks]
        not_theirs = {self._whose[key] for key in away}
        for key in tracks:
            if self._whose[key] in not_theirs | {NOBODY}:
                self._whose |= dict.fromkeys(self._piece(key), self._new())
        self._join([*to, *tracks], entry)
        self._differ += [(key, other, entry, self._number) for key in tracks for other in away]

    def _join(self, keys: Sequence[TrackKey], entry: Entry) -> None:
        """Tracks are one person's, and so are those they were said to go with.

        Who is seen beside the first ones stays out.
        """
        if not keys:
            return
        for key in keys:
            if self._whose[key] == NOBODY:
                self._whose |= dict.fromkeys(self._piece(key), self._new())
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

    def _tell_apart(self) -> None:
        back: dict[int, Entry] = {}
        for key, other, entry, number in self._differ:
            person = self._whose[key]
            self._facts.numbers.setdefault(person, max(number, self._born.get(person, 0)))
            pair = self._whose[key], self._whose[other]
            if NOBODY in pair:
                continue
            if pair[0] == pair[1]:
                back[entry.line] = entry
            elif not {pair, pair[::-1]} & set(self._facts.apart):
                self._facts.apart.append(pair)
        for entry in back.values():
            self._say(entry, "a later correction says that both are one person, and holds")

    def _give_names(self) -> None:
        """The latest name of each; who have two names are two people."""
        given: dict[int, tuple[str, TrackKey, Entry]] = {}
        for key, name, entry in self._named:
            person = self._whose[key]
            before = given.get(person)
            if before and before[0] and name and before[0] != name and before[1] != key:
                self._say(entry, f"they are also called {before[0]!r}, by {before[2]}")
            given[person] = name, key, entry
        given.pop(NOBODY, None)
        names = self._facts.names = {person: name for person, (name, *_) in given.items()}
        named = [person for person, name in names.items() if name]
        known = set(self._facts.apart)
        self._facts.apart += [
            (b, a)
            for a, b in combinations(named, 2)
            if names[a] != names[b] and not {(a, b), (b, a)} & known
        ]

    def _new(self) -> int:
        self._count += 1
        self._born[self._count] = self._number
        return self._count

    def _say(self, entry: Entry, what: str) -> None:
        self._facts.said.append(f"corrections, {entry}: {what}")


def shared(boxes: Boxes, a: TrackKey, b: TrackKey) -> tuple[int, int] | None:
    """The first and last frame that show two tracks of a camera; None if that is but a moment."""
    first, second = boxes.frames[a], boxes.frames[b]
    if first[0] > second[-1] or second[0] > first[-1]:
        return None
    both = np.intersect1d(first, second)
    if len(both) * boxes.period(a.camera) <= TOGETHER:
        return None
    return int(both[0]), int(both[-1])
