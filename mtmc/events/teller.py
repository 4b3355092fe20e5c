"""From what an online association decides to events: the one place where they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from mtmc.events.event import Event, Kind
from mtmc.events.who import Who
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.types import TrackKey

NO_ZONES: Mapping[str, str] = {}


class Teller:
    """Says as events what each time step of an online run has made known.

    Args:
        zero: what the clock on the wall says at second 0 of the run; None where nobody knows.
        zones: of the cameras, by name; empty without zones.
    """

    def __init__(self, zero: datetime | None = None, zones: Mapping[str, str] = NO_ZONES) -> None:
        self.who = Who()
        self._zero, self._zones = zero, zones
        self._before: dict[TrackKey, int] = {}  # ids of tracks that go on under another one
        self._time = 0.0
        self._told: list[Event] = []

    def step(
        self, time: float, steps: Sequence[CameraStep], decisions: Decisions
    ) -> Sequence[Event]:
        """The events of one time step.

        Args:
            time: s.
            steps: what the cameras told,
            decisions: and what the association answered.
        """
        self._time, self._told = time, []
        self._follow(steps)
        for key, number in decisions.ids.items():
            self._decide(key, number, decisions.confidence.get(key))
        for number, into in decisions.merged.items():
            self._merge(number, into)
        for number in decisions.closed:
            self._close(number)
        return self._told

    def finish(
        self, time: float, said: Mapping[TrackKey, int], final: Mapping[TrackKey, int]
    ) -> Sequence[Event]:
        """The events of the end of a run, which closes every id.

        Args:
            time: of the last step, s.
            said: all that was decided before.
            final: the ids of the results.
        """
        self._time, self._told = time, []
        for key, number in final.items():
            if said.get(key) != number:
                if key in said and key not in self.who.owners:
                    self._before[key] = said[key]
                self._decide(key, number, None)
        for number in [n for n in self.who.known if self.who.is_open(n)]:
            self._close(number)
        return self._told

    def _follow(self, steps: Sequence[CameraStep]) -> None:
        """Tracks that no camera sees any more, and those that go on under another number."""
        ended: dict[int, list[TrackKey]] = {}
        for step in steps:
            for track in step.ended.tolist():
                key = TrackKey(step.camera, track)
                self._before.pop(key, None)
                if key in self.who.owners:
                    ended.setdefault(self.who.owners[key], []).append(key)
            for old, new in step.renewed.tolist():
                key = TrackKey(step.camera, old)
                if key in self.who.owners:
                    self._before[key] = self.who.owners[key]
                    ended.setdefault(self.who.owners[key], []).append(key)
                if key in self._before:
                    self._before[TrackKey(step.camera, new)] = self._before.pop(key)
        for number, keys in ended.items():
            self._tell("extend", number, ended=keys)

    def _decide(self, key: TrackKey, number: int, confidence: float | None) -> None:
        """A track is that id's."""
        who, owner = self.who, self.who.owners.get(key)
        if owner == number:
            return
        before = who.resolve(owner or self._before.pop(key, number))
        weighed: dict[str, Any] = {"tracks": [key], "confidence": confidence}
        if before != number and who.is_open(before):
            if number in who.known and who.resolve(number) not in {number, before}:
                self._part(number)
            self._tell("split", number, of=before, **weighed)
        elif number not in who.known:
            self._tell("open", number, tracks=[key])
        elif who.is_open(number):
            self._tell("extend", number, **weighed)
        else:
            self._tell("split", number, of=who.resolve(number), **weighed)

    def _merge(self, number: int, into: int) -> None:
        """All that was known of an id is another one's; of ids that were told."""
        if not self.who.is_open(number) or into not in self.who.known or number == into:
            return
        if not self.who.is_open(into):
            self._part(into)
        tracks = list(self.who.known[number].tracks)
        self._before |= dict.fromkeys(tracks, number)
        self._tell("merge", number, into=into, ended=tracks)

    def _part(self, number: int) -> None:
        """A merged id is somebody else's than the one it was merged into, after all."""
        self._tell("split", number, of=self.who.resolve(number))

    def _close(self, number: int) -> None:
        if self.who.is_open(number):
            self._tell("close", number, ended=list(self.who.known[number].tracks))

    def _tell(self, kind: Kind, number: int, **more: Any) -> None:
        known = self.who.known.get(number)
        tracks = [*more.get("tracks", ()), *more.get("ended", ())]
        event = Event(
            seq=self.who.seq + 1,
            kind=kind,
            id=number,
            revision=(known.revision if known else 0) + 1,
            time=self._time,
            wall=None if self._zero is None else self._zero + timedelta(seconds=self._time),
            zone=self._zones.get(tracks[0].camera) if tracks else None,
            **more,
        )
        self.who.take(event)
        self._told.append(event)
