"""The pictures of a run's cameras, as a browser can play them."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from filelock import FileLock

from mtmc.config import Settings
from mtmc.errors import UserError
from mtmc.files import replacing
from mtmc.outputs.anonymise import hide
from mtmc.outputs.video import VideoWriter
from mtmc.perception.keys import content_key
from mtmc.results import Results, layout
from mtmc.results.results import RunCamera
from mtmc.run.resume import fingerprint
from mtmc.run.retrace import cameras_of
from mtmc.sources import Camera, SourcesConfig, find_cameras, open_cameras
from mtmc.sources.address import is_url, webcam
from mtmc.sources.cameras import Source
from mtmc.sources.opening import picture_streams
from mtmc.types import Frame, Image
from mtmc.viewer.boxes import Boxes
from mtmc.viewer.clocks import Clock, media_clock, run_clock

log = logging.getLogger("mtmc")

# What every browser plays: in which files, and with which pixels.
PLAYED = {
    "mov,mp4,m4a,3gp,3g2,mj2": {"h264", "vp9", "av1"},
    "matroska,webm": {"vp8", "vp9", "av1"},
}
PIXELS = {"yuv420p", "yuvj420p"}
WIDEST = 1920  # px of what is converted
TIDY = 32  # frames after which memory is given back that only the garbage collector finds
KEYFRAMES = 1.0  # seconds between two; whatever is sought is not far from one

PLAYS, WAITS, CONVERTS, GONE = "plays", "waits", "converts", "gone"


@dataclass
class Shown:
    """What there is to see of a camera.

    Args:
        name: of the camera.
        times: when its frames were, on the clock of the run.
        state: ``plays``, ``waits`` or ``converts`` until it does, or ``gone``.
        said: why it does not play as it is.
        file: that is played, or will be.
        media: when each frame is in the file.
        done: share that is converted.
        camera: what is to be converted.
    """

    name: str
    times: Clock
    state: str = GONE
    said: str = ""
    file: Path | None = None
    media: Clock | None = None
    done: float = 0.0
    camera: Camera | None = None

    def plain(self) -> dict[str, Any]:
        """For a page."""
        media = self.media.plain() if self.media and self.state == PLAYS else None
        about = {"state": self.state, "said": self.said, "done": round(self.done, 3)}
        return {**about, "times": self.times.plain(), "media": media}


class Footage:
    """Finds the videos of a run and converts, once, those that browsers do not play.

    Args:
        results: of the run.
        sources: its cameras; empty for where the run found them.
        boxes: which tell the time of each frame.

    Raises:
        UserError: ``sources`` are none.
    """

    def __init__(self, results: Results, sources: Sequence[Source], boxes: Boxes) -> None:
        self._folder = results.folder / layout.VIEWER
        self._closing = threading.Event()
        self._results, self._anonymise = results, results.anonymised
        settings = results.settings
        stride = _stride(settings)
        self.cameras = {}
        found, missing = _found(results, sources)
        whole = results.record["status"] == "complete"
        for number, (name, about) in enumerate(results.cameras.items()):
            camera = found.get(name)
            count = max(about.frames - 1, 0) * stride + 1
            start = camera.delay if camera else 0.0
            times = run_clock(*boxes.moments(number), count, about.fps * stride, start)
            shown = Shown(name, times, said=missing)
            if camera is not None:
                shown.said = ""
                why = f"{self._anonymise}s are hidden in it" if self._anonymise else ""
                _look(shown, camera, about, stride if whole else 0, self._folder, why)
            self.cameras[name] = shown
        _tell(self.cameras)
        self._sweep()

    def _hidden(self, frame: Frame, fps: float) -> Image:
        """A frame's picture as it may be shown."""
        if self._anonymise is None:
            return frame.pixels
        boxes = self._results.hidden.at(frame.camera, frame.index, fps)
        return hide(frame.pixels, boxes, self._anonymise)

    def file(self, camera: str) -> Path | None:
        """What is played of a camera; None where there is nothing yet, or no such camera."""
        shown = self.cameras.get(camera)
        return shown.file if shown and shown.state == PLAYS else None

    def _sweep(self) -> None:
        """Remove what was converted of other videos, or before people were to be hidden."""
        wanted = {shown.file for shown in self.cameras.values()}
        for path in self._folder.glob("*.mp4"):
            if path not in wanted and not path.name.startswith("."):
                path.unlink(missing_ok=True)

    def convert(self) -> None:
        """Convert what is to be converted, one camera after the other."""
        waiting = [shown for shown in self.cameras.values() if shown.state == WAITS]
        if not waiting:
            return
        self._folder.mkdir(exist_ok=True)
        with FileLock(self._folder / ".lock"):  # another viewer may be at it
            for shown in waiting:
                if self._closing.is_set():
                    return
                self._convert(shown)

    def _convert(self, shown: Shown) -> None:
        assert shown.file is not None
        assert shown.camera is not None
        try:
            shown.state = CONVERTS
            if not shown.file.is_file():
                _write(shown.camera, shown.file, shown, self._closing, self._hidden)
            shown.media, shown.state = media_clock(shown.file), PLAYS
        except (UserError, OSError, av.error.FFmpegError) as error:
            shown.state, shown.said = GONE, f"cannot be converted: {error}"
            log.warning("camera %s: %s", shown.name, shown.said)
        except _ClosedError:
            shown.state = WAITS

    def start(self) -> threading.Thread:
        """Convert in the background."""
        thread = threading.Thread(target=self.convert, daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Leave off converting."""
        self._closing.set()


def _tell(cameras: Mapping[str, Shown]) -> None:
    """Say what does not play, and why: a line for each reason."""
    reasons: dict[str, list[str]] = {}
    for name, shown in cameras.items():
        if shown.said:
            reasons.setdefault(shown.said, []).append(name)
    for said, names in reasons.items():
        log.info("%s %s: %s", "camera" if len(names) == 1 else "cameras", ", ".join(names), said)


class _ClosedError(Exception):
    """Nothing more is to be converted."""


Hiding = Callable[[Frame, float], Image]


def _stride(settings: Settings) -> int:
    section = settings.get("sources")
    return int(section.get("stride", 1)) if isinstance(section, dict) else 1


def _found(results: Results, sources: Sequence[Source]) -> tuple[dict[str, Camera], str]:
    """The run's cameras that are there, and what is to be said of the others."""
    if sources:
        return cameras_of(results, sources), "is not among the cameras that were named"
    said = results.record.get("given", [])
    given = [source for source in said if not is_url(source) and not webcam(source)]
    if not given:
        why = "what is live, or comes over the web, cannot be seen a second time"
        return {}, why if said else "the run does not say where its videos are"
    try:
        return cameras_of(results, given), "is no longer where it was"
    except UserError as error:
        return dict(_one_by_one(results)), str(error)


def _one_by_one(results: Results) -> Iterator[tuple[str, Camera]]:
    """The cameras whose file is where it was, when that of another one is not."""
    for name, about in results.cameras.items():
        whole = "parts" not in results.record["cameras"][name]
        if whole and Path(about.source).exists():
            found = find_cameras(about.source)
            yield from ((name, replace(camera, name=name)) for camera in found[:1])


def _look(
    shown: Shown, camera: Camera, about: RunCamera, stride: int, folder: Path, why: str
) -> None:
    """See whether a camera's video plays as it is, is to be converted, or is another one."""
    if camera.kind in {"boxes", "live", "web"}:
        shown.said = "its pictures cannot be read a second time"
        return
    if missing := [path for path in camera.files if not path.exists()]:
        shown.said = f"{missing[0]} is gone"
        return
    path = Path(camera.uri)
    why = why or _unplayable(camera)
    if not why:
        media = media_clock(path)
        if stride and -(-media.count // stride) != about.frames:
            why = f"{about.frames} of its {media.count} frames were read"
        else:
            shown.file, shown.media, shown.state = path, media, PLAYS
            return
    key = content_key(repr(fingerprint(camera)), why)[:12]
    shown.camera, shown.file, shown.state = camera, folder / f"{camera.name}-{key}.mp4", WAITS
    shown.said = f"{why}, so it is converted once, into {shown.file}"


def _unplayable(camera: Camera) -> str:
    """Why browsers do not play what a camera is read from; empty where they do."""
    if camera.kind == "images":
        return "a folder of pictures"
    if camera.more:
        return "a recording in parts"
    try:
        with av.open(camera.uri) as container:
            streams = picture_streams(container)
            if len(streams) != 1:
                return f"a file with {len(streams)} streams of pictures"
            context, form = streams[0].codec_context, container.format.name
            codec, pixels = context.name, str(context.pix_fmt)
    except (OSError, av.error.FFmpegError) as error:
        return f"browsers cannot read it ({error})"
    played = next((kinds for name, kinds in PLAYED.items() if name == form), set())
    name = {"libdav1d": "av1", "libaom-av1": "av1"}.get(codec, codec.removeprefix("lib"))
    if name in played and pixels in PIXELS:
        return ""
    return f"browsers do not play {name} ({pixels}) in a {form.partition(',')[0]} file"


def _write(
    camera: Camera, path: Path, shown: Shown, closing: threading.Event, hidden: Hiding
) -> None:
    """Write a camera's frames, as a run reads them, as H.264."""
    reader = open_cameras([camera], SourcesConfig())[0]
    share = min(1.0, WIDEST / reader.size[0])
    size = tuple(max(2, int(side * share) // 2 * 2) for side in reader.size)
    reader.start()
    try:
        with replacing(path) as partial:
            writer = VideoWriter(partial, (size[0], size[1]), reader.fps, keyframes=KEYFRAMES)
            try:
                for done, frame in enumerate(iter(lambda: next(reader, None), None), 1):
                    if closing.is_set():
                        raise _ClosedError
                    image = hidden(frame, reader.fps)
                    if image.shape[1::-1] != size:
                        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
                    writer.write(image, frame.time)
                    if done % TIDY == 0:
                        gc.collect()  # PyAV's frames refer to themselves, once asked how they turn
                    shown.done = min(done / reader.total, 1.0) if reader.total else 0.0
            finally:
                writer.close()
    finally:
        reader.close()
