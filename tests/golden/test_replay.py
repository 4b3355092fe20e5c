"""Who is who in the demo, from the networks' recorded answers: as it was, and never worse."""

import hashlib
import json
from pathlib import Path

import pytest

from mtmc.events.log import read_events
from mtmc.events.who import Who
from mtmc.results.layout import EVENTS
from mtmc.types import TrackKey
from tests.golden.replay import CAMERAS, idf1, replay

KNOWN = json.loads(Path(__file__).with_name("known.json").read_text())


def whose(table):
    """The id of each track that has boxes."""
    return {
        TrackKey(camera, track): number
        for place, camera in enumerate(CAMERAS)
        for rows, ids in [table.camera(place)]
        for track, number in set(zip(rows["track"].tolist(), ids.tolist(), strict=True))
    }


def replayed(path):
    """The same by the events; no one contradicts those before, and no id is taken up again."""
    who, owners, closed = Who(), {}, set()
    for event in read_events(path):
        who.take(event)
        assert event.id not in closed
        closed |= {event.id} if event.kind == "close" else set()
        owners |= dict.fromkeys(event.tracks, event.id)
    assert not who.known
    return owners


@pytest.mark.parametrize("mode", KNOWN)
def test_the_demo_comes_out_as_it_was(tmp_path, mode, request):
    """``idf1`` is what it was when the replay began, and stays.

    With ``--same-bytes`` the files are held, too, which tells a move from a change; the sums in
    ``known.json`` are those of one machine at one time, to be set anew before a series of moves.
    """
    when, how = mode.split(", ")
    table = replay(tmp_path, when == "online", how == "calibrated")
    score = idf1(table, tmp_path)
    assert score >= KNOWN[mode]["idf1"] - 1.0, f"IDF1 {score:.2f}"
    assert when == "offline" or replayed(tmp_path / EVENTS) == whose(table)
    if not request.config.getoption("--same-bytes"):
        return
    texts = b"".join((tmp_path / "out" / f"{camera}.txt").read_bytes() for camera in CAMERAS)
    found = hashlib.sha256(texts).hexdigest()
    assert found == KNOWN[mode]["sha256"], f"other results; IDF1 {score:.2f}, sha256 {found}"
