"""End-to-end speed of ``mtmc run`` beside ``yolo track`` with the same model, in one run.

    uv run --with lap python benchmarks/run_vs_yolo_track.py VIDEO... WEIGHTS [--repeat 3]

A model of OpenVINO is also run without the ultralytics package. All detect at the same image size
and confidence; theirs tracks with ByteTrack, one video after the other; none writes a video.
``mtmc run`` is also timed with appearance, which ``yolo track`` does not have. Each is timed from
the first frame to the last result in a process of its own, in turns. Of a model of OpenVINO, the
limit is shown, too: its answers to one picture, asked for back to back.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

OURS = """
import json, sys, time
from pathlib import Path
from mtmc.run import Listener, run

class Clock(Listener):
    def begin(self, cameras): self.start = time.perf_counter()

clock = Clock()
weights, name, reid, out, *videos = sys.argv[1:]
settings = {"detector": {"name": name, "weights": weights}, "reid": reid,
            "output": {"video": False}}
record = run(videos, Path(out), settings, listener=clock)
print(json.dumps({"frames": record["frames"], "seconds": time.perf_counter() - clock.start}))
"""
THEIRS = """
import json, os, sys, time
os.environ.update(YOLO_OFFLINE="true", YOLO_AUTOINSTALL="false", YOLO_VERBOSE="false")
import numpy as np
from ultralytics import YOLO

weights, *videos = sys.argv[1:]
model = YOLO(weights, task="detect")
model.predict(np.zeros((64, 64, 3), np.uint8), imgsz=640, verbose=False)
start, frames = time.perf_counter(), 0
for video in videos:
    for _ in model.track(video, stream=True, tracker="bytetrack.yaml", imgsz=640, conf=0.1, iou=0.7,
                         classes=[0], save=False, verbose=False):
        frames += 1
print(json.dumps({"frames": frames, "seconds": time.perf_counter() - start}))
"""
LIMIT = """
import json, sys, time
from collections import deque
import cv2
from mtmc.detectors.network.openvino import OpenvinoNetwork, openvino_file
from mtmc.detectors.network.preprocess import Preprocess, fit
from mtmc.reid.openvino_session import OpenvinoSession

weights, padded, video = sys.argv[1:4]
path, prepare = openvino_file(weights), Preprocess("yolov8")
picture = cv2.VideoCapture(video).read()[1]
network = OpenvinoNetwork(path, 640, OpenvinoSession(path))
if padded == "False":
    network = network.suited(picture.shape[:2])
image = fit(picture, network.size, prepare).image
network.run([image], prepare)
asked, frames, start = deque(), 300, time.perf_counter()
for _ in range(frames):
    asked.append(network.run_each([[image]], prepare))
    if len(asked) > 2 * network.at_once:
        next(asked.popleft())
for answers in asked:
    next(answers)
print(json.dumps({"frames": frames, "seconds": time.perf_counter() - start}))
"""


def measure(script: str, *arguments: str) -> float:
    """Frames per second that a script reports."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], check=False, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr)
    result = json.loads(done.stdout.strip().splitlines()[-1])
    return float(result["frames"] / result["seconds"])


def main() -> None:
    """Time all in turns and print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("videos", nargs="+")
    parser.add_argument("weights")
    parser.add_argument("--reid", default="color", help="embedder of the last row")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--skip", nargs="*", default=[], help="rows, by a part of their names")
    options = parser.parse_args()
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as out:
        videos, weights = options.videos, options.weights
        contestants: list[tuple[str, str, list[str]]] = [("yolo track (ByteTrack)", THEIRS, [])]
        native = weights.endswith(".xml") or any(Path(weights).glob("*.xml"))
        for detector in ["ultralytics", *(["openvino"] if native else [])]:
            for reid in ("none", options.reid):
                name = f"{detector}, --reid {Path(reid).name}"
                contestants.append((name, OURS, [detector, reid, out]))
        if native:
            for padded in (True, False):
                name = f"network alone{', with padding' if padded else ''}"
                contestants.append((name, LIMIT, [str(padded)]))
        contestants = [
            each for each in contestants if not any(part in each[0] for part in options.skip)
        ]
        for _ in range(options.repeat):
            for name, script, extra in contestants:
                rates.setdefault(name, []).append(measure(script, weights, *extra, *videos))
    base = statistics.median(rates["yolo track (ByteTrack)"])
    print(f"{'':36}{'frames/s':>10}{'ratio':>8}   runs")
    for name, runs in rates.items():
        rate = statistics.median(runs)
        print(f"{name:36}{rate:10.1f}{rate / base:8.2f}   {', '.join(f'{r:.1f}' for r in runs)}")


if __name__ == "__main__":
    main()
