"""What each process of a large system holds: zones on one side, the directory on the other.

Messages flow one way, from cameras to zones to the directory to events, and everybody's answer
depends on the set of the messages alone. So whoever was killed goes on from an earlier state with
the messages since then, and says the same again, which the others know and drop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mtmc.events.event import Event
from mtmc.events.teller import Teller
from mtmc.tracking.messages import CameraStep, Decisions, empty_step
from mtmc.types import TrackKey
from mtmc.zones.directory import Answer, Directory
from mtmc.zones.obeying import Obeying
from mtmc.zones.ordering import LATENESS, SILENCE, Ordering
from mtmc.zones.report import Report
from mtmc.zones.zone import Zone

ZONE_SILENCE = 60.0  # s for which the directory waits for a zone: it may be starting anew


class ZoneNode:
    """A zone that takes the steps of its cameras in any order, and more than once.

    Args:
        zone: it.
        cameras: names of its cameras.
        lateness: s; see ``Ordering``.
        silence: s; see ``Ordering``.
        offsets: s by which the clock of a camera is ahead, which are taken off.

    Attributes:
        ordering: counts what came twice or too late.
    """

    def __init__(
        self,
        zone: Zone,
        cameras: Sequence[str],
        lateness: float = LATENESS,
        silence: float = SILENCE,
        offsets: Mapping[str, float] | None = None,
    ) -> None:
        self._zone, self._obeying = zone, Obeying()
        self.ordering: Ordering[CameraStep] = Ordering(cameras, lateness, silence)
        self._offsets = dict(offsets or {})

    def put(self, step: CameraStep) -> None:
        """A step has come."""
        ahead = self._offsets.get(step.camera, 0.0)
        step = replace(step, time=step.time - ahead) if ahead else step
        self.ordering.put(step.camera, step.frame, step.time, step)

    def take(self, all_of_it: bool = False) -> list[Report]:
        """What the directory is to be told of the moments that are over."""
        reports = []
        for moment in self.ordering.take(all_of_it):
            steps = [self._obeying.late(step) for step in moment.late]
            steps += [self._obeying(step) for step in moment.messages]
            decisions, report = self._zone.update(moment.time, steps)
            self._obeying.obey(decisions)
            reports += [report] if report else []
            self._time = moment.time
        if all_of_it:
            reports.append(self._zone.last(self._time)[1])
        return reports


class DirectoryNode:
    """The directory, told by zones in any order and more than once, and its events.

    Args:
        directory: it.
        zones: names of the cameras of all zones.
        silence: s for which a zone that falls silent is waited for.

    Attributes:
        ordering: counts what came twice or too late.
        positions: for whoever reads the zones' journals: how far that is.
    """

    def __init__(
        self,
        directory: Directory,
        zones: Mapping[str, Iterable[str]],
        silence: float = ZONE_SILENCE,
    ) -> None:
        self._directory = directory
        # A zone tells of its moments in their order, as soon as they are over.
        self.ordering: Ordering[Report] = Ordering(zones, 0.0, silence)
        self._teller = Teller(zones={name: zone for zone, names in zones.items() for name in names})
        self.positions: dict[str, tuple[int, int]] = {}

    def put(self, report: Report) -> None:
        """A report has come."""
        self.ordering.put(report.zone, report.number, report.time, report)

    def take(self, all_of_it: bool = False) -> list[Event]:
        """What is new by the moments of which all zones have told."""
        events: list[Event] = []
        for moment in self.ordering.take(all_of_it):
            answer = self._directory.update(moment.time, [*moment.late, *moment.messages])
            events += self._told(moment.time, answer)
        return events

    def _told(self, time: float, answer: Answer) -> list[Event]:
        new = Decisions(
            answer.ids, merged=answer.merged, closed=answer.closed, confidence=answer.confidence
        )
        moved = Decisions(answer.moved)
        events = list(self._teller.step(time, _ending(answer.ended), new))
        return events + list(self._teller.step(time, (), moved))


def _ending(tracks: Sequence[TrackKey]) -> list[CameraStep]:
    """That tracks have ended, as cameras tell it."""
    by_camera: dict[str, list[int]] = {}
    for camera, track in tracks:
        by_camera.setdefault(camera, []).append(track)
    return [empty_step(camera, ended=ended) for camera, ended in by_camera.items()]
