"""The log of events, whatever happens to the process that writes it."""

import pytest

from mtmc.errors import UserError
from mtmc.events.event import Event
from mtmc.events.log import EventLog, read_events


def event(seq):
    return Event(seq=seq, kind="open", id=seq, revision=1, time=float(seq))


def test_it_grows_and_nothing_is_written_twice(tmp_path):
    path = tmp_path / "events.jsonl"
    log = EventLog(path)
    log.add([event(1), event(2)])
    assert list(read_events(path)) == [event(1), event(2)]  # before it is closed
    log.close()
    log = EventLog(path)
    assert log.last == 2
    log.add([event(1), event(2), event(3)])
    log.close()
    assert list(read_events(path)) == [event(1), event(2), event(3)]
    assert list(read_events(path, after=2)) == [event(3)]


@pytest.mark.parametrize("left", range(1, 40, 7))
def test_a_torn_line_is_dropped_and_told_anew(tmp_path, left):
    path = tmp_path / "events.jsonl"
    whole = event(1).json() + "\n"
    path.write_text(whole + event(2).json()[:left])
    assert list(read_events(path)) == [event(1)]
    log = EventLog(path)
    assert path.read_text() == whole
    log.add([event(2)])
    log.close()
    assert list(read_events(path)) == [event(1), event(2)]


def test_a_line_that_is_no_event_is_named(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text(event(1).json() + "\n{}\n" + event(2).json() + "\n")
    with pytest.raises(UserError, match="line 2 is no event"):
        EventLog(path)
    assert list(read_events(tmp_path / "none")) == []
