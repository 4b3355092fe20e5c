"""Which cameras make a zone: those that people see one right after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mtmc.associate.evidence.config import Topology
from mtmc.errors import unknown_name

Zones = dict[str, list[str]]
NOTHING: Mapping[tuple[str, str], int] = {}


def zones_of(
    cameras: Sequence[str],
    given: Mapping[str, Sequence[str]] | None,
    topology: Topology | None,
    most: int,
    overlaps: Mapping[tuple[str, str], int] = NOTHING,
) -> Zones:
    """Every camera in one zone.

    Where they are not given, the two cameras that share most of the floor come together first, then
    those between which the way is shortest, as long as a zone has no more than ``most``. Where
    nothing is known to be near, cameras are together in the order of their names.

    Args:
        cameras: names of all.
        given: names of cameras by zone; a camera in none of them is a zone of its own.
        topology: see ``EvidenceConfig``.
        most: cameras of a zone.
        overlaps: m² of floor that two cameras both see.

    Raises:
        ValueError: what is given does not fit the cameras.
    """
    if given is not None:
        return _completed(cameras, given)
    if not topology and not overlaps:
        ordered = sorted(cameras)
        groups = [ordered[start : start + most] for start in range(0, len(ordered), most)]
    else:
        groups = _nearest_first(cameras, topology or {}, most, overlaps)
    return {f"zone{number}": group for number, group in enumerate(groups, 1)}


def _completed(cameras: Sequence[str], given: Mapping[str, Sequence[str]]) -> Zones:
    zone_of: dict[str, str] = {}
    for zone, names in given.items():
        for name in names:
            if name not in cameras:
                raise ValueError(str(unknown_name(f"camera of zone {zone}", name, cameras)))
            if name in zone_of:
                raise ValueError(f"zones: camera {name} is in {zone_of[name]} and in {zone}")
            zone_of[name] = zone
    alone = {name: [name] for name in cameras if name not in zone_of}
    if both := sorted(alone.keys() & given.keys()):
        raise ValueError(f"zones: camera {both[0]} is in no zone, yet one has its name")
    return {zone: list(names) for zone, names in given.items() if names} | alone


def _nearest_first(
    cameras: Sequence[str],
    topology: Topology,
    most: int,
    overlaps: Mapping[tuple[str, str], int],
) -> list[list[str]]:
    """Joined by the shortest way, two zones at a time (Kruskal's tree, with an end)."""
    ways: dict[tuple[str, str], float] = defaultdict(lambda: float("inf"))
    ways |= {both: -float(area) for both, area in overlaps.items()}
    for before, others in topology.items():
        for after, (least, _) in others.items():
            if before != after:
                both = min(before, after), max(before, after)
                ways[both] = min(ways[both], least)
    group_of = {name: [name] for name in cameras}
    for one, other in sorted(ways, key=lambda both: (ways[both], both)):
        mine, theirs = group_of[one], group_of[other]
        if mine is not theirs and len(mine) + len(theirs) <= most:
            mine += theirs
            for name in theirs:
                group_of[name] = mine
    order = {name: number for number, name in enumerate(cameras)}
    groups = {id(group): sorted(group, key=order.__getitem__) for group in group_of.values()}
    return list(groups.values())
