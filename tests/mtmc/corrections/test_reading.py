"""What corrections say of the tracks of this run, and what contradicts."""

import pytest

from mtmc.corrections import Corrections, Exchange, Merge, Move, Name, NotAPerson, Split
from mtmc.corrections.owners import corrected
from mtmc.corrections.reading import cuts_of
from mtmc.types import TrackKey
from tests.mtmc.corrections.scenes import boxes, entries, spot, track

A, B, C, D = (TrackKey(*key) for key in (("left", 1), ("right", 1), ("left", 2), ("right", 2)))
IDS = {A: 1, B: 2, C: 3, D: 4}


def scene():
    """Each camera shows one after the other, in columns 0 and 1."""
    return boxes(
        track("left", 1, (1, 50), 0),
        track("right", 1, (20, 60), 0),
        track("left", 2, (61, 100), 1),
        track("right", 2, (71, 100), 1),
    )


a, b = spot("left", 25, 0), spot("right", 40, 0)
c, d = spot("left", 80, 1), spot("right", 90, 1)


def after(*corrections, seen=None, ids=IDS, told=0):
    every = entries(*corrections)
    seen = seen or scene()
    return corrected(seen.cut(cuts_of(seen, every)), ids, every, told=told)


def people(owners):
    """Sets of tracks, whatever the ids."""
    found = {}
    for key, person in owners.ids.items():
        found.setdefault(person, set()).add(key)
    return sorted(found.values(), key=min)


def test_merged_people_have_the_id_of_the_one_seen_for_longest():
    now = after(Merge((b, a)))
    assert now.ids == {A: 1, B: 1, C: 3, D: 4}
    assert not now.said


def test_two_merges_join_three():
    now = after(Merge((a, b)), Merge((b, c)))
    assert people(now) == [{A, B, C}, {D}]


def test_a_track_is_cut_where_it_was_said_and_the_rest_is_somebody_new():
    now = after(Split(spot("left", 29, 0), spot("left", 30, 0)))
    new = TrackKey("left", 3)
    assert now.ids == {A: 1, new: 5, B: 2, C: 3, D: 4}
    assert not now.said


def test_both_sides_of_a_cut_can_be_said_more_of():
    late = spot("left", 45, 0)
    now = after(Split(spot("left", 29, 0), spot("left", 30, 0)), Merge((late, c)))
    assert people(now) == [{A}, {C, TrackKey("left", 3)}, {B}, {D}]


def test_a_moved_track_leaves_its_person_and_joins_another():
    ids = {A: 1, B: 1, C: 3, D: 4}
    now = after(Move((b,), (a,), (c,)), ids=ids)
    assert now.ids == {A: 1, B: 3, C: 3, D: 4}
    now = after(Move((b,), (a,)), ids=ids)
    assert now.ids == {A: 1, B: 5, C: 3, D: 4}


def test_where_two_contradict_the_later_one_holds():
    ids = {A: 1, B: 1, C: 3, D: 4}
    now = after(Merge((a, b)), Move((b,), (a,)), ids=ids)
    assert now.ids == {A: 1, B: 5, C: 3, D: 4}
    assert not now.said  # it was said of that very track
    now = after(Merge((a, b)), Move((c,), (a,)), Merge((b, c)), ids=ids)
    assert people(now) == [{A, B, C}, {D}]
    assert now.said == [
        "corrections, line 2 (move): a later correction says that both are one person, and holds"
    ]


def test_nobody_is_no_person_until_they_are_said_to_be():
    now = after(NotAPerson((a, c)))
    assert now.ids == {B: 2, D: 4}
    now = after(NotAPerson((a,)), Merge((a, b)))
    assert people(now) == [{A, B}, {C}, {D}]


def test_two_whom_one_camera_shows_side_by_side_stay_two():
    seen = boxes(track("left", 1, (1, 50), 0), track("left", 2, (30, 90), 1))
    said = Merge((spot("left", 10, 0), spot("left", 60, 1)))
    now = after(said, seen=seen, ids={A: 1, C: 2})
    assert now.ids == {A: 1, C: 2}
    (line,) = now.said
    assert "line 1 (merge): camera left shows both in frames 30 to 50" in line


def test_a_body_with_two_boxes_for_a_moment_may_be_one():
    seen = boxes(track("left", 1, (1, 50), 0), track("left", 2, (45, 90), 1))
    said = Merge((spot("left", 10, 0), spot("left", 60, 1)))
    assert people(after(said, seen=seen, ids={A: 1, C: 2})) == [{A, C}]


def test_whose_track_is_said_to_be_another_one_s_gives_way():
    """The run was told; nobody has said who the other track in that camera is."""
    seen = boxes(
        track("left", 1, (1, 50), 0), track("right", 1, (1, 50), 0), track("left", 2, (1, 50), 1)
    )
    said = Merge((spot("right", 5, 0), spot("left", 5, 1)))
    now = after(said, seen=seen, ids={A: 1, B: 1, C: 2}, told=1)
    assert now.ids == {A: 3, B: 1, C: 1}
    assert "camera left shows person 1 beside" in now.said[0]


@pytest.mark.parametrize("off", [(0, 30.0), (30, 0.0)])
def test_a_correction_that_matches_no_box_any_more_is_said(off):
    frames, pixels = off
    x1, y1, x2, y2 = a.box
    lost = type(a)("left", 50 + frames, (x1 + pixels, y1, x2 + pixels, y2))
    now = after(Merge((lost, b)), Name((lost,), "Ann"))
    assert now.ids == IDS
    assert not now.names
    assert len(now.said) == 2
    assert "line 1 (merge): 1 of 2 boxes" in now.said[0]
    assert f"camera left, frame {50 + frames}" in now.said[1]


def test_a_box_is_found_again_a_few_frames_away_and_a_little_aside():
    x1, y1, x2, y2 = a.box
    near = type(a)("left", 53, (x1 + 5, y1, x2 + 5, y2))
    now = after(Merge((near, b)))
    assert people(now) == [{A, B}, {C}, {D}]
    assert not now.said


def test_a_name_is_of_all_tracks_and_the_later_one_holds():
    now = after(Name((a, b), "Ann"), Name((c,), "Bob"), Name((a, b), "Anna"))
    assert people(now) == [{A, B}, {C}, {D}]
    assert now.names == {1: "Anna", 3: "Bob"}
    assert not now.said
    now = after(Name((a,), "Ann"), Name((c,), "Bob"), Merge((a, c)))
    assert list(now.names.values()) == ["Bob"]
    assert "called 'Ann'" in now.said[0]
    assert after(Name((a,), "Ann"), Name((a,), "")).names == {}


def test_one_track_that_has_boxes_of_two_people_is_cut_between_them():
    """This run's tracker has joined what were two tracks when it was said that they are two."""
    seen = boxes(track("left", 1, (1, 100), 0))
    said = Move((spot("left", 80, 0),), (spot("left", 20, 0),))
    now = after(said, seen=seen, ids={A: 1})
    assert now.ids == {A: 1, TrackKey("left", 2): 2}
    every = entries(said)
    assert cuts_of(seen, every) == {(A, 50)}
    assert not now.said


def test_what_was_said_already_changes_nothing():
    said = [Merge((a, b)), Move((c,), (a, b), (d,)), Name((a,), "Ann")]
    now = after(*said)
    assert after(*said, ids=now.ids, told=3).ids == now.ids


def cut_at(frame, column=0):
    return spot("left", frame - 1, column), spot("left", frame, column)


def split(frame):
    return Split(*cut_at(frame))


def test_a_split_makes_somebody_new_of_whom_the_track_showed_by_then():
    """Not the owner in the file, whom the track was taken from before."""
    ids = {A: 3, B: 2, C: 3, D: 4}
    moved = Move((spot("left", 10, 0),), (c,))  # somebody new, thus 5
    now = after(moved, Merge((spot("left", 45, 0), b)), split(30), ids=ids)
    late = TrackKey("left", 3)
    assert now.ids == {A: 5, B: 5, C: 3, D: 4, late: 6}
    # What was said of the piece holds for both parts, whichever its box is on.
    now = after(NotAPerson((spot("left", 45, 0),)), split(30), ids=ids)
    assert A not in now.ids


def test_a_piece_that_was_cut_off_moved_and_joined_is_cut_again():
    ids = {A: 3, B: 2, C: 3, D: 4}
    early = spot("left", 10, 0)  # it lies before the later cut
    now = after(split(40), Move((early,), (c,)), Merge((early, b)), split(25), ids=ids)
    middle, late = TrackKey("left", 3), TrackKey("left", 4)
    assert now.ids[A] == now.ids[B]
    assert now.ids[middle] not in {now.ids[A], now.ids[late], *ids.values()}
    assert now.ids[late] == 5


def test_numbers_of_others_stay_and_a_new_one_was_never_shown():
    first, second = split(30), split(20)
    late, middle = TrackKey("left", 4), TrackKey("left", 3)
    assert after(first).ids[TrackKey("left", 3)] == 5
    assert after(first, second).ids == {**IDS, late: 5, middle: 6}
    merged = after(first, Merge((spot("left", 45, 0), c)), second).ids
    assert merged == {**IDS, late: 3, middle: 6}
    # Who is seen for longest keeps the number, also when the longer part is cut off later.
    joined = Merge((spot("left", 10, 0), d))
    assert after(joined).ids == {A: 1, B: 2, C: 3, D: 1}
    assert after(joined, split(5)).ids == {A: 1, B: 2, C: 3, D: 1, TrackKey("left", 3): 5}


def test_a_number_that_was_taken_back_is_not_given_again(tmp_path):
    log = Corrections.open(tmp_path / "corrections.jsonl")
    numbers = []
    for frame in (30, 20):
        log.add(split(frame))
        now = corrected(scene().cut(cuts_of(scene(), log.entries)), IDS, log.entries)
        numbers.append(now.ids[TrackKey("left", 3)])
        log.undo()
    assert numbers == [5, 6]
    log.add(split(10))
    assert Corrections.open(log.path).entries == log.entries
    assert log.entries[0].undone == 2


def test_two_tracks_are_exchanged_from_a_frame_on():
    """Not what was said of the whole tracks."""
    seen = boxes(
        track("left", 1, (1, 50), 0), track("left", 2, (1, 60), 1), track("right", 1, (20, 60), 0)
    )
    said = Exchange(*(cut_at(30, column) for column in (0, 1)))
    ids = {A: 1, C: 2, B: 3}
    late, other = TrackKey("left", 3), TrackKey("left", 4)
    for told, base in ((0, ids), (1, {A: 1, C: 2, B: 3}), (1, {A: 1, C: 1, B: 3})):
        now = after(said, seen=seen, ids=base, told=told)
        assert now.ids[A] == now.ids[other] != now.ids[C] == now.ids[late]
    now = after(Merge((spot("left", 5, 0), b)), said, seen=seen, ids=ids)
    assert now.ids == {A: 1, B: 1, C: 2, late: 2, other: 1}
    assert not now.said


def test_an_exchange_that_puts_somebody_beside_themselves_makes_them_somebody_else():
    seen = boxes(
        track("left", 1, (1, 90), 0), track("left", 2, (1, 60), 1), track("left", 3, (61, 100), 2)
    )
    said = Exchange(*(cut_at(30, column) for column in (0, 1)))
    now = after(said, seen=seen, ids={A: 1, C: 2, TrackKey("left", 3): 2})
    late, other = TrackKey("left", 4), TrackKey("left", 5)
    assert now.ids == {A: 1, C: 2, TrackKey("left", 3): 2, late: 3, other: 1}
    assert "shows both in frames 61 to 90" in now.said[0]
