"""What a process of its own does for a run: it reads some cameras, finds people, follows them."""

from __future__ import annotations

import logging
import pickle
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
from mtmc.perception.log import Inference
from mtmc.perception.perception import Perception
from mtmc.reid.threads import limit_cores
from mtmc.run.assemble import find_detector, load_embedder, warm_up
from mtmc.run.config import ReidConfig, RunConfig
from mtmc.run.group import Group, cutter_of, pictured, scene_tracking
from mtmc.run.stopwatch import Stopwatch
from mtmc.sources import Camera, CameraReader, open_cameras
from mtmc.sources.reader import READ_AHEAD
from mtmc.sources.source import Losses, Request
from mtmc.trackers import Detections
from mtmc.trackers.scores import ScoreCurve
from mtmc.tracking.messages import Decisions
from mtmc.types import Frame, Image

if TYPE_CHECKING:
    from mtmc.calibration import Calibration
    from mtmc.run.group import Seen

log = logging.getLogger("mtmc")

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


Last = tuple[int, float]  # number and time, s, of a frame


@dataclass
class Step:
    """Some frames of one time step that a worker has worked on.

    Args:
        frames: without their pictures.
        inferences: what was found in each.
        orders: the other arguments of ``follow``; None as long as nobody was followed.
        in_state: whether what is known of tracks by now has it.
    """

    frames: Sequence[Frame]
    inferences: Sequence[Inference]
    orders: tuple[Sequence[Inference], ScoreCurve, Sequence[Decisions]] | None = None
    in_state: bool = False


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
        self._reading = {name: threading.Lock() for name in task.names}
        # By camera and number: pictures nobody has asked for yet, and those that are worked on.
        self._read: dict[str, dict[int, Image | None]] = {name: {} for name in task.names}
        self._asked: dict[str, dict[int, Image | None]] = {name: {} for name in task.names}
        self._told = False
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
        state: bytes | None = None,
    ) -> None:
        """Make ready for the first frame.

        Args:
            config: of the run, with the tracker that suits its cameras.
            calibration: of some cameras, by name.
            kinds: names of what is followed.
            online: whether what is told of a moment stays.
            follows: whether people are followed here, and not only found.
            state: what somebody else knew of tracks, as ``state`` tells it.
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
        self._tracking = (
            scene_tracking(config, readers, calibration, kinds, online=online)
            if state is None
            else pickle.loads(state)
        )
        self._group = Group(
            Perception(self._detector, embedder, None, Changes(pictured(readers))),
            self._tracking,
            embedder,
            cutter_of(config, pictured(readers), embedder),
            watch=self._watch,
        )

    def start(self, camera: str, pixels_from: int, last: Last | None = None) -> None:
        """Read a camera from its beginning; see ``Request``.

        Args:
            camera: its name.
            pixels_from: frames with a lower number come without their picture.
            last: number and time, s, of the last frame of a live camera that somebody else read.
        """
        stride, losses = self._task.config.sources.stride, self._losses[camera]
        request = Request(pixels_from, stride, losses=losses)
        reader = self._readers[camera]
        frames = reader.source.frames(request)
        live_again = reader.live and last is not None
        self._frames[camera] = renumbered(frames, last, reader.fps) if live_again else frames

    def read(self, camera: str, after: int = 0) -> tuple[Frame, Losses] | None:
        """A camera's next frame, without its picture, and what was lost; None after the last.

        Args:
            camera: its name.
            after: number of the last one that is known.
        """
        with self._reading[camera]:
            while (frame := self._pull(camera)) is not None:
                if frame.index > after:
                    return replace(frame, image=None), self._losses[camera]
        return None

    def _pull(self, camera: str) -> Frame | None:
        """Read one frame and keep its picture; nobody else may meanwhile."""
        frame = next(self._frames[camera], None)
        if frame is None:
            return None
        with self._lock:
            waiting = self._read[camera]
            waiting[frame.index] = frame.image
            if self._readers[camera].live and len(waiting) > KEPT:
                del waiting[next(iter(waiting))]
        return frame

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
        frames = [replace(frame, image=self._picture(frame)) for frame in frames]
        if self._follows:
            with self._lock:
                for frame in frames:
                    self._asked[frame.camera][frame.index] = frame.image
        gone = [self._is_gone(frame) for frame in frames]
        there = [row for row, lost in enumerate(gone) if not lost]
        known = [answers[row] for row in there]
        _, found = self._group.detect([frames[row] for row in there], known)()
        said = iter(found)
        inferences = [Inference(Detections()) if lost else next(said) for lost in gone]
        return inferences, [frame.image if pictures else None for frame in frames]

    def _is_gone(self, frame: Frame) -> bool:
        """Whether a live picture was with a worker that has ended, which is counted."""
        gone = frame.image is None and self._readers[frame.camera].live
        self._losses[frame.camera].lost += gone
        return gone

    def _picture(self, frame: Frame) -> Image | None:
        """The picture of a frame that is asked for; None where it has none."""
        camera, waiting = frame.camera, self._read[frame.camera]
        if not self._readers[camera].live:
            with self._reading[camera]:
                while frame.index not in waiting:  # whom it was read by before has ended
                    if self._pull(camera) is None:
                        raise RuntimeError(f"frame {frame.index} of camera {camera!r} is gone")
            return waiting.pop(frame.index)
        with self._lock:
            for index in [index for index in waiting if index < frame.index]:
                del waiting[index]  # they were left out
            return waiting.pop(frame.index, None)

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
        pictured = [replace(frame, image=self._detected(frame)) for frame in frames]
        found = [
            Inference(Detections()) if self._is_gone(frame) else inference
            for frame, inference in zip(pictured, inferences, strict=True)
        ]
        seen = self._group.follow(pictured, found, curve)
        return [
            replace(each, sighting=replace(each.sighting, frame=frame))
            for each, frame in zip(seen, frames, strict=True)
        ]

    def _detected(self, frame: Frame) -> Image | None:
        """The picture of a frame in which people were found, here or by somebody else."""
        with self._lock:
            if frame.index in self._asked[frame.camera]:
                return self._asked[frame.camera].pop(frame.index)
        return self._picture(frame)

    def state(self) -> bytes | None:
        """All that is known of tracks, for whoever takes over; None where that cannot be told."""
        try:
            return pickle.dumps(self._tracking)
        except Exception as error:  # whatever pickling another package's tracker raises
            if not self._told:
                log.warning("tracker: cannot be handed over should a worker end (%s)", error)
            self._told = True
            return None

    def again(self, steps: Sequence[Step]) -> None:
        """Do once more what somebody else has done since their ``state`` was told."""
        for step in steps:
            self.detect(step.frames, step.inferences, pictures=False)
            if step.orders is not None and not step.in_state:
                self.follow(step.frames, *step.orders)
            elif step.in_state:
                for frame in step.frames:
                    self._asked[frame.camera].pop(frame.index, None)

    def seconds(self) -> dict[str, float]:
        """How long each stage was busy."""
        return self._watch.seconds


def renumbered(frames: Iterator[Frame], last: Last | None, fps: float) -> Iterator[Frame]:
    """Frames of a live camera with numbers that go on after the last one, by the clock."""
    assert last is not None
    offset: int | None = None
    for frame in frames:
        if offset is None:
            offset = last[0] + max(1, round((frame.time - last[1]) * fps)) - frame.index
        yield replace(frame, index=frame.index + offset)


class _quiet:  # noqa: N801
    """Nothing is said inside the block."""

    def __enter__(self) -> None:
        logging.disable(logging.CRITICAL)

    def __exit__(self, *_: object) -> None:
        logging.disable(logging.NOTSET)
