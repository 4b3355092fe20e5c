"""Who was there: of every person when, where, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtmc.associate.evidence.belief import probability
from mtmc.detectors.people import PERSON
from mtmc.outputs.tracks import TrackTable
from mtmc.trackers.offline import thing_odds
from mtmc.tracking.rows import Rows

BRIEF = 2.0  # seconds of which so few are no sure person
THING_AGE = 10.0  # seconds from which on somebody who never moves may be a thing
TICK = 0.1  # seconds, to which it is known when somebody was seen
DOUBTS = ("brief", "still")


@dataclass
class _Track:
    """What is known of one track of a person."""

    start: float
    end: float
    first: int
    last: int
    rows: list[Rows]

    def entry(self, track: int) -> dict[str, Any]:
        return {
            "track_id": track,
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "first_frame": self.first,
            "last_frame": self.last,
            "frames": sum(map(len, self.rows)),
        }


@dataclass(frozen=True)
class People:
    """Makes the lists of people and of things.

    Args:
        periods: seconds between two frames, by camera; 0 where that is not known.
        zeros: what the clock on the wall says at second 0, by camera, where that is known.
        thing_age: seconds from which on a track may be a thing's.
    """

    periods: Sequence[float]
    zeros: Sequence[datetime | None] = ()
    thing_age: float = THING_AGE

    def identities(self, table: TrackTable) -> list[dict[str, Any]]:
        """Every person, by global id: when they were seen, where, how sure, and their tracks."""
        people: dict[int, dict[str, Any]] = {}
        seen: dict[int, list[tuple[int, int, Rows]]] = {}
        for number, name in enumerate(table.cameras):
            for (identity, track), found in _tracks(table, number):
                kind = table.kinds[int(found.rows[0]["kind"][0])]
                called = table.names.get(identity)
                new = {"id": identity, "class": kind, "name": called, "cameras": {}}
                person = people.setdefault(identity, new)
                person["cameras"].setdefault(name, []).append(found.entry(track))
                detected = np.concatenate([rows[rows["detected"]] for rows in found.rows])
                seen.setdefault(identity, []).append((number, track, detected))
        for identity, person in people.items():
            self._describe(person, seen[identity])
        return [people[identity] for identity in sorted(people)]

    def things(self, table: TrackTable) -> list[dict[str, Any]]:
        """The tracks that were taken for things and are no people."""
        result = []
        for number, name in enumerate(table.cameras):
            for (thing, track), found in _tracks(table, number):
                rows = np.concatenate(found.rows)
                odds = thing_odds(rows["box"], rows["changed"])
                box = [round(float(side), 1) for side in np.median(rows["box"], axis=0)]
                chance = round(probability(odds), 3)
                entry = {**found.entry(track), "box": box, "probability": chance}
                result.append({"thing": thing, "camera": name, **entry})
        return sorted(result, key=lambda entry: entry["thing"])

    def _describe(self, person: dict[str, Any], seen: list[tuple[int, int, Rows]]) -> None:
        tracks = [track for tracks in person["cameras"].values() for track in tracks]
        person["first_seen"] = min(track["start"] for track in tracks)
        person["last_seen"] = max(track["end"] for track in tracks)
        zero = next((zero for zero in self.zeros if zero), None)
        if zero:
            for key in ("first_seen", "last_seen"):
                person[f"{key}_wall"] = (zero + timedelta(seconds=person[key])).isoformat()
        rows = np.concatenate([rows for *_, rows in seen])
        person["seconds"] = self._seconds(seen)
        person["detections"] = len(rows)
        person["score"] = round(float(rows["score"].mean()), 3) if len(rows) else 0.0
        person["thing"] = thing = self._thing(seen)
        person["doubt"] = None
        if person["seconds"] < BRIEF:
            person["doubt"] = "brief"
        elif person["class"] == PERSON and thing is not None and thing > 0.5:
            person["doubt"] = "still"

    def _seconds(self, seen: list[tuple[int, int, Rows]]) -> float:
        """For how long at least one camera saw a person."""
        ticks = [np.zeros(0, np.int64)]
        for number, _, rows in seen:
            first = np.floor(rows["time"] / TICK + 1e-6).astype(np.int64)
            last = np.ceil((rows["time"] + self.periods[number]) / TICK - 1e-6).astype(np.int64)
            longest = int(max((last - first).max(initial=1), 1))
            every = first[:, None] + np.arange(longest)
            ticks.append(every[every < np.maximum(last, first + 1)[:, None]])
        return round(TICK * len(np.unique(np.concatenate(ticks))), 1)

    def _thing(self, seen: list[tuple[int, int, Rows]]) -> float | None:
        """The probability that all that was seen of a person is a thing; None: too short a time."""
        odds = [
            thing_odds(rows["box"], rows["changed"])
            for *_, rows in seen
            if len(rows) and rows["time"].max() - rows["time"].min() >= self.thing_age
        ]
        return round(probability(min(odds)), 3) if odds else None


def counted(people: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How many people are sure, and how many in doubt for what."""
    doubts = [person["doubt"] for person in people]
    return {"sure": doubts.count(None), **{doubt: doubts.count(doubt) for doubt in DOUBTS}}


def told(counts: dict[str, int]) -> str:
    """The same for people: ``5 people sure; in doubt 9 seen for less than 2 s``."""
    words = {
        "brief": f"seen for less than {BRIEF:g} s",
        "still": "never moving",
    }
    doubts = [f"{counts[key]} {text}" for key, text in words.items() if counts.get(key)]
    text = f"{counts.get('sure', 0)} people sure"
    text += f"; in doubt: {', '.join(doubts)}" if doubts else ""
    things = counts.get("things", 0)
    return text + (f"; {things} thing{'s' * (things != 1)} left out" if things else "")


def _tracks(table: TrackTable, number: int) -> Iterator[tuple[tuple[int, int], _Track]]:
    """Of each person's tracks in a camera, by person and track: when, and its rows."""
    found: dict[tuple[int, int], _Track] = {}
    for unordered, people in table.parts(number):
        order = np.lexsort((unordered["frame"], unordered["track"], people))
        rows, ids = unordered[order], people[order]
        for part in _runs(ids, rows["track"]):
            key = int(ids[part.start]), int(rows["track"][part.start])
            new = _track(rows[part])
            found[key] = _joined(found[key], new) if key in found else new
    yield from sorted(found.items())


def _runs(*columns: NDArray[np.int64]) -> Iterator[slice]:
    """The stretches in which all columns stay the same."""
    if not len(columns[0]):
        return
    changed = np.any([np.diff(column) != 0 for column in columns], axis=0)
    starts = [0, *(np.flatnonzero(changed) + 1).tolist(), len(columns[0])]
    for start, end in pairwise(starts):
        yield slice(start, end)


def _track(rows: Rows) -> _Track:
    times, frames = rows["time"], rows["frame"]
    ends = float(times.min()), float(times.max()), int(frames.min()), int(frames.max())
    return _Track(*ends, [rows])


def _joined(a: _Track, b: _Track) -> _Track:
    ends = min(a.start, b.start), max(a.end, b.end), min(a.first, b.first), max(a.last, b.last)
    return _Track(*ends, [*a.rows, *b.rows])
