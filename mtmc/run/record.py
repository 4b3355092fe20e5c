"""What ``run.json`` says of cameras, and of what was said while the run went on."""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Self

from mtmc.calibration.estimate.tracks import Found
from mtmc.run.parts import Progress
from mtmc.sources import CameraReader
from mtmc.sources.address import hide_passwords


def camera_record(
    reader: CameraReader,
    progress: Progress,
    calibrated: Container[str],
    clocks: Mapping[str, float],
    found: Mapping[str, Found],
) -> dict[str, Any]:
    """What is told of a camera.

    Args:
        reader: of it.
        progress: of the run.
        calibrated: the cameras of which it is known where they stand.
        clocks: seconds to add to cameras' clocks, where that is known.
        found: the cameras of which that was found out from people.
    """
    name, camera = reader.name, reader.camera
    more: dict[str, Any] = {}
    if camera.began:
        more |= {"start": camera.began.time.isoformat(), "start_from": camera.began.by}
    if name in clocks:
        more["clock_offset"] = clocks[name]
    if name in found:
        about = found[name]
        more["found"] = {"together": round(about.together, 1), "apart": round(about.apart, 2)}
    if reader.live:
        more["losses"] = asdict(reader.losses)
    return {
        "source": camera.label,
        **({"parts": list(camera.more)} if camera.more else {}),
        "fps": round(reader.fps, 3),
        "size": list(reader.size),
        "frames": progress.frames[name],
        "tracks": progress.tracks[name],
        "calibrated": name in calibrated,
        **more,
    }


def clock_zero(readers: Sequence[CameraReader]) -> str | None:
    """What the clock on the wall says at second 0 of the run's."""
    return next((reader.zero.isoformat() for reader in readers if reader.zero), None)


class Said(logging.Handler):
    """Collects what the ``mtmc`` logger warns of, and what it notes, inside the block."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.warnings: list[str] = []
        self.notes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        said = self.warnings if record.levelno >= logging.WARNING else self.notes
        said.append(hide_passwords(record.getMessage()))

    def __enter__(self) -> Self:
        logging.getLogger("mtmc").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("mtmc").removeHandler(self)
