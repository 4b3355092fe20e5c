"""How many frames a second a video has: what it says, what its timestamps say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from mtmc.sources.camera import rate_fits

# Formats without timestamps, of which FFmpeg says 25 a second, whatever they are.
UNTIMED = frozenset(
    {"h264", "hevc", "vvc", "mjpeg", "mpjpeg", "m4v", "mpegvideo", "h261", "h263", "vc1", "dnxhd"}
    | {"dirac", "cavsvideo", "obu", "evc", "rawvideo", "image2", "ingenient", "bethsoftvid"}
)
LOOKED_AT = 100  # packets that tell a rate
LISTENING = (1.5, 5.0)  # least and most seconds to listen to a live stream that does not say


def stated_rate(container: Any, stream: Any) -> float | None:
    """The frame rate that a video says it has; None where it does not, or none that can be."""
    if not _is_timed(container):
        # In the bits of the pictures themselves, there may be one.
        rate = stream.guessed_rate if stream.codec_context.framerate else None
    else:
        rate = stream.average_rate
    return float(rate) if rate and rate_fits(float(rate)) else None


def _is_timed(container: Any) -> bool:
    form = container.format.name
    return not (form in UNTIMED or form.endswith("_pipe"))


def timed_rate(container: Any, stream: Any) -> float | None:
    """The frame rate by the first timestamps, where they are true; reads from the container."""
    if not _is_timed(container):
        return None
    packets = islice(container.demux(stream), LOOKED_AT)
    stamps = sorted({float(p.pts * p.time_base) for p in packets if p.pts is not None})
    steps = np.diff(stamps)
    return 1.0 / float(np.median(steps)) if len(steps) else None


def heard_rate(frames: Iterator[Any]) -> float | None:
    """The rate at which a live stream's frames arrive; takes some of them."""
    least, most = LISTENING
    began, count, elapsed = 0.0, 0, 0.0
    for count, _ in enumerate(frames):
        began = began or time.monotonic()
        elapsed = time.monotonic() - began
        if elapsed >= most or (elapsed >= least and count >= 2):
            break
    return count / elapsed if count and elapsed > 0 else None
