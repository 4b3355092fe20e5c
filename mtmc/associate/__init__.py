"""Cross-camera association: which tracklets are one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from mtmc.associate.cuts.parts import Cut
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey


class Associator(Protocol):
    """Gives every tracklet the global id of its person.

    Two tracklets that one frame shows at once never share an id.
    """

    Config: ClassVar[Any]
    online: ClassVar[bool]

    def __init__(self, config: Any, max_distance: float) -> None: ...

    def update(self, time: float, visible: Sequence[Tracklet]) -> Mapping[TrackKey, int]:
        """Take in a time step; returns what was decided now.

        What was decided of a key stays. A tracklet that is found to be somebody else's is marked
        ``renewed``: it goes on under a new key, of which the id is given when that is seen.

        Args:
            time: seconds.
            visible: the tracklets seen in this step, of all cameras.
        """
        ...

    def finish(
        self, tracklets: Sequence[Tracklet], cut: Cut | None = None
    ) -> Mapping[TrackKey, int]:
        """After the last step: the ids, 1-based, of all tracklets not decided before.

        Args:
            tracklets: all of the run.
            cut: to be called where tracks changed person; it returns all tracklets as they are
                then, and the ids are of these. None leaves tracks whole.
        """
        ...
