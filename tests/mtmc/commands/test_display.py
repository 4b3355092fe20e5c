import logging
from types import SimpleNamespace

from mtmc.commands import display
from mtmc.run.parts import Progress


def lines_of(monkeypatch, capsys, total, *, people=0):
    """What is said without a terminal when half of a run of two cameras is done."""
    now = [100.0]
    monkeypatch.setattr(display.time, "monotonic", lambda: now[0])
    camera = SimpleNamespace(live=total is None, total=total)
    with display.RunDisplay() as shown:
        shown.begin([camera, camera])
        for half in (1, 2, 3):
            now[0] += 5.0
            shown.step(Progress({"a": 10 * half, "b": 10 * half}, {"a": 2, "b": 3}, people))
        logging.getLogger("mtmc").warning("see rtsp://joe:secret@h/x")
    return capsys.readouterr().err.splitlines()


def test_without_a_terminal_there_is_a_line_every_ten_seconds(monkeypatch, capsys):
    line, warning = lines_of(monkeypatch, capsys, 40)
    assert line.endswith(
        "INFO tracking: 40 frames of 80 (50 %), 0:00:10 left, 2.0 frames/s per camera, 5 tracks"
    )
    assert warning.endswith("WARNING see rtsp://h/x")


def test_what_has_no_end_has_no_time_left(monkeypatch, capsys):
    line, _ = lines_of(monkeypatch, capsys, None, people=7)
    assert line.endswith("tracking: 40 frames, 2.0 frames/s per camera, 7 people")


def test_on_a_terminal_there_is_a_bar_instead(monkeypatch, capsys):
    monkeypatch.setattr(display.console, "_force_terminal", True)
    assert not any("INFO tracking" in line for line in lines_of(monkeypatch, capsys, 40))
