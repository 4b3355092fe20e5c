"""Our trackers beside other libraries': the same detections, the same machine, the same run.

    uv run python benchmarks/trackers_vs_peers.py MOT17/train \
        --peer roboflow=PYTHON --peer ultralytics=PYTHON --peer boxmot=PYTHON

Each peer runs with its own defaults in an interpreter of its own (a virtual environment with that
library alone; the one called `trackers` on PyPI has the import name of ours), through its public
API. Two tables come out: the scores on the public detections of all sequences under ROOT, and the
frames per second on them and on made-up scenes of 10 to 1000 people. What is timed is the update
call alone (and the refinement, where there is one), with detections already in the library's own
type, in processor seconds on one thread, which other work on the machine disturbs least.
"""

from __future__ import annotations

import argparse
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

# Each library: name -> (new tracker, detections of (boxes, scores), update -> ids, boxes, scores);
# a fourth, where there is one, refines the finished rows.


def _ours():
    from mtmc import trackers
    from mtmc.trackers.offline import RefineConfig, make_table, refine

    def update(tracker, detections):
        tracks = tracker.update(detections)
        return tracks.ids, tracks.boxes, tracks.scores

    def detected(tracker, detections):
        tracks = tracker.update(detections)
        tracks = tracks[tracks.det_index >= 0]
        ids = np.zeros(len(detections))  # 0: what no track took, of use to the refinement
        ids[tracks.det_index] = tracks.ids
        return ids, detections.boxes, detections.scores

    def finish(rows, fps):
        frames, ids, boxes, scores = rows[:, 0], rows[:, 1], rows[:, 2:6], rows[:, 6]
        given = make_table(frames, ids, boxes, scores)
        better = refine(given, RefineConfig().at_rate(fps))
        return np.column_stack([*(better[name] for name in ("step", "person", "box", "score"))])

    def maker(name):
        return lambda fps: trackers.create(name, fps=fps)

    # Without images there are no embeddings; trackers with appearance run on motion alone.
    methods = {name: (maker(name), trackers.Detections, update) for name in trackers.TRACKERS}
    methods["coast, offline"] = (maker("coast"), trackers.Detections, detected, finish)
    return methods


def _roboflow():
    import supervision

    from mtmc import trackers

    def prepare(boxes, scores):
        classes = np.zeros(len(boxes), int)
        return supervision.Detections(xyxy=boxes, confidence=scores, class_id=classes)

    def update(tracker, detections):
        tracks = tracker.update(detections)
        if tracks.tracker_id is None or not len(tracks):
            return np.zeros(0), np.zeros((0, 4)), np.zeros(0)
        named = tracks.tracker_id >= 0  # -1: not confirmed yet
        return tracks.tracker_id[named], tracks.xyxy[named], tracks.confidence[named]

    classes = {
        "SORT": trackers.SORTTracker,
        "ByteTrack": trackers.ByteTrackTracker,
        "OC-SORT": trackers.OCSORTTracker,
        "C-BIoU": trackers.CBIoUTracker,
    }
    return {name: (_plain(tracker), prepare, update) for name, tracker in classes.items()}


def _ultralytics():
    from ultralytics.engine.results import Boxes
    from ultralytics.trackers import OCSORT, BYTETracker
    from ultralytics.utils import YAML, IterableSimpleNamespace
    from ultralytics.utils.checks import check_yaml

    def maker(tracker, config):
        settings = IterableSimpleNamespace(**YAML.load(check_yaml(config)))
        return lambda fps: tracker(settings)

    def prepare(boxes, scores):
        table = np.column_stack([boxes, scores, np.zeros(len(boxes))]).astype(np.float32)
        return Boxes(table.reshape(-1, 6), (1080, 1920))

    def update(tracker, detections):
        rows = np.asarray(tracker.update(detections)).reshape(-1, 8)
        return rows[:, 4], rows[:, :4], rows[:, 5]

    return {
        "ByteTrack": (maker(BYTETracker, "bytetrack.yaml"), prepare, update),
        "OC-SORT": (maker(OCSORT, "ocsort.yaml"), prepare, update),
    }


def _boxmot():
    import boxmot

    image = np.zeros((1080, 1920, 3), np.uint8)

    def prepare(boxes, scores):
        table = np.column_stack([boxes, scores, np.zeros(len(boxes))])
        return table.astype(np.float32).reshape(-1, 6)

    def update(tracker, detections):
        rows = np.asarray(tracker.update(detections, image)).reshape(-1, 8)
        return rows[:, 4], rows[:, :4], rows[:, 5]

    classes = {"ByteTrack": boxmot.ByteTrack, "OC-SORT": boxmot.OcSort, "SFSORT": boxmot.SFSORT}
    return {name: (_plain(tracker), prepare, update) for name, tracker in classes.items()}


def _plain(tracker):
    """Makes a tracker with its defaults, whatever the frame rate."""
    return lambda fps: tracker()


TUNED_ON = ("02", "09", "13")  # the sequences our settings were chosen on

LIBRARIES = {
    "ours": _ours,
    "roboflow": _roboflow,
    "ultralytics": _ultralytics,
    "boxmot": _boxmot,
}


def follow(method, frames, fps=30.0):
    """Runs one tracker over frames of (boxes, scores): MOT rows and the seconds it took."""
    new, prepare, update, *finish = method
    tracker, ready = new(fps), [prepare(*frame) for frame in frames]
    found, seconds = [np.zeros((0, 7))], 0.0
    for index, detections in enumerate(ready, start=1):
        begin = time.process_time()
        ids, boxes, scores = update(tracker, detections)
        seconds += time.process_time() - begin
        found.append(np.column_stack([np.full(len(ids), index), ids, boxes, scores]))
    rows = np.concatenate(found)
    if finish:
        begin = time.process_time()
        rows = finish[0](rows, fps)
        seconds += time.process_time() - begin
    return rows, seconds


def work(library, source, target):
    """Inside a library's interpreter: runs all its trackers on what `source` holds."""
    task = pickle.loads(Path(source).read_bytes())
    answer = {}
    for name, method in LIBRARIES[library]().items():
        follow(method, next(iter(task["sequences"].values()))[0][:50])  # warm up
        answer[name] = {
            "sequences": {
                name: follow(method, *given) for name, given in task["sequences"].items()
            },
            "speed": {size: follow(method, scene)[1] for size, scene in task["scenes"].items()},
        }
    Path(target).write_bytes(pickle.dumps(answer))


def read_detections(sequence):
    """Per frame (boxes (N, 4) xyxy, scores (N,)) of a MOTChallenge sequence folder."""
    rows = np.loadtxt(sequence / "det" / "det.txt", delimiter=",")
    text = (sequence / "seqinfo.ini").read_text()
    length = int(text.split("seqLength=")[1].split()[0])
    boxes = rows[:, 2:6].astype(np.float32)
    boxes[:, 2:] += boxes[:, :2]
    frames = [rows[:, 0] == index for index in range(1, length + 1)]
    return [(boxes[here], rows[here, 6].astype(np.float32)) for here in frames]


def made_up_scene(people, frames, seed=0):
    """People of one size walking to and fro in a full-HD image, 10 % unseen, scores 0.3 to 1."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform([0, 0], [1880, 960], (people, 2))
    speed = rng.normal(0, 3, (people, 2))
    scene = []
    for _ in range(frames):
        corner = corner + speed
        speed = np.where((corner < 0) | (corner > [1880, 960]), -speed, speed)
        noisy = corner + rng.normal(0, 1, corner.shape)
        boxes = np.column_stack([noisy, noisy + np.array([40, 120])]).astype(np.float32)
        seen = rng.random(people) < 0.9
        scene.append((boxes[seen], rng.uniform(0.3, 1, people).astype(np.float32)[seen]))
    return scene


def score(answer, sequences):
    """HOTA, MOTA, IDF1 in percent and identity switches over sequences."""
    from mtmc.evaluate.protocol import CameraRows, make_scene
    from mtmc.evaluate.scores import Scores
    from mtmc.evaluate.scores import score as score_scene
    from mtmc.mot import MotKind, MotRows, read_mot

    total = Scores()
    for sequence in sequences:
        rows, _ = answer["sequences"][sequence.name]
        truth = read_mot(sequence.truth_file, MotKind.TRUTH, sequence.length)
        ids = rows[:, 1].astype(np.int64)
        result = MotRows.make(rows[:, 0].astype(np.int64), ids, rows[:, 2:6], scores=rows[:, 6])
        camera = CameraRows(sequence.name, truth, result, 1, sequence.length)
        total += score_scene(make_scene([camera], sequence.protocol))
    ratios = total.ratios()
    return [*(100 * ratios[name] for name in ("HOTA", "MOTA", "IDF1")), total.counts()["IDSW"]]


def print_scores(answers, groups):
    """One row per tracker, HOTA MOTA IDF1 IDSW per group of sequences."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="HOTA / MOTA / IDF1 / IDSW on public detections")
    table.add_column("tracker")
    for title in groups:
        table.add_column(title, justify="right")
    for name, answer in answers.items():
        cells = [
            "{:.2f} / {:.2f} / {:.2f} / {}".format(*score(answer, group))
            for group in groups.values()
        ]
        table.add_row(name, *cells)
    Console(width=150).print(table)


def print_speed(answers, frames, scene_frames):
    """One row per tracker, frames per second on the sequences and per number of people."""
    from rich.console import Console
    from rich.table import Table

    sizes = list(next(iter(answers.values()))["speed"])
    table = Table(title="association, frames per second of processor time")
    table.add_column("tracker")
    for title in ("sequences", *(f"{size} people" for size in sizes)):
        table.add_column(title, justify="right")
    for name, answer in answers.items():
        seconds = sum(seconds for _, seconds in answer["sequences"].values())
        speeds = [scene_frames / answer["speed"][size] for size in sizes]
        table.add_row(name, *(f"{speed:.0f}" for speed in (frames / seconds, *speeds)))
    Console(width=150).print(table)


def run_all(interpreters, task):
    """Every library in its own interpreter: the answers by name of library and tracker."""
    answers = {}
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "task.pickle"
        source.write_bytes(pickle.dumps(task))
        for library, python in interpreters.items():
            target = Path(scratch) / f"{library}.pickle"
            command = [python, __file__, "--work", library, source, target]
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
            for name, answer in pickle.loads(target.read_bytes()).items():
                answers[f"{library} {name}"] = answer
    return answers


def main():
    """Runs everybody and prints the tables."""
    from mtmc.evaluate.sequences import find_sequences

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "root", type=Path, help="folder of MOTChallenge sequences with det/ and gt/"
    )
    parser.add_argument("--peer", action="append", default=[], metavar="LIBRARY=PYTHON")
    parser.add_argument("--frames", type=int, default=100, help="length of the made-up scenes")
    options = parser.parse_args()
    interpreters = {"ours": sys.executable, **dict(peer.split("=", 1) for peer in options.peer)}
    sequences = find_sequences(options.root)
    task = {
        "sequences": {s.name: (read_detections(s.folder), s.fps) for s in sequences},
        "scenes": {n: made_up_scene(n, options.frames) for n in (10, 50, 200, 1000)},
    }
    answers = run_all(interpreters, task)
    tuned = [s for s in sequences if s.name.split("-")[1] in TUNED_ON]
    others = [s for s in sequences if s not in tuned]
    groups = {"tuned on": tuned, "others": others, "all": sequences}
    print_scores(answers, {title: group for title, group in groups.items() if group})
    print_speed(answers, sum(s.length for s in sequences), options.frames)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(*sys.argv[2:])
    else:
        main()
