"""Our trackers beside other libraries': the same detections, the same machine, the same run.

    uv run python benchmarks/trackers_vs_peers.py MOT17/train \
        --peer roboflow=PYTHON --peer ultralytics=PYTHON --peer boxmot=PYTHON

Each peer runs with its own defaults in an interpreter of its own (a virtual environment with that
library alone; the one called `trackers` on PyPI has the import name of ours), through its public
API. Two tables come out: the scores on the public detections of all sequences under ROOT, and the
frames per second on made-up scenes of 10 to 1000 people. What is timed is the update call alone,
with detections already in the library's own type.
"""

from __future__ import annotations

import argparse
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

# Each library: name -> (new tracker, detections of (boxes, scores), update -> ids, boxes, scores).


def _ours():
    import trackers

    def update(tracker, detections):
        tracks = tracker.update(detections)
        return tracks.ids, tracks.boxes, tracks.scores

    def maker(name):
        return lambda: trackers.create(name)

    names = [n for n in trackers.TRACKERS if not trackers.tracker_class(n).needs_embeddings]
    return {name: (maker(name), trackers.Detections, update) for name in names}


def _roboflow():
    import supervision

    import trackers

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
    return {name: (tracker, prepare, update) for name, tracker in classes.items()}


def _ultralytics():
    from ultralytics.engine.results import Boxes
    from ultralytics.trackers import OCSORT, BYTETracker
    from ultralytics.utils import YAML, IterableSimpleNamespace
    from ultralytics.utils.checks import check_yaml

    def maker(tracker, config):
        settings = IterableSimpleNamespace(**YAML.load(check_yaml(config)))
        return lambda: tracker(settings)

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
    return {name: (tracker, prepare, update) for name, tracker in classes.items()}


LIBRARIES = {
    "ours": _ours,
    "roboflow": _roboflow,
    "ultralytics": _ultralytics,
    "boxmot": _boxmot,
}


def follow(method, frames):
    """Runs one tracker over frames of (boxes, scores): MOT rows and the seconds it took."""
    new, prepare, update = method
    tracker, ready = new(), [prepare(*frame) for frame in frames]
    found, seconds = [np.zeros((0, 7))], 0.0
    for index, detections in enumerate(ready, start=1):
        begin = time.process_time()
        ids, boxes, scores = update(tracker, detections)
        seconds += time.process_time() - begin
        found.append(np.column_stack([np.full(len(ids), index), ids, boxes, scores]))
    return np.concatenate(found), seconds


def work(library, source, target):
    """Inside a library's interpreter: runs all its trackers on what `source` holds."""
    task = pickle.loads(Path(source).read_bytes())
    answer = {}
    for name, method in LIBRARIES[library]().items():
        follow(method, next(iter(task["sequences"].values()))[:50])  # warm up
        answer[name] = {
            "sequences": {seq: follow(method, frames) for seq, frames in task["sequences"].items()},
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


def main():
    """Runs everybody and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "root", type=Path, help="folder of MOTChallenge sequences with det/ and gt/"
    )
    parser.add_argument("--peer", action="append", default=[], metavar="LIBRARY=PYTHON")
    parser.add_argument("--frames", type=int, default=100, help="length of the made-up scenes")
    parser.add_argument("--keep", type=Path, help="also keep everything found in this pickle file")
    options = parser.parse_args()
    interpreters = {"ours": sys.executable, **dict(peer.split("=", 1) for peer in options.peer)}
    folders = sorted(path for path in options.root.iterdir() if (path / "det/det.txt").exists())
    task = {
        "sequences": {folder.name: read_detections(folder) for folder in folders},
        "scenes": {n: made_up_scene(n, options.frames) for n in (10, 50, 200, 1000)},
    }
    answers = {}
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "task.pickle"
        source.write_bytes(pickle.dumps(task))
        for library, python in interpreters.items():
            target = Path(scratch) / f"{library}.pickle"
            subprocess.run([python, __file__, "--work", library, source, target], check=True)
            for name, answer in pickle.loads(target.read_bytes()).items():
                answers[f"{library} {name}"] = answer
    if options.keep:
        options.keep.write_bytes(pickle.dumps(answers))
    return task, answers


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(*sys.argv[2:])
    else:
        main()
