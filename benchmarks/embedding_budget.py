"""Who is who by appearance alone, over how much is computed for the embeddings.

    uv run python benchmarks/embedding_budget.py MODEL ROOM... [--smaller MODEL] [--json FILE]

MODEL has several exits in one space (`reid align`). ROOM is a folder of ``association_rooms.py``,
with the detections that it keeps there. Each detection is embedded once at every exit, and kept in
the room; then every method associates the same tracks. ``compute`` is what all crops of a run cost,
in percent of what it costs to take all the way those that a run takes by default.

``margin``, ``distance``, ``random``: a mean budget, spent by that confidence. ``exit``: all crops
leave at the same one. ``fewer``: all the way, but seldom. ``smaller``: another network. Rooms can
be measured in pieces, as ``--json`` goes on with what it has; ``--show`` prints it and no more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from association_rooms import idf1
from rich import box
from rich.console import Console
from rich.table import Table

from mtmc import reid
from mtmc.perception.budget import BudgetConfig, Looks
from mtmc.perception.keys import settings_key
from mtmc.perception.log import Inference, InferenceLog
from mtmc.perception.perception import Perception
from mtmc.reid.evaluation.exits import EveryExit
from mtmc.reid.evaluation.tradeoff import size_of
from mtmc.reid.preprocess import crop_boxes
from mtmc.reid.staged import Passage, StagedEmbedder, embed_until
from mtmc.run.assemble import put_together
from mtmc.run.config import RunConfig
from mtmc.run.pipeline import Pipeline
from mtmc.run.stopwatch import Stopwatch
from mtmc.sources import SourcesConfig, find_cameras, open_cameras
from mtmc.trackers.scores import PROBABILITIES

SHARES = (0.25, 0.35, 0.5, 0.65, 0.8)  # of what it costs to go all the way
INTERVALS = (1.5, 2.0, 3.0, 5.0)  # seconds between a track's crops, 1 by default
CONFIDENCES = ("margin", "distance", "random")
BATCH = 64


class Answers:
    """What a model says of each detection at each exit; a crop is the place of its answer here.

    Args:
        rows: ``(N, S, D)`` unit.
        model: what said it.
        last: nobody goes further than this exit, from 1.
    """

    curve, stateful, batch_size = PROBABILITIES, False, 1024

    def __init__(self, rows, model, last=None):
        self.rows, self.name, self.even_distance = rows, model.name, model.even_distance
        last = last or rows.shape[1]
        self.costs = getattr(model, "costs", (1.0,))[:last]
        self.reliability = getattr(model, "reliability", (1.0,))[:last]
        self.count, self.dim = last, rows.shape[2]
        self.spent, self.crops = 0.0, 0

    def embed(self, crops):
        """At the last exit."""
        self.crops += len(crops)
        return self.rows[crops, self.count - 1]

    def begin(self, crops):
        """See `StagedEmbedder`."""
        return Passage(self, crops)

    def embed_until(self, crops, decide):
        """See `StagedEmbedder`."""
        rows, exits = embed_until(self.begin(crops), self.count, decide)
        self.crops += len(crops)
        self.spent += sum(self.costs[stage - 1] for stage in exits)
        return rows, exits

    def first(self, crops):
        """See `Stages`."""
        return self.further(0, crops)

    def further(self, stage, states):
        """See `Stages`."""
        return list(states), self.rows[list(states), stage]


class Known(Perception):
    """Perception whose crops are the places of detections among all of a room."""

    def __init__(self, places, *args):
        super().__init__(*args)
        self._places = places

    def _crops(self, frame, inference, wanted):
        return (self._places[frame.camera, frame.index] + wanted).tolist()


class Room:
    """The detections of a room, and what models say of them."""

    def __init__(self, folder):
        self.folder = folder
        self._log = InferenceLog(max(folder.glob("inference.*.sqlite")), {}, finished=True)
        self.places, self._count = {}, 0
        for camera, last in sorted(self._log.recorded.items()):
            for frame in range(1, last + 1):
                self.places[camera, frame] = self._count
                self._count += len(self._log.read(camera, frame).detections)

    def read(self, camera, frame):
        """The detections of a frame alone, as a log says them."""
        return Inference(self._log.read(camera, frame).detections)

    @property
    def recorded(self):
        """See ``InferenceLog``."""
        return self._log.recorded

    def record(self, *_):
        """Nothing new is kept."""

    def answers(self, name, model):
        """``(N, S, D)`` what a model says of all detections at each exit."""
        file = self.folder / f"exits.{settings_key({'weights': reid.embedder.resolve(name)})}.npy"
        if not file.exists():
            np.save(file, self._embed(model).astype(np.float16))
        return np.load(file).astype(np.float32)

    def _embed(self, model):
        staged = isinstance(model, StagedEmbedder)
        every, exits = (EveryExit(model), len(model.costs)) if staged else (model, 1)
        rows = np.zeros((self._count, every.dim), np.float32)
        for reader in open_cameras(find_cameras(self.folder), SourcesConfig()):
            reader.start()
            while (frame := reader.peek()) is not None:
                next(reader)
                boxes = self.read(frame.camera, frame.index).detections.boxes
                crops = crop_boxes(frame.pixels, boxes)
                start = self.places[frame.camera, frame.index]
                if crops:
                    rows[start : start + len(crops)] = every.embed(crops)
            reader.close()
        return rows.reshape(self._count, exits, -1)

    def score(self, answers, online, interval=1.0, gflops=None, confidence="margin"):
        """IDF1 over all cameras, percent, of one way to embed."""
        config = RunConfig.from_settings({
            "associator": "online" if online else "offline", "detector": "motion",
            "crops": {"interval": interval}, "output": {"video": False, "crops": False},
        })  # fmt: skip
        config = replace(config, reid=replace(config.reid, budget=BudgetConfig(gflops=gflops)))
        readers = open_cameras(find_cameras(self.folder), SourcesConfig())
        parts = put_together(config, readers, answers, answers)
        with tempfile.TemporaryDirectory() as out:
            (Path(out) / "tracks").mkdir()
            self.path = Path(out) / "crops.sqlite"  # of pictures, which nobody wants
            pipeline = Pipeline(config, parts, Path(out), self, Stopwatch())
            pipeline.crops.close()
            pipeline.crops = None
            if pipeline.budget:
                pipeline.budget.looks = Looks(confidence)
            pipeline._perception = Known(self.places, answers, answers, self, None, pipeline.budget)
            return idf1(pipeline.run(), self.folder)[0]


def methods(model, rows, smaller):
    """Every way to embed: its name and point, a fresh set of answers and how to go about it."""
    full = model.costs[-1]
    yield "full", 1.0, Answers(rows, model), {}
    for confidence in CONFIDENCES:
        for share in SHARES:
            if share * full > model.costs[0]:
                how = {"gflops": share * full, "confidence": confidence}
                yield confidence, share, Answers(rows, model), how
    for stage in range(1, len(model.costs)):
        yield "exit", stage, Answers(rows, model, stage), {}
    for interval in INTERVALS:
        yield "fewer", interval, Answers(rows, model), {"interval": interval}
    if smaller:
        yield "smaller", 1.0, Answers(smaller[1], smaller[0]), {}


def measure(room, model, rows, smaller, costs, done, only, modes):
    """All methods in a room, offline and online; what is done stays."""
    for online in modes:
        mode = "online" if online else "offline"
        base = None
        for name, point, answers, how in methods(model, rows, smaller):
            if only and name not in only:
                continue
            key = f"{room.folder.name} {mode} {name} {point:g}"
            if key not in done:
                found = room.score(answers, online, **how)
                spent = answers.spent or answers.crops * costs[name == "smaller", answers.count]
                done[key] = {"IDF1": found, "spent": spent, "crops": answers.crops}
                yield key
            base = base or done[key]["spent"]
            done[key]["compute"] = 100 * done[key]["spent"] / base


def show(done):
    """A line per method and point: means over the rooms."""
    table = Table(
        "", "method", "point", "compute %", "IDF1", "beside full", "rooms", box=box.SIMPLE_HEAD
    )
    grouped = defaultdict(dict)
    for key, figures in done.items():
        room, mode, name, point = key.split()
        grouped[mode, name, point][room] = figures
    for (mode, name, point), rooms in grouped.items():
        full = grouped[mode, "full", "1"]
        wanted = ((rooms, "compute"), (rooms, "IDF1"), (full, "IDF1"))
        found = [statistics.mean(each[room][what] for room in rooms) for each, what in wanted]
        cells = (f"{found[0]:.0f}", f"{found[1]:.1f}", f"{found[1] - found[2]:+.1f}")
        table.add_row(mode, name, point, *cells, str(len(rooms)))
    Console(width=100).print(table)


def main():
    """Embeds, associates, scores."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="as for mtmc run, of several exits")
    parser.add_argument("rooms", nargs="*", type=Path, help="folders")
    parser.add_argument("--smaller", help="another model, as for mtmc run")
    parser.add_argument("--json", type=Path, default=Path("embedding_budget.json"))
    parser.add_argument("--only", nargs="+", help="such as full margin fewer")
    parser.add_argument("--offline", action="store_true", help="not online, too")
    parser.add_argument("--show", action="store_true", help="measure nothing")
    options = parser.parse_args()
    done = json.loads(options.json.read_text()) if options.json.exists() else {}
    names = [] if options.show else [options.model, *([options.smaller] if options.smaller else [])]
    models = [reid.load(name, threads=1) for name in names]
    costs = {}
    for number, model in enumerate(models):
        stages = getattr(model, "costs", None) or [(size_of(model)[1] or 0) / 1e9]
        costs |= {(number == 1, stage): cost for stage, cost in enumerate(stages, 1)}
    for folder in options.rooms if names else ():
        room = Room(folder)
        rows, *more = [room.answers(n, m) for n, m in zip(names, models, strict=True)]
        smaller = (models[1], more[0]) if more else None
        chosen = options.only, (False,) if options.offline else (False, True)
        for key in measure(room, models[0], rows, smaller, costs, done, *chosen):
            print(f"{key}: {done[key]['IDF1']:.1f}", flush=True)
            options.json.write_text(json.dumps(done, indent=1) + "\n")
        options.json.write_text(json.dumps(done, indent=1) + "\n")
    show(done)


if __name__ == "__main__":
    main()
