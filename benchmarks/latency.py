"""How long after a picture arrives it is told who is in it, online, while the cameras send on.

    uv run python benchmarks/latency.py VIDEO... [--detector WEIGHTS] [--reid MODEL] [--seconds 20]

Recordings arrive as live cameras would send them, encoded and at their rate; once the first alone,
then all together. Measured from when a picture is there to be decoded to when its global ids are.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from mtmc.detectors import detector_settings
from mtmc.run import Listener, run
from mtmc.sources import video
from mtmc.sources.recording import VideoFile

SETTLED = 2.0  # seconds after which a run is measured


class Sent:
    """A recording in the place of a live stream; see ``Source``."""

    files: dict[str, Path]
    seconds: float
    arrived: dict[tuple[str, int], float]

    def __init__(self, camera, epoch, reconnect):
        self._epoch = epoch
        self._file = VideoFile(replace(camera, uri=str(self.files[camera.uri]), kind="video"))
        self.fps, self.size, self.total = self._file.fps, self._file.size, None

    def frames(self, request):
        """At the times that the recording tells."""
        begin, decoded = time.monotonic(), self._file.frames(request)
        for number in range(int(self.seconds * self.fps)):
            due = begin + number / self.fps
            time.sleep(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            if (frame := next(decoded, None)) is None:
                return
            self.arrived[frame.camera, frame.index] = now
            yield replace(frame, time=now - self._epoch)


class Clock(Listener):
    """Notes when the answers to pictures are there."""

    revises = True

    def __init__(self):
        self.latencies = []

    def answered(self, told):
        """Of a time step."""
        now, begin = time.monotonic(), min(Sent.arrived.values())
        for sighting in told.sightings:
            arrived = Sent.arrived[sighting.frame.camera, sighting.frame.index]
            if arrived - begin > SETTLED:
                self.latencies.append(1000 * (now - arrived))


def measure(files, settings, seconds):
    """One line of the table."""
    Sent.files = {f"rtsp://camera/{path.stem}": path for path in files}
    Sent.arrived, Sent.seconds, clock = {}, seconds, Clock()
    with tempfile.TemporaryDirectory() as out:
        record = run(list(Sent.files), Path(out), settings, listener=clock)
    dropped = len(Sent.arrived) - record["frames"]
    middle, late = np.percentile(clock.latencies, [50, 95])
    print(f"{len(files):8}{len(clock.latencies):9}{dropped:9}{middle:8.0f}{late:8.0f}", flush=True)


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--detector", default="simulated", help="as for mtmc run")
    parser.add_argument("--reid", default="simulated", help="as for mtmc run")
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    logging.disable()
    video.LiveStream = Sent
    settings = {"detector": detector_settings(options.detector), "reid": options.reid}
    settings |= {"output": {"video": False}}
    print(f"{'cameras':>8}{'pictures':>9}{'dropped':>9}{'p50 ms':>8}{'p95 ms':>8}")
    for files in [options.videos[:1], options.videos] if options.videos[1:] else [options.videos]:
        measure(files, settings, options.seconds)


if __name__ == "__main__":
    main()
