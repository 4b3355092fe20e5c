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
        rows, ids = table.camera(number)
        for identity in np.unique(ids):
            mine = rows[ids == identity]
            person = people.setdefault(int(identity), {"id": int(identity), "cameras": {}})
            person["cameras"][name] = [
                _track(mine[mine["track"] == track]) for track in np.unique(mine["track"])
            ]
    for person in people.values():
        tracks = [track for tracks in person["cameras"].values() for track in tracks]
        person["first_seen"] = min(track["start"] for track in tracks)
        person["last_seen"] = max(track["end"] for track in tracks)
    return [people[identity] for identity in sorted(people)]


def _track(rows: Any) -> dict[str, Any]:
    return {
        "track_id": int(rows["track"][0]),
        "start": round(float(rows["time"].min()), 3),
        "end": round(float(rows["time"].max()), 3),
        "first_frame": int(rows["frame"].min()),
        "last_frame": int(rows["frame"].max()),
        "frames": len(rows),
    }


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
