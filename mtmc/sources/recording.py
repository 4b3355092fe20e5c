"""Recorded videos, in one file or in parts."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from typing import Any

import av

from mtmc.errors import UserError
from mtmc.sources.address import hide_credentials
from mtmc.sources.camera import FASTEST, SLOWEST, Camera, rate_fits
from mtmc.sources.opening import Damage, decoded, open_video, range_of, tell_streams, to_image
from mtmc.sources.orientation import Orientation
from mtmc.sources.rate import stated_rate, timed_rate
from mtmc.sources.source import Request
from mtmc.sources.wall_clock import by_name
from mtmc.types import Frame

log = logging.getLogger("mtmc")

DEFAULT_FPS = 25.0  # of videos that do not say
LEAD_IN = 0.1  # seconds that sound or a codec's delay may be ahead of the first picture
LONGEST_PAUSE = 3600.0  # seconds between parts of a recording whose clock goes on
NAMES_DIFFER = 2.0  # seconds by which names of parts, in whole seconds, may be wrong


class _Clock:
    """Seconds since a recording began, by the frames' timestamps or by their number."""

    def __init__(self, fps: float, *, stamped: bool) -> None:
        self._fps, self._stamped = fps, stamped
        self._zero: float | None = None
        self._last, self._count = -1 / fps, 0
        self._lead = 0.0

    def begin(self, start: float | None, lead: float, named: float | None = None) -> float:
        """A file begins: its first timestamp, and how much later its first picture is.

        The files of one recording follow each other, unless their names, or else their clock if
        it goes on, say when: ``named`` is that, s since the recording began.

        Returns:
            The pause since the file before, s; below 0 where it begins before that has ended.
        """
        due = self._last + 1 / self._fps
        if named is not None and self._count:
            away = named - due
            pause = max(away, 0.0) if abs(away) > NAMES_DIFFER else 0.0
            self._lead += lead + pause
            self._zero = None if start is None else start - due - pause
            return min(away, pause) if away < -NAMES_DIFFER else pause
        if self._zero is None or not self._stamped or start is None:
            self._lead += lead
            self._zero = None if start is None else start - max(due, 0.0)
            return 0.0
        pause = start - self._zero - due
        if not -0.5 / self._fps < pause < LONGEST_PAUSE:
            self._zero, pause = start - due, 0.0
        return pause

    def tell(self, stamp: float | None) -> float:
        """The next frame's time."""
        # By number it is one division: sums of 1 / fps would drift away from the timestamps.
        elapsed = self._last + 1 / self._fps
        if not self._stamped:
            elapsed = self._lead + self._count / self._fps
        elif stamp is not None:
            self._zero = stamp if self._zero is None else self._zero
            # A clock that stands still or runs back cannot be a real timestamp.
            elapsed = stamp - self._zero if stamp - self._zero > self._last else elapsed
        self._last, self._count = elapsed, self._count + 1
        return elapsed


class _Part:
    """What is known of a video file, or of one part of a recording, before it is read.

    ``start`` is where its data begins on its own clock, ``lead`` how much later the first picture
    comes: a recorder that cuts between key frames leaves some that nothing can be made of.

    Raises:
        UserError: it cannot be opened, not one frame can be decoded, or its frame rate is none
            that can be followed.
    """

    def __init__(self, camera: Camera, uri: str) -> None:
        self.uri = uri
        self._camera, self._where = camera, f"camera {camera.name!r}: {hide_credentials(uri)}"
        container, stream = open_video(camera, uri)
        with container:
            if uri == camera.uri:
                tell_streams(camera, container)
            self.stated = stated_rate(container, stream)
            self._frames, self._duration = int(stream.frames), _duration(container, stream)
            begins = _begins(container, stream)
            first = next(decoded(container, stream, Damage()), None)
        if first is None:
            raise UserError(f"{self._where}: no frame of it can be decoded")
        self.timed = None if camera.fps or self.stated else self._timed_rate()
        self.fps = camera.fps or self.stated or self.timed or DEFAULT_FPS
        self.values = range_of(first)
        height, width = to_image(first, Orientation()).shape[:2]
        self.size = (width, height)
        self.start, self.lead = stamp(first, container), 0.0
        if self.start is not None and begins is not None:
            lead = self.start - begins
            if lead > max(LEAD_IN, 2 / self.fps):
                self.start, self.lead = begins, lead

    def _timed_rate(self) -> float | None:
        """By the timestamps, for want of a better one.

        Raises:
            UserError: they are nearer or farther than any camera's.
        """
        container, stream = open_video(self._camera, self.uri)
        with container:
            rate = timed_rate(container, stream)
        if rate is None or rate_fits(rate):
            return rate
        raise UserError(
            f"{self._where}: {rate:g} frames per second by its timestamps; expected from "
            f"{SLOWEST:.5f} to {FASTEST:g}, or 'fps' in cameras.yaml"
        )

    @property
    def total(self) -> int | None:
        """How many frames can be had of it by what it says, about."""
        if not self._frames and not self._duration:
            return None
        said = self._frames or int(self._duration * self.fps + 0.5)
        return max(1, said - int(self.lead * self.fps))


def _named_starts(uris: Sequence[str]) -> list[float | None]:
    """When each part begins, s since the first one did; None where not all names say it."""
    named = [by_name(uri) if len(uris) > 1 else None for uri in uris]
    times = [each.start for each in named if each]
    if len(times) < len(uris) or len({time.tzinfo is None for time in times}) > 1:
        return [None] * len(uris)
    return [(time - times[0]).total_seconds() for time in times]


def stamp(frame: Any, container: Any) -> float | None:
    """When a frame is to be shown, s on its file's clock."""
    if container.format.name == "avi" and frame.dts is not None:
        # AVI knows only when a frame is decoded; what PyAV makes of that is out of order.
        return float(frame.dts * frame.time_base)
    time: float | None = frame.time
    return time


def _duration(container: Any, stream: Any) -> float:
    """How long the pictures of a file last, s; 0 where it does not say.

    The file itself lasts as long as its longest stream, which may be sound.
    """
    if stream.duration:
        return float(stream.duration * stream.time_base)
    tag = next((v for k, v in stream.metadata.items() if k.startswith("DURATION")), "")
    if match := re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", tag):  # as Matroska's muxers write it
        hours, minutes, seconds = map(float, match.groups())
        return 3600 * hours + 60 * minutes + seconds
    alone = len(container.streams) == 1
    return (container.duration or 0) / av.time_base if alone else 0.0


def _begins(container: Any, stream: Any) -> float | None:
    """Where the data of a file begins, s on its clock."""
    starts = [] if stream.start_time is None else [float(stream.start_time * stream.time_base)]
    starts += [] if container.start_time is None else [container.start_time / av.time_base]
    return min(starts, default=None)


class VideoFile:
    """A recording that can be read from the start again, with its own timestamps.

    Time 0 is where its data begins; a frame rate in ``cameras.yaml`` replaces the timestamps. The
    parts of a recording follow each other, at the times that their names tell.

    Raises:
        UserError: it cannot be opened, or not one frame can be decoded.
    """

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._parts = [_Part(camera, uri) for uri in (camera.uri, *camera.more)]
        first = self._parts[0]
        self.fps, self.size = first.fps, first.size
        self._begins = _named_starts([part.uri for part in self._parts])
        totals = [part.total for part in self._parts]
        self.total: int | None = None if None in totals else sum(t for t in totals if t)
        self._told = False
        if not (camera.fps or first.stated or first.timed):
            log.info(
                "camera %s: does not tell its frame rate; %g a second are assumed ('fps' in "
                "cameras.yaml says otherwise)",
                camera.name,
                self.fps,
            )
        if first.values:
            log.info(
                "camera %s: pictures of 16 bits; their values from %s are shown as 0 to 255",
                camera.name,
                first.values,
            )
        if first.lead:
            log.info(
                "camera %s: its first picture comes %.2f s after its data begins, at that time",
                camera.name,
                first.lead,
            )

    def frames(self, request: Request) -> Iterator[Frame]:
        """See ``Source``; warns, the first time, of what is damaged or missing."""
        clock, index = _Clock(self.fps, stamped=self._camera.fps is None), 0
        for part, begins in zip(self._parts, self._begins, strict=True):
            pause = clock.begin(part.start, part.lead, begins)
            if abs(pause) > 1 and not self._told:
                log.info(
                    "camera %s: %s begins %.1f s %s the part before ends%s",
                    self._camera.name,
                    part.uri,
                    abs(pause),
                    "after" if pause > 0 else "before",
                    "" if pause > 0 else "; it is read as if it followed at once",
                )
            before, damage, orientation = index, Damage(), Orientation()
            container, stream = open_video(self._camera, part.uri)
            with container:
                for frame in decoded(container, stream, damage):
                    index += 1
                    elapsed = clock.tell(stamp(frame, container))
                    if request.wants(index):
                        image = None
                        if index >= request.pixels_from:
                            image = to_image(frame, orientation, part.values, request.scale)
                        yield Frame(self._camera.name, index, elapsed + self._camera.delay, image)
            if not self._told:
                self._tell(part, index - before, damage)
        self._told = True

    def _tell(self, part: _Part, count: int, damage: Damage) -> None:
        name = self._camera.name
        if damage.broke_off:
            log.warning(
                "camera %s: breaks off (%s); goes on with what was read", name, damage.broke_off
            )
        if damage.packets:
            log.warning("camera %s: %d damaged packets left out", name, damage.packets)
        if part.total and count < 0.95 * part.total - 2:
            log.warning(
                "camera %s: ends after %d of about %d frames; the file seems truncated",
                name,
                count,
                part.total,
            )
