"""What an association answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mtmc.tracking.messages import Revision
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey


@dataclass(frozen=True, slots=True, eq=False)
class Association:
    """Who everybody is, after the last step.

    Args:
        ids: global ids, 1-based, by track.
        parts: the tracks that changed person: what each is cut into, in order of time. The first
            part has the key of the whole, the others have new ones; the ids are of the parts.
        revised: see ``Decisions``.
    """

    ids: Mapping[TrackKey, int]
    parts: Mapping[TrackKey, Sequence[Tracklet]] = field(default_factory=dict)
    revised: Sequence[Revision] = ()
