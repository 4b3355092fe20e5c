"""What a run is put together from, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mtmc.associate import Associator
from mtmc.calibration import Calibration
from mtmc.corrections import Entry
from mtmc.corrections.before import Before
from mtmc.detectors import Detector
from mtmc.detectors.people import PERSON
from mtmc.events.sink import Sink
from mtmc.known import KnownPeople
from mtmc.reid import Embedder
from mtmc.sources import CameraReader

if TYPE_CHECKING:
    from mtmc.run.roster import Roster
    from mtmc.run.workers import Workers


@dataclass
class Progress:
    """How far a run is; shown while it goes on and kept in ``run.json``.

    Args:
        frames: frames done, by camera.
        tracks: tracks so far, by camera.
        people: global ids given so far.
    """

    frames: dict[str, int] = field(default_factory=dict)
    tracks: dict[str, int] = field(default_factory=dict)
    people: int = 0


@dataclass(frozen=True)
class Parts:
    """What a run is put together from.

    Args:
        readers: the opened cameras; live, more may be added.
        detector: finds people.
        embedder: describes them; None where nobody does.
        associator: says who is who.
        calibration: of some cameras, by name.
        kinds: names of what is followed.
        recorded: whether what the networks said is all known, and nothing more can be asked.
        corrections: what people have said of the run's people.
        before: the run before them, whose ids go on; None where there is none.
        known: people known from earlier runs; None without a gallery.
        workers: who reads and follows the cameras; None where this process does.
        sinks: where the events of an online run are sent, by what each is called.
        roster: tells which cameras come and go; None where none do.
    """

    readers: list[CameraReader]
    detector: Detector
    embedder: Embedder | None
    associator: Associator
    calibration: dict[str, Calibration]
    kinds: Sequence[str] = (PERSON,)
    recorded: bool = False
    corrections: Sequence[Entry] = ()
    before: Before | None = None
    known: KnownPeople | None = None
    workers: Workers | None = None
    sinks: Sequence[tuple[str, Sink]] = ()
    roster: Roster | None = None
