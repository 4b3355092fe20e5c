"""Association of more tracklets than can be solved at once: window by window of their time.

Neighbouring windows overlap. In the first half of the overlap, what the earlier window said stays
and carries its people into the later one; the second half is decided anew, now that it is known
what came after it. Of people further back it is known what they looked like, and beside whom.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.associate.evidence.links import Links
from mtmc.associate.evidence.marks import remainders
from mtmc.associate.online.revision import name_groups
from mtmc.tracking.gallery import Gallery
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Ints, TrackKey

NEW = 0.8  # of a window's tracklets; the rest are what is left of people further back
OVERLAP = 0.25  # of these, that the next window has, too


@dataclass(frozen=True, slots=True)
class Window:
    """Tracklets that are solved at once.

    Args:
        start: those that end before that time, s, are over.
        end: those that begin then or later, s, are yet to come.
        keep: who begins before that, s, is who the window says; others are left to the next one.
    """

    start: float = -math.inf
    end: float = math.inf
    keep: float = math.inf

    def of(self, pieces: Iterable[Tracklet]) -> list[Tracklet]:
        """Those in the window."""
        return [p for p in pieces if p.end >= self.start and p.start < self.end]


def windows(tracklets: Sequence[Tracklet], most: int) -> list[Window]:
    """One window for all tracklets, or several for more than ``most``, in order of time."""
    if len(tracklets) <= most:
        return [Window()]
    starts = np.sort([t.start for t in tracklets])
    size = max(int(NEW * most), 2)
    overlap = max(int(OVERLAP * size), 1)
    result, first, begin = [], 0, -math.inf
    while first + size < len(starts):
        last = first + size
        result.append(Window(begin, float(starts[last]), float(starts[last - overlap // 2])))
        first = last - overlap
        begin = float(starts[first])
    return [*result, Window(begin)]


@dataclass(slots=True, eq=False)
class _Left:
    """What is left of a person in one camera."""

    sum: NDArray[np.float32]
    weights: NDArray[np.float64]
    hits: int
    end: float


@dataclass(frozen=True, eq=False)
class Rows:
    """What a window's answer is about.

    Args:
        tracklets: ``N``, sorted by start; before all others, what is left of people.
        owners: ``N`` whose each is, by what earlier windows said; None where that is asked.
    """

    tracklets: list[Tracklet]
    owners: list[int | None]

    @property
    def asked(self) -> NDArray[np.bool_]:
        """``(N,)`` which are."""
        return np.array([owner is None for owner in self.owners], bool)

    def known(self) -> sparse.csr_array | None:
        """``(N, N)`` log odds that keep together what is one person's; None where nothing is."""
        return None if self.asked.all() else remainders(self.owners)


@dataclass(slots=True, eq=False)
class Past:
    """What the windows so far have said.

    Args:
        most: so many rows may be what is left of people, the latest of them.

    Attributes:
        person: by piece, who it is.
        forgotten: people for all of whose looks there was no room.
    """

    most: int
    person: dict[TrackKey, int] = field(default_factory=dict)
    forgotten: set[int] = field(default_factory=set)
    _left: dict[tuple[int, str], _Left] = field(default_factory=dict)
    _met: set[tuple[int, int]] = field(default_factory=set)
    _gone: set[TrackKey] = field(default_factory=set)  # pieces that are in ``_left``
    _same: dict[int, int] = field(default_factory=dict)  # who turned out to be whom
    _count: int = 0

    def who(self, person: int) -> int:
        """Whom a person has turned out to be."""
        while person in self._same:
            person = self._same[person]
        return person

    def leave(self, pieces: Iterable[Tracklet], window: Window) -> None:
        """Keep no more than the looks of the pieces that are over before a window."""
        for piece in pieces:
            if piece.end >= window.start or piece.key in self._gone or piece.key not in self.person:
                continue
            self._gone.add(piece.key)
            if len(piece.gallery):
                looks = piece.gallery.sum(), piece.gallery.weights().sum(axis=0)
                key = self.who(self.person[piece.key]), piece.key.camera
                self._add(key, _Left(*looks, piece.hits, piece.end))

    def rows(self, pieces: Iterable[Tracklet], window: Window) -> Rows:
        """The rows of a window, of pieces in the order of their start."""
        latest = sorted(self._left.items(), key=lambda item: (-item[1].end, item[0]))
        kept = {person for (person, _), _ in latest[: self.most]}
        self.forgotten |= {person for (person, _), _ in latest[self.most :]} - kept
        left = sorted(latest[: self.most], key=lambda item: item[0])
        inside = window.of(pieces)
        whose = [self.person.get(piece.key) for piece in inside]
        owners: list[int | None] = [person for (person, _), _ in left]
        owners += [None if person is None else self.who(person) for person in whose]
        return Rows([_as_tracklet(key, each) for key, each in left] + inside, owners)

    def apart(self, rows: Rows, links: Links) -> Links:
        """The evidence, with people apart whom some frame so far has shown at once."""
        if not self._met:
            return links
        first: dict[int, int] = {}
        for row, owner in enumerate(rows.owners):
            if owner is not None:
                first.setdefault(owner, row)
        pairs = [(first[a], first[b]) for a, b in self._met if a in first and b in first]
        place = tuple(np.array([*pairs, *((b, a) for a, b in pairs)], np.int64).reshape(-1, 2).T)
        met = sparse.csr_array((np.ones(2 * len(pairs), bool), place), shape=links.apart.shape)
        return replace(links, apart=sparse.csr_array(links.apart + met))

    def settle(self, rows: Rows, groups: Ints, apart: sparse.csr_array, keep: float) -> None:
        """Take in a window's answer.

        Args:
            rows: of the window.
            groups: ``(N,)``.
            apart: ``(N, N)`` those that cannot be one person.
            keep: rows that begin at that time, s, or later are left to the next window.
        """
        said = [
            {} if owner is None else {owner: max(t.hits, 1)}
            for t, owner in zip(rows.tracklets, rows.owners, strict=True)
        ]
        whose = name_groups(groups, said)
        self._unite(rows, groups.tolist(), whose)
        people = np.full(len(groups), -1)
        for row, (tracklet, group) in enumerate(zip(rows.tracklets, groups.tolist(), strict=True)):
            owner = rows.owners[row]
            if owner is None and tracklet.start < keep:
                if group not in whose:
                    whose[group] = self._count
                    self._count += 1
                owner = self.person[tracklet.key] = whose[group]
            people[row] = -1 if owner is None else self.who(owner)
        a, b = (people[side] for side in apart.nonzero())
        both = (a >= 0) & (a < b)
        self._met |= set(zip(a[both].tolist(), b[both].tolist(), strict=True))

    def _unite(self, rows: Rows, groups: Sequence[int], whose: dict[int, int]) -> None:
        """People all of whose rows are in another one's group are that one."""
        where: dict[int, set[int]] = defaultdict(set)
        for owner, group in zip(rows.owners, groups, strict=True):
            if owner is not None:
                where[owner].add(group)
        for person, its in where.items():
            other = whose.get(next(iter(its)), person)
            if len(its) == 1 and other != person:
                self._same[person] = other
                for key in [key for key in self._left if key[0] == person]:
                    self._add((other, key[1]), self._left.pop(key))
        if self._same:
            self._met = {
                (min(a, b), max(a, b))
                for a, b in ((self.who(a), self.who(b)) for a, b in self._met)
                if a != b
            }

    def _add(self, key: tuple[int, str], more: _Left) -> None:
        left = self._left.get(key)
        if left is None:
            self._left[key] = more
            return
        left.sum, left.weights = left.sum + more.sum, left.weights + more.weights
        left.hits, left.end = left.hits + more.hits, max(left.end, more.end)


def _as_tracklet(key: tuple[int, str], left: _Left) -> Tracklet:
    """What is left of a person, as one that ended long ago."""
    person, camera = key
    gallery = Gallery.of(left.sum[None], left.weights[None], np.array([left.end]))
    made = Tracklet(TrackKey(camera, -1 - person), -math.inf, -math.inf, gallery=gallery)
    made.hits, made.closed = left.hits, True
    return made
