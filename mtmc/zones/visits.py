"""Everybody's stays in the zones, as arrays."""

from __future__ import annotations

import numpy as np

from mtmc.associate.evidence.looks import Looks
from mtmc.types import Doubles, Ints, Mask, TrackKey
from mtmc.zones.report import Report

NONE = -1  # in the place of a row
FIRST_ROWS = 256
REMEMBERED = 24.0  # crops, about, of which earlier stays of a person count as much at most
Visit = tuple[str, int]  # zone, and the number of the stay in it


class Visits:
    """A row per stay of somebody in a zone; those of one person follow each other as a chain.

    Attributes:
        zone: ``(R,)`` number of the zone.
        start: ``(R,)`` s.
        end: ``(R,)`` s.
        entry: ``(R,)`` place of the camera that saw them first.
        exit: ``(R,)`` and last.
        there: ``(R,)`` whether a camera may still see them.
        used: ``(R,)`` whether it is one.
        before: ``(R,)`` row of the stay before, ``NONE`` for none.
        after: ``(R,)`` and after.
        again: ``(R,)`` row of an earlier stay that the zone takes for the same person's.
        id: ``(R,)`` global id, 0 before it has one.
        own: ``(R,)`` id that it had by itself, 0 for none.
        tracks: by row, its tracks that go on.
        zones: names of the zones, by number.
    """

    COLUMNS = (
        ("zone", np.int32, NONE),
        ("start", np.float64, 0),
        ("end", np.float64, 0),
        ("entry", np.int32, 0),
        ("exit", np.int32, 0),
        ("there", bool, False),
        ("used", bool, False),
        ("before", np.int64, NONE),
        ("after", np.int64, NONE),
        ("again", np.int64, NONE),
        ("id", np.int64, 0),
        ("own", np.int64, 0),
    )

    zone: Ints
    start: Doubles
    end: Doubles
    entry: Ints
    exit: Ints
    there: Mask
    used: Mask
    before: Ints
    after: Ints
    again: Ints
    id: Ints
    own: Ints

    def __init__(self) -> None:
        for name, kind, value in self.COLUMNS:
            setattr(self, name, np.full(FIRST_ROWS, value, kind))
        self._sums = np.zeros((FIRST_ROWS, 0), np.float32)  # of this stay
        self._totals = np.zeros((FIRST_ROWS, 2))
        self._past_sums = np.zeros((FIRST_ROWS, 0), np.float32)  # of those before
        self._past_totals = np.zeros((FIRST_ROWS, 2))
        self._row: dict[Visit, int] = {}
        self._key: dict[int, Visit] = {}
        self._free = list(range(FIRST_ROWS - 1, -1, -1))
        self.zones: dict[str, int] = {}
        self.tracks: dict[int, dict[TrackKey, None]] = {}

    def __len__(self) -> int:
        return len(self._row)

    def row(self, visit: Visit) -> int | None:
        """Where it is, if it is known."""
        return self._row.get(visit)

    def key(self, row: int) -> Visit:
        """Which it is."""
        return self._key[row]

    def take(self, report: Report) -> list[int]:
        """Write down what a zone tells; returns the rows."""
        zone = self.zones.setdefault(report.zone, len(self.zones))
        rows = [self._place((report.zone, number)) for number in report.stays.tolist()]
        self.zone[rows], self.start[rows], self.end[rows] = zone, report.starts, report.ends
        self.entry[rows], self.exit[rows] = report.entries, report.exits
        self.there[rows], self.used[rows] = report.there, True
        if report.sums.shape[1]:
            self._widen(report.sums.shape[1])
            self._sums[rows] = report.sums
        self._totals[rows] = report.totals
        for stay, earlier in report.again.tolist():
            both = self._row.get((report.zone, stay)), self._row.get((report.zone, earlier))
            if both[0] is not None and both[1] is not None:
                self.again[both[0]] = both[1]
        for stay, key in report.tracks:
            self.tracks[self._row[report.zone, stay]][key] = None
        for stay, key in report.ended:
            row = self._row.get((report.zone, stay))
            if row is not None:
                self.tracks[row].pop(key, None)
        return rows

    def _place(self, visit: Visit) -> int:
        row = self._row.get(visit)
        if row is None:
            if not self._free:
                self._grow()
            row = self._row[visit] = self._free.pop()
            self._key[row] = visit
            self.tracks[row] = {}
        return row

    def remove(self, row: int) -> None:
        """Take a row out; the chain closes over it, if that is not in between."""
        before, after = int(self.before[row]), int(self.after[row])
        if before != NONE:
            self.after[before] = after
        if after != NONE:
            self.before[after] = before
        self.again[self.again == row] = NONE
        for name, _, value in self.COLUMNS:
            getattr(self, name)[row] = value
        for array in (self._sums, self._totals, self._past_sums, self._past_totals):
            array[row] = 0
        del self._row[self._key.pop(row)], self.tracks[row]
        self._free.append(row)

    def own_looks(self, rows: Ints) -> Looks:
        """What each stay looked like."""
        return Looks.make(self._sums[rows], self._totals[rows], self.entry[rows])

    def all_looks(self, rows: Ints) -> Looks:
        """The same, with the stays before it."""
        sums = self._sums[rows] + self._past_sums[rows]
        return Looks.make(sums, self._totals[rows] + self._past_totals[rows], self.exit[rows])

    def is_seen(self, rows: Ints) -> Mask:
        """``(N,)`` whether anything is known of how each looked."""
        return np.asarray(self._totals[rows, 0] > 0)

    def is_first(self, rows: Ints, others: Ints) -> Mask:
        """``(N,)`` whether each began before the other one."""
        both = self.start[rows] == self.start[others]
        return np.asarray((self.start[rows] < self.start[others]) | (both & (rows < others)))

    def link(self, row: int, before: int) -> None:
        """A stay follows another one, or with ``NONE`` none."""
        former = int(self.before[row])
        if former != NONE:
            self.after[former] = NONE
        self.before[row] = before
        self._past_sums[row] = self._past_totals[row] = 0
        if before != NONE:
            self.after[before] = row
            self.keep(row, self.all_looks(np.array([before])))

    def keep(self, row: int, looks: Looks) -> None:
        """That is what was known of a person before a stay."""
        share = min(1.0, REMEMBERED / max(float(looks.crops[0]), 1e-9))
        self._widen(looks.sums.shape[1])
        self._past_sums[row] = share * looks.sums[0]
        # As many crops' worth: the sum of weights by the share, that of squares likewise.
        self._past_totals[row] = share * looks.totals[0]

    def chain(self, row: int) -> list[int]:
        """All stays of a person, in their order."""
        first = row
        while self.before[first] != NONE:
            first = int(self.before[first])
        result = [first]
        while self.after[result[-1]] != NONE:
            result.append(int(self.after[result[-1]]))
        return result

    def from_here(self, row: int) -> list[int]:
        """A stay, and those that follow it."""
        result = [row]
        while self.after[result[-1]] != NONE:
            result.append(int(self.after[result[-1]]))
        return result

    def _widen(self, dim: int) -> None:
        if self._sums.shape[1] == 0:
            self._sums = np.zeros((len(self.used), dim), np.float32)
            self._past_sums = np.zeros_like(self._sums)

    def _grow(self) -> None:
        size = len(self.used)
        more = size // 2
        for name, kind, value in self.COLUMNS:
            setattr(self, name, np.concatenate([getattr(self, name), np.full(more, value, kind)]))
        for name in ("_sums", "_totals", "_past_sums", "_past_totals"):
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, np.zeros((more, old.shape[1]), old.dtype)]))
        self._free = list(range(size + more - 1, size - 1, -1))
