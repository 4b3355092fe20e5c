"""Who is a sure person, who is in doubt, and what is said of it."""

from datetime import datetime

import numpy as np
import pytest

from mtmc.outputs.people import People, counted, told
from mtmc.outputs.tracks import TrackTable
from mtmc.tracking.rows import ROW
from mtmc.types import TrackKey

FPS = 10.0
WALK = [3.0, 0]  # px a frame


def track(camera, number, seconds, start=0.0, step=(0.0, 0.0), changed=np.nan, detected=True):
    frames = np.arange(round(seconds * FPS))
    rows = np.zeros(len(frames), ROW)
    rows["camera"], rows["track"], rows["frame"] = camera, number, frames + 1 + round(start * FPS)
    rows["time"] = start + frames / FPS
    rows["box"] = np.array([100, 100, 150, 220]) + np.outer(frames, [*step, *step])
    rows["score"], rows["detected"] = 0.8, detected
    rows["changed"] = np.where(frames % 10 == 0, changed, np.nan)
    return rows


def listed(*tracks, ids, zeros=()):
    keys = {TrackKey("ab"[camera], number): person for (camera, number), person in ids.items()}
    table = TrackTable(np.concatenate(tracks), ["a", "b"], keys)
    return People([1 / FPS, 1 / FPS], zeros).identities(table)


def test_seconds_are_those_in_which_any_camera_saw_somebody():
    (person,) = listed(
        track(0, 1, 5.0, step=WALK),
        track(1, 1, 5.0, 3.0, step=WALK),
        track(0, 2, 1.0, 20.0, detected=False),
        ids={(0, 1): 1, (1, 1): 1, (0, 2): 1},
    )
    assert person["seconds"] == pytest.approx(8.0)
    assert person["detections"] == 100
    assert (person["first_seen"], person["last_seen"]) == (0.0, 20.9)
    assert person["doubt"] is None


def test_who_was_seen_for_a_moment_or_never_moves_is_in_doubt():
    tracks = [
        track(0, 1, 20.0, step=WALK, changed=0.4),
        track(0, 2, 1.5, step=WALK),
        track(0, 3, 20.0, changed=0.0),
        track(0, 4, 20.0, changed=0.05),  # sits and fidgets
        track(0, 5, 5.0, changed=0.0),  # too short a time to tell
    ]
    people = listed(*tracks, ids={(0, n): n for n in range(1, 6)})
    assert [p["doubt"] for p in people] == [None, "brief", "still", None, None]
    assert people[2]["thing"] > 0.99
    assert people[3]["thing"] < 0.5
    assert people[4]["thing"] is None
    counts = counted(people)
    assert counts == {"sure": 3, "brief": 1, "still": 1}
    assert told({**counts, "things": 2}) == (
        "3 people sure; in doubt: 1 seen for less than 2 s, 1 never moving; 2 things left out"
    )
    assert told({"sure": 1, "things": 1}) == "1 people sure; 1 thing left out"


def test_who_moves_before_another_camera_is_no_thing():
    (person,) = listed(
        track(0, 1, 20.0, changed=0.0),
        track(1, 1, 20.0, step=WALK, changed=0.4),
        ids={(0, 1): 1, (1, 1): 1},
    )
    assert person["doubt"] is None


def test_the_clock_on_the_wall():
    zero = datetime(2026, 11, 28, 8, 0)
    (person,) = listed(track(0, 1, 5.0, 60.0), ids={(0, 1): 1}, zeros=[None, zero])
    assert person["first_seen_wall"] == "2026-11-28T08:01:00"


def test_things_are_listed():
    table = TrackTable(track(0, 9, 20.0, changed=0.0), ["a"], {TrackKey("a", 9): 1})
    (thing,) = People([1 / FPS]).things(table)
    assert (thing["camera"], thing["track_id"], thing["box"]) == ("a", 9, [100, 100, 150, 220])
    assert thing["probability"] > 0.99
