"""What a run over long footage takes beside its association: tables, refinement, writing.

    OMP_NUM_THREADS=1 uv run python benchmarks/run_long.py --minutes 5 20

Cameras without pictures, whose boxes come from files: people walk across the image in straight
lines, and their tracks break as in ``association_long.py``. Nobody has looks. Memory is the
process's own at its highest. With ``--videos FOLDER`` what is in it is seen again and again, by the
networks that ship, and memory is noted after each time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path

import av
import numpy as np
from association_long import FPS, scene
from rich import box
from rich.console import Console
from rich.table import Table

SIZE = (1920, 1080)
RUN = """
import json, resource, sys
from pathlib import Path
from mtmc.run import run
settings = {"detector": "motfile", "reid": {"weights": "none"}, "output": {"video": False}}
record = run(Path(sys.argv[1]), Path(sys.argv[1]) / "out", settings)
record["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(record))
"""
LOOPED = """
import json, os, sys
from pathlib import Path
from mtmc.run import Listener, run

class Memory(Listener):
    seen, steps = [], 0

    def step(self, progress):
        self.steps += 1
        if self.steps % int(sys.argv[2]) == 0:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            self.seen.append(round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20))

memory = Memory()
record = run(sys.argv[1], Path(sys.argv[1]) / "out", {"output": {"video": False}}, listener=memory)
record["memory"] = memory.seen
print(json.dumps(record))
"""


def write(folder, cameras, minutes, at_once):
    """``cameras.yaml`` and the boxes."""
    random = np.random.default_rng(0)
    tracklets, _ = scene(cameras, minutes, at_once)
    rows = {}
    for tracklet in tracklets:
        first, last = tracklet.frames[0]
        start, end = random.uniform([0, 300], [1800, 700], (2, 2))
        for frame in range(first, last + 1):
            share = (frame - first) / max(last - first, 1)
            x, y = start + share * (end - start) + random.normal(0, 1.5, 2)
            rows.setdefault(tracklet.key.camera, []).append(
                f"{frame},-1,{x:.1f},{y:.1f},90,260,0.9,-1,-1,-1"
            )
    (folder / "det").mkdir()
    for name, lines in rows.items():
        (folder / "det" / f"{name}.txt").write_text("\n".join(lines) + "\n")
    about = f"fps: {FPS}, size: [{SIZE[0]}, {SIZE[1]}], frames: {60 * minutes * FPS}"
    entries = [f"- {{name: {name}, {about}}}" for name in sorted(rows)]
    (folder / "cameras.yaml").write_text("cameras:\n" + "\n".join(entries) + "\n")
    return sum(len(lines) for lines in rows.values())


def measure(cameras, minutes, at_once):
    """One line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        boxes = write(Path(folder), cameras, minutes, at_once)
        done = subprocess.run(
            [sys.executable, "-c", RUN, folder], check=True, capture_output=True, text=True
        )
        record = json.loads(done.stdout.splitlines()[-1])
    stages = {name: round(seconds, 1) for name, seconds in record["stage_seconds"].items()}
    tracks = sum(camera["tracks"] for camera in record["cameras"].values())
    return {
        "cameras": cameras, "minutes": minutes, "boxes": boxes, "tracks": tracks,
        "memory MB": round(record["memory"]), "seconds": record["seconds"], "stages": str(stages),
    }  # fmt: skip


def cut(path, target, frames):
    """The first frames of a video, as they are encoded."""
    with av.open(str(path)) as source, av.open(str(target), "w", format="mp4") as result:
        stream = result.add_stream_from_template(source.streams.video[0])
        for packet in islice(source.demux(source.streams.video[0]), frames):
            packet.stream = stream
            result.mux(packet)


def looped(videos, loops, frames):
    """The first frames of some videos, again and again; prints what memory they take."""
    with tempfile.TemporaryDirectory() as folder:
        entries = []
        for path in sorted(videos.glob("*.mp4")):
            target = Path(folder) / f"{path.stem}.cut"
            cut(path, target, frames)
            parts = [f"{path.stem}-part{number:03}.mp4" for number in range(loops)]
            for part in parts:
                (Path(folder) / part).symlink_to(target)
            entries.append(f"- {{name: {path.stem}, path: [{', '.join(parts)}]}}")
        (Path(folder) / "cameras.yaml").write_text("cameras:\n" + "\n".join(entries) + "\n")
        command = [sys.executable, "-c", LOOPED, folder, str(frames)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        record = json.loads(done.stdout.splitlines()[-1])
    print(f"{record['frames']} frames in {record['seconds']} s; MB after each loop:")
    print(*record["memory"])


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--minutes", type=int, nargs="*", default=[5, 20])
    parser.add_argument("--at-once", type=float, default=8, help="people that a camera sees")
    parser.add_argument("--videos", type=Path, metavar="FOLDER")
    parser.add_argument("--loops", type=int, default=20)
    parser.add_argument("--frames", type=int, default=50, help="of each video")
    args = parser.parse_args()
    if args.videos:
        looped(args.videos, args.loops, args.frames)
        return
    table = Table(box=box.SIMPLE_HEAD)
    lines = [measure(args.cameras, minutes, args.at_once) for minutes in args.minutes]
    for name in lines[0]:
        table.add_column(name, justify="right")
    for line in lines:
        table.add_row(*map(str, line.values()))
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
