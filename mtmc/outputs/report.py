"""The record of a run: who was seen where, how much was done, and where the time went."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from mtmc.outputs.tracks import TrackTable

PACKAGES = ("mtmc", "numpy", "torch", "onnxruntime", "openvino", "ultralytics", "av")


def identities(table: TrackTable) -> list[dict[str, Any]]:
    """Every person, by global id: when they were seen, and their tracks in each camera."""
    people: dict[int, dict[str, Any]] = {}
    for number, name in enumerate(table.cameras):
        for (identity, track, kind), (start, end, first, last, frames) in _spans(table, number):
            about = {"id": identity, "class": table.kinds[kind], "cameras": {}}
            person = people.setdefault(identity, about)
            person["cameras"].setdefault(name, []).append(
                {
                    "track_id": track,
                    "start": round(start, 3),
                    "end": round(end, 3),
                    "first_frame": first,
                    "last_frame": last,
                    "frames": frames,
                }
            )
    for person in people.values():
        tracks = [track for tracks in person["cameras"].values() for track in tracks]
        person["first_seen"] = min(track["start"] for track in tracks)
        person["last_seen"] = max(track["end"] for track in tracks)
    return [people[identity] for identity in sorted(people)]


Span = tuple[float, float, int, int, int]


def _spans(table: TrackTable, number: int) -> list[tuple[tuple[int, int, int], Span]]:
    """Of each person's tracks in a camera: start, end, first and last frame, and how many."""
    found: dict[tuple[int, int, int], Span] = {}
    for unordered, people in table.parts(number):
        order = np.lexsort((unordered["track"], people))
        rows, ids = unordered[order], people[order]
        changed = (np.diff(ids) != 0) | (np.diff(rows["track"]) != 0)
        starts = np.flatnonzero(np.concatenate([[True], changed]))
        spans = zip(
            np.minimum.reduceat(rows["time"], starts).tolist(),
            np.maximum.reduceat(rows["time"], starts).tolist(),
            np.minimum.reduceat(rows["frame"], starts).tolist(),
            np.maximum.reduceat(rows["frame"], starts).tolist(),
            np.diff(starts, append=len(rows)).tolist(),
            strict=True,
        )
        columns = ids, rows["track"], rows["kind"]
        keys = zip(*(column[starts].tolist() for column in columns), strict=True)
        for key, span in zip(keys, spans, strict=True):
            found[key] = _joined(found[key], span) if key in found else span
    return sorted(found.items())


def _joined(a: Span, b: Span) -> Span:
    return min(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), max(a[3], b[3]), a[4] + b[4]


def versions() -> dict[str, str]:
    """Of Python and of the packages that decide the result, as far as they are installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def to_json(value: Any) -> str:
    """JSON for people to read, too."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
