"""Corrections as the page makes and shows them; what they are is ``mtmc.corrections``' own."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mtmc.corrections import (
    Correction,
    Corrections,
    Edited,
    Editor,
    Exchange,
    Merge,
    Name,
    NotAPerson,
    Split,
    Spot,
)
from mtmc.detectors.people import PERSON
from mtmc.errors import UserError
from mtmc.outputs.tracks import TrackTable
from mtmc.results import Results, layout
from mtmc.results.crops import Crop, Crops
from mtmc.run.correct import identities
from mtmc.run.retrace import associate, preview
from mtmc.types import TrackKey

Said = Mapping[str, Any]
SHOWN = 12  # candidates that are offered


class Correcting:
    """The corrections of a run, and what they make of its people.

    Args:
        results: of the run, as its files have them.

    Attributes:
        now: who is who, with all corrections.
    """

    def __init__(self, results: Results) -> None:
        self._lock, self._results = threading.Lock(), results
        self._cameras = {name: number for number, name in enumerate(results.cameras)}
        self._log = Corrections.open(results.folder / layout.CORRECTIONS)
        self._editor = Editor(results)
        self._undone: list[Correction] = []
        self._take()
        self._kinds: dict[str, Callable[[Said], Correction]] = {
            "merge": lambda said: self.now.merge(_number(said, "a"), _number(said, "b")),
            "split": lambda said: self.now.split(*self._place(said), _number(said, "person")),
            "exchange": lambda said: self.now.exchange(
                *self._place(said), _number(said, "person"), _number(said, "other")
            ),
            "move": self._move,
            "not a person": self._nobody,
            "name": lambda said: self.now.name(_number(said, "person"), str(said.get("name", ""))),
        }

    def _take(self) -> None:
        self.now: Edited = self._editor.edited(self._log.entries)

    def state(self, done: str = "") -> dict[str, Any]:
        """What the page shows of them.

        Args:
            done: what was done last.
        """
        entries = [
            {"line": entry.line, "text": self._told(entry.correction)}
            for entry in self._log.entries
        ]
        return {
            "path": str(self._log.path),
            "entries": entries,
            "said": [*self._log.said, *self.now.said],
            "pieces": list(self._changed()),
            "undone": len(self._undone),
            "done": done,
        }

    def _told(self, correction: Correction) -> str:
        """A correction in words, of the people as they are shown now."""
        first, *others = correction.spots()
        person = self._called(first)
        place = f"in {first.camera} at frame {first.frame}"
        if isinstance(correction, Merge):
            return f"{person} is one in {len(others) + 1} tracks, such as that {place}"
        if isinstance(correction, Split):
            then, frame = self._called(correction.after), correction.after.frame
            return f"{person} is {then} from frame {frame} of {first.camera} on"
        if isinstance(correction, Exchange):
            other, after = self._called(correction.other[0]), correction.one[1]
            return (
                f"{person} and {other} change places from frame {after.frame} of {first.camera} on"
            )
        if isinstance(correction, Name):
            return f"{person} is called {correction.name!r}"
        if isinstance(correction, NotAPerson):
            return f"nobody is {place}" + (f", and in {len(others)} more tracks" if others else "")
        return f"the track {place} is {person}'s"

    def _called(self, spot: Spot) -> str:
        who = self.now.shown_at(spot)
        return "nobody" if who is None else f"person {who}"

    def _changed(self) -> Iterator[list[int]]:
        """Of each track that is cut, or another's, the parts: camera, track, frames, person."""
        whole, before = self.now.whole, self._editor.ids
        for piece in self.now.pieces:
            key = whole.get(piece.key, piece.key)
            if piece.key in whole or piece.person != before.get(key):
                place = [self._cameras[key.camera], key.track_id]
                yield [*place, piece.first, piece.last, piece.person]

    def shown(self) -> Results:
        """The results as corrected, as the page shows them."""
        results, before = self._results, self._results.uncorrected
        shown = Results(results.folder, results.record)
        shown.table = self.now.table
        table = TrackTable.of(
            shown.table, list(self._cameras), results.record.get("classes", [PERSON])
        )
        shown.people = identities(results, self._editor, table)
        shown.crops = _Crops(before.folder / layout.CROPS, self.now)
        if (before.folder / layout.LOOKS).is_file():
            shown.looks = before.looks
        return shown

    def file_of(self, key: TrackKey) -> TrackKey:
        """What the run's files call a track that may be part of one that was cut."""
        return self.now.whole.get(key, key)

    def do(self, said: Said) -> dict[str, Any]:
        """Write a correction down.

        Args:
            said: as the page says it, in terms of the people it shows.

        Raises:
            UserError: it makes no sense; nothing is written.
        """
        make = self._kinds.get(str(said.get("do")))
        if make is None:
            raise UserError(f"{said.get('do')!r}: is no correction")
        with self._lock:
            correction, about = make(said), self._about(said)
            self._undone.clear()
            state = self._add(correction)
            return {**state, "selected": self._who(*about) if about else None}

    def _about(self, said: Said) -> tuple[TrackKey, int] | None:
        """A track, and a frame of it, that a correction is about."""
        frame = said.get("frame")
        name = self._place(said)[0] if "camera" in said else None
        for piece in self.now.people.get(said.get("person", said.get("a")), ()):
            if frame is None:
                return self.file_of(piece.key), piece.first
            if piece.key.camera == name and piece.first <= frame <= piece.last:
                return self.file_of(piece.key), frame
        return None

    def _who(self, key: TrackKey, frame: int) -> int | None:
        """Whom a track of the run's files shows now."""
        for piece in self.now.pieces:
            if self.file_of(piece.key) == key and piece.first <= frame <= piece.last:
                return piece.person or None
        return None

    def _add(self, correction: Correction) -> dict[str, Any]:
        self._log.add(correction)
        self._take()
        return self.state(self._told(correction))

    def undo(self) -> dict[str, Any]:
        """Take the latest one back."""
        with self._lock:
            correction = self._log.undo()
            if correction is None:
                raise UserError("there is nothing to undo")
            self._undone.append(correction)
            self._take()
            return self.state(self._told(correction))

    def redo(self) -> dict[str, Any]:
        """Say the one that was taken back last once more."""
        with self._lock:
            if not self._undone:
                raise UserError("there is nothing to redo")
            return self._add(self._undone.pop())

    def preview(self) -> str:
        """What a run that knows of them would make of its people; nothing is written."""
        with self._lock:
            return preview(self._results.folder).text

    def apply(self) -> None:
        """Write the results anew; they, and all that was made of them, are others then."""
        with self._lock:
            associate(self._results.folder, self._results.folder)

    def candidates(
        self, person: int, time: float | None, likely: Mapping[int, float]
    ) -> list[dict[str, Any]]:
        """Who may be the same as a person; see ``Edited.candidates``."""
        with self._lock:
            return [asdict(one) for one in self.now.candidates(person, time, likely, SHOWN)]

    def _place(self, said: Said) -> tuple[str, int]:
        names, camera = list(self._cameras), _number(said, "camera")
        if not 0 <= camera < len(names):
            raise UserError(f"camera {camera}: there is none of that number")
        return names[camera], _number(said, "frame")

    def _move(self, said: Said) -> Correction:
        to = None if said.get("to") is None else _number(said, "to")
        return self.now.move(*self._place(said), _number(said, "person"), to)

    def _nobody(self, said: Said) -> Correction:
        place = self._place(said) if "camera" in said else ()
        return self.now.not_a_person(_number(said, "person"), *place)


class _Crops(Crops):
    """The crops of a run, by tracks as cut."""

    def __init__(self, path: Path, now: Edited) -> None:
        super().__init__(path)
        self._parts = defaultdict(list)
        for piece in now.pieces:
            if piece.key in now.whole:
                self._parts[now.whole[piece.key]].append(piece)

    def __iter__(self) -> Iterator[Crop]:
        for crop in super().__iter__():
            parts = (p.key for p in self._parts[crop.key] if p.first <= crop.frame <= p.last)
            yield replace(crop, key=next(parts, crop.key))


def _number(said: Said, key: str) -> int:
    value = said.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UserError(f"{key}: expected a number, got {value!r}")
    return value
