"""Events as an association's decisions make them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtmc.events.event import Event
from mtmc.events.teller import Teller
from mtmc.events.who import Who
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.types import TrackKey


def step(camera, ended=(), renewed=()):
    nothing = np.zeros(0)
    pairs = np.array(list(renewed), np.int64).reshape(-1, 2)
    return CameraStep(
        *(camera, 1, 0.0, nothing, nothing, nothing, nothing, nothing),
        ended=np.array(list(ended), np.int64),
        renewed=pairs,
    )


def door(track):
    return TrackKey("door", track)


def said(events):
    """Events as few words."""
    return [
        " ".join(
            [
                e.kind,
                str(e.id),
                *(f"into {e.into}" for _ in [0] if e.into),
                *(f"of {e.of}" for _ in [0] if e.of),
                *(f"+{c[0]}{t}" for c, t in e.tracks),
                *(f"-{c[0]}{t}" for c, t in e.ended),
            ]
        )
        for e in events
    ]


def told(*steps):
    """What a teller says of steps: ``(camera steps, decisions)``."""
    teller = Teller()
    return [said(teller.step(float(n), *each)) for n, each in enumerate(steps)]


def test_a_person_comes_is_seen_elsewhere_and_goes():
    hall = TrackKey("hall", 5)
    assert told(
        ([], Decisions({door(1): 1})),
        ([], Decisions({hall: 1}, confidence={hall: 0.9})),
        ([step("door", ended=[1])], Decisions()),
        ([], Decisions()),
        ([], Decisions(closed=[1])),
    ) == [["open 1 +d1"], ["extend 1 +h5"], ["extend 1 -d1"], [], ["close 1 -h5"]]


def test_one_person_under_two_ids_goes_on_under_one():
    assert told(
        ([], Decisions({door(1): 1, TrackKey("hall", 1): 2})),
        ([], Decisions(merged={2: 1})),
        ([step("hall", renewed=[(1, 2)])], Decisions({TrackKey("hall", 2): 1})),
        ([], Decisions(closed=[2])),  # is no news
    ) == [["open 1 +d1", "open 2 +h1"], ["merge 2 into 1 -h1"], ["extend 1 +h2"], []]


def test_two_people_under_one_id_part():
    assert told(
        ([], Decisions({door(1): 1, TrackKey("hall", 1): 1})),
        ([step("hall", renewed=[(1, 2)])], Decisions({TrackKey("hall", 2): 2})),
    )[1] == ["extend 1 -h1", "split 2 of 1 +h2"]


def test_a_merge_that_was_wrong_is_taken_back():
    merged = [([], Decisions({door(1): 1, door(2): 2})), ([], Decisions(merged={2: 1}))]
    assert told(*merged, ([], Decisions({door(3): 2})))[-1] == ["split 2 of 1 +d3"]
    # The other way round: before the one was seen again, the other was given up.
    assert told(*merged, ([], Decisions(merged={1: 2})))[-1] == [
        "split 2 of 1",
        "merge 1 into 2 -d1",
    ]


def test_ids_that_the_results_know_better_are_told_at_the_end():
    teller = Teller()
    teller.step(0.0, [], Decisions({door(1): 1, door(2): 2}))
    before = {door(1): 1, door(2): 2}
    final = {door(1): 1, door(2): 3, door(3): 1}
    assert said(teller.finish(9.0, before, final)) == [
        *("split 3 of 2 +d2", "extend 1 +d3"),
        *("close 1 -d1 -d3", "close 2", "close 3 -d2"),
    ]


def test_merged_ids_resolve_until_their_person_is_forgotten():
    teller = Teller()
    teller.step(0.0, [], Decisions({door(n): n for n in (1, 2, 3)}))
    teller.step(1.0, [], Decisions(merged={3: 2}))
    teller.step(2.0, [], Decisions(merged={2: 1}))
    assert [teller.who.resolve(n) for n in (1, 2, 3)] == [1, 1, 1]
    teller.step(3.0, [], Decisions(closed=[1]))
    assert (teller.who.known, teller.who.owners) == ({}, {})


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"seq": 3}, "the last one was 1"),
        ({"kind": "open"}, "is open already"),
        ({"revision": 3}, "revision 3, but there were 1"),
        ({"id": 2, "revision": 1}, "is not open"),
        ({"kind": "split", "of": 7, "id": 2, "revision": 1}, "id 7 is not open"),
        ({"ended": [door(9)]}, "track .* is another's"),
    ],
)
def test_what_contradicts_the_events_before_is_refused(wrong, problem):
    who = Who()
    who.take(Event(seq=1, kind="open", id=1, revision=1, time=0.0, tracks=[door(1)]))
    event = {"seq": 2, "kind": "extend", "id": 1, "revision": 2, "time": 1.0}
    with pytest.raises(ValueError, match=problem):
        who.take(Event(**{**event, **wrong}))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_decided_no_event_contradicts_the_ones_before(data):
    """Decisions at random: tracks go on under others, people merge, part, and are forgotten."""
    teller, check, truth = Teller(), Who(), {}
    numbers, open_tracks, track = st.integers(1, 5), [], 0
    closed = set()
    for now in range(12):
        ended = [t for t in open_tracks if data.draw(st.booleans()) and data.draw(st.booleans())]
        going = [t for t in open_tracks if t not in ended]
        renewed = []
        for old in [t for t in going if data.draw(st.booleans())]:
            track += 1
            renewed.append((old, track))
            going[going.index(old)] = track
        track += 1
        open_tracks = [*going, track]
        new = [t for t in open_tracks if door(t) not in truth and data.draw(st.booleans())]
        ids = {door(t): data.draw(numbers) + 5 * (now // 4) for t in new}
        merged = {data.draw(numbers): data.draw(numbers)} if data.draw(st.booleans()) else {}
        over = [n for n in range(5 * (now // 4) - 4, 5 * (now // 4) + 1) if n > 0 and now % 4 == 0]
        events = teller.step(
            float(now), [step("door", ended, renewed)], Decisions(ids, (), (), merged, over)
        )
        truth |= ids
        for event in events:
            check.take(Event.of_json(event.json()))
            assert event.id not in closed
            closed |= {event.id} if event.kind == "close" else set()
            for key in event.tracks:
                assert truth[key] == event.id
    told_of = dict(truth)
    final = {**truth, door(track + 1): 99}
    for event in teller.finish(12.0, told_of, final):
        check.take(event)
    assert (check.known, check.owners) == ({}, {})
