"""Who is who in simulated rooms: IDF1 over all cameras, offline and online, by places or looks.

    uv run python benchmarks/association_rooms.py ROOMS --detector WEIGHTS --reid OSNET.onnx color

ROOMS gets ``lab-SEED`` (4 cameras that overlap, 6 people) and ``corridor-SEED`` (6 cameras of which
no two see the same spot, 20 people) as ``mtmc simulate`` writes them; missing ones are rendered
unless ``--no-render`` is given. What the networks say of a room is kept in it, for every detection,
so that another tracker or association is scored without asking them again.

``tracks`` is what a perfect association would reach with the same tracks: the rest is lost before.
``mixed`` is the share of boxes in an id that is mostly somebody else's, ``split`` the share in a
second id of one person.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from mtmc.config import choose, override
from mtmc.detectors import detector_settings
from mtmc.evaluate.overlap import overlapping
from mtmc.evaluate.run import evaluate_cameras
from mtmc.mot import MotKind, read_mot
from mtmc.outputs.tracks import TrackTable, write_mot_files
from mtmc.perception.cut import cut_out
from mtmc.perception.keys import content_key, settings_key
from mtmc.perception.log import Inference, InferenceLog
from mtmc.registry import DETECTORS
from mtmc.reid.embedder import resolve
from mtmc.run.assemble import assemble
from mtmc.run.config import DEFAULT_DETECTOR, RunConfig
from mtmc.run.pipeline import Pipeline
from mtmc.run.stopwatch import Stopwatch
from mtmc.simulate.output import simulate
from mtmc.simulate.scene import SceneConfig
from mtmc.sources import SourcesConfig, align, find_cameras, open_cameras
from mtmc.trackers import Detections
from mtmc.types import TrackKey

PLACES = {
    "lab": {"cameras": 4, "people": 6, "seconds": 40.0},
    "corridor": {"cameras": 6, "people": 20, "seconds": 48.0},
}
PLACES_BY = {"given": "calibrated", "found": "cameras found", "none": "appearance alone"}
FIGURES = ("IDF1", "mean", "tracks", "mixed", "split")


@dataclass(frozen=True)
class Variant:
    """One way to associate."""

    place: str
    reid: str
    online: bool
    places: str  # of PLACES_BY

    def __str__(self):
        """As the table says it."""
        mode = "online" if self.online else "offline"
        return f"{mode}, {PLACES_BY[self.places]}"


def render(room, place, seed, fps):
    """Render a room unless it is there; another process may take what is being rendered."""
    if room.exists():
        return
    part = room.with_name(room.name + ".partial")
    simulate(SceneConfig(place, **PLACES[place], fps=fps, seed=seed), part, workers=1)
    part.rename(room)


@dataclass(frozen=True, eq=False)
class _Asked:
    """In the place of a network when all its answers are in the log."""

    stateful = False
    name: str = "log"

    def detect(self, frames):
        """Never asked."""
        raise AssertionError(f"not in the log: {frames}")

    def embed(self, crops):
        """Never asked."""
        raise AssertionError(f"{len(crops)} crops are not in the log")


class Networks:
    """A detector and an embedder, opened when a room is new to them."""

    def __init__(self, detector, reid):
        self._detector = detector_settings(detector)
        self.reid = reid
        self._opened = None

    def log(self, room):
        """The room's inference log, complete."""
        readers = open_cameras(find_cameras(room), SourcesConfig())
        key = content_key(
            settings_key(self._detector),
            settings_key({"weights": resolve(self.reid)}),
            json.dumps([(room / "scene.json").stat().st_size, [r.name for r in readers]]),
        )
        path = room / f"inference.{key}.sqlite"
        log = InferenceLog(path, {"key": key})
        if all(log.recorded.get(r.name, 0) >= (r.total or 0) for r in readers):
            return log
        for reader in readers:
            reader.start()
        for frames in align(readers):
            log.record(list(self._answers(frames)))
        for reader in readers:
            reader.close()
        log.close()
        return InferenceLog(path, {"key": key})

    def _answers(self, frames):
        detector, embedder = self._open()
        found = detector.detect(list(frames.values()))
        for frame, detections in zip(frames.values(), found, strict=True):
            plain = Detections(detections.boxes, detections.scores)
            crops = [cut_out(frame.pixels, each) for each in plain.boxes]
            rows = np.arange(len(crops))
            yield frame.camera, frame.index, Inference(plain, rows, embedder.embed(crops))

    def _open(self):
        if self._opened is None:
            from mtmc import reid

            plugin = choose(DETECTORS, self._detector, DEFAULT_DETECTOR)
            self._opened = plugin.cls(plugin.config, Path()), reid.load(self.reid, threads=1)
        return self._opened


def assembled(room, variant, settings):
    """A room's configuration and parts, without networks."""
    chosen = {
        "detector": {"name": "motion"},  # a stand-in: the log has all the answers
        "associator": {"name": "online" if variant.online else "offline"},
        "reid": variant.reid,
        "calibration": str(room / "calibration") if variant.places == "given" else None,
        "find_cameras": variant.places == "found",
        "output": {"video": False},
    }
    config = RunConfig.from_settings(override(chosen, settings))
    parts = assemble(config, find_cameras(room), room)
    return config, dataclasses.replace(parts, detector=_Asked(), embedder=_Asked())


def associate(room, variant, log, settings):
    """The tracks of a room with the global ids of one variant."""
    config, parts = assembled(room, variant, settings)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tracks").mkdir()
        return Pipeline(config, parts, Path(folder), log, Stopwatch()).run()


def idf1(table, room):
    """IDF1 over all cameras, and the mean of the cameras' own, percent."""
    with tempfile.TemporaryDirectory() as folder:
        write_mot_files(table, Path(folder))
        summary = evaluate_cameras(room / "gt", Path(folder)).summary
    return [100 * summary[name].ratios["IDF1"] for name in ("combined", "mean")]


def boxes_of_people(table, room):
    """How many boxes of each track follow whom: ``{key: {person: boxes}}``, and each track's id."""
    follows, ids = defaultdict(Counter), {}
    for number, camera in enumerate(table.cameras):
        rows, global_ids = table.camera(number)
        keys = [TrackKey(camera, int(track)) for track in rows["track"]]
        ids |= dict(zip(keys, global_ids.tolist(), strict=True))
        truth = read_mot(room / "gt" / f"{camera}.txt", MotKind.TRUTH)
        truth = truth[np.argsort(truth.frames, kind="stable")]
        truth = truth[truth.scores > 0]
        pairs = overlapping(truth.frames, truth.boxes, rows["frame"].astype(np.int64), rows["box"])
        near = pairs[pairs.similarity >= 0.5]
        for person, row in zip(truth.ids[near.truth].tolist(), near.result.tolist(), strict=True):
            follows[keys[row]][person] += 1
    return follows, ids


def perfect(table, follows):
    """The same tracks, each with the id of the person it follows most."""
    rows = np.concatenate([table.camera(number)[0] for number in range(len(table.cameras))])
    keys = {
        TrackKey(table.cameras[camera], int(track))
        for camera, track in zip(rows["camera"], rows["track"], strict=True)
    }
    nobody = max((p for votes in follows.values() for p in votes), default=0)
    ids = {key: nobody + number for number, key in enumerate(sorted(keys), 1)}
    for key, votes in follows.items():
        ids[key] = votes.most_common(1)[0][0]
    return TrackTable(rows, table.cameras, ids)


def mistakes(follows, ids):
    """Shares of boxes, percent: in an id mostly of others, and in a person's second id."""
    by_id = defaultdict(Counter)
    for key, votes in follows.items():
        person, count = votes.most_common(1)[0][0], votes.total()
        by_id[ids[key]][person] += count
    total = sum(votes.total() for votes in by_id.values())
    main = {number: votes.most_common(1)[0] for number, votes in by_id.items()}
    largest = Counter()
    for person, count in main.values():
        largest[person] = max(largest[person], count)
    mixed = total - sum(count for _, count in main.values())
    split = total - mixed - largest.total()
    return 100 * mixed / max(total, 1), 100 * split / max(total, 1)


def measure(room, variant, log, settings):
    """All figures of a variant in a room."""
    table = associate(room, variant, log, settings)
    follows, ids = boxes_of_people(table, room)
    mixed, split = mistakes(follows, ids)
    everywhere, mean = idf1(table, room)
    best = idf1(perfect(table, follows), room)[0]
    people = len({person for votes in follows.values() for person in votes})
    return {
        "IDF1": everywhere, "mean": mean, "tracks": best, "mixed": mixed, "split": split,
        "ids": len(set(ids.values())), "people": people, "num_tracks": len(ids),
    }  # fmt: skip


def print_table(results):
    """One line per variant: means over the seeds, and the worst IDF1."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("place", "ReID", "", "IDF1 mean", "worst", *FIGURES[1:], "ids / people", "rooms"):
        table.add_column(name, justify="right" if name not in ("place", "ReID", "") else "left")
    for variant, rooms in results.items():
        figures = {name: [r[name] for r in rooms.values()] for name in (*FIGURES, "ids", "people")}
        mean = {name: statistics.mean(values) for name, values in figures.items()}
        table.add_row(
            variant.place, Path(variant.reid).stem, str(variant),
            f"{mean['IDF1']:.1f}", f"{min(figures['IDF1']):.1f}",
            *(f"{mean[name]:.1f}" for name in FIGURES[1:]),
            f"{mean['ids']:.1f} / {mean['people']:.1f}", str(len(rooms)),
        )  # fmt: skip
    Console(width=150).print(table)


def main():
    """Renders, asks the networks, associates, scores."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rooms", type=Path, help="folder of the rooms")
    parser.add_argument("--detector", required=True, help="as for mtmc run")
    parser.add_argument("--reid", nargs="+", default=["color"], help="as for mtmc run, several")
    parser.add_argument("--places", nargs="+", choices=PLACES, default=list(PLACES))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(100, 110)))
    parser.add_argument("--set", action="append", default=[], help="as for mtmc run")
    parser.add_argument("--fps", type=float, default=15.0, help="of the rooms to be rendered")
    parser.add_argument("--no-render", action="store_true", help="only the rooms that are there")
    parser.add_argument("--each", action="store_true", help="print every room, too")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = defaultdict(dict)
    for reid in options.reid:
        networks = Networks(options.detector, reid)
        for seed in options.seeds:
            for place in options.places:
                room = options.rooms / f"{place}-{seed}"
                if not options.no_render:
                    render(room, place, seed, options.fps)
                if room.exists():
                    score_room(room, place, networks, options, results)
    print_table(results)
    if options.json:
        told = [{**dataclasses.asdict(v), "rooms": rooms} for v, rooms in results.items()]
        options.json.write_text(json.dumps(told, indent=1) + "\n")


def score_room(room, place, networks, options, results):
    """Adds a room's figures for all variants to the results."""
    log = networks.log(room)
    for online in (False, True):
        for places in PLACES_BY:
            variant = Variant(place, networks.reid, online, places)
            figures = results[variant][room.name] = measure(room, variant, log, options.set)
            if options.each:
                shown = " ".join(f"{name} {value:.1f}" for name, value in figures.items())
                print(f"{room.name} {Path(networks.reid).stem} {variant}: {shown}", flush=True)
    log.close()


if __name__ == "__main__":
    main()
