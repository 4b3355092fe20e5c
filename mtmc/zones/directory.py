"""The directory: who went from one zone to the next, and global ids over all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from mtmc.associate.evidence.appearance import Scale, pair_appearance
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.scale import scale_of
from mtmc.associate.solve.matching import NEW_PERSON
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Doubles, Floats, Ints, Mask, TrackKey
from mtmc.zones.gone import Gone
from mtmc.zones.report import Report
from mtmc.zones.visits import NONE, Visits
from mtmc.zones.ways import Ways

SETTLED = 30.0  # s after its start from which on it is no longer asked whose a stay is
STAY = 1.0  # log odds for what was said before
AGAIN = 8.0  # log odds for whom a zone takes for the same person
LEARN_FROM = 64  # tracklets
LEARN_EVERY = 10.0  # s
EXPIRE_EVERY = 5.0  # s


@dataclass(slots=True)
class Answer:
    """What the directory says after a moment.

    Args:
        ids: global ids of new tracks.
        moved: of tracks that go on as somebody else than was said.
        ended: tracks that no camera sees any more.
        merged: ids that were given up, and those of the same people.
        closed: ids that are not given any more: who comes back is somebody new.
        confidence: of some of ``ids`` and ``moved``, 0..1.
    """

    ids: dict[TrackKey, int] = field(default_factory=dict)
    moved: dict[TrackKey, int] = field(default_factory=dict)
    ended: list[TrackKey] = field(default_factory=list)
    merged: dict[int, int] = field(default_factory=dict)
    closed: list[int] = field(default_factory=list)
    confidence: dict[TrackKey, float] = field(default_factory=dict)


class Directory:
    """Gives global ids across zones by appearance and travel time.

    A zone says who is who in its cameras. A person's stays in the zones form a chain: each new stay
    is matched, together with all others of late, to those that may have come before it, or to
    somebody long gone who looks the same, or is somebody new. As more is seen, that is asked again,
    for half a minute. An id that is given up names its successor, and none is given to two people;
    whoever turns out to be somebody of their own after all gets the one back that they had.

    Args:
        config: how evidence is weighed.
        even_distance: of looks across cameras, where nothing is learned.
        cameras: names of all, whose places in the list are those of the reports.
        memory: s for which somebody whom no camera sees is remembered.
        single: names of the zones of one camera, in which somebody new may be found again.

    Raises:
        ValueError: the settings do not fit the cameras.
    """

    def __init__(
        self,
        config: EvidenceConfig,
        even_distance: float,
        cameras: Sequence[str],
        memory: float,
        single: Iterable[str] = (),
    ) -> None:
        self._config = config
        self._even = config.distance(even_distance)
        self._scale = Scale.given(self._even, config)
        self._visits = Visits()
        self._ways = Ways(cameras, config.topology, config.passage)
        self._gone = Gone(memory)
        self._single = frozenset(single)
        self._sample: list[Tracklet] = []
        self._numbers = 0  # global ids so far
        self._learn_at = self._expire_at = self._time = -math.inf  # s
        self._answer = Answer()
        self._nameless: list[int] = []  # stays that follow one that has no id yet

    def id_of(self, zone: str, person: int) -> int | None:
        """The global id of a zone's person; None for somebody it was not told of."""
        row = self._visits.row((zone, person))
        return None if row is None else int(self._visits.id[row])

    def update(self, time: float, reports: Sequence[Report]) -> Answer:
        """Take in what zones tell of one moment; the order of the reports does not matter."""
        self._time, self._answer = time, Answer()
        changed: list[int] = []
        tracks: list[tuple[int, TrackKey]] = []
        for report in sorted(reports, key=lambda r: (r.zone, r.number)):
            for stay, into in report.merged.tolist():
                self._absorb(report.zone, stay, into)
            changed += self._visits.take(report)
            rows = ((self._visits.row((report.zone, stay)), key) for stay, key in report.tracks)
            tracks += [(row, key) for row, key in rows if row is not None]
            self._answer.ended += [key for _, key in report.ended]
            self._sample = [*self._sample, *report.sample][-LEARN_FROM:]
        self._learn()
        changed = list(dict.fromkeys(changed))
        for row in changed:
            self._part(row)
        chances = self._decide([row for row in changed if self._is_asked(row)])
        self._name([row for row in changed if self._visits.id[row] == 0])
        for row, key in tracks:
            self._answer.ids[key] = int(self._visits.id[row])
            if row in chances:
                self._answer.confidence[key] = chances[row]
        if time >= self._expire_at:
            self._expire_at = time + EXPIRE_EVERY
            self._expire()
        return self._answer

    def _learn(self) -> None:
        """Learn anew what distances mean, where there is something to learn from."""
        if self._sample and self._time >= self._learn_at:
            self._learn_at = self._time + LEARN_EVERY
            self._scale = scale_of(self._sample, self._even, self._config)

    def _is_asked(self, row: int) -> bool:
        """Whether it is not settled yet whose a stay is."""
        new = self._visits.id[row] == 0
        return bool(new or self._time - self._visits.start[row] <= SETTLED)

    def _decide(self, due: Sequence[int]) -> dict[int, float]:
        """Whom the stays follow; returns how probable that is of those that follow any."""
        rows = np.array(due, np.int64)
        if not len(rows):
            return {}
        pairs = self._candidates(rows)
        matched, chance = _solve(len(rows), *pairs[:3])
        self._ways.learn(*pairs[3:], chance[: len(pairs[3])])
        best = dict(zip(due, matched.tolist(), strict=True))
        found = {row: NONE if pair == NONE else int(pairs[1][pair]) for row, pair in best.items()}
        before = self._visits.before
        self._relink({row: other for row, other in found.items() if other != before[row]})
        kept = [r for r, other in found.items() if other != NONE and other == before[r]]
        return {row: float(chance[best[row]]) for row in kept}

    def _candidates(self, rows: Ints) -> tuple[Ints, Ints, Doubles, Ints, Doubles]:
        """What each of some stays may follow.

        Returns:
            ``(P,)`` place in ``rows``, row of the stay before, log odds; and ``(W,)`` way and time
            between, s, of the first ones, who came by one.
        """
        visits = self._visits
        later, before, way, gap = self._by_ways(rows)
        # Whom the zone takes for the same may have come any way.
        zones_own = self._last_of_zone(rows)
        told = zones_own[later] == before
        odds = self._ways.odds(way, gap) + AGAIN * told
        more = np.setdiff1d(np.flatnonzero(zones_own != NONE), later[told])
        more = more[self._is_free(zones_own[more], rows)]
        later = np.concatenate([later, more])
        before = np.concatenate([before, zones_own[more]])
        odds = np.concatenate([odds, np.full(len(more), AGAIN)])
        odds += self._looks_odds(rows[later], before) + STAY * (
            visits.before[rows[later]] == before
        )
        return later, before, odds, way, gap

    def _by_ways(self, rows: Ints) -> tuple[Ints, Ints, Ints, Doubles]:
        """Who may have come by which way: place in ``rows``, row before, way, time between, s."""
        visits = self._visits
        every = np.flatnonzero(visits.used)
        later, other, way = self._ways.pairs(visits.entry[rows], visits.exit[every])
        row, before = rows[later], every[other]
        gap = visits.start[row] - visits.end[before]
        ok = self._is_free(before, rows) & visits.is_first(before, row)
        ok &= self._ways.possible(way, gap)
        # Of one zone's people, a zone of several cameras knows better.
        single = np.array([name in self._single for name in visits.zones], bool)
        same_zone = visits.zone[row] == visits.zone[before]
        ok &= ~same_zone | (single[visits.zone[before]] & (gap > 0))
        # Times alone tell nothing of whom nobody knows the looks.
        ok &= visits.is_seen(row) & visits.is_seen(before)
        return later[ok], before[ok], way[ok], gap[ok]

    def _is_free(self, before: Ints, rows: Ints) -> Mask:
        """``(P,)`` whether stays are followed by none, or by one of those that are asked."""
        after = self._visits.after[before]
        return np.asarray((after == NONE) | np.isin(after, rows))

    def _last_of_zone(self, rows: Ints) -> Ints:
        """``(V,)`` the latest stay before, of whom the zone takes for the same person."""
        visits = self._visits
        result = np.full(len(rows), NONE)
        for place in np.flatnonzero(visits.again[rows] != NONE).tolist():
            chain = np.array(visits.from_here(int(visits.again[rows[place]])), np.int64)
            mine = chain[visits.is_first(chain, np.full(len(chain), rows[place]))]
            result[place] = mine[-1] if len(mine) else NONE
        return result

    def _looks_odds(self, rows: Ints, before: Ints) -> Floats:
        """``(P,)`` log odds by looks, each of which is adapted once."""
        mine, where = np.unique(rows, return_inverse=True)
        theirs, there = np.unique(before, return_inverse=True)
        own = self._scale.adapted(self._visits.own_looks(mine))
        others = self._scale.adapted(self._visits.all_looks(theirs))
        return pair_appearance(own[where], others[there], self._scale, self._config)

    def _may_follow(self, row: int, before: int) -> bool:
        """Whether no zone shows the two people at once, with all that comes before and after."""
        visits = self._visits
        if visits.after[before] not in (NONE, row):
            return False
        later = set(visits.from_here(row))
        earlier = [r for r in visits.chain(before) if r not in later]
        if before not in earlier:
            return False  # it comes after itself
        return not any(self._clash(a, b) for a in earlier for b in later)

    def _clash(self, a: int, b: int) -> bool:
        """Whether two stays are of one zone at one time: two people."""
        visits = self._visits
        if visits.zone[a] != visits.zone[b]:
            return False
        return bool(visits.start[a] <= visits.end[b] and visits.start[b] <= visits.end[a])

    def _part(self, row: int) -> None:
        """A stay that turns out to be at one time with another of its person is somebody else's."""
        visits = self._visits
        chain = visits.chain(row)
        if any(self._clash(row, other) for other in chain if other != row):
            after = int(visits.after[row])
            self._relink({r: NONE for r in (row, after) if r != NONE and visits.before[r] != NONE})

    def _relink(self, links: Mapping[int, int]) -> None:
        """Stays follow others than was said, or none; those after them go along."""
        visits = self._visits
        for row in links:
            visits.link(row, NONE)
        ordered = sorted(links, key=lambda r: (visits.start[r], r))
        for row in ordered:
            if links[row] != NONE and self._may_follow(row, links[row]):
                visits.link(row, links[row])
        for row in ordered:
            self._rename(row)

    def _rename(self, row: int) -> None:
        """The id of a stay, and of those that follow it, by the one before it."""
        visits = self._visits
        old, before = int(visits.id[row]), int(visits.before[row])
        if old == 0:
            return  # its first one it gets when all are matched
        new = int(visits.id[before]) if before != NONE else self._own(row)
        if new == 0:  # neither has that
            self._nameless.append(row)
        if new in (0, old):
            return
        rows = visits.from_here(row)
        visits.id[rows] = new
        self._answer.moved |= {key: new for each in rows for key in visits.tracks[each]}
        if visits.own[row] == old:
            self._answer.merged[old] = new

    def _own(self, row: int) -> int:
        """The id of a stay that follows none: the one it had, or a new one."""
        visits = self._visits
        others = visits.used.copy()
        others[visits.from_here(row)] = False
        if visits.own[row] == 0 or (visits.id[others] == visits.own[row]).any():
            self._numbers += 1
            visits.own[row] = self._numbers
        return int(visits.own[row])

    def _absorb(self, zone: str, number: int, into: int) -> None:
        """A zone's person turned out to be another one, whose stay takes over the links."""
        visits = self._visits
        row, other = visits.row((zone, number)), visits.row((zone, into))
        if row is None:
            return
        old, before, after = (int(x[row]) for x in (visits.id, visits.before, visits.after))
        tracks = visits.tracks[row]
        for each in (row, after):
            if each != NONE:
                visits.link(each, NONE)
        visits.remove(row)
        links = {} if after == NONE else {after: NONE}
        if other is not None:
            visits.tracks[other] |= tracks
            if before != NONE and visits.before[other] == NONE:
                links[other] = before
            if after != NONE and visits.after[other] == NONE:
                links[after] = other
        self._relink(links)
        new = 0 if other is None else int(visits.id[other])
        if new not in (0, old):
            self._answer.moved |= dict.fromkeys(tracks, new)
            if not (visits.id == old).any():
                self._answer.merged[old] = new

    def _name(self, rows: Sequence[int]) -> None:
        """The first ids of stays: of whom they follow, who may be as new; or who is back."""
        visits = self._visits
        for row in sorted(rows, key=lambda r: (visits.start[r], r)):
            before = int(visits.before[row])
            if before != NONE:
                visits.id[row] = visits.id[before]
                continue
            looks = visits.own_looks(np.array([row]))
            if (left := self._gone.find(looks, self._scale, self._config)) is not None:
                visits.own[row] = left.id
                visits.keep(row, left.looks)
                visits.id[row] = left.id
            else:
                visits.id[row] = self._own(row)
        nameless, self._nameless = self._nameless, []
        for row in nameless:
            self._rename(row)

    def _expire(self) -> None:
        """Who was last seen long ago leaves no more than looks behind, and those not for ever."""
        visits = self._visits
        old = visits.used & ~visits.there & (visits.end < self._time - self._ways.longest - SETTLED)
        for row in np.flatnonzero(old).tolist():
            number, looks = int(visits.id[row]), visits.all_looks(np.array([row]))
            is_last, end = visits.after[row] == NONE, float(visits.end[row])
            visits.remove(row)
            if is_last and not (visits.id == number).any():
                self._gone.put(number, looks, end)
        self._answer.closed += self._gone.expire(self._time)


def _solve(count: int, later: Ints, before: Ints, odds: Doubles) -> tuple[Ints, Doubles]:
    """Match stays one to one to those before them so that the evidence for all is greatest.

    Args:
        count: ``V`` stays.
        later: ``(P,)`` place of each pair's later stay.
        before: ``(P,)`` row of the other one.
        odds: ``(P,)``.

    Returns:
        ``(V,)`` pair of each, ``NONE`` for somebody new; ``(P,)`` chance of each pair.
    """
    weight = np.exp(odds)
    total = 1.0 + np.bincount(later, weight, count)
    chance: Doubles = weight / total[later] if len(later) else weight
    result = np.full(count, NONE, np.int64)
    good = np.flatnonzero(odds > NEW_PERSON)
    if not len(good):
        return result, chance
    rows, mine = np.unique(later[good], return_inverse=True)
    columns, theirs = np.unique(before[good], return_inverse=True)
    own = np.arange(len(rows))
    # Each may be somebody new instead, which costs nothing: there is always a full matching.
    values = np.concatenate([odds[good], np.full(len(rows), NEW_PERSON)])
    place = np.concatenate([mine, own]), np.concatenate([theirs, len(columns) + own])
    graph = sparse.csr_array((values, place), shape=(len(rows), len(columns) + len(rows)))
    matched, chosen = min_weight_full_bipartite_matching(graph, maximize=True)
    pair_of = {
        (a, b): p for a, b, p in zip(mine.tolist(), theirs.tolist(), good.tolist(), strict=True)
    }
    for row, column in zip(matched.tolist(), chosen.tolist(), strict=True):
        result[rows[row]] = pair_of.get((row, column), NONE)
    return result, chance
