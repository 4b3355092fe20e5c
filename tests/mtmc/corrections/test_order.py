"""Corrections hold in order, each for the people and tracks that were shown when it was made."""

import random

import pytest

from mtmc.corrections import Entry, Exchange, Merge, Move, Name, NotAPerson, Split
from mtmc.corrections.kinds import makes_somebody
from mtmc.corrections.owners import corrected
from mtmc.corrections.reading import cuts_of
from mtmc.types import TrackKey
from tests.mtmc.corrections.scenes import FPS, boxes, entries, spot, track

A, B, C, D = (TrackKey(*key) for key in (("left", 1), ("left", 2), ("right", 1), ("right", 2)))
E = TrackKey("left", 3)
SPANS = {A: (1, 100), B: (101, 180), C: (1, 60), D: (61, 130), E: (50, 160)}
IDS = {A: 3, B: 2, C: 3, D: 1, E: 4}
NAMES = {2: "Ann"}


def scene(spans, columns):
    return boxes(*(track(*key, span, columns[key]) for key, span in spans.items()))


SCENE = scene(SPANS, {key: key.track_id for key in SPANS})


def at(key, frame):
    return spot(key.camera, frame, key.track_id)


def cut(key, frame):
    return Split(at(key, frame - 1), at(key, frame))


def shown(seen, ids, every, **more):
    """The person of each box, as the page shows it, and names."""
    cut = seen.cut(cuts_of(seen, every))
    now = corrected(cut, ids, every, **more)
    whole = {part: key for key, parts in cut.cut_into.items() for part in parts}
    people = {
        (whole.get(key, key), frame): now.ids.get(key)
        for key, frames in cut.frames.items()
        for frame in frames.tolist()
    }
    return people, now


def after(*said):
    return shown(SCENE, IDS, entries(*said))[0]


def test_what_was_said_of_a_piece_holds_for_the_parts_it_is_cut_into_later():
    """The boxes that were pointed at lie before the later cut."""
    said = cut(A, 80), Move((at(A, 20),), (at(C, 30),)), Merge((at(A, 20), at(B, 150)))
    assert after(*said)[A, 60] == after(*said)[A, 20] == 2
    now = after(*said, cut(A, 50))
    assert (now[A, 49], now[A, 80]) == (2, 5)
    assert {now[A, 50], now[A, 79]} == {7}  # not the owner in the file


@pytest.mark.parametrize("pointed_at", [20, 60])
def test_the_part_before_a_cut_keeps_what_was_said_and_the_later_one_is_new(pointed_at):
    now = after(NotAPerson((at(A, pointed_at),)), cut(A, 50))
    assert (now[A, 49], now[A, 50]) == (None, 5)
    now = after(Merge((at(A, pointed_at), at(B, 150))), cut(A, 50))
    assert now[A, 49] == now[B, 150] != now[A, 50]


def test_who_comes_back_to_a_track_may_be_said_to_be_the_first_one():
    """One, another, and again the first one: no later correction contradicts an earlier one."""
    both = cut(A, 40), cut(A, 70)
    for cuts in (both, both[::-1]):
        people, now = shown(SCENE, IDS, entries(*cuts, Merge((at(A, 80), at(A, 20)))))
        assert not now.said
        assert people[A, 1] == people[A, 100] != people[A, 50]


def test_the_same_cut_may_be_said_twice():
    now = after(cut(A, 60), Merge((at(A, 20), at(A, 80))), cut(A, 60))
    assert now[A, 59] == 3
    assert now[A, 60] == 6  # 5 was shown


class User:
    """Somebody who sees the page, and corrects without plan; knows what must be shown then."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seen, self.ids, self.told = SCENE, IDS, 0
        self.given, self.columns = NAMES, {key: key.track_id for key in SPANS}
        self.pieces = {(key, span): IDS[key] for key, span in SPANS.items()}
        self.names, self.nameless, self.last = dict(NAMES), set(), max(IDS.values())
        self.said, self.undone, self.line = [], 0, 0
        self.before = []

    def acts(self):
        kinds = (
            *(self.split, self.split, self.exchange, self.move, self.move_to, self.move_to),
            *(self.merge, self.merge, self.nobody, self.name, self.undo, self.apply),
        )
        before = {**self.pieces}, {**self.names}
        correction = self.random.choice(kinds)()
        if correction:
            self.line += 1
            self.said.append(Entry(self.line, correction, undone=self.undone))
            self.before.append(before)

    def sees(self):
        more = {"names": self.given, "told": self.told}
        people, now = shown(self.seen, self.ids, self.said, **more)
        here = set(people.values())
        return people, {person: name for person, name in now.names.items() if person in here}

    def must_see(self):
        people = {
            (key, frame): person
            for (key, (first, last)), person in self.pieces.items()
            for frame in range(first, last + 1)
        }
        here = set(self.pieces.values())
        return people, {person: name for person, name in self.names.items() if person in here}

    def pick(self):
        return self.random.choice(sorted(p for p, person in self.pieces.items() if person))

    def at(self, key, frame):
        return spot(key.camera, frame, self.columns[key])

    def spots(self, pieces):
        return tuple(self.at(key, self.random.randint(*span)) for key, span in pieces)

    def of(self, person):
        return [piece for piece, whose in self.pieces.items() if whose == person]

    def new(self):
        self.last += 1
        return self.last

    def beside(self, some, others):
        """Whether a camera shows both for about a second or more: the page does not offer that."""
        spans = [(a, b) for key, a in some for other, b in others if key.camera == other.camera]
        return any(min(a[1], b[1]) - max(a[0], b[0]) + 1 >= FPS for a, b in spans)

    def cut(self, piece, frame):
        """The parts of a piece, and the boxes at the cut."""
        key, (first, last) = piece
        person = self.pieces.pop(piece)
        parts = (key, (first, frame - 1)), (key, (frame, last))
        self.pieces |= dict.fromkeys(parts, person)
        return parts, (self.at(key, frame - 1), self.at(key, frame))

    def split(self):
        _, (first, last) = piece = self.pick()
        if last - first <= 8:
            return None
        (_, after), spots = self.cut(piece, self.random.randint(first + 1, last))
        self.pieces[after] = self.new()
        return Split(*spots)

    def exchange(self):
        one, other = self.pick(), self.pick()
        first, last = max(one[1][0], other[1][0]), min(one[1][1], other[1][1])
        a, b = self.pieces[one], self.pieces[other]
        if one[0].camera != other[0].camera or a == b or last - first < 8:
            return None
        frame = self.random.randint(first + 1, last)
        both = [(piece[0], (frame, piece[1][1])) for piece in (one, other)]
        rest = [[p for p in self.of(person) if p not in {one, other}] for person in (b, a)]
        if any(self.beside([late], others) for late, others in zip(both, rest, strict=True)):
            return None
        (_, late), spots = self.cut(one, frame)
        (_, other_late), other_spots = self.cut(other, frame)
        self.pieces |= {late: b, other_late: a}
        return Exchange(spots, other_spots)

    def move(self, to=None):
        piece = self.pick()
        away = [other for other in self.of(self.pieces[piece]) if other != piece]
        theirs = self.of(to) if to else []
        if to == self.pieces[piece] or self.beside([piece], theirs) or not (to or away):
            return None
        said = Move(self.spots([piece]), self.spots(away), self.spots(theirs))
        self.pieces[piece] = to or self.new()
        return said

    def move_to(self):
        return self.move(self.pieces[self.pick()])

    def merge(self):
        a, b = self.pieces[self.pick()], self.pieces[self.pick()]
        # Who had no name may get one by that, which is not told of a run from that one's on.
        if a == b or {a, b} & self.nameless or self.beside(self.of(a), self.of(b)):
            return None
        long = {p: sum(last - first + 1 for _, (first, last) in self.of(p)) for p in (a, b)}
        kept, gone = sorted((a, b), key=lambda person: (-long[person], person))
        if gone in self.names:
            if kept in self.names:
                return None
            self.names[kept] = self.names.pop(gone)
        both = [*self.of(a), *self.of(b)]
        self.pieces |= dict.fromkeys(both, kept)
        return Merge(self.spots(both))

    def nobody(self):
        pieces = self.random.choice([[self.pick()], self.of(self.pieces[self.pick()])])
        if len([p for p, person in self.pieces.items() if person]) - len(pieces) < 4:
            return None
        self.pieces |= dict.fromkeys(pieces, None)
        return NotAPerson(self.spots(pieces))

    def name(self):
        person = self.pieces[self.pick()]
        self.names[person] = name = self.random.choice(["Ann", "Bob", "Cleo", ""])
        if not name:
            del self.names[person]
            self.nameless.add(person)
        return Name(self.spots(self.of(person)), name)

    def undo(self):
        if len(self.said) and self.said[-1].line > self.told:
            self.line += 1
            self.undone += makes_somebody(self.said.pop().correction)
            self.pieces, self.names = self.before.pop()

    def apply(self):
        """The run is decided anew, told of all this; it cuts its own tracks there."""
        seen = self.seen.cut(cuts_of(self.seen, self.said))
        now = corrected(seen, self.ids, self.said, names=self.given, told=self.told)
        whole = {part: key for key, parts in seen.cut_into.items() for part in parts}
        spans = {key: (int(f[0]), int(f[-1])) for key, f in seen.frames.items()}
        self.columns = {key: self.columns[whole.get(key, key)] for key in spans}
        self.seen, self.ids, self.given = scene(spans, self.columns), now.ids, now.names
        # What was undone since the last that holds is not given again, either.
        undone = self.undone - max((entry.undone for entry in self.said), default=0)
        self.told, self.last = self.line, max(now.ids.values()) + undone
        pieces = {}
        for key, (first, last) in spans.items():
            inside = [
                person
                for (old, span), person in self.pieces.items()
                if old == whole.get(key, key) and span[0] <= first <= last <= span[1]
            ]
            pieces[key, (first, last)] = inside[0]
        self.pieces = pieces


@pytest.mark.parametrize("seeds", [range(6), pytest.param(range(6, 300), marks=pytest.mark.slow)])
def test_after_each_correction_all_see_what_was_said_and_no_other_number_changes(seeds):
    """Somebody new has a number that was not shown before."""
    for seed in seeds:
        user = User(seed)
        while len(user.said) < 14:
            user.acts()
            assert user.sees() == user.must_see(), (seed, user.said[-1:])
