"""One event, as it is made, written and read."""

from datetime import UTC, datetime

import pytest

from mtmc.events.event import SCHEMA, Event
from mtmc.types import TrackKey

FIRST = {"seq": 1, "kind": "open", "id": 3, "revision": 1, "time": 1.25}


@pytest.mark.parametrize(
    "more",
    [
        {"tracks": [TrackKey("tür", 7)]},
        {"kind": "extend", "ended": [TrackKey("hall", 2)], "confidence": 0.0},
        {"kind": "merge", "into": 2, "confidence": 0.75, "zone": "ground floor"},
        {"kind": "split", "of": 2, "tracks": [TrackKey("a", 1), TrackKey("b", 2)]},
        {"kind": "close", "wall": datetime(2026, 11, 28, 8, tzinfo=UTC)},
    ],
)
def test_json_and_back(more):
    event = Event(**{**FIRST, **more})
    line = event.json()
    assert "\n" not in line
    assert Event.of_json(line) == event
    assert event.plain()["schema"] == SCHEMA


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "vanish"}, "kind must be one of open"),
        ({"id": 0}, "id must be at least 1"),
        ({"revision": 0}, "revision must be"),
        ({"into": 4}, "into is what a merge has"),
        ({"kind": "split"}, "of is what a split has"),
        ({"kind": "merge", "into": 3}, "with itself"),
        ({"confidence": 1.5}, "confidence must be in 0..1"),
    ],
)
def test_what_does_not_go_together_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Event(**{**FIRST, **wrong})


def test_a_later_schema_is_not_guessed_at_and_new_keys_are_left_out():
    said = Event(**FIRST).plain()
    assert Event.of_plain({**said, "mood": "good"}) == Event(**FIRST)
    with pytest.raises(ValueError, match="newer"):
        Event.of_plain({**said, "schema": SCHEMA + 1})
    with pytest.raises(ValueError, match="no event"):
        Event.of_plain({"schema": SCHEMA})
