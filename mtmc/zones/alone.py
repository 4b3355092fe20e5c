"""The association of a camera by itself: every track is somebody new, as long as it lasts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mtmc.associate.online.associator import OnlineConfig
from mtmc.associate.online.people import Person
from mtmc.tracking.memory import Memory
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.tracking.tracklet import Tracklet, by_start
from mtmc.types import TrackKey

KEPT = 10.0  # s for which a track that has ended is still shown


class Alone:
    """Says who a track is once enough was seen of it; who else that is, a directory knows.

    Args:
        config: of the online association, of which the patience counts.
    """

    def __init__(self, config: OnlineConfig) -> None:
        self._config = config
        self._memory = Memory(keep=False)
        self._waiting: dict[Tracklet, None] = {}
        self._people: dict[Tracklet, Person] = {}
        self._keys: dict[Tracklet, TrackKey] = {}  # under which each was last known
        self._count = 0

    def update(self, time: float, steps: Sequence[CameraStep]) -> Decisions:
        """See ``Associator``."""
        renamed = {}
        for step in steps:
            for tracklet in self._memory.take(step):
                key = self._keys.get(tracklet)
                if key is None:
                    self._waiting[tracklet] = None
                elif key != tracklet.key:
                    self._keys[tracklet] = tracklet.key
                    renamed[tracklet.key] = self._people[tracklet].index
        old = [t for t in self._people if t.closed and t.end < time - KEPT]
        for tracklet in old:
            del self._people[tracklet], self._keys[tracklet]
        ready = [t for t in self._waiting if self._config.ready(t, time)]
        return Decisions({**renamed, **self._decide(ready)})

    def last(self) -> dict[TrackKey, int]:
        """The ids of those that still wait, of which nothing more will be seen."""
        return self._decide(list(self._waiting))

    def shown(self) -> Iterator[Person]:
        """Everybody who was given out of late."""
        return iter(list(self._people.values()))

    def _decide(self, tracklets: Sequence[Tracklet]) -> dict[TrackKey, int]:
        decided = {}
        for tracklet in sorted(tracklets, key=by_start):
            del self._waiting[tracklet]
            self._count += 1
            self._keys[tracklet] = tracklet.key
            self._people[tracklet] = Person(self._count, self._count, tracks=[tracklet])
            decided[tracklet.key] = self._count
        return decided
