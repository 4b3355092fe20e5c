"""One event: something that became known of a global id."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self, get_args

from mtmc.types import TrackKey

SCHEMA = 1  # goes up when a consumer of before would misread an event
Kind = Literal["open", "extend", "merge", "split", "close"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that became known of a global id.

    An id means one person for ever. Where two turn out to be one, the id that is given up says
    into which; it is not given to anybody else, but may come back by a ``split`` of that one.

    Args:
        seq: 1, 2, 3, ... over all events of a log; puts them into one order.
        kind: ``open``: the id is new; ``extend``: its person got a track more, or one ended;
            ``merge``: its person is that of the id ``into``, under which they go on; ``split``:
            tracks that went on under the id ``of`` are this one's, which is new if it was not
            open; ``close``: no track gets the id any more.
        id: the global id that it is about.
        revision: 1, 2, 3, ... over the events of an id.
        time: event time, s on the clock of the run: of the pictures by which it became known.
        wall: the same by the clock on the wall, where that is known.
        tracks: that are the id's from now on. What was said of a track before a ``split`` stays.
        ended: tracks of the id that no camera sees any more.
        zone: that saw the tracks; None without zones.
        into: of a merge.
        of: of a split.
        confidence: 0..1: how probable it is by all that was seen, that ``tracks`` are of the id's
            person (of a merge: that both are one), were it as probable as not beforehand; None
            where that was not weighed, as of an id that is new.

    Raises:
        ValueError: these do not go together.
    """

    seq: int
    kind: Kind
    id: int
    revision: int
    time: float
    wall: datetime | None = None
    tracks: Sequence[TrackKey] = ()
    ended: Sequence[TrackKey] = ()
    zone: str | None = None
    into: int | None = None
    of: int | None = None
    confidence: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}, got {self.kind!r}")
        for name, least in (("seq", 1), ("id", 1), ("revision", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        for name, kind in (("into", "merge"), ("of", "split")):
            if (getattr(self, name) is not None) != (self.kind == kind):
                raise ValueError(f"{name} is what a {kind} has, and nothing else")
        if self.id in {self.into, self.of}:
            raise ValueError(f"id {self.id} cannot {self.kind} with itself")
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise ValueError(f"confidence must be in 0..1, got {self.confidence}")
        object.__setattr__(self, "tracks", tuple(self.tracks))
        object.__setattr__(self, "ended", tuple(self.ended))

    def plain(self) -> dict[str, Any]:
        """As JSON has it; what is None or empty is left out."""
        said = {
            "schema": SCHEMA,
            "seq": self.seq,
            "kind": self.kind,
            "id": self.id,
            "revision": self.revision,
            "time": round(self.time, 3),
            "wall": self.wall and self.wall.isoformat(timespec="milliseconds"),
            "tracks": [{"camera": c, "track": t} for c, t in self.tracks] or None,
            "ended": [{"camera": c, "track": t} for c, t in self.ended] or None,
            "zone": self.zone,
            "into": self.into,
            "of": self.of,
            "confidence": self.confidence and round(self.confidence, 4),
        }
        return {key: value for key, value in said.items() if value is not None}

    def json(self) -> str:
        """As one line."""
        return json.dumps(self.plain(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def of_plain(cls, said: Mapping[str, Any]) -> Self:
        """What ``plain`` has made; keys that are not known are left out.

        Raises:
            ValueError: it is no event, or one of a later schema.
        """
        try:
            if said["schema"] > SCHEMA:
                raise ValueError(f"schema {said['schema']} is newer than {SCHEMA}")
            wall = said.get("wall")
            return cls(
                seq=int(said["seq"]),
                kind=said["kind"],
                id=int(said["id"]),
                revision=int(said["revision"]),
                time=float(said["time"]),
                wall=None if wall is None else datetime.fromisoformat(wall),
                tracks=_tracks(said.get("tracks", ())),
                ended=_tracks(said.get("ended", ())),
                **{key: said.get(key) for key in ("zone", "into", "of", "confidence")},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no event: {type(error).__name__} {error}") from error

    @classmethod
    def of_json(cls, text: str | bytes) -> Self:
        """What ``json`` has written.

        Raises:
            ValueError: it is no event, or one of a later schema.
        """
        return cls.of_plain(json.loads(text))


def _tracks(said: Sequence[Mapping[str, Any]]) -> tuple[TrackKey, ...]:
    return tuple(TrackKey(str(each["camera"]), int(each["track"])) for each in said)
