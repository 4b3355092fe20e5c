"""Which tracks may go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from mtmc.tracking.messages import CameraStep
from mtmc.types import TrackKey


class OpenTracks:
    """The tracks of each camera that have not ended, by what the cameras tell."""

    def __init__(self) -> None:
        self._of: dict[str, set[int]] = defaultdict(set)

    def take(self, step: CameraStep) -> None:
        """Take in what a camera tells of one moment."""
        gone = {*step.ended.tolist(), *step.renewed[:, 0].tolist()}
        here = {*step.ids.tolist(), *step.renewed[:, 1].tolist()}
        self._of[step.camera] = (self._of[step.camera] - gone) | here

    def of(self, camera: str) -> set[int]:
        """Those of a camera."""
        return self._of[camera]

    def keys(self) -> Iterator[TrackKey]:
        """All of them."""
        return (TrackKey(name, track) for name, tracks in self._of.items() for track in tracks)
