"""Calibration without markers: from people whom several cameras see at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mtmc.calibration import Calibration
from mtmc.calibration.entry import Lens
from mtmc.calibration.estimate.align import TICK, Alignment, FloorTracks, align
from mtmc.calibration.estimate.certainty import certain
from mtmc.calibration.estimate.heights import pose_from_heights, standing
from mtmc.calibration.estimate.joint import PosedCamera, all_meetings, refine
from mtmc.calibration.estimate.pose import PixelMap
from mtmc.calibration.estimate.sightings import SeenTracks

LEAST_SCORE = 25  # ticks that people are together in both cameras, below which it may be chance
FIRST_GATES = (1.5, 1.0)  # m, when a camera was just put there
GATE = 1.0  # m that tracks of one person may be apart in the end


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One camera's result.

    Args:
        model: the camera.
        offset: s to add to its clock.
        together: s that people were seen by it and another camera.
        apart: m, median distance of where the two put them.
        known: whether it was calibrated before.
    """

    model: Calibration
    offset: float
    together: float
    apart: float
    known: bool


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What tracks say of the cameras.

    Args:
        found: by camera.
        lost: why the others could not be calibrated, by camera.
    """

    found: Mapping[str, Found]
    lost: Mapping[str, str]


def calibrate_tracks(
    sightings: Mapping[str, SeenTracks],
    known: Mapping[str, Calibration],
    lenses: Mapping[str, Lens],
    reference: str | None,
    window: float,
) -> Result:
    """Where cameras stand and how their clocks differ.

    Each camera's focal length, tilt and height come from the heights of people, the rest from
    the walks that two cameras share; then everything is fitted to everything. Whose track is
    whose need not be known.

    Args:
        sightings: what each camera saw.
        known: cameras that are calibrated; their floor and clock are the common ones.
        lenses: intrinsics, of cameras that have them.
        reference: the camera that stands at the origin and looks along +y when none is known; the
            one that saw feet most often when None.
        window: greatest difference of two clocks, s.

    Raises:
        ValueError: no two cameras can be put together.
    """
    cameras, lost = _prepared(sightings, known, lenses, in_time=window == 0)
    if reference is not None and reference not in cameras:
        raise ValueError(f"camera {reference!r} {lost.get(reference, 'is not there')}")
    if not cameras:
        raise ValueError("; ".join(f"{name} {why}" for name, why in lost.items()))
    references = [reference] if reference is not None else _references(cameras)
    placed: dict[str, PosedCamera] = {}
    left = dict(cameras)  # who may be on one floor with another of them
    for name in references:
        found = _placed(left, name, window) if name in left else {}
        if len(found) > len(placed):
            placed, reference = found, name
        left = {other: camera for other, camera in left.items() if other not in found}
    for name in cameras:
        if name not in placed:
            lost[name] = "shares too few walks with the others to tell where it stands"
    if len(placed) < 2:
        raise ValueError(
            f"no camera shares enough walks with {references[0]!r}: "
            + "; ".join(f"{name} {why}" for name, why in lost.items())
        )
    assert reference is not None
    return Result(_report(refine(placed, reference)), lost)


def _prepared(
    sightings: Mapping[str, SeenTracks],
    known: Mapping[str, Calibration],
    lenses: Mapping[str, Lens],
    *,
    in_time: bool,
) -> tuple[dict[str, PosedCamera], dict[str, str]]:
    """Cameras that know their own floor, and why others do not."""
    cameras, lost = {}, {}
    for name, seen in sightings.items():
        if name in known:
            view = PixelMap(seen.size)
            cameras[name] = PosedCamera(seen, view, known=known[name].resized(seen.size))
            continue
        view = PixelMap.of(seen.size, lenses.get(name))
        people = standing(seen, view)
        try:
            pose = pose_from_heights(people, view.lens is not None)
        except ValueError as error:
            lost[name] = str(error)
            continue
        cameras[name] = PosedCamera(seen, view, people, pose, in_time=in_time)
    return cameras, lost


def _references(cameras: Mapping[str, PosedCamera]) -> list[str]:
    """Who may stay where it is, the one that sees feet most often first.

    Of cameras that are known one does for all.
    """
    known = [name for name, camera in cameras.items() if camera.known]
    seen = {name: int(np.isfinite(cameras[name].feet()).sum()) for name in known or cameras}
    return sorted(seen, key=lambda name: -seen[name])[: 1 if known else None]


def _placed(
    cameras: Mapping[str, PosedCamera], reference: str, window: float
) -> dict[str, PosedCamera]:
    """The cameras on the floor of the reference, one after the other, the surest first."""
    placed = {n: c for n, c in cameras.items() if c.known or n == reference}
    doubted: set[str] = set()  # as long as nobody else is placed
    while True:
        together = FloorTracks.together([camera.tracks()[0] for camera in placed.values()])
        links = {
            name: link
            for name, camera in cameras.items()
            if name not in placed
            and name not in doubted
            and (link := align(together, camera.tracks()[0], window, free_scale=True))
            and link.score >= LEAST_SCORE
        }
        if not links:
            return placed
        surest = max(links, key=lambda name: links[name].score)
        more = placed | {surest: _put(cameras[surest], links[surest])}
        more = refine(more, reference, FIRST_GATES, moving=surest)
        if certain(surest, more):
            placed, doubted = more, set()
        else:
            doubted.add(surest)


def _put(camera: PosedCamera, link: Alignment) -> PosedCamera:
    """A camera moved by its alignment."""
    assert camera.pose is not None
    pose = camera.pose.moved(link.factor, link.shift)
    return replace(camera, pose=replace(pose, offset=link.ticks * TICK))


def _report(cameras: Mapping[str, PosedCamera]) -> dict[str, Found]:
    meetings = all_meetings(cameras, GATE)
    found = {}
    for name, camera in cameras.items():
        apart, together = [np.zeros(0)], 0.0
        for pair, moments in meetings.items():
            if name in pair:
                places = [cameras[n].place(f) for n, f in zip(pair, moments.feet, strict=True)]
                apart.append(np.abs(places[0] - places[1]))
                together += moments.seconds
        distance = np.concatenate(apart)
        found[name] = Found(
            camera.model,
            camera.offset,
            together,
            float(np.median(distance)) if len(distance) else float("nan"),
            camera.known is not None,
        )
    return found
