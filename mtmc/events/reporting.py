"""The events of a run: told, written down, and sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mtmc.events.delivery import Delivery
from mtmc.events.event import Event
from mtmc.events.log import EventLog
from mtmc.events.sink import Sink
from mtmc.events.teller import Teller
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.types import TrackKey


class Reporting:
    """Tells what an online run makes known, step by step.

    An event is in the log before anything else of the run says what it says.

    Args:
        path: of the log.
        zero: what the clock on the wall says at second 0 of the run; None where nobody knows.
        sinks: where else the events go, by what they are called.
    """

    def __init__(
        self, path: Path, zero: datetime | None = None, sinks: Sequence[tuple[str, Sink]] = ()
    ) -> None:
        self._teller, self._log = Teller(zero), EventLog(path)
        run = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._deliveries = [Delivery(label, sink, run) for label, sink in sinks]
        self._known: set[int] = set()  # ids of which there was something to know

    def step(self, time: float, steps: Sequence[CameraStep], decisions: Decisions) -> None:
        """See ``Teller``."""
        self._report(self._teller.step(time, steps, decisions))

    def finish(
        self, time: float, said: Mapping[TrackKey, int], final: Mapping[TrackKey, int]
    ) -> None:
        """See ``Teller``; nothing more will be told."""
        self._report(self._teller.finish(time, said, final))
        self._log.close()
        for delivery in self._deliveries:
            delivery.close()

    def told(self) -> dict[str, Any]:
        """For ``run.json``: how many events there are, and what became of those sent."""
        sinks = {"sinks": [d.told() for d in self._deliveries]} if self._deliveries else {}
        return {"count": self._teller.who.seq, **sinks}

    def _report(self, events: Sequence[Event]) -> None:
        new = self._log.add(events)
        if not new or not self._deliveries:
            return
        who = self._teller.who
        ids = {event.id for event in new} | {event.of for event in new if event.of is not None}
        ids |= self._known - who.known.keys()  # with the one they were merged into
        self._known = set(who.known)
        people = {n: who.known[n].plain() if n in who.known else None for n in sorted(ids)}
        cameras = {key.camera for event in new for key in (*event.tracks, *event.ended)}
        counts = {camera: who.count(camera) for camera in sorted(cameras)}
        for delivery in self._deliveries:
            delivery.put(new, people, counts)
