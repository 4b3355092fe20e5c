"""What a process of its own does for a run: it reads some cameras, finds people, follows them."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from mtmc.perception.changes import Changes
from mtmc.perception.given import FROM_DETECTOR
from mtmc.perception.perception import Perception
from mtmc.reid.threads import limit_cores
from mtmc.run.assemble import find_detector, load_embedder, warm_up
from mtmc.run.config import ReidConfig, RunConfig
from mtmc.run.group import Group, cutter_of, pictured, scene_tracking
from mtmc.run.stopwatch import Stopwatch
from mtmc.sources import Camera, CameraReader, open_cameras
from mtmc.sources.reader import READ_AHEAD
from mtmc.sources.source import Losses, Request
from mtmc.trackers.scores import ScoreCurve
from mtmc.tracking.messages import Decisions
from mtmc.types import Frame, Image

if TYPE_CHECKING:
    from mtmc.calibration import Calibration
    from mtmc.perception.log import Inference
    from mtmc.run.group import Seen

# Pictures of a live camera that are kept until somebody asks for them: more than can be asked for.
KEPT = 4 * READ_AHEAD


@dataclass(frozen=True)
class Task:
    """What a worker is given.

    Args:
        config: of the run.
        root: the folder that holds the cameras.
        cameras: all of the run.
        names: of those that are this worker's.
        cores: of the processor, that it is to keep busy.
        now: by this machine's clock, second 0 of the run's where cameras are live.
    """

    config: RunConfig
    root: Path
    cameras: Sequence[Camera]
    names: Sequence[str]
    cores: int
    now: datetime


@dataclass(frozen=True)
class Opened:
    """What is known of a camera once it is open; see ``Source``."""

    fps: float
    size: tuple[int, int]
    total: int | None


class Worker:
    """Some cameras of a run, by plain messages.

    Pictures stay here: a frame goes out as its number and time, and is asked for by these.

    Args:
        task: what it is given.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._watch = Stopwatch()
        self._readers: dict[str, CameraReader] = {}
        self._group: Group | None = None
        self._frames: dict[str, Iterator[Frame]] = {}
        self._losses = {name: Losses() for name in task.names}
        self._lock = threading.Lock()
        # By camera and number: pictures nobody has asked for yet, and those that are worked on.
        self._read: dict[str, dict[int, Image | None]] = {name: {} for name in task.names}
        self._asked: dict[str, dict[int, Image | None]] = {name: {} for name in task.names}
        self._use_cores()

    def _use_cores(self) -> None:
        limit_cores(self._task.cores)
        cv2.setNumThreads(self._task.cores)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(self._task.cores)

    def open(self) -> list[Opened]:
        """Open this worker's cameras.

        Raises:
            UserError: that one cannot be opened, or the detector cannot be loaded.
        """
        config, task = self._task.config, self._task
        with _quiet():  # the main process has the same networks, and says it
            self._detector, counts = find_detector(config, task.cameras, task.root)
            if any(camera.kind == "live" for camera in task.cameras):
                warm_up(self._detector, None, len(task.names))
        mine = [camera for camera in task.cameras if camera.name in task.names]
        for reader in open_cameras(mine, config.sources, counts, task.now):
            self._readers[reader.name] = reader
        sources = (self._readers[name].source for name in task.names)
        return [Opened(source.fps, source.size, source.total) for source in sources]

    def prepare(
        self,
        config: RunConfig,
        calibration: Mapping[str, Calibration],
        kinds: Sequence[str],
        *,
        online: bool,
        follows: bool,
    ) -> None:
        """Make ready for the first frame.

        Args:
            config: of the run, with the tracker that suits its cameras.
            calibration: of some cameras, by name.
            kinds: names of what is followed.
            online: whether what is told of a moment stays.
            follows: whether people are followed here, and not only found.
        """
        readers = list(self._readers.values())
        with _quiet():
            # What the detector tells of looks is taken with what it finds.
            given = isinstance(config.reid, ReidConfig) and config.reid.weights == FROM_DETECTOR
            embedder = load_embedder(config) if follows or given else None
            if embedder is not None and any(reader.live for reader in readers):
                warm_up(None, embedder)
        self._use_cores()  # of what was loaded meanwhile
        self._follows = follows
        self._group = Group(
            Perception(self._detector, embedder, None, Changes(pictured(readers))),
            scene_tracking(config, readers, calibration, kinds, online=online),
            embedder,
            cutter_of(config, pictured(readers), embedder),
            watch=self._watch,
        )

    def start(self, camera: str, pixels_from: int) -> None:
        """Read a camera from its beginning; see ``Request``."""
        stride, losses = self._task.config.sources.stride, self._losses[camera]
        request = Request(pixels_from, stride, losses=losses)
        self._frames[camera] = self._readers[camera].source.frames(request)

    def read(self, camera: str) -> tuple[Frame, Losses] | None:
        """A camera's next frame, without its picture, and what was lost; None after the last."""
        frame = next(self._frames[camera], None)
        if frame is None:
            return None
        with self._lock:
            waiting = self._read[camera]
            waiting[frame.index] = frame.image
            if self._readers[camera].live and len(waiting) > KEPT:
                del waiting[next(iter(waiting))]
        return replace(frame, image=None), self._losses[camera]

    def detect(
        self, frames: Sequence[Frame], answers: Sequence[Inference | None], *, pictures: bool
    ) -> tuple[list[Inference], list[Image | None]]:
        """Find people in frames of one time step.

        Args:
            frames: as ``read`` gave them, in order.
            answers: what was once said of each; None where nothing was.
            pictures: whether those are to come along.
        """
        assert self._group is not None
        with self._lock:
            frames = [replace(frame, image=self._take(frame)) for frame in frames]
        _, inferences = self._group.detect(frames, answers)()
        return inferences, [frame.image if pictures else None for frame in frames]

    def _take(self, frame: Frame) -> Image | None:
        """The picture of a frame that is asked for; those left out before it are let go of."""
        waiting = self._read[frame.camera]
        for index in [index for index in waiting if index < frame.index]:
            del waiting[index]
        image = waiting.pop(frame.index)
        if self._follows:
            self._asked[frame.camera][frame.index] = image
        return image

    def follow(
        self,
        frames: Sequence[Frame],
        inferences: Sequence[Inference],
        curve: ScoreCurve,
        decided: Sequence[Decisions],
    ) -> list[Seen]:
        """Follow people, as ``Cameras`` does, after what was decided since the last time."""
        assert self._group is not None
        for decisions in decided:
            self._group.obey(decisions)
        with self._lock:
            images = [self._asked[frame.camera].pop(frame.index) for frame in frames]
        pairs = zip(frames, images, strict=True)
        seen = self._group.follow([replace(f, image=i) for f, i in pairs], inferences, curve)
        return [
            replace(each, sighting=replace(each.sighting, frame=frame))
            for each, frame in zip(seen, frames, strict=True)
        ]

    def seconds(self) -> dict[str, float]:
        """How long each stage was busy."""
        return self._watch.seconds


class _quiet:  # noqa: N801
    """Nothing is said inside the block."""

    def __enter__(self) -> None:
        logging.disable(logging.CRITICAL)

    def __exit__(self, *_: object) -> None:
        logging.disable(logging.NOTSET)
