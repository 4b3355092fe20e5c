"""What association costs as cameras and known people grow; tracks are simulated, there is no video.

    OMP_NUM_THREADS=2 uv run python benchmarks/association_scale.py
    uv run python benchmarks/association_scale.py --offline 1000 5000 20000

Online: every camera sees 10 people at a time, who stay for about 8 s and are somebody of the
gallery or, one time in five, somebody new; steps are 0.1 s apart. The gallery is filled before,
each person seen by two cameras. Times are of ``update`` alone, in milliseconds of CPU time, so that
other work on the machine does not count. ``right`` says how many of those who came back were
recognised. Memory is the process's own at its highest, MB. Each line is measured in a process of
its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from mtmc.associate.online.associator import OnlineAssociator, OnlineConfig
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey

DIM = 512
PEOPLE_PER_CAMERA = 10
STEP = 0.1  # s
STAY = 8.0  # s
WARM_UP = 50  # steps, until the first decisions are behind
NOISE, VIEW = 0.6, 0.5  # length of what is random in each crop, and in each look of a person
MAX_DISTANCE = 0.45


class People:
    """Embeddings of anybody, from nothing but their number."""

    def crops(self, person, look, count):
        """``(count, DIM)`` unit rows of a person in one look (a camera, a day)."""
        who = np.random.default_rng([1, person]).normal(size=DIM)
        view = np.random.default_rng([2, person, look]).normal(size=DIM)
        noise = np.random.default_rng([3, person, look]).normal(size=(count, DIM))
        rows = (who + VIEW * view + NOISE * noise).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Traffic:
    """People who come and go in front of many cameras."""

    def __init__(self, cameras, known, calibrated):
        self._random = np.random.default_rng(0)
        self._cameras = [f"c{number:03}" for number in range(cameras)]
        self._known, self._calibrated = known, calibrated
        self._new = known
        self._count = 0
        self._tracks = {name: [] for name in self._cameras}
        self._closing = []
        self.person = {}

    def step(self, frame):
        """The tracklets that are visible in a frame."""
        now = frame * STEP
        visible = []
        for name, tracks in self._tracks.items():
            for entry in [e for e in tracks if e[1] <= now]:
                tracks.remove(entry)
                self._closing.append(entry[0])
            while len(tracks) < PEOPLE_PER_CAMERA:
                tracks.append(self._enter(name, now, first=frame == 0))
            for tracklet, _, crops, place in tracks:
                tracklet.see(frame + 1, now)
                due = int((now - tracklet.start) / 0.25) + 1
                taken = len(tracklet.gallery)
                if taken < min(due, len(crops)):
                    tracklet.gallery.add(crops[taken], 0.8)
                if self._calibrated:
                    at = place + 0.1 * self._random.normal(size=2)
                    tracklet.path.add(now + 1e-6, at, 0.01 * np.eye(2))
                visible.append(tracklet)
        for tracklet in [t for t in self._closing if t.end < now - 2]:
            self._closing.remove(tracklet)
            tracklet.gallery.settle()
            tracklet.closed = True
        return visible

    def _enter(self, camera, now, first):
        here = {self.person[e[0].key] for e in self._tracks[camera]}
        person = next(p for p in iter(self._draw, None) if p not in here)
        self._count += 1
        tracklet = Tracklet(TrackKey(camera, self._count), now, now)
        self.person[tracklet.key] = person
        stay = STAY * self._random.uniform(0.05 if first else 0.5, 1.5)
        crops = People().crops(person, 100 + self._count, 6)
        return tracklet, now + stay, crops, self._random.uniform(0, 100, 2)

    def _draw(self):
        if self._random.random() < 0.2:
            self._new += 1
            return self._new - 1
        return int(self._random.integers(self._known))


def fill(associator, known):
    """Makes people 0 .. ``known`` known, each by a track in two cameras."""
    people = People()
    everybody = associator._people
    for number in range(known):
        person = everybody.new()
        everybody.global_id(person)
        for look in range(2):
            tracklet = Tracklet(TrackKey(f"c{(number + look) % 4:03}", -number - 1), -9.0, -5.0)
            tracklet.see(0, -5.0)
            tracklet.gallery.add(people.crops(number, look, 1)[0], 0.8)
            everybody.join(tracklet, person)
            everybody.forget([tracklet])


def online(cameras, known, steps, calibrated):
    """Milliseconds per step and the process's memory."""
    associator = OnlineAssociator(OnlineConfig(max_distance=MAX_DISTANCE), MAX_DISTANCE)
    empty = memory()
    fill(associator, known)
    traffic = Traffic(cameras, known, calibrated)
    seconds, back, right = [], 0, 0
    for frame in range(WARM_UP + steps):
        visible = traffic.step(frame)
        start = time.process_time()
        decided = associator.look(frame * STEP, visible)
        seconds.append(time.process_time() - start)
        for key, number in decided.items():
            if traffic.person[key] < known:
                back += 1
                right += number == traffic.person[key] + 1
    spent = 1000 * np.array(seconds[WARM_UP:])
    return {
        "cameras": cameras, "gallery": known, "calibrated": calibrated,
        "mean": spent.mean(), "p95": np.percentile(spent, 95), "right": 100 * right / max(back, 1),
        "memory": memory(), "empty": empty,
    }  # fmt: skip


def offline(count):
    """Seconds and memory of the association of ``count`` finished tracklets."""
    random = np.random.default_rng(0)
    tracklets = []
    for number in range(count):
        person = int(random.integers(max(count // 8, 1)))
        start = random.uniform(0, count / 4)
        tracklet = Tracklet(TrackKey(f"c{random.integers(16):03}", number + 1), start, start)
        first = round(start / STEP)
        for frame in range(first, first + 60):
            tracklet.see(frame + 1, frame * STEP)
        for row in People().crops(person, number, 4):
            tracklet.gallery.add(row, 0.8)
        tracklet.gallery.settle()
        tracklets.append(tracklet)
    before = memory()
    start = time.process_time()
    config = OfflineConfig(max_distance=MAX_DISTANCE)
    ids = OfflineAssociator(config, MAX_DISTANCE).finish(tracklets).ids
    seconds = time.process_time() - start
    people = len(set(ids.values()))
    return {"tracklets": count, "seconds": seconds, "ids": people, "memory": memory() - before}


def memory():
    """Most memory the process ever had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def alone(function, *arguments):
    """Calls a function of this file in a fresh process."""
    code = f"import json, association_scale as a; print(json.dumps(a.{function}(*{arguments!r})))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=Path(__file__).parent, check=False, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def print_table(lines):
    """All lines, those of which nothing came with dashes."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in next((line for line in lines if line), {}):
        table.add_column(name, justify="right")
    for line in lines:
        table.add_row(*(f"{v:.1f}" if isinstance(v, float) else str(v) for v in line.values()))
    Console(width=120).print(table)


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cameras", nargs="+", type=int, default=[4, 16, 64, 256])
    parser.add_argument("--gallery", nargs="+", type=int, default=[1000, 10000, 100000])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--calibrated", action="store_true", help="with floor positions")
    parser.add_argument("--offline", nargs="*", type=int, help="numbers of tracklets instead")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.offline is not None:
        jobs = [("offline", count) for count in options.offline or (1000, 5000, 20000)]
    else:
        jobs = [
            ("online", cameras, known, options.steps, options.calibrated)
            for known in options.gallery
            for cameras in options.cameras
        ]
    lines = []
    for job in jobs:
        line = alone(*job)
        print(job, line and {k: round(v, 1) for k, v in line.items()}, file=sys.stderr, flush=True)
        if line:
            lines.append(line)
    print_table(lines)
    if options.json:
        options.json.write_text(json.dumps(lines, indent=1) + "\n")


if __name__ == "__main__":
    main()
