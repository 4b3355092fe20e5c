"""Who is who, by the events so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mtmc.events.event import Event
from mtmc.types import TrackKey


@dataclass(slots=True)
class Known:
    """What the events say of one global id.

    Args:
        id: the global id.
        since: when it became known, s.
        revision: of the last event about it.
        time: of that event, s.
        into: the id that its person turned out to have; None while it is open.
        tracks: that a camera still sees, in the order they were told.
    """

    id: int
    since: float
    revision: int = 0
    time: float = 0.0
    into: int | None = None
    tracks: dict[TrackKey, None] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As JSON has it; ``cameras`` are those that see the person now."""
        said: dict[str, Any] = {"id": self.id, "revision": self.revision}
        if self.into is not None:
            return {**said, "state": "merged", "into": self.into, "time": round(self.time, 3)}
        return {
            **said,
            "state": "open",
            "since": round(self.since, 3),
            "time": round(self.time, 3),
            "cameras": sorted({key.camera for key in self.tracks}),
            "tracks": [{"camera": c, "track": t} for c, t in self.tracks],
        }


class Who:
    """Takes in events, one after the other; what it holds is bounded by the ids that are open.

    Attributes:
        seq: of the last event.
        known: ids that are open, or were merged into one that is.
        owners: the id of each track that a camera still sees.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.known: dict[int, Known] = {}
        self.owners: dict[TrackKey, int] = {}

    def is_open(self, number: int) -> bool:
        """Whether tracks may be given that id."""
        return number in self.known and self.known[number].into is None

    def resolve(self, number: int) -> int:
        """The id under which the person of an id goes on."""
        while number in self.known and (into := self.known[number].into) is not None:
            number = into
        return number

    def count(self, camera: str) -> int:
        """How many people with an id a camera sees."""
        return len({number for key, number in self.owners.items() if key.camera == camera})

    def take(self, event: Event) -> None:
        """Take in the next event.

        Raises:
            ValueError: it contradicts those before.
        """
        if problem := self._problem(event):
            raise ValueError(f"event {event.seq}, {event.kind} of id {event.id}: {problem}")
        number = event.id
        known = self.known.setdefault(number, Known(number, event.time))
        known.revision, known.time, known.into = event.revision, event.time, event.into
        self.seq = event.seq
        for key in event.ended:
            self._let_go(key)
        for key in event.tracks:
            self._let_go(key)
            self.owners[key] = number
            known.tracks[key] = None
        if event.kind == "close":
            for key in list(known.tracks):
                self._let_go(key)
            for other in [n for n in self.known if self.resolve(n) == number]:
                del self.known[other]

    def _let_go(self, key: TrackKey) -> None:
        owner = self.owners.pop(key, None)
        if owner is not None:
            del self.known[owner].tracks[key]

    def _problem(self, event: Event) -> str | None:
        """What speaks against an event."""
        known = self.known.get(event.id)
        if event.seq != self.seq + 1:
            return f"the last one was {self.seq}"
        if event.revision != (known.revision if known else 0) + 1:
            return f"revision {event.revision}, but there were {known.revision if known else 0}"
        if known and event.kind == "open":
            return "is open already"
        if event.kind in {"extend", "merge", "close"} and not self.is_open(event.id):
            return "is not open"
        other = event.into or event.of
        if other is not None and not self.is_open(other):
            return f"id {other} is not open"
        taken = [k for k in event.tracks if self.owners.get(k) not in {None, event.of}]
        taken += [k for k in event.ended if self.owners.get(k) != event.id]
        return f"track {taken[0]} is another's" if taken else None
