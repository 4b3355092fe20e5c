"""Each kind of things associated by itself: people never become cars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from mtmc.associate import Associator, Relocating, Revising
from mtmc.associate.decisions import Association
from mtmc.tracking.messages import CameraStep, Decisions, Revision
from mtmc.tracking.tracklet import FloorPath, Tracklet
from mtmc.types import TrackKey


class ByKind:
    """One associator for each kind, with global ids that are unique over all.

    Args:
        each: one for each kind, in their order.
    """

    Config: ClassVar[Any] = None  # each has its own

    def __init__(self, each: Sequence[Associator]) -> None:
        self._each = each
        self.online: bool = each[0].online
        self._numbers: dict[tuple[int, int], int] = {}  # (kind, its id) -> global id

    def know(self, people: Mapping[int, Sequence[Tracklet]], last: int) -> None:
        """Nobody: a gallery knows people, and no other kind."""

    def revise(self) -> None:
        """See ``Revising``."""
        for associator in self._each:
            if isinstance(associator, Revising):
                associator.revise()

    def relocate(self, path: Callable[[Tracklet], FloorPath]) -> None:
        """See ``Relocating``."""
        for associator in self._each:
            if isinstance(associator, Relocating):
                associator.relocate(path)

    def update(self, time: float, steps: Sequence[CameraStep]) -> Decisions:
        """See ``Associator``."""
        told = [a.update(time, [s.of_kind(k) for s in steps]) for k, a in enumerate(self._each)]
        return Decisions(
            {key: self._number(k, i) for k, each in enumerate(told) for key, i in each.ids.items()},
            [key for each in told for key in each.renewed],
            [key for each in told for key in each.ended],
            {
                self._number(k, old): self._number(k, new)
                for k, each in enumerate(told)
                for old, new in each.merged.items()
            },
            [self._number(k, i) for k, each in enumerate(told) for i in each.closed],
            {key: share for each in told for key, share in each.confidence.items()},
            [r for k, each in enumerate(told) for r in self._revised(k, each)],
        )

    def finish(self, tracklets: Sequence[Tracklet]) -> Association:
        """See ``Associator``."""
        last: Counter[str] = Counter()
        for tracklet in tracklets:
            last[tracklet.key.camera] = max(last[tracklet.key.camera], tracklet.key.track_id)
        ids: dict[TrackKey, int] = {}
        parts: dict[TrackKey, Sequence[Tracklet]] = {}
        revised: list[Revision] = []
        for kind, associator in enumerate(self._each):
            found = associator.finish([t for t in tracklets if t.kind == kind])
            mine = dict(found.ids)
            for pieces in found.parts.values():
                # Each kind counts on from its own tracks.
                own = {piece.key: mine.pop(piece.key) for piece in pieces[1:]}
                for piece in pieces[1:]:
                    camera = piece.key.camera
                    last[camera] += 1
                    number = own[piece.key]
                    piece.key = TrackKey(camera, last[camera])
                    ids[piece.key] = self._number(kind, number)
            parts |= found.parts
            ids |= {key: self._number(kind, number) for key, number in mine.items()}
            revised += self._revised(kind, found)
        return Association(ids, parts, revised)

    def _revised(self, kind: int, told: Decisions | Association) -> list[Revision]:
        return [r._replace(global_id=self._number(kind, r.global_id)) for r in told.revised]

    def _number(self, kind: int, number: int) -> int:
        return self._numbers.setdefault((kind, number), len(self._numbers) + 1)
