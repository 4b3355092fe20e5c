"""How many frames a time is."""

from __future__ import annotations

NOMINAL_FPS = 30.0  # frames per second where nobody says how many


def frames_in(seconds: float, fps: float) -> int:
    """The nearest number of frames; at least one, but none in no time."""
    return max(1 if seconds > 0 else 0, round(seconds * fps))
