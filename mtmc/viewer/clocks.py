"""When each frame of a camera is: on the clock of the run, and in the file that is played."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from mtmc.sources.opening import picture_streams
from mtmc.types import Doubles

EVEN = 0.25  # of a frame by which frames that come evenly may be off


@dataclass(frozen=True, eq=False)
class Clock:
    """When each frame is.

    Args:
        count: how many frames there are.
        first: when frame 1 is, s.
        period: from each frame to the next, s.
        listed: ``(count,)`` s, where they do not come evenly.
    """

    count: int
    first: float
    period: float
    listed: Doubles | None = None

    def plain(self) -> dict[str, Any]:
        """For a page."""
        even = {"count": self.count, "first": self.first, "period": self.period}
        times = None if self.listed is None else [round(t, 5) for t in self.listed.tolist()]
        return {**even, "listed": times}


def run_clock(
    frames: NDArray[np.integer], times: Doubles, count: int, fps: float, start: float
) -> Clock:
    """When a run says that each frame of a camera was taken.

    Args:
        frames: ``(N,)`` ascending, those of which it says so.
        times: ``(N,)`` s.
        count: of all frames.
        fps: nominal, of all frames.
        start: of the camera where it says nothing, s.
    """
    period = 1 / fps
    if not len(frames):
        return Clock(count, start, period)
    count = max(count, int(frames[-1]))
    firsts = times - (frames - 1) * period
    first = float(np.median(firsts))
    if np.abs(firsts - first).max() <= EVEN * period:
        return Clock(count, first, period)
    numbers = np.arange(1, count + 1)
    listed = np.interp(numbers, frames, times)
    before, after = numbers < frames[0], numbers > frames[-1]
    listed[before] = times[0] - (frames[0] - numbers[before]) * period
    listed[after] = times[-1] + (numbers[after] - frames[-1]) * period
    return Clock(count, float(listed[0]), period, listed)


def media_clock(path: Path) -> Clock:
    """When a player shows each frame of a video file; reads all of it where it does not say."""
    with av.open(str(path)) as container:
        stream = picture_streams(container)[0]
        rate, base = stream.average_rate, stream.time_base
        start = float((stream.start_time or 0) * base)
        if rate and rate == stream.base_rate and stream.frames and stream.duration:
            lasts = float(stream.duration * base)
            if abs(lasts - stream.frames / rate) < 0.5 / rate:
                return Clock(stream.frames, start, float(1 / rate))
        packets = (p for p in container.demux(stream) if p.pts is not None and not p.is_discard)
        listed = np.array(sorted(float(packet.pts * base) for packet in packets))
    periods = np.diff(listed)
    period = float(np.median(periods)) if len(periods) else 1.0
    first = float(listed[0]) if len(listed) else 0.0
    even = first + np.arange(len(listed)) * period
    if len(listed) and np.abs(listed - even).max() <= EVEN * period:
        return Clock(len(listed), first, period)
    return Clock(len(listed), first, period, listed)
