"""What the page shows of a run, as plain JSON; ``mtmc.viewer`` says what each key means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

import numpy as np
import yaml

from mtmc.errors import UserError
from mtmc.outputs.drawing import COLORS, ROUNDS, Color, readable_on
from mtmc.outputs.floor import floor_view
from mtmc.results import Results
from mtmc.types import TrackKey
from mtmc.viewer.fit import Fit, fits
from mtmc.viewer.pictures import Chosen, choose
from mtmc.viewer.trails import trails
from mtmc.viewer.ways import shared, ways

VERSION = 1
STEPS = 600  # of the chart that shows how many people were there
DIGITS = 3  # of seconds
VIEW_POINTS = 24  # corners of the floor that a camera sees

# What the page calls it, and what ``identities.json`` does.
TRACK = {
    **{"track": "track_id", "start": "start", "end": "end", "first_frame": "first_frame"},
    **{"last_frame": "last_frame", "boxes": "frames"},
}

Scene = dict[str, Any]
Columns = dict[str, list[Any]]


def scene_of(results: Results) -> Scene:
    """All that the page shows of a run, but for the pictures themselves.

    Raises:
        UserError: a file of the run is damaged.
    """
    return described(results)[0]


def described(results: Results) -> tuple[Scene, list[Chosen]]:
    """The scene, and the pictures that its ``crops`` are of."""
    numbers = {name: number for number, name in enumerate(results.cameras)}
    tracks = _tracks(results, numbers)
    likeness = fits(results)
    chosen = choose(results, {key for key, fit in likeness.items() if fit.odd})
    _add_fits(tracks, list(results.cameras), likeness)
    people = _people(results, tracks)
    start, end = min(tracks["start"], default=0.0), max(tracks["end"], default=0.0)
    scene = {
        "version": VERSION,
        "name": results.folder.resolve().name,
        "clock": {"start": start, "end": end, "zero": results.record.get("clock_zero")},
        "counts": results.record.get("people") or {"sure": len(people)},
        "palette": palette(),
        "cameras": _cameras(results),
        "people": people,
        "tracks": tracks,
        "crops": _crops(tracks, numbers, chosen),
        "trails": trails(results),
        "ways": ways(tracks),
        "shared": shared(tracks),
        "present": _present(tracks, start, end),
        "run": _run(results),
        "left_out": [],
    }
    return scene, chosen


def palette() -> dict[str, Any]:
    """The colours of people, the same as in the videos."""
    colors = [[_css(color), _css(readable_on(color))] for color in COLORS]
    return {"colors": colors, "rounds": ROUNDS}


def _css(color: Color) -> str:
    return "#{2:02x}{1:02x}{0:02x}".format(*color)


def _tracks(results: Results, numbers: dict[str, int]) -> Columns:
    """The tracks of all people, in columns."""
    rows = [
        (person["id"], numbers[name], *(track[key] for key in TRACK.values()))
        for person in results.people
        for name, tracks in person["cameras"].items()
        for track in tracks
    ]
    rows.sort(key=lambda row: (row[0], row[3], row[1]))
    names = ("person", "camera", *TRACK)
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}


def _add_fits(tracks: Columns, names: list[str], likeness: dict[TrackKey, Fit]) -> None:
    keys = zip(tracks["camera"], tracks["track"], strict=True)
    found = [likeness.get(TrackKey(names[camera], track)) for camera, track in keys]
    tracks["fit"] = [fit and fit.same for fit in found]
    tracks["like"] = [fit and fit.like for fit in found]


def _people(results: Results, tracks: Columns) -> list[dict[str, Any]]:
    """Everybody, the most doubtful first."""
    alike: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for person, fit, boxes in zip(
        *(tracks[key] for key in ("person", "fit", "boxes")), strict=True
    ):
        if fit is not None:
            alike[person].append((fit, boxes))
    kept = ("id", "name", "class", "doubt", "thing", "seconds", "detections", "score")
    found = [
        {
            **{key: person.get(key) for key in kept},
            "first": person["first_seen"],
            "last": person["last_seen"],
            "fit": _mean(alike[person["id"]]),
        }
        for person in results.people
    ]
    return sorted(found, key=_sureness)


def _mean(weighed: Sequence[tuple[float, int]]) -> float | None:
    """Of values and their weights."""
    total = sum(weight for _, weight in weighed)
    return round(sum(fit * weight for fit, weight in weighed) / total, DIGITS) if total else None


def _sureness(person: dict[str, Any]) -> tuple[bool, float, float]:
    """The less, the more somebody should look at this person."""
    fit = 1.0 if person["fit"] is None else person["fit"]
    return person["doubt"] is None, fit, person["seconds"]


def _cameras(results: Results) -> list[dict[str, Any]]:
    models, began = results.calibration, _began(results)
    found = []
    for name, camera in results.cameras.items():
        model = models[name].resized(camera.size) if name in models else None
        place = None if model is None or model.position is None else _metres(model.position[:2])
        outline = floor_view(model) if model else np.zeros((0, 2))
        some = outline[:: max(1, len(outline) // VIEW_POINTS)]
        found.append(
            {
                "name": name,
                "source": camera.source,
                "fps": camera.fps,
                "size": list(camera.size),
                "frames": camera.frames,
                "start": results.record["cameras"][name].get("start"),
                "first": began.get(name),
                "calibrated": model is not None,
                "place": place,
                "view": [_metres(point) for point in some],
            }
        )
    return found


def _metres(point: Sequence[float] | np.ndarray[Any, Any]) -> list[float]:
    return [round(float(value), 2) for value in point]


def _began(results: Results) -> dict[str, float]:
    """When each camera began, on the run's clock, s: as it is known, or by the first box."""
    import polars as pl

    zero = results.record.get("clock_zero")
    first = results.table.group_by("camera").agg(pl.col("frame", "time").sort_by("frame").first())
    found = {
        name: round(time - (frame - 1) / results.cameras[name].fps, DIGITS)
        for name, frame, time in first.iter_rows()
    }
    for name, about in results.record["cameras"].items():
        if zero and about.get("start"):
            since = datetime.fromisoformat(about["start"]) - datetime.fromisoformat(zero)
            found[name] = round(since.total_seconds(), DIGITS)
    return found


def _crops(tracks: Columns, numbers: dict[str, int], chosen: Sequence[Chosen]) -> Columns:
    keys = zip(tracks["camera"], tracks["track"], strict=True)
    rows = {key: row for row, key in enumerate(keys)}
    columns: Columns = {
        name: [] for name in ("person", "row", "camera", "track", "frame", "time", "quality")
    }
    for one in chosen:
        camera, track = numbers[one.crop.key.camera], one.crop.key.track_id
        place = one.person, rows[camera, track], camera, track, one.crop.frame
        values = *place, round(one.crop.time, DIGITS), round(one.crop.quality, 2)
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    return columns


def _present(tracks: Columns, start: float, end: float) -> dict[str, Any]:
    """How many people were seen in each step of time."""
    step = max((end - start) / STEPS, 0.1)
    count = int((end - start) / step) + 1
    change = [0] * (count + 1)
    until: dict[int, int] = {}  # the step up to which a person is counted
    for person, begin, last in zip(tracks["person"], tracks["start"], tracks["end"], strict=True):
        low = max(int((begin - start) / step), until.get(person, 0))
        high = int((last - start) / step) + 1
        if high > low:
            change[low] += 1
            change[high] -= 1
            until[person] = high
    return {"step": round(step, 4), "people": list(accumulate(change))[:count]}


def _run(results: Results) -> dict[str, Any]:
    record = results.record
    keys = ("mode", "status", "detector", "tracker", "reid", "classes", "frames", "seconds")
    try:
        settings = yaml.safe_dump(results.settings, sort_keys=False)
    except UserError:
        settings = ""
    return {
        **{key: record.get(key) for key in keys},
        **{key: record.get(key) or [] for key in ("warnings", "notes")},
        "versions": record.get("versions") or {},
        "settings": settings,
    }
