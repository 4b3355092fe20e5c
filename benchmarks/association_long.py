"""Hours of crowded cameras, associated at once and in windows; tracklets are simulated.

    OMP_NUM_THREADS=1 uv run python benchmarks/association_long.py --cameras 4 --minutes 10
    OMP_NUM_THREADS=1 uv run python benchmarks/association_long.py --cameras 4 --minutes 60 --whole

People come, walk through some of the cameras, and go; one in three comes back later. In each
camera a person's track breaks every few seconds. IDF1 is over the seconds of all tracklets. Each
line is measured in a process of its own; seconds are of CPU, memory is what the association adds
at its highest.
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
from scipy.optimize import linear_sum_assignment

from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey

DIM = 64
FPS = 10
VISIT = (8.0, 24.0)  # s that a person is in a camera's view
WAY = (3.0, 15.0)  # s between two cameras
TRACK = (2.0, 8.0)  # s until a track breaks
BREAK = (0.3, 1.5)  # s until the next one begins
VISITS = (3, 10)  # of cameras, before a person goes
BACK = 0.33  # share of people who come back, after
AWAY = (300.0, 1800.0)  # s
CAMERA, LOOK, NOISE = 0.5, 0.8, 1.0  # length of what is random by camera, by track, by crop


def scene(cameras, minutes, at_once, seed=0):
    """Tracklets in order of their start, and the person of each.

    Args:
        cameras: how many.
        minutes: how long.
        at_once: people that a camera sees at a time, about.
        seed: another one is another day.
    """
    random = np.random.default_rng(seed)
    seconds, stay = 60.0 * minutes, np.mean(VISITS) * (np.mean(VISIT) + np.mean(WAY))
    seen = np.mean(VISIT) / (np.mean(VISIT) + np.mean(WAY))
    people = int(cameras * at_once / seen * (seconds + stay) / stay / (1 + BACK))
    views = random.normal(size=(cameras, DIM))
    sightings = []
    for person in range(people):
        at = random.uniform(-stay, seconds)
        for _ in range(1 + (random.random() < BACK)):
            at = _walk(random, person, at, cameras, seconds, sightings)
            at += random.uniform(*AWAY)
    sightings.sort()
    numbers, tracklets, whose = [0] * cameras, [], []
    bodies = random.normal(size=(people, DIM))
    for start, end, camera, person in sightings:
        numbers[camera] += 1
        look = bodies[person] + CAMERA * views[camera] + LOOK * random.normal(size=DIM)
        tracklet = Tracklet(TrackKey(f"c{camera:02}", numbers[camera]), start, end)
        frames = [round(start * FPS) + 1, round(end * FPS) + 1]
        tracklet.frames, tracklet.times = [frames], [[start, end]]
        tracklet.hits = frames[1] - frames[0] + 1
        for moment in np.linspace(start, end, 4):
            row = look + NOISE * random.normal(size=DIM)
            tracklet.gallery.add(row / np.linalg.norm(row), random.uniform(0.4, 0.9), moment)
        tracklet.gallery.settle()
        tracklet.closed = True
        tracklets.append(tracklet)
        whose.append(person)
    return tracklets, np.array(whose)


def _walk(random, person, at, cameras, seconds, sightings):
    for _ in range(random.integers(*VISITS)):
        camera, leaves = int(random.integers(cameras)), at + random.uniform(*VISIT)
        while at < leaves - 0.5:
            end = min(at + random.uniform(*TRACK), leaves)
            if at >= 0 and end < seconds:
                sightings.append((round(at * FPS) / FPS, round(end * FPS) / FPS, camera, person))
            at = end + random.uniform(*BREAK)
        at = leaves + random.uniform(*WAY)
    return at


def idf1(tracklets, whose, ids):
    """Share of all seconds that are under the one id that suits their person best."""
    hits = np.array([t.hits for t in tracklets])
    numbers = np.unique([ids[t.key] for t in tracklets], return_inverse=True)[1]
    shared = np.zeros((whose.max() + 1, numbers.max() + 1))
    np.add.at(shared, (whose, numbers), hits)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return float(100 * shared[rows, columns].sum() / hits.sum()), numbers.max() + 1


def measure(cameras, minutes, at_once, window, seed):
    """One line of the table."""
    tracklets, whose = scene(cameras, minutes, at_once, seed)
    before, start = memory(), time.process_time()
    config = OfflineConfig(window=window or len(tracklets))
    found = OfflineAssociator(config, 0.45).finish(tracklets)
    seconds = time.process_time() - start
    # Of tracks that were cut, the first piece stands for all.
    score, count = idf1(tracklets, whose, found.ids)
    return {
        "cameras": cameras, "minutes": minutes, "people": len(np.unique(whose)),
        "tracklets": len(tracklets), "window": window or "all",
        "seconds": seconds, "memory MB": memory() - before, "ids": int(count), "IDF1": score,
    }  # fmt: skip


def memory():
    """Most memory the process ever had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def alone(*arguments):
    """A line, measured in a fresh process."""
    code = f"import json, association_long as a; print(json.dumps(a.measure(*{arguments!r})))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=Path(__file__).parent, check=False, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--at-once", type=float, default=15, help="people that a camera sees")
    parser.add_argument("--windows", type=int, nargs="*", default=[2000, 4000])
    parser.add_argument("--whole", action="store_true", help="also all at once")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    lines = [
        alone(args.cameras, args.minutes, args.at_once, window, args.seed)
        for window in [*([0] if args.whole else []), *args.windows]
    ]
    lines = [line for line in lines if line]
    table = Table(box=box.SIMPLE_HEAD)
    for name in next(iter(lines), {}):
        table.add_column(name, justify="right")
    for line in lines:
        table.add_row(*(f"{v:.1f}" if isinstance(v, float) else str(v) for v in line.values()))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
