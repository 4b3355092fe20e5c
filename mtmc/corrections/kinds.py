"""What can be said about who is who, each in terms of boxes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from mtmc.corrections.spot import Spot

Spots = tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction has: the word for it, and the boxes it is about."""

    do: ClassVar[str]

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        said: dict[str, Any] = {"do": self.do}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Spot):
                value = value.plain()
            elif isinstance(value, tuple):
                value = [spot.plain() for spot in value]
            said[field.name] = value
        return said

    def spots(self) -> Spots:
        """All boxes it speaks of."""
        values = [getattr(self, field.name) for field in fields(self)]
        single = [value for value in values if isinstance(value, Spot)]
        return (*single, *(spot for value in values if isinstance(value, tuple) for spot in value))

    def cuts(self) -> tuple[tuple[Spot, Spot], ...]:
        """The boxes before and after each place at which it cuts a track."""
        return ()


@dataclass(frozen=True, slots=True)
class Merge(Correction):
    """All these boxes show one person.

    Args:
        tracks: one box of each track; the person seen for longest keeps the id.
    """

    do: ClassVar = "merge"
    tracks: Spots


@dataclass(frozen=True, slots=True)
class Split(Correction):
    """A track is somebody else's from a frame on.

    Args:
        before: its last box before that frame.
        after: its first box from that frame on.
    """

    do: ClassVar = "split"
    before: Spot
    after: Spot

    def cuts(self) -> tuple[tuple[Spot, Spot], ...]:
        """See ``Correction``."""
        return ((self.before, self.after),)


@dataclass(frozen=True, slots=True)
class Exchange(Correction):
    """Two tracks are each other's from a frame on.

    Args:
        one: its last box before that frame, and its first one from there on.
        other: those of the other track.
    """

    do: ClassVar = "exchange"
    one: tuple[Spot, Spot]
    other: tuple[Spot, Spot]

    def cuts(self) -> tuple[tuple[Spot, Spot], ...]:
        """See ``Correction``."""
        return self.one, self.other


@dataclass(frozen=True, slots=True)
class Move(Correction):
    """Tracks are another person's than was said.

    Args:
        tracks: one box of each.
        away: boxes of the person whose they are not,
        to: and of the person whose they are; empty for whoever that may be.
    """

    do: ClassVar = "move"
    tracks: Spots
    away: Spots = ()
    to: Spots = ()


@dataclass(frozen=True, slots=True)
class NotAPerson(Correction):
    """Tracks show nobody: they are left out.

    Args:
        tracks: one box of each.
    """

    do: ClassVar = "not a person"
    tracks: Spots


@dataclass(frozen=True, slots=True)
class Name(Correction):
    """The name of the person whom boxes show.

    Args:
        tracks: one box of each track.
        name: empty for none.
    """

    do: ClassVar = "name"
    tracks: Spots
    name: str


KINDS: dict[str, type[Correction]] = {
    kind.do: kind for kind in (Merge, Split, Exchange, Move, NotAPerson, Name)
}


def makes_somebody(correction: Correction) -> bool:
    """Whether there may be a new person after it."""
    return isinstance(correction, Split) or (isinstance(correction, Move) and not correction.to)


SINGLE = {"before", "after"}
LONGEST_NAME = 100


def correction_of(said: dict[str, Any]) -> Correction:
    """Of what ``plain`` said.

    Raises:
        ValueError: it is something else.
    """
    kind = KINDS.get(str(said.get("do")))
    if kind is None:
        raise ValueError(f"no correction called {said.get('do')!r}")
    values: dict[str, Any] = {}
    for field in fields(kind):
        value = said.get(field.name)
        if field.name == "name":
            values["name"] = checked_name(value)
        elif field.name in SINGLE:
            values[field.name] = Spot.of(value)
        elif isinstance(value, list):
            values[field.name] = tuple(Spot.of(each) for each in value)
        else:
            raise ValueError(f"{kind.do}: {field.name} is no list of boxes")
    made = kind(**values)
    if not made.spots():
        raise ValueError(f"{kind.do}: says no box")
    if any(len(cut) != 2 for cut in made.cuts()):
        raise ValueError(f"{kind.do}: expected the box before and the box after each cut")
    return made


def checked_name(value: object) -> str:
    """A person's name: one line.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str) or len(value) > LONGEST_NAME or not value.isprintable():
        raise ValueError(f"a name is one line of up to {LONGEST_NAME} characters")
    return value.strip()
