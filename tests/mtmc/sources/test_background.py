import threading
import time

import pytest

from mtmc.sources.background import Background


def test_items_come_in_order_and_end():
    with Background(iter(range(5)), 2) as items:
        assert list(items) == [0, 1, 2, 3, 4]
        assert items.ended


def test_an_error_comes_after_what_was_before_it():
    def broken():
        yield 1
        raise ValueError("broken")

    items = Background(broken(), 4)
    assert next(items) == 1
    with pytest.raises(ValueError, match="broken"):
        next(items)
    items.close()


def test_it_does_not_run_further_ahead_than_asked():
    made = []

    def source():
        for number in range(100):
            made.append(number)
            yield number

    items = Background(source(), 3)
    assert next(items) == 0
    threading.Event().wait(0.05)
    assert len(made) <= 6
    items.close()


def test_live_items_drop_the_oldest():
    released = threading.Event()

    def source():
        yield from range(10)
        released.set()

    items = Background(source(), 2, outdated=lambda old, new: False)
    assert released.wait(5)
    assert list(items) == [8, 9]
    assert items.dropped == 8


def test_live_items_that_are_outdated_are_dropped_however_few_wait():
    released = threading.Event()

    def source():
        yield from (1, 2, 30, 31, 50)
        released.set()

    items = Background(source(), 4, outdated=lambda old, new: new - old > 10)
    assert released.wait(5)
    assert list(items) == [50]
    assert items.dropped == 4


def test_closing_does_not_wait_longer_than_told_for_a_thread_that_hangs():
    gate = threading.Event()

    def source():
        gate.wait(10)
        yield 1

    items = Background(source(), 1)
    start = time.monotonic()
    items.close(patience=0.1)
    assert time.monotonic() - start < 2
    assert items.ended
    assert items.peek() is None
    gate.set()


def test_peek_waits_no_longer_than_told():
    gate = threading.Event()

    def source():
        gate.wait(5)
        yield 1

    items = Background(source(), 1)
    assert items.peek(timeout=0.01) is None
    assert not items.ended
    gate.set()
    assert items.peek() == 1
    assert next(items) == 1
    items.close()
