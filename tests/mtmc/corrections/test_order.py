"""Corrections hold in order, each for tracks as they were cut when it was made."""

import random

import pytest

from mtmc.corrections import Merge, Move, NotAPerson, Split
from mtmc.corrections.facts import cuts_of, facts_by_entry, facts_of
from mtmc.corrections.owners import corrected
from mtmc.types import TrackKey
from tests.mtmc.corrections.scenes import boxes, entries, spot, track

A, B, C, D = (TrackKey(*key) for key in (("left", 1), ("left", 2), ("right", 1), ("right", 2)))
SPANS = {A: (1, 100), B: (101, 180), C: (1, 60), D: (61, 130)}
IDS = {A: 3, B: 2, C: 3, D: 1}
SCENE = boxes(*(track(*key, span, key.track_id) for key, span in SPANS.items()))


def at(key, frame):
    return spot(key.camera, frame, key.track_id)


def cut(key, frame):
    return Split(at(key, frame - 1), at(key, frame))


def shown(*said, seen=SCENE, ids=IDS):
    """The person of each box, as the page shows it."""
    every = entries(*said)
    cut = seen.cut(cuts_of(seen, every))
    now = corrected(cut, ids, facts_by_entry(cut, every))
    whole = {part: key for key, parts in cut.cut_into.items() for part in parts}
    return {
        (whole.get(key, key), frame): now.ids.get(key)
        for key, frames in cut.frames.items()
        for frame in frames.tolist()
    }


def test_what_was_said_of_a_piece_holds_for_the_parts_it_is_cut_into_later():
    """The boxes that were pointed at lie before the later cut."""
    said = cut(A, 80), Move((at(A, 20),), (at(C, 30),)), Merge((at(A, 20), at(B, 150)))
    assert shown(*said)[A, 60] == shown(*said)[A, 20] == 2
    now = shown(*said, cut(A, 50))
    assert (now[A, 49], now[A, 80]) == (2, 4)
    assert {now[A, 50], now[A, 79]} == {6}  # not the owner in the file


@pytest.mark.parametrize("pointed_at", [20, 60])
def test_the_part_before_a_cut_keeps_what_was_said_and_the_later_one_is_new(pointed_at):
    now = shown(NotAPerson((at(A, pointed_at),)), cut(A, 50))
    assert (now[A, 49], now[A, 50]) == (None, 4)
    now = shown(Merge((at(A, pointed_at), at(B, 150))), cut(A, 50))
    assert now[A, 49] == now[B, 150] != now[A, 50]


def test_who_comes_back_to_a_track_may_be_said_to_be_the_first_one():
    """One, another, and again the first one: no later correction contradicts an earlier one."""
    both = cut(A, 40), cut(A, 70)
    for cuts in (both, both[::-1]):
        every = entries(*cuts, Merge((at(A, 80), at(A, 20))))
        seen = SCENE.cut(cuts_of(SCENE, every))
        assert not facts_of(seen, every).said
        now = shown(*(entry.correction for entry in every))
        assert now[A, 1] == now[A, 100] != now[A, 50]


def test_the_same_cut_may_be_said_twice():
    back = Merge((at(A, 20), at(A, 80)))
    now = shown(cut(A, 60), back, cut(A, 60))
    assert now[A, 59] == 3
    assert now[A, 60] == 5  # 4 was shown


def test_who_gives_way_stays_one_when_cut_later():
    seen = boxes(
        track("left", 1, (1, 50), 1), track("right", 1, (1, 50), 1), track("left", 2, (1, 50), 2)
    )
    ids = {A: 1, C: 1, B: 2}
    said = [Merge((at(C, 5), at(B, 5)))]
    out_of_the_way = shown(*said, seen=seen, ids=ids)[A, 1]
    now = shown(*said, cut(A, 25), seen=seen, ids=ids)
    assert now[A, 24] == out_of_the_way == 3
    assert now[A, 25] == 4


class User:
    """Somebody who sees the page, and corrects without plan; knows what must be shown then."""

    def __init__(self, seed):
        self.random = random.Random(seed)  # noqa: S311
        self.pieces = {(key, span): IDS[key] for key, span in SPANS.items()}
        self.last = max(IDS.values())
        self.said = []

    def pick(self):
        return self.random.choice(sorted(self.pieces))

    def spots(self, pieces):
        return tuple(at(key, self.random.randint(*span)) for key, span in pieces)

    def of(self, person):
        return [piece for piece, whose in self.pieces.items() if whose == person]

    def new(self):
        self.last += 1
        return self.last

    def split(self):
        key, (first, last) = piece = self.pick()
        if last - first < 9:
            return
        frame = self.random.randint(first + 1, last)
        self.said.append(cut(key, frame))
        person = self.pieces.pop(piece)
        self.pieces |= {(key, (first, frame - 1)): person, (key, (frame, last)): self.new()}

    def move(self):
        piece = self.pick()
        away = [other for other in self.of(self.pieces[piece]) if other != piece]
        if away:
            self.said.append(Move(self.spots([piece]), self.spots(away)))
            self.pieces[piece] = self.new()

    def move_to(self):
        piece, to = self.pick(), self.pieces[self.pick()]
        away = [other for other in self.of(self.pieces[piece]) if other != piece]
        if away and to != self.pieces[piece]:
            said = Move(self.spots([piece]), self.spots(away), self.spots(self.of(to)))
            self.said.append(said)
            self.pieces[piece] = to

    def merge(self):
        a, b = self.pieces[self.pick()], self.pieces[self.pick()]
        if a != b:
            both = [*self.of(a), *self.of(b)]
            self.said.append(Merge(self.spots(both)))
            key, (frame, _) = both[0]
            kept = shown(*self.said)[key, frame]
            assert kept in {a, b}
            self.pieces |= dict.fromkeys(both, kept)

    def must_see(self):
        return {
            (key, frame): person
            for (key, (first, last)), person in self.pieces.items()
            for frame in range(first, last + 1)
        }


@pytest.mark.parametrize("seed", range(8))
def test_after_each_correction_no_other_number_changes(seed):
    """Somebody new has a number that was never shown."""
    user = User(seed)
    for _ in range(14):
        user.random.choice([user.split, user.split, user.move, user.move_to, user.merge])()
        assert shown(*user.said) == user.must_see(), user.said[-1]


def test_what_was_said_already_changes_nothing():
    """A run that was told of the corrections comes with the people as they are said to be."""
    user = User(5)
    while len(user.said) < 12:
        user.random.choice([user.split, user.move, user.move_to, user.merge])()
    every = entries(*user.said)
    seen = SCENE.cut(cuts_of(SCENE, every))
    ids = corrected(seen, IDS, facts_by_entry(seen, every)).ids
    from_now_on = boxes_as_cut(seen)
    assert corrected(from_now_on, ids, [facts_of(from_now_on, every)]).ids == ids


def boxes_as_cut(seen):
    """The tracks of a run that was cut as was said."""
    whole = {part: key for key, parts in seen.cut_into.items() for part in parts}
    return boxes(
        *(
            track(*key, (frames[0], frames[-1]), whole.get(key, key).track_id)
            for key, frames in seen.frames.items()
        )
    )
