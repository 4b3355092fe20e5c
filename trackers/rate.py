"""How many frames a time is."""

from __future__ import annotations

import math

NOMINAL_FPS = 30.0  # frames per second where nobody says how many


def frames_in(seconds: float, fps: float) -> int:
    """The nearest number of frames; at least one, but none in no time."""
    return max(1 if seconds > 0 else 0, round(seconds * fps))


def check_rate(fps: float) -> None:
    """Raises a ValueError for what is no number of frames per second: ages would all be nothing."""
    if isinstance(fps, str | bool) or not (math.isfinite(fps) and fps > 0):
        raise ValueError(f"fps must be a number of frames per second above 0, got {fps!r}")
