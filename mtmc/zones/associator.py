"""Association zone by zone, with one directory over them: for more cameras than one can compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from mtmc.associate.decisions import Association
from mtmc.associate.online.associator import OnlineConfig
from mtmc.calibration import Calibration
from mtmc.trackers.settings import setting
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey
from mtmc.zones.directory import Directory
from mtmc.zones.overlaps import overlaps
from mtmc.zones.partition import zones_of
from mtmc.zones.report import Report
from mtmc.zones.zone import Zone

Groups = dict[str, list[str]]


@dataclass(frozen=True)
class ZonesConfig(OnlineConfig):
    """Settings of the association by zones, beside those of the online one.

    Args:
        zones: names of the cameras of each zone, by its name; a camera in none is a zone of its
            own. None puts together those that see one floor, as their calibration says, and those
            between which ``topology`` says the way is short.
        zone_cameras: so many cameras are in a zone at most, where ``zones`` does not say.
    """

    zones: Groups | None = setting(None, public=True)  # noqa: RUF009 - it is None
    zone_cameras: int = setting(8, ge=1, unit="cameras", public=True)


class ZonesAssociator:
    """The online association in every zone, and a directory that knows who went where.

    Within a zone, all is as with one associator; between zones, people are found again by their
    looks and by the time it takes to get there.
    """

    Config: ClassVar = ZonesConfig
    online: ClassVar = True

    def __init__(self, config: ZonesConfig, even_distance: float, cameras: Sequence[str]) -> None:
        config.check_cameras(cameras)
        self._config, self._even, self._cameras = config, even_distance, list(cameras)
        self._time = 0.0
        self._divide(zones_of(cameras, config.zones, config.topology, config.zone_cameras))

    def place(self, calibration: Mapping[str, Calibration]) -> None:
        """See ``Placed``: cameras that see one floor are in one zone, where none are given."""
        config, shared = self._config, overlaps(calibration)
        most = config.zone_cameras
        self._divide(zones_of(self._cameras, config.zones, config.topology, most, shared))

    def _divide(self, groups: Groups) -> None:
        """Begin with such zones."""
        config, even = self._config, self._even
        places = {name: place for place, name in enumerate(self._cameras)}
        self._zone_of = {name: zone for zone, names in groups.items() for name in names}
        self._zones = {
            zone: Zone(zone, zone_config(config, names), even, names, places)
            for zone, names in groups.items()
        }
        self._directory = make_directory(config, even, self._cameras, groups)

    def update(self, time: float, steps: Sequence[CameraStep]) -> Decisions:
        """See ``Associator``."""
        self._time = time
        by_zone: dict[str, list[CameraStep]] = {}
        for step in steps:
            by_zone.setdefault(self._zone_of[step.camera], []).append(step)
        told: list[tuple[str, Decisions]] = []
        reports: list[Report] = []
        for name, zone in self._zones.items():
            decisions, report = zone.update(time, by_zone.get(name, []))
            told.append((name, decisions))
            if report is not None:
                reports.append(report)
        answer = self._directory.update(time, reports)
        ids: dict[TrackKey, int] = {}
        confidence: dict[TrackKey, float] = {}
        for name, decisions in told:
            ids |= self._global(name, decisions.ids)
            confidence |= decisions.confidence
        renewed = [key for _, decisions in told for key in decisions.renewed]
        renewed += [key for key in answer.moved if key not in ids]
        return Decisions(
            ids,
            list(dict.fromkeys(renewed)),
            [key for _, decisions in told for key in decisions.ended],
            answer.merged,
            answer.closed,
            confidence | {key: found for key, found in answer.confidence.items() if key in ids},
        )

    def finish(self, tracklets: Sequence[Tracklet]) -> Association:
        """See ``Associator``."""
        del tracklets
        last = {name: zone.last(self._time) for name, zone in self._zones.items()}
        self._directory.update(self._time, [report for _, report in last.values()])
        ids: dict[TrackKey, int] = {}
        for name, (decided, _) in last.items():
            ids |= self._global(name, decided)
        return Association(ids)

    def _global(self, zone: str, ids: Mapping[TrackKey, int]) -> dict[TrackKey, int]:
        """A zone's ids as those of the directory."""
        found = {key: self._directory.id_of(zone, number) for key, number in ids.items()}
        return {key: number for key, number in found.items() if number is not None}


def zone_config(config: ZonesConfig, cameras: Iterable[str]) -> OnlineConfig:
    """The settings of one zone, with no more of the topology than is its own."""
    own = set(cameras)
    topology = {
        before: kept
        for before, others in (config.topology or {}).items()
        if before in own and (kept := {a: t for a, t in others.items() if a in own})
    }
    return replace(config, topology=topology or None)


def make_directory(
    config: ZonesConfig, even_distance: float, cameras: Sequence[str], groups: Groups
) -> Directory:
    """The directory over the zones."""
    # What sets hundreds of cameras apart cannot be told from a few people.
    single = [zone for zone, names in groups.items() if len(names) == 1]
    evidence = replace(config, camera_colours=False)
    return Directory(evidence, even_distance, cameras, config.memory, single)
