"""Corrections as the page makes and shows them; what they are is ``mtmc.corrections``' own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from mtmc.corrections import Correction, Corrections, Edited, Editor, Name
from mtmc.errors import UserError
from mtmc.results import Results, layout

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
        self._lock = threading.Lock()
        self._cameras = {name: number for number, name in enumerate(results.cameras)}
        self._log = Corrections.open(results.folder / layout.CORRECTIONS)
        self._editor = Editor(results)
        self._undone: list[Correction] = []
        self._take()
        self._kinds: dict[str, Callable[[Said], Correction]] = {
            "merge": lambda said: self.now.merge(_number(said, "a"), _number(said, "b")),
            "split": lambda said: self.now.split(*self._place(said), _number(said, "person")),
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
        pieces = [
            [self._cameras[piece.key.camera], piece.key.track_id, piece.first, piece.last]
            + [piece.person]
            for piece in self.now.pieces
        ]
        entries = [
            {"line": entry.line, "text": told(entry.correction)} for entry in self._log.entries
        ]
        return {
            "path": str(self._log.path),
            "entries": entries,
            "said": [*self._log.said, *self.now.said],
            "pieces": pieces,
            "undone": len(self._undone),
            "done": done,
        }

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
            correction = make(said)
            self._undone.clear()
            return self._add(correction)

    def _add(self, correction: Correction) -> dict[str, Any]:
        self._log.add(correction)
        self._take()
        return self.state(told(correction))

    def undo(self) -> dict[str, Any]:
        """Take the latest one back."""
        with self._lock:
            correction = self._log.undo()
            if correction is None:
                raise UserError("there is nothing to undo")
            self._undone.append(correction)
            self._take()
            return self.state(told(correction))

    def redo(self) -> dict[str, Any]:
        """Say the one that was taken back last once more."""
        with self._lock:
            if not self._undone:
                raise UserError("there is nothing to redo")
            return self._add(self._undone.pop())

    def candidates(self, person: int, time: float | None) -> list[dict[str, Any]]:
        """Who may be the same as a person, the nearest in time first."""
        with self._lock:
            found = self.now.candidates(person, time, SHOWN)
        return [
            {
                "person": one.person,
                "probability": one.probability,
                "gap": one.gap,
                "camera": one.camera,
                "why": one.why,
            }
            for one in found
        ]

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


def told(correction: Correction) -> str:
    """A correction in words."""
    spots = correction.spots()
    where = f"{spots[0]}" + (f", and {len(spots) - 1} more" if len(spots) > 1 else "")
    name = f" {correction.name!r}" if isinstance(correction, Name) else ""
    return f"{correction.do}{name}: {where}"


def _number(said: Said, key: str) -> int:
    value = said.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UserError(f"{key}: expected a number, got {value!r}")
    return value
