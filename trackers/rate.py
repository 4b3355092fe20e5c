"""Settings that count frames, at other frame rates."""

from __future__ import annotations

NOMINAL_FPS = 30.0  # for which such settings are given


def frames_at(frames: int, fps: float) -> int:
    """As many frames at ``fps`` as take the time of ``frames`` at 30; none stays none."""
    return max(min(frames, 1), round(frames * fps / NOMINAL_FPS))
