"""What was said is on the disk, whatever happens next."""

import multiprocessing
import os
import signal

import pytest

from mtmc.corrections import Corrections, Merge, Move, Name, NotAPerson, Split
from mtmc.errors import UserError
from tests.mtmc.corrections.scenes import spot

A, B, C = spot("left", 3, 0), spot("right", 7, 1), spot("left", 90, 2)
EVERY = [
    Merge((A, B)),
    Split(A, C),
    Move((A,), (B,), (C,)),
    NotAPerson((A,)),
    Name((A,), "Zoë <b>"),
]


def said(path):
    return [entry.correction for entry in Corrections.open(path).entries]


def test_what_was_said_is_read_back(tmp_path):
    path = tmp_path / "corrections.jsonl"
    log = Corrections.open(path)
    for correction in EVERY:
        log.add(correction)
    assert said(path) == EVERY
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(EVERY)


def test_the_latest_that_holds_is_taken_back_and_nothing_is_written_anew(tmp_path):
    path = tmp_path / "corrections.jsonl"
    log = Corrections.open(path)
    for correction in EVERY[:3]:
        log.add(correction)
    before = path.read_bytes()
    assert log.undo() == EVERY[2]
    assert log.undo() == EVERY[1]
    assert path.read_bytes().startswith(before)
    log.add(EVERY[3])
    assert said(path) == [EVERY[0], EVERY[3]]
    assert Corrections.open(path).undo() == EVERY[3]
    assert [log.undo(), log.undo(), log.undo()] == [EVERY[0], None, None]


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_torn_last_line_is_left_out_and_said_and_the_next_one_is_whole(tmp_path, cut):
    path = tmp_path / "corrections.jsonl"
    log = Corrections.open(path)
    for correction in EVERY[:2]:
        log.add(correction)
    path.write_bytes(path.read_bytes()[:-cut])
    log = Corrections.open(path)
    assert [entry.correction for entry in log.entries] == EVERY[:1]
    assert "cut off" in log.said[0]
    log.add(EVERY[4])
    assert said(path) == [EVERY[0], EVERY[4]]
    assert Corrections.open(path).said == []


def keep_adding(path, told):
    log = Corrections.open(path)
    for number in range(10_000):
        log.add(Name((A,), str(number)))
        told.send(number)


def test_what_was_said_outlives_a_kill(tmp_path):
    path = tmp_path / "corrections.jsonl"
    heard, told = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=keep_adding, args=(path, told))
    process.start()
    assert [heard.recv() for _ in range(5)] == list(range(5))
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    last = 4
    while heard.poll():
        last = heard.recv()
    names = [correction.name for correction in said(path)]
    assert names == [str(number) for number in range(len(names))]
    assert len(names) >= last + 1


def test_two_who_write_at_once_see_each_other(tmp_path):
    path = tmp_path / "corrections.jsonl"
    first, second = Corrections.open(path), Corrections.open(path)
    first.add(EVERY[0])
    assert second.add(EVERY[1]).line == 2
    assert said(path) == EVERY[:2]
    assert [entry.line for entry in second.entries] == [1, 2]


@pytest.mark.parametrize(
    "line",
    [
        '{"do": "sing"}',
        "[]",
        "no json",
        '{"do": "merge", "tracks": []}',
        '{"do": "merge", "tracks": [["left", 1]]}',
        '{"do": "merge", "tracks": [["left", 1, [0, 0, 5, Infinity]]]}',
        '{"do": "split", "before": ["left", 1, [0, 0, 5, 5]]}',
        '{"do": "name", "tracks": [["left", 1, [0, 0, 5, 5]]], "name": "two\\nlines"}',
    ],
)
def test_a_line_that_is_no_correction_is_named(tmp_path, line):
    path = tmp_path / "corrections.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(UserError, match="line 1 is no correction"):
        Corrections.open(path)


def test_a_file_that_was_asked_for_must_be_there(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        Corrections.open(tmp_path / "other.jsonl", must_exist=True)
