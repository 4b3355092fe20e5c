"""Association in windows of time."""

import numpy as np

from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from mtmc.associate.windows import windows
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey

PEOPLE, DIM = 5, 32


def tracklet(camera, track, start, end, person, body):
    """Of a person, whose looks differ a little each time."""
    random = np.random.default_rng([person, track])
    made = Tracklet(TrackKey(camera, track), start, end, closed=True)
    made.frames = [[round(10 * start) + 1, round(10 * end) + 1]]
    made.times = [[start, end]]
    made.hits = made.frames[0][1] - made.frames[0][0] + 1
    for moment in np.linspace(start, end, 4):
        row = body + 0.3 * random.normal(size=DIM)
        made.gallery.add(row / np.linalg.norm(row), 0.8, moment)
    return made


def parade(rounds, gap=4.0):
    """Everybody walks past two cameras, again and again; and the person of each track."""
    bodies = np.random.default_rng(0).normal(size=(PEOPLE, DIM))
    tracks, whose, number = [], {}, 0
    for turn in range(rounds):
        for person in range(PEOPLE):
            for place, camera in enumerate("ab"):
                number += 1
                start = turn * PEOPLE * gap + person * gap + 3 * place
                tracks.append(tracklet(camera, number, start, start + 6, person, bodies[person]))
                whose[tracks[-1].key] = person
    return tracks, whose


def people(tracks, **settings):
    found = OfflineAssociator(OfflineConfig(split=None, change=None, **settings), 0.5)
    return found.finish(tracks).ids


def test_people_are_the_same_window_after_window():
    tracks, whose = parade(25)
    assert len(windows(tracks, 100)) > 2
    whole, parted = people(tracks), people(tracks, window=100)
    assert parted == whole
    assert {(person, parted[key]) for key, person in whose.items()} == {
        (p, p + 1) for p in range(PEOPLE)
    }


def test_places_on_the_floor_and_cuts_in_windows():
    tracks, whose = parade(25)
    for track in tracks:
        x = 10.0 * whose[track.key]
        for moment in np.arange(track.start, track.end, 0.2):
            track.path.add(moment, np.array([x, moment % 5]), 0.04 * np.eye(2))
    associate = OfflineAssociator(OfflineConfig(window=100), 0.5)
    found = associate.finish(tracks)
    assert not found.parts
    assert {(person, found.ids[key]) for key, person in whose.items()} == {
        (p, p + 1) for p in range(PEOPLE)
    }


def test_a_track_of_two_people_is_cut_in_any_window():
    tracks, _ = parade(25)
    random, bodies = np.random.default_rng(0), np.random.default_rng(0).normal(size=(PEOPLE, DIM))
    both = Tracklet(TrackKey("a", 5000), 300.0, 316.0, [[3001, 3161]], [[300.0, 316.0]], 161)
    for moment in range(16):
        row = bodies[1 if moment < 8 else 2] + 0.3 * random.normal(size=DIM)
        both.gallery.add(row / np.linalg.norm(row), 0.8, 300.5 + moment)
    tracks = [*(t for t in tracks if not t.meets(both)), both]
    found = OfflineAssociator(OfflineConfig(window=100, change=None), 0.5).finish(tracks)
    early, late = found.parts[both.key]
    assert [found.ids[part.key] for part in (early, late)] == [2, 3]
    assert len(windows(tracks, 100)) > 2


def test_no_more_than_a_window_is_one():
    tracks, _ = parade(10)
    assert len(windows(tracks, len(tracks))) == 1
    assert people(tracks) == people(tracks, window=len(tracks))


def test_every_track_is_decided_by_one_window():
    tracks, _ = parade(60)
    every = windows(tracks, 100)
    keeps = [-np.inf, *(window.keep for window in every)]
    assert len(every) > 3
    assert keeps == sorted(keeps)
    for before, window in zip(keeps, every, strict=False):
        mine = [t for t in tracks if before <= t.start < window.keep]
        inside = window.of(tracks)
        assert set(mine) <= set(inside)
        assert len(inside) <= 100
        # Whom one of them is seen beside is there as well.
        assert all(t in inside for t in tracks for m in mine if t.meets(m))


def test_somebody_who_stays_through_all_windows_is_beside_the_others():
    tracks, _ = parade(25)
    bodies = np.random.default_rng(0).normal(size=(PEOPLE, DIM))
    end = max(t.end for t in tracks)
    # Somebody who looks like the first person, and stands there all the time.
    standing = tracklet("a", 10_000, 0.5, end, 0, bodies[0])
    ids = people([*tracks, standing], window=100)
    assert ids[standing.key] not in {ids[t.key] for t in tracks if t.key.camera == "a"}


def test_two_who_met_long_ago_are_never_one():
    random = np.random.default_rng(1)
    twin, others = random.normal(size=DIM), random.normal(size=(4, DIM))
    tracks = [tracklet("a", 1, 0, 6, 0, twin), tracklet("a", 2, 1, 7, 1, twin)]
    for number in range(150):
        start = 10.0 + 2 * number
        tracks.append(tracklet("b", 100 + number, start, start + 1.5, 10, others[number % 4]))
    tracks.append(tracklet("a", 3, 400, 406, 0, twin))
    ids = people(tracks, window=100)
    assert ids[TrackKey("a", 1)] != ids[TrackKey("a", 2)]
    assert ids[TrackKey("a", 3)] in {ids[TrackKey("a", 1)], ids[TrackKey("a", 2)]}


def test_looks_for_which_there_is_no_room_are_told(caplog):
    random = np.random.default_rng(2)
    tracks = [
        tracklet("a", number, 2.0 * number, 2.0 * number + 1.5, number, random.normal(size=DIM))
        for number in range(1, 300)
    ]
    with caplog.at_level("WARNING", "mtmc"):
        people(tracks, window=100)
    assert [r.message for r in caplog.records if "no room for the looks" in r.message]


def test_what_very_many_take_is_said_beforehand(caplog, monkeypatch):
    tracks, _ = parade(15)
    with caplog.at_level("INFO", "mtmc"):
        people(tracks)
        assert not caplog.records
        monkeypatch.setattr("mtmc.associate.offline.MANY", 150)
        people(tracks)
        people(tracks, window=100)
    whole, parted = (record.message for record in caplog.records)
    assert whole == "association: 150 tracklets; about 0.1 GB of memory and up to 0 s"
    assert parted.startswith("association: 150 tracklets in 3 windows of up to 100; about 0.1 GB")
