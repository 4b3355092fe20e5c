"""What a user interface hears of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from mtmc.outputs.mosaic import Labels
from mtmc.run.lag import Told
from mtmc.run.parts import Progress
from mtmc.sources import CameraReader
from mtmc.tracking.camera import Sighting
from mtmc.types import TrackKey


@dataclass
class Listener:
    """What a user interface wants to hear of a run; does nothing by itself.

    Attributes:
        looks: whether it wants to know what is ``seen``.
        revises: whether it wants to know what is ``answered``.
    """

    looks: ClassVar[bool] = False
    revises: ClassVar[bool] = False

    def begin(self, cameras: Sequence[CameraReader]) -> None:
        """The cameras are open."""

    def step(self, progress: Progress) -> None:
        """A time step is done."""

    def seen(
        self,
        sightings: Sequence[Sighting],
        labels: Mapping[str, Labels],
        decided: Mapping[TrackKey, int],
    ) -> None:
        """What the cameras of an online run saw in a time step, and who that is.

        Args:
            sightings: of each camera that sent a frame.
            labels: what is drawn into it, by camera.
            decided: who tracks are, of whom that was decided now.
        """

    def answered(self, told: Told) -> None:
        """What an online run knows after a time step, before any lag; ``Told.last`` in the end."""

    def video(self, done: int, total: int) -> None:
        """So many frames of all cameras are in the mosaic."""
