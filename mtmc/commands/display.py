"""What the terminal shows: progress while it runs, a summary at the end."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from mtmc.commands.interrupts import terminal_may_be_gone
from mtmc.commands.messages import Sayable
from mtmc.commands.tables import plain
from mtmc.errors import printable
from mtmc.outputs.people import told
from mtmc.results.layout import ANSWERS
from mtmc.run import Listener
from mtmc.run.parts import Progress as RunProgress
from mtmc.sources import CameraReader

# Names and paths may hold [brackets] and :colons:, which are not meant as markup.
console = Console(stderr=True, markup=False, emoji=False)


SAY_EVERY = 10.0  # seconds between two lines where no terminal shows a bar


class RunDisplay(Listener):
    """A progress bar with frames per second and camera, and how many people were seen.

    Where there is no terminal, it is a line every ten seconds. ``live`` tells, once the run has
    begun, whether a camera is live.
    """

    def __init__(self) -> None:
        self._terminal = console.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[info]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not self._terminal,
        )
        self._handler: logging.Handler = RichHandler(
            console=console, show_time=False, show_path=False
        )
        if not self._terminal:
            self._handler = logging.StreamHandler()
            self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self._handler.addFilter(Sayable())
        self._started = self._said = time.monotonic()
        self.live = False
        self._video: TaskID | None = None

    def __enter__(self) -> Self:
        root = logging.getLogger()
        self._old, root.handlers = root.handlers, [self._handler]
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar.live.is_started:  # stopping what never began prints an empty line
            with terminal_may_be_gone():
                self._bar.stop()
        logging.getLogger().handlers = self._old

    def begin(self, cameras: Sequence[CameraReader]) -> None:
        """See ``Listener``."""
        self.live = any(camera.live for camera in cameras)
        totals = [camera.total for camera in cameras]
        self._total = None if None in totals else sum(t for t in totals if t)
        self._bar.start()
        self._started = self._said = time.monotonic()
        self._tracking = self._bar.add_task("tracking", total=self._total, info="")

    def step(self, progress: RunProgress) -> None:
        """See ``Listener``."""
        done = sum(progress.frames.values())
        rate = done / len(progress.frames) / max(time.monotonic() - self._started, 1e-9)
        seen = (
            f"{progress.people} people"
            if progress.people
            else f"{sum(progress.tracks.values())} tracks"
        )
        info = f"{rate:.1f} frames/s per camera, {seen}"
        self._bar.update(self._tracking, completed=done, info=info)
        self._say("tracking", done, self._total, self._started, f", {info}")

    def video(self, done: int, total: int) -> None:
        """See ``Listener``."""
        if self._video is None:
            self._video = self._bar.add_task("mosaic.mp4", total=total, info="")
            self._drawing = time.monotonic()
        self._bar.update(self._video, completed=done)
        self._say("mosaic.mp4", done, total, self._drawing)

    def _say(self, what: str, done: int, total: int | None, since: float, info: str = "") -> None:
        """How far it is, as a line where there is no terminal; past the log of ``run.json``."""
        now = time.monotonic()
        if self._terminal or now - self._said < SAY_EVERY:
            return
        self._said, left = now, ""
        if total:
            seconds = round((now - since) * max(total - done, 0) / max(done, 1))
            left = f" of {total} ({100 * done // total} %), {timedelta(seconds=seconds)} left"
        text = f"{what}: {done} frames{left}{info}"
        self._handler.handle(logging.LogRecord("mtmc", logging.INFO, "", 0, text, (), None))


def print_summary(record: dict[str, Any], folder: Path, report: Path | None = None) -> None:
    """What was found, where the time went, and where the results are."""
    counts = record.get("people") or {"sure": record["identities"]}
    table = Table(title=told(counts), title_justify="left")
    for heading in ("camera", "frames", "tracks"):
        table.add_column(heading, justify="left" if heading == "camera" else "right")
    for name, camera in record["cameras"].items():
        table.add_row(printable(name), str(camera["frames"]), str(camera["tracks"]))
    out = plain()
    out.print(table)
    stages = ", ".join(f"{stage} {s:.1f}" for stage, s in record["stage_seconds"].items())
    out.print(
        f"{record['frames']} frames in {record['seconds']:.1f} s "
        f"({record['frames_per_second']:.1f} frames/s without the video; busy seconds: {stages})"
    )
    answers = folder / ANSWERS
    if answers.is_file():
        size = answers.stat().st_size / 1e6
        text = f"kept what the networks said, {size:.1f} MB, for: mtmc associate"
        out.print(text, soft_wrap=True)
    out.print(f"results: {printable(str(folder))}", soft_wrap=True)
    if report:
        out.print(f"to look at: {printable(str(report))}", soft_wrap=True)
