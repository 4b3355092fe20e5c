"""How people come from camera to camera: how often, and how long it takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np

DIGITS = 1  # of seconds


def ways(tracks: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """From each camera to each next one: how many went there, and in what time."""
    gaps: dict[tuple[int, int], list[float]] = defaultdict(list)
    for person in _by_person(tracks):
        _, last, seen_until = next(person)
        for start, camera, end in person:
            if start > seen_until and camera != last:
                gaps[last, camera].append(start - seen_until)
            if end >= seen_until:
                last, seen_until = camera, end
    return [
        {"from": a, "to": b, "count": len(times), **_summary(times)}
        for (a, b), times in sorted(gaps.items())
    ]


def _summary(times: list[float]) -> dict[str, float]:
    low, median, high = np.percentile(times, [10, 50, 90]).round(DIGITS).tolist()
    return {"median": median, "low": low, "high": high}


def shared(tracks: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Of each two cameras: how many people both saw at once, and for how long in all."""
    seconds: dict[tuple[int, int], float] = defaultdict(float)
    people: dict[tuple[int, int], int] = defaultdict(int)
    for person in _by_person(tracks):
        mine: set[tuple[int, int]] = set()
        open_: list[tuple[float, int, float]] = []
        for start, camera, end in person:
            open_ = [one for one in open_ if one[2] > start]
            for _, other, until in open_:
                if other != camera:
                    pair = min(camera, other), max(camera, other)
                    seconds[pair] += min(end, until) - start
                    mine.add(pair)
            open_.append((start, camera, end))
        for pair in mine:
            people[pair] += 1
    return [
        {"a": a, "b": b, "people": people[a, b], "seconds": round(seconds[a, b], DIGITS)}
        for a, b in sorted(seconds)
    ]


def _by_person(tracks: dict[str, list[Any]]) -> Iterator[Iterator[tuple[float, int, float]]]:
    """Of each person: start, camera and end of every track, in order of the start."""
    columns = (tracks[name] for name in ("person", "start", "camera", "end"))
    for _, rows in groupby(zip(*columns, strict=True), key=lambda row: row[0]):
        yield (row[1:] for row in rows)
