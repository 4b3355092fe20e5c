"""What a lag is worth: online ids told later, in simulated rooms, a real one and WILDTRACK.

    uv run python benchmarks/lag.py ROOM... --detector WEIGHTS --reid OSNET.onnx
                                    [--wildtrack ROOT] [--out DIR]

Rooms are as ``association_rooms.py`` makes them, with what the networks said of them; their places
are averaged, by the first word of their names. OUT gets the figures and a picture of each curve.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path

import wildtrack
from association_rooms import PLACES_BY, Networks, Variant, assembled
from rich.console import Console

from mtmc.config import override
from mtmc.evaluate.curve import draw_curve
from mtmc.evaluate.lag import LagListener
from mtmc.evaluate.report import Report, Row
from mtmc.evaluate.sequences import read_cameras
from mtmc.outputs.tracks import write_mot_files
from mtmc.run import Listener, run
from mtmc.run.pipeline import Pipeline
from mtmc.run.stopwatch import Stopwatch
from mtmc.trackers.offline import RefineConfig

LAGS = (0.0, 1.0, 2.0, 5.0, 10.0)


def in_room(room, variant, log, settings):
    """A room's figures by lag."""
    config, parts = assembled(room, variant, settings)
    late = LagListener(LAGS, config.refine, Listener())
    late.begin(parts.readers)
    with tempfile.TemporaryDirectory() as folder:
        tracks = Path(folder) / "tracks"
        tracks.mkdir()
        table = Pipeline(
            config, parts, Path(folder), log, Stopwatch(), on_answer=late.answered
        ).run()
        write_mot_files(table, tracks)
        return late.figures(read_cameras(room / "gt", Path(folder)), table.kinds)


def in_wildtrack(root, settings):
    """The figures of WILDTRACK's annotated boxes, by places alone."""
    truth = wildtrack.read_boxes(root)
    late = LagListener(LAGS, RefineConfig(), Listener())
    with tempfile.TemporaryDirectory() as folder:
        scene, out = Path(folder) / "scene", Path(folder) / "out"
        wildtrack.write_scene(scene, truth, truth, wildtrack.read_calibration(root))
        given = {
            "detector": {"name": "motfile"},
            "reid": "none",
            "calibration": str(scene / "calibration.json"),
            "associator": {"name": "online"},
            "output": {"video": False},
        }
        record = run(scene, out, override(given, settings), listener=late)
        return late.figures(read_cameras(scene / "gt", out), record["classes"])


def mean(every):
    """The mean of several rooms' figures, by lag."""
    result = {}
    for lag in every[0]:
        rows = [figures[lag] for figures in every]
        names = [name for name in rows[0].counts if all(name in row.counts for row in rows)]
        counts = {name: sum(row.counts[name] for row in rows) / len(rows) for name in names}
        result[lag] = Row(Row.mean(rows).ratios, {n: round(v, 2) for n, v in counts.items()})
    return result


def main():
    """Replays, scores, draws."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rooms", type=Path, nargs="*", help="folders of rooms")
    parser.add_argument("--detector", required=True, help="as for mtmc run")
    parser.add_argument("--reid", required=True, help="as for mtmc run")
    parser.add_argument("--wildtrack", type=Path, metavar="ROOT")
    parser.add_argument("--set", action="append", default=[], help="as for mtmc run")
    parser.add_argument("--places", choices=PLACES_BY, default="found", help="of the rooms")
    parser.add_argument("--out", type=Path, default=Path("lag"))
    options = parser.parse_args()
    networks, places = Networks(options.detector, options.reid), defaultdict(list)
    for room in options.rooms:
        place = room.name.split("-")[0]
        log = networks.log(room)
        variant = Variant(place, networks.reid, True, options.places)
        places[place].append(in_room(room, variant, log, options.set))
        log.close()
        print(
            room.name, {k: round(100 * r.ratios["IDF1"], 1) for k, r in places[place][-1].items()}
        )
    if options.wildtrack:
        places["wildtrack"].append(in_wildtrack(options.wildtrack, options.set))
    options.out.mkdir(parents=True, exist_ok=True)
    console = Console(width=120)
    for place, every in places.items():
        figures = mean(every)
        console.print(Report({place: len(every)}, "lag", figures).table())
        draw_curve(options.out / f"{place}.png", figures)
        told = {lag: row.as_dict() for lag, row in figures.items()}
        (options.out / f"{place}.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
