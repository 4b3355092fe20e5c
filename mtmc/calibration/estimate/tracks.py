"""Calibration without markers: from people whom several cameras see at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mtmc.calibration import Calibration, CameraModel
from mtmc.calibration.entry import Lens
from mtmc.calibration.estimate.align import TICK, Alignment, FloorTracks, align
from mtmc.calibration.estimate.heights import pose_from_heights, standing
from mtmc.calibration.estimate.joint import PosedCamera, all_meetings, refine
from mtmc.calibration.estimate.pose import PixelMap
from mtmc.calibration.estimate.sightings import SeenTracks

LEAST_SCORE = 25  # ticks that people are together in both cameras, below which it may be chance
GREATEST_RIVAL = 0.8  # share of the score that another alignment may have
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
    cameras, lost = _prepared(sightings, known, lenses)
    if reference is not None and reference not in cameras:
        raise ValueError(f"camera {reference!r} {lost.get(reference, 'is not there')}")
    if not cameras:
        raise ValueError("; ".join(f"{name} {why}" for name, why in lost.items()))
    if reference is None:
        reference = _best_reference(cameras, [name for name in cameras if name in known])
    placed = _placed(cameras, reference, window)
    for name in cameras:
        if name not in placed:
            lost[name] = "shares too few walks with the others to tell where it stands"
    if len(placed) < 2:
        raise ValueError(
            f"no camera shares enough walks with {reference!r}: "
            + "; ".join(f"{name} {why}" for name, why in lost.items())
        )
    return Result(_report(refine(placed, reference)), lost)


def _prepared(
    sightings: Mapping[str, SeenTracks],
    known: Mapping[str, Calibration],
    lenses: Mapping[str, Lens],
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
        cameras[name] = PosedCamera(seen, view, people, pose)
    return cameras, lost


def _best_reference(cameras: Mapping[str, PosedCamera], known: Sequence[str]) -> str:
    """The camera that sees feet most often, of the known ones where there are any."""
    seen = {n: int(np.isfinite(cameras[n].feet()).sum()) for n in known or cameras}
    return max(seen, key=lambda name: seen[name])


def _placed(
    cameras: Mapping[str, PosedCamera], reference: str, window: float
) -> dict[str, PosedCamera]:
    """The cameras on the floor of the reference, one after the other, the surest first."""
    placed = {n: c for n, c in cameras.items() if c.known or n == reference}
    while True:
        together = FloorTracks.together([camera.tracks()[0] for camera in placed.values()])
        links = {
            name: link
            for name, camera in cameras.items()
            if name not in placed
            and (link := align(together, camera.tracks()[0], window, free_scale=True))
            and link.score >= LEAST_SCORE
            and link.rival <= GREATEST_RIVAL
        }
        if not links:
            return placed
        surest = max(links, key=lambda name: links[name].score * (1 - links[name].rival))
        placed[surest] = _put(cameras[surest], links[surest])
        placed = refine(placed, reference, FIRST_GATES)


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
            camera.known or _model(camera),
            camera.offset,
            together,
            float(np.median(distance)) if len(distance) else float("nan"),
            camera.known is not None,
        )
    return found


def _model(camera: PosedCamera) -> CameraModel:
    assert camera.pose is not None
    return camera.view.model(camera.pose)
