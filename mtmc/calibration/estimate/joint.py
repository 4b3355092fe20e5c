"""All cameras at once: poses and clocks under which everybody is in one place."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from mtmc.calibration import Calibration
from mtmc.calibration.estimate.align import TICK, FloorTracks, common, pairs_at
from mtmc.calibration.estimate.heights import Standing, height_residuals, prior_residuals
from mtmc.calibration.estimate.pose import PixelMap, Pose
from mtmc.calibration.estimate.sightings import SeenTracks
from mtmc.types import Doubles

Points = NDArray[np.complex128]

GATES = (1.5, 1.0, 0.7)  # m that tracks of one person are apart, round by round
MOST_MEETINGS = 200  # of two cameras
MOST_STEPS = 20  # of one fit
# How far a pose may move in one round, standard deviations: of yaw in rad, x and y in m, s.
STEP = np.array([0.3, 1.0, 1.0, 0.5])
FOOT_SPREAD = 0.08  # m, standard deviation of feet along the view, straight below the camera
WEIGHT = 0.5  # of one of the meetings, which follow each other too closely to be independent
WORST = 50.0  # standard deviations that count in place of what is above the horizon
# Feet are not believed where a box differs by so much of its height from its track's others, or
# from that of a person of 1.7 m.
HIDDEN, WRONG = 0.2, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class PosedCamera:
    """What is known of a camera.

    Args:
        sightings: its boxes.
        view: how its pixels become image coordinates.
        people: whole standing people; None where the calibration is known.
        pose: as far as it is found out; None where the calibration is known.
        known: its calibration, which stays as it is, and so does its clock.
        in_time: whether its clock is the others' for certain.
    """

    sightings: SeenTracks
    view: PixelMap
    people: Standing | None = None
    pose: Pose | None = None
    known: Calibration | None = None
    in_time: bool = False

    @property
    def model(self) -> Calibration:
        """The camera of its pose; the one that is known."""
        if self.known is not None:
            return self.known
        assert self.pose is not None
        return self.view.model(self.pose)

    @property
    def offset(self) -> float:
        """Seconds to add to its clock."""
        return self.pose.offset if self.pose else 0.0

    def feet(self) -> Points:
        """``(N,)`` image coordinates x + iy of all sightings' feet, NaN where they are not seen.

        Of a camera whose calibration is known, floor positions in their place.
        """
        boxes, (_, height) = self.sightings.boxes, self.sightings.size
        middle = (boxes[:, 0] + boxes[:, 2]) / 2
        pixels = np.column_stack([middle, boxes[:, 3]])
        hidden = boxes[:, 3] >= height - 2
        if self.known is not None:
            points, _ = self.known.locate(boxes)
            return np.where(hidden, np.nan, points[:, 0] + 1j * points[:, 1])
        feet = self.view.coordinates(pixels)
        if self.pose is not None:
            heads = self.view.coordinates(np.column_stack([middle, boxes[:, 1]]))
            tall = np.linalg.norm(feet - heads, axis=1)
            off = (self.pose.heads(feet)[:, 1] - heads[:, 1]) / tall
            usual = _track_medians(off, self.sightings.tracks)
            strange = ~(np.abs(off) < WRONG) | ~(np.abs(off - usual) < HIDDEN)
            hidden |= (boxes[:, 1] > 2) & strange
        return np.where(hidden, np.nan, feet[:, 0] + 1j * feet[:, 1])

    def place(self, feet: Points) -> Points:
        """Floor positions of what ``feet`` gives."""
        if self.pose is None:
            return feet
        return self.pose.floor(np.column_stack([feet.real, feet.imag]))

    def spread(self, places: Points) -> Doubles:
        """``(N,)`` m, standard deviation of feet at ``places``, which grows with the distance."""
        position = self.known.position if self.known else None
        if self.pose is not None:
            position = np.array([self.pose.x, self.pose.y, self.pose.height])
        if position is None:
            return np.full(len(places), 3 * FOOT_SPREAD)
        away = np.abs(places - complex(position[0], position[1])) / position[2]
        result: Doubles = FOOT_SPREAD * np.maximum(away, 1.0)
        return result

    def tracks(self) -> tuple[FloorTracks, FloorTracks]:
        """Its tracks on the common clock: their places on the floor, and their feet."""
        feet = self.feet()
        places = self.place(feet)
        feet = np.where(np.isfinite(places), feet, np.nan)
        times, tracks = self.sightings.times + self.offset, self.sightings.tracks
        return FloorTracks.make(times, tracks, places), FloorTracks.make(times, tracks, feet)


def _track_medians(values: Doubles, tracks: NDArray[np.int64]) -> Doubles:
    """For each row ``(N,)`` the median of its track's values, those that are NaN left out."""
    result = np.full(len(values), np.nan)
    for track in np.unique(tracks):
        mine = tracks == track
        known = values[mine & np.isfinite(values)]
        result[mine] = np.median(known) if len(known) else np.nan
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Meetings:
    """Moments at which two cameras see one person.

    Args:
        feet: of each of the two cameras, ``(K,)`` as ``PosedCamera.feet``.
        speed: of these, per s.
        spread: ``(K,)`` m, standard deviation of the distance of the two places.
        seconds: that the two see people together, those left out counted.
    """

    feet: tuple[Points, Points]
    speed: tuple[Points, Points]
    spread: Doubles
    seconds: float


def refine(
    cameras: Mapping[str, PosedCamera],
    reference: str,
    gates: Sequence[float] = GATES,
    moving: str | None = None,
) -> dict[str, PosedCamera]:
    """Poses and clocks that make people of ordinary height meet themselves.

    Args:
        cameras: with approximate poses on a common floor.
        reference: stays where it is, and so does its clock; what it is like may change.
        gates: m that tracks of one person are apart, round by round.
        moving: the only camera that is moved; all but the reference where None.
    """
    result = dict(cameras)
    for gate in gates:
        pairs = all_meetings(result, gate, moving)
        result |= _solve(result, reference, pairs, moving)
    return result


def all_meetings(
    cameras: Mapping[str, PosedCamera], gate: float, one: str | None = None
) -> dict[tuple[str, str], Meetings]:
    """Where any two cameras see one person, whose tracks are ``gate`` m apart at most.

    With ``one``, only where that is one of the two.
    """
    tracks = {name: camera.tracks() for name, camera in cameras.items()}
    found = {}
    for a, b in itertools.combinations(cameras, 2):
        if one is not None and one not in (a, b):
            continue
        meetings = _meet(cameras[a], cameras[b], tracks[a], tracks[b], gate)
        if len(meetings.spread):
            found[a, b] = meetings
    return found


def _meet(
    a: PosedCamera,
    b: PosedCamera,
    a_tracks: tuple[FloorTracks, FloorTracks],
    b_tracks: tuple[FloorTracks, FloorTracks],
    gate: float,
) -> Meetings:
    (a_floor, a_feet), (b_floor, b_feet) = a_tracks, b_tracks
    rows = pairs_at(a_floor, b_floor, 1, 0, 0, gate)
    first, second = [list(side) for side in zip(*rows, strict=True)] if rows else ([], [])
    columns = [
        np.concatenate([left[first].ravel()[None], right[second].ravel()[None]])
        for left, right in (
            common(a_floor, b_floor, 0),
            common(a_feet, b_feet, 0),
            common(_speed(a_feet), _speed(b_feet), 0),
        )
    ]
    known = np.flatnonzero(np.isfinite(np.concatenate(columns)).all(axis=0))
    seconds = len(known) * TICK
    known = known[np.linspace(0, len(known) - 1, min(len(known), MOST_MEETINGS)).astype(int)]
    places, feet, speed = (column[:, known] for column in columns)
    spread = np.hypot(a.spread(places[0]), b.spread(places[1]))
    return Meetings((feet[0], feet[1]), (speed[0], speed[1]), spread, seconds)


def _speed(tracks: FloorTracks) -> FloorTracks:
    if tracks.points.shape[1] < 2:
        return tracks
    return FloorTracks(tracks.first, np.gradient(tracks.points, TICK, axis=1))


def _solve(
    cameras: Mapping[str, PosedCamera],
    reference: str,
    pairs: Mapping[tuple[str, str], Meetings],
    moving: str | None,
) -> dict[str, PosedCamera]:
    """One robust least squares fit of everything, or of one camera."""
    free = {
        name: camera
        for name, camera in cameras.items()
        if camera.pose is not None and moving in (None, name)
    }
    starts = {name: _to_values(camera, name == reference) for name, camera in free.items()}
    ends = np.cumsum([len(values) for values in starts.values()])[:-1]

    def posed(values: Doubles) -> dict[str, PosedCamera]:
        parts = np.split(values, ends)
        return dict(cameras) | {
            name: replace(camera, pose=_from_values(part, camera, name == reference))
            for (name, camera), part in zip(free.items(), parts, strict=True)
        }

    def residuals(values: Doubles) -> Doubles:
        now = posed(values)
        parts = [_distances(now, cameras, pair, meetings) for pair, meetings in pairs.items()]
        for name, camera in free.items():
            parts += _own_residuals(now[name], camera)
        return np.clip(np.nan_to_num(np.concatenate(parts), nan=WORST), -WORST, WORST)

    if not free:
        return dict(cameras)
    fit = least_squares(
        residuals,
        np.concatenate(list(starts.values())),
        loss="soft_l1",
        x_scale="jac",
        max_nfev=MOST_STEPS,
    )
    return posed(fit.x)


def _own_residuals(now: PosedCamera, before: PosedCamera) -> list[Doubles]:
    """How unusual a camera and its people are, and how far it has moved; without meetings, not."""
    pose, start = now.pose, before.pose
    if pose is None or start is None or now.people is None:
        return []
    moved = [pose.yaw - start.yaw, pose.x - start.x, pose.y - start.y, pose.offset - start.offset]
    return [
        height_residuals(pose, now.people),
        prior_residuals(pose, now.view.lens is not None),
        np.array(moved) / STEP,
    ]


def _distances(
    now: Mapping[str, PosedCamera],
    before: Mapping[str, PosedCamera],
    pair: tuple[str, str],
    meetings: Meetings,
) -> Doubles:
    """How far apart the two cameras put one person, in standard deviations along x and y."""
    places = []
    for name, feet, speed in zip(pair, meetings.feet, meetings.speed, strict=True):
        # A clock that is put forward makes each moment an earlier one of the video.
        late = now[name].offset - before[name].offset
        places.append(now[name].place(feet - late * speed))
    apart = (places[0] - places[1]) / meetings.spread * WEIGHT
    return np.concatenate([apart.real, apart.imag])


def _to_values(camera: PosedCamera, is_reference: bool) -> Doubles:
    """What is free of a pose, as numbers of about the same size."""
    pose = camera.pose
    assert pose is not None
    focal = [] if camera.view.lens is not None else [np.log(pose.focal)]
    place = [] if is_reference else [pose.yaw, pose.x, pose.y]
    clock = [] if is_reference or camera.in_time else [pose.offset]
    return np.array([*focal, pose.tilt, pose.roll, np.log(pose.height), *place, *clock])


def _from_values(values: Doubles, camera: PosedCamera, is_reference: bool) -> Pose:
    pose = camera.pose
    assert pose is not None
    numbers = [float(value) for value in values]
    if camera.view.lens is None:
        pose = replace(pose, focal=float(np.exp(numbers.pop(0))))
    tilt, roll, height = numbers[:3]
    pose = replace(pose, tilt=tilt, roll=roll, height=float(np.exp(height)))
    if not is_reference:
        yaw, x, y = numbers[3:6]
        offset = pose.offset if camera.in_time else numbers[6]
        pose = replace(pose, yaw=yaw, x=x, y=y, offset=offset)
    return pose
