"""What processes of their own bring to `mtmc run`: speed, processor time and memory.

Cameras are the demo's four, as often as it takes. The machine's load before each run is shown, too:
what others do on it changes the seconds, but hardly the processor's.

    python benchmarks/workers.py --cameras 8 --workers 1 2
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from mtmc.commands.demo import demo_folder
from mtmc.reid.threads import available_cores

EVERY = 0.5  # s between two looks at the memory


def write_cameras(folder: Path, count: int) -> Path:
    """So many cameras of the demo's videos."""
    videos = sorted((demo_folder() / "videos").iterdir())
    cameras = [{"name": f"c{n}", "path": str(videos[n % len(videos)])} for n in range(count)]
    path = folder / "cameras.yaml"
    path.write_text(json.dumps({"cameras": cameras}))
    return path


def processes(root: int) -> list[int]:
    """A process and all that it has started."""
    found = [root]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def used(process: int) -> tuple[float, float]:
    """Seconds of the processor that a process has taken, and its MB; what is shared is divided."""
    stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    memory = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"), memory / 1024


def measured(command: list[str]) -> tuple[float, float, float]:
    """Seconds, seconds of the processor, and the most MB of a command and all that it starts."""
    start, most = time.monotonic(), 0.0
    seconds: dict[int, float] = {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        said: list[bytes] = []
        assert process.stderr is not None
        reader = threading.Thread(target=lambda: said.append(process.stderr.read()))
        reader.start()
        while process.poll() is None:
            together = 0.0
            with suppress(OSError, ValueError):  # it has just ended
                for number in processes(process.pid):
                    with suppress(OSError, IndexError):
                        seconds[number], memory = used(number)
                        together += memory
            most = max(most, together)
            time.sleep(EVERY)
        reader.join()
    if process.returncode:
        sys.exit(b"".join(said).decode())
    return time.monotonic() - start, sum(seconds.values()), most


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--workers", nargs="+", default=["1", "2"])
    parser.add_argument("--stride", type=int, default=3)
    options = parser.parse_args()
    print(f"{available_cores()} cores, {options.cameras} cameras, every {options.stride}. frame\n")
    print("| workers | load before | frames | frames/s | s | processor s | ms of it a frame | MB |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        cameras = write_cameras(Path(folder), options.cameras)
        for workers in options.workers:
            load, out = os.getloadavg()[0], Path(folder) / "out"
            command = [sys.executable, "-c", "from mtmc.cli import main; main()", "run"]
            command += [str(cameras), "--config", "simulated", "--no-video", "--no-report"]
            command += ["--set", f"sources.stride={options.stride}", "--out", str(out)]
            seconds, used, most = measured([*command, "--workers", workers])
            record = json.loads((out / "run.json").read_text())
            frames = record["frames"]
            print(
                f"| {workers} | {load:.1f} | {frames} | {record['frames_per_second']:.1f} "
                f"| {seconds:.1f} | {used:.1f} | {1000 * used / frames:.1f} | {most:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
