"""Cross-camera association: which tracklets are one person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from mtmc.associate.decisions import Association
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.tracking.tracklet import FloorPath, Tracklet

if TYPE_CHECKING:
    from mtmc.calibration import Calibration


class Associator(Protocol):
    """Gives every tracklet the global id of its person.

    Two tracklets that one frame shows at once never share an id.

    ``online`` says that ids are given as the pictures come. It is made of its settings, of the
    distance of looks across cameras at which one person and two are equally likely, as far as the
    embedder knows, and of the names of all cameras.

    Raises:
        ValueError: when it is made, a setting does not fit the cameras.
    """

    Config: ClassVar[Any]
    online: ClassVar[bool]

    def __init__(self, config: Any, even_distance: float, cameras: Sequence[str]) -> None: ...

    def update(self, time: float, steps: Sequence[CameraStep]) -> Decisions:
        """Take in a time step; returns what was decided now.

        Args:
            time: seconds.
            steps: what the cameras tell that took a frame; ``Memory`` makes tracklets of it.
        """
        ...

    def finish(self, tracklets: Sequence[Tracklet]) -> Association:
        """After the last step: who all tracklets are that were not decided before.

        Args:
            tracklets: all of the run; they stay as they are.
        """
        ...


@runtime_checkable
class Revising(Protocol):
    """An online associator that tells who earlier sightings turned out to be, where some wait."""

    def revise(self) -> None:
        """Before the first step: ``revised`` is asked for, in ``Decisions`` and ``Association``."""
        ...


@runtime_checkable
class Knowing(Protocol):
    """An associator that can be told whom earlier runs knew, which runs with a gallery ask for."""

    def know(self, people: Mapping[int, Sequence[Tracklet]], last: int) -> None:
        """Before the first step: who is known from earlier runs.

        Args:
            people: by global id, which each keeps: tracklets that ended long ago, with looks and
                with marks that keep one person's together and two people's apart.
            last: the greatest id that was given so far; others get greater ones.
        """
        ...


@runtime_checkable
class Relocating(Protocol):
    """An online associator that goes by places on the floor, which may become known later."""

    def relocate(self, path: Callable[[Tracklet], FloorPath]) -> None:
        """Between two steps: where each tracklet that it remembers was, as is known by now."""
        ...


@runtime_checkable
class Placed(Protocol):
    """An associator that can be told where cameras stand."""

    def place(self, calibration: Mapping[str, Calibration]) -> None:
        """Before the first step: the cameras that are calibrated, by name."""
        ...
