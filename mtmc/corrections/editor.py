"""A run's people as corrections say, at once: nobody else is decided anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mtmc.corrections.before import Before
from mtmc.corrections.boxes import Boxes
from mtmc.corrections.candidates import Candidate, Sightings
from mtmc.corrections.changes import Changes
from mtmc.corrections.kinds import (
    Exchange,
    Merge,
    Move,
    Name,
    NotAPerson,
    Split,
    checked_name,
)
from mtmc.corrections.log import Entry
from mtmc.corrections.owners import corrected
from mtmc.corrections.reading import cuts_of
from mtmc.corrections.spot import Spot
from mtmc.detectors.people import PERSON
from mtmc.errors import UserError
from mtmc.outputs.tracks import people_of, rows_of
from mtmc.results import Results
from mtmc.results.results import owners
from mtmc.trackers.offline import NOBODY
from mtmc.tracking.rows import Rows
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Ints, TrackKey

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Piece:
    """A track, or a part of one that was cut.

    Args:
        key: camera and track id.
        first: its first frame.
        last: its last one.
        person: global id; 0 for nobody.
    """

    key: TrackKey
    first: int
    last: int
    person: int


class Editor:
    """Corrects a run's people without associating anew.

    Args:
        results: of the run.

    Attributes:
        base: the results before corrections.
    """

    def __init__(self, results: Results) -> None:
        import polars as pl

        base = results.uncorrected
        self.base = base
        self.cameras = list(results.cameras)
        # Somebody may have been taken for a thing; their tracks are counted by themselves.
        first = base.table["track_id"].max() or 0
        things = base.things.with_columns(pl.col("track_id") + first)
        self.table = pl.concat([base.table, things])
        kinds = results.record.get("classes", [PERSON])
        self.rows = rows_of(self.table, self.cameras, kinds)
        self.boxes = Boxes(self.rows, self.cameras)
        self.ids = owners(base.table)
        self.told = results.record.get("told", 0)
        self.names = {person["id"]: person["name"] for person in base.people if person["name"]}

    def edited(self, entries: Sequence[Entry]) -> Edited:
        """Who is who after corrections."""
        return Edited(self, entries)


def compared(before: Editor, after: Editor) -> Changes:
    """What is other in another run of the same frames."""
    found = Before(after.boxes, after.ids).owners(before.boxes, before.ids)
    moved = (
        (person, now, frames * before.boxes.period(key.camera))
        for key, person, now, frames in found
    )
    return Changes.of(moved, before.names, after.names)


class Edited:
    """Who is who after corrections, and what next may be said.

    Args:
        editor: of the run.
        entries: the corrections, in order.

    Attributes:
        ids: global ids by track, cut as was said.
        names: by global id.
        said: what contradicts, or matches no box any more, a line each.
        before: all that, for a run whose ids go on.
    """

    def __init__(self, editor: Editor, entries: Sequence[Entry]) -> None:
        self._editor = editor
        self._boxes = editor.boxes.cut(cuts_of(editor.boxes, entries))
        now = corrected(self._boxes, editor.ids, entries, editor.names, editor.told)
        self.ids, self.said = now.ids, now.said
        here = set(now.ids.values())
        self.names = {person: name for person, name in now.names.items() if person in here}
        self.before = Before(self._boxes, now.ids, now.last)

    @cached_property
    def pieces(self) -> list[Piece]:
        """All tracks of people, before or now, in the order of their names."""
        cut = {part for parts in self._boxes.cut_into.values() for part in parts}
        people = {*self.ids, *self._editor.ids, *cut}
        return [
            Piece(key, int(frames[0]), int(frames[-1]), self.ids.get(key, NOBODY))
            for key, frames in sorted(self._boxes.frames.items())
            if key in people
        ]

    @cached_property
    def whole(self) -> dict[TrackKey, TrackKey]:
        """The track that each part of one that was cut is of."""
        cuts = self._boxes.cut_into
        return {part: key for key, parts in cuts.items() for part in parts}

    @cached_property
    def people(self) -> dict[int, list[Piece]]:
        """The tracks of each person."""
        found: dict[int, list[Piece]] = defaultdict(list)
        for piece in self.pieces:
            if piece.person != NOBODY:
                found[piece.person].append(piece)
        return dict(sorted(found.items()))

    @cached_property
    def changes(self) -> Changes:
        """What is other than before all corrections."""
        before, boxes = self._editor.ids, self._boxes
        moved = [
            (
                before.get(self.whole.get(piece.key, piece.key), NOBODY),
                piece.person,
                boxes.seconds(piece.key),
            )
            for piece in self.pieces
        ]
        return Changes.of(moved, self._editor.names, self.names)

    def shown_at(self, spot: Spot) -> int | None:
        """Whom a box shows now; None for nobody."""
        found = self._boxes.find(spot)
        return None if found is None else self.ids.get(found[0])

    def merge(self, a: int, b: int) -> Merge:
        """Two people are one.

        Raises:
            UserError: one of them is not there, or one camera shows both at once.
        """
        if a == b:
            raise UserError(f"person {a}: is one with themselves already; name two people")
        for mine in self._tracks(a):
            for theirs in self._tracks(b):
                if both := self._boxes.both(mine, theirs):
                    raise UserError(
                        f"people {a} and {b}: camera {mine.camera} shows both in frames {both[0]} "
                        f"to {both[1]}, so they are two; split the one that is wrong first"
                    )
        return Merge((*self._spots(a), *self._spots(b)))

    def split(self, camera: str, frame: int, person: int) -> Split:
        """From a frame on, the track that shows a person there is somebody else's.

        Raises:
            UserError: that person is not there, or not before that frame.
        """
        return Split(*self._cut(self._at(camera, frame, person), frame))

    def exchange(self, camera: str, frame: int, a: int, b: int) -> Exchange:
        """From a frame on, the tracks that show two people there are each other's.

        Raises:
            UserError: one of them is not there, or not before that frame, or the camera shows the
                other one beside what would be theirs.
        """
        if a == b:
            raise UserError(f"person {a}: is one with themselves; name two people")
        one, other = (self._at(camera, frame, person) for person in (a, b))
        said = Exchange(self._cut(one, frame), self._cut(other, frame))
        boxes = self._boxes.cut([(one, frame), (other, frame)])
        self._alone(boxes, boxes.cut_into[one][1], b, other)
        self._alone(boxes, boxes.cut_into[other][1], a, one)
        return said

    def _cut(self, key: TrackKey, frame: int) -> tuple[Spot, Spot]:
        """The boxes of a track before a frame and from it on."""
        frames = self._boxes.frames[key]
        before, after = frames[frames < frame], frames[frames >= frame]
        if not len(before):
            raise UserError(
                f"camera {key.camera}, frame {frame}: the track of person {self.ids[key]} begins "
                "there; say it at a later frame, or move it as a whole"
            )
        return self._boxes.spot(key, int(before[-1])), self._boxes.spot(key, int(after[0]))

    def _alone(self, boxes: Boxes, key: TrackKey, person: int, but: TrackKey | None = None) -> None:
        """A track can be a person's: no camera shows them beside it, in another track than one."""
        for other in self._tracks(person):
            if other != but and (both := boxes.both(key, other)):
                raise UserError(
                    f"person {person}: camera {key.camera} shows them in frames {both[0]} to "
                    f"{both[1]} beside that track; it is somebody else's"
                )

    def move(self, camera: str, frame: int, person: int, to: int | None) -> Move:
        """The track that shows a person at a frame is another one's.

        Args:
            camera: its name.
            frame: of that camera.
            person: who it is not.
            to: who it is; None for somebody else, whoever that may be.

        Raises:
            UserError: one of them is not there, one camera shows both at once, or it is the only
                track of a person and to be nobody's in particular.
        """
        key = self._at(camera, frame, person)
        if to == person:
            raise UserError(f"person {person}: has that track already; name somebody else")
        away = tuple(self._boxes.clearest(t) for t in self._tracks(person) if t != key)
        if to is None and not away:
            raise UserError(f"person {person}: has no other track, so there is nobody to leave")
        if to is not None:
            self._alone(self._boxes, key, to)
        theirs = self._spots(to) if to is not None else ()
        return Move((self._boxes.clearest(key),), away, theirs)

    def not_a_person(
        self, person: int, camera: str | None = None, frame: int | None = None
    ) -> NotAPerson:
        """Nobody is there: in all that was taken for a person, or in the track at a frame.

        Raises:
            UserError: that person is not there.
        """
        if camera is None or frame is None:
            return NotAPerson(self._spots(person))
        return NotAPerson((self._boxes.clearest(self._at(camera, frame, person)),))

    def name(self, person: int, name: str) -> Name:
        """A person's name; empty for none.

        Raises:
            UserError: that person is not there, or it is no name.
        """
        try:
            return Name(self._spots(person), checked_name(name))
        except ValueError as error:
            raise UserError(f"person {person}: {error}") from error

    def candidates(
        self,
        person: int,
        time: float | None = None,
        likely: Mapping[int, float] | None = None,
        most: int = 12,
    ) -> list[Candidate]:
        """Who may be the same person, the nearest in time first.

        Left out is who is seen somewhere else at the same time: beside them in one camera for more
        than a moment, on the floor at another place, or, where places are unknown, in a camera that
        does not overlap.

        Args:
            person: global id.
            time: s, from which on to count; None for the nearest sighting of that person.
            likely: the probability that each is the same by looks, which decides among those about
                as near in time.
            most: so many at most.
        """
        return self._sightings.candidates(person, time, likely or {}, most)

    @property
    def table(self) -> pl.DataFrame:
        """``results.table`` as corrected: without nobody, with tracks as cut, ids and names."""
        return self._whole_table.filter(self._whole_table["global_id"] != NOBODY)

    @property
    def things(self) -> pl.DataFrame:
        """``results.things``, and with them those who are no people."""
        import polars as pl

        things = self._whole_table.filter(self._whole_table["global_id"] == NOBODY)
        first = things.group_by("camera", "track_id", maintain_order=True).agg(pl.col("time").min())
        numbers = first.sort("time", maintain_order=True).drop("time")
        numbers = numbers.with_columns(number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
        found = things.join(numbers, on=["camera", "track_id"], maintain_order="left")
        return found.with_columns(global_id=pl.col("number")).drop("number")

    def parts_of(self, tracklet: Tracklet) -> list[Tracklet]:
        """What a tracklet of the run, with its looks, is cut into."""
        parts = []
        for key in self._boxes.cut_into.get(tracklet.key, [tracklet.key]):
            frames = self._boxes.frames[key]
            start, end = (self._boxes.time(key, int(frames[end])) for end in (0, -1))
            part = Tracklet(key, start, end, hits=len(frames), kind=tracklet.kind)
            for run in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1):
                part.frames.append([int(run[0]), int(run[-1])])
            times = tracklet.gallery.times()
            part.gallery = tracklet.gallery.part((start <= times) & (times <= end))
            parts.append(part)
        return parts if len(parts) > 1 else [tracklet]

    @cached_property
    def _whole_table(self) -> pl.DataFrame:
        import polars as pl

        rows, people = self._corrected_rows
        names = pl.Series("name", [self.names.get(p) for p in people.tolist()], pl.String)
        return self._editor.table.with_columns(
            pl.Series("track_id", rows["track"]), pl.Series("global_id", people), names
        )

    @cached_property
    def _sightings(self) -> Sightings:
        return Sightings(*self._corrected_rows, self._editor.cameras)

    @cached_property
    def _corrected_rows(self) -> tuple[Rows, Ints]:
        """The rows of the run's table with tracks as cut, and the person of each; 0 for nobody."""
        rows = self._editor.rows.copy()
        self._boxes.rename(rows)
        return rows, people_of(rows, self._editor.cameras, self.ids)

    def _tracks(self, person: int) -> list[TrackKey]:
        found = [piece.key for piece in self.people.get(person, ())]
        if not found:
            raise UserError(f"person {person}: nobody has that id")
        return found

    def _spots(self, person: int) -> tuple[Spot, ...]:
        return tuple(self._boxes.clearest(key) for key in self._tracks(person))

    def _at(self, camera: str, frame: int, person: int) -> TrackKey:
        """The track that shows a person at a frame, or is just not seen there."""
        for piece in self.people.get(person, ()):
            if piece.key.camera == camera and piece.first <= frame <= piece.last:
                return piece.key
        raise UserError(f"camera {camera}, frame {frame}: does not show person {person} there")
