"""Whether the clocks of calibrated cameras agree, by the people whom two of them see at once."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from mtmc.calibration.estimate.align import TICK, FloorTracks, judge
from mtmc.types import Doubles, Ints

log = logging.getLogger("mtmc")

WINDOW = 60.0  # s that are looked at
ROUND = 15.0  # s in which every two cameras are looked at once,
LEAST = 1.0  # but one pair in so many s at most: it takes some hundredths
FARTHEST = 3.0  # s that two clocks may differ by to be found
ALARM = 0.5  # s of which a user should know
SAME = 0.3  # s that two rounds running may differ by to be believed
TRACKS = 12  # of a camera, those that walk furthest
ENOUGH = 40.0  # sightings that find one of the other camera, 8 s of a person, to tell anything
BESIDE = 3  # ticks from the best one, where it must be
CLEAR = 0.9  # of it at most: people who stand show no time


class Clocks:
    """Estimates how far each camera's clock is off the others', and warns once of each.

    Args:
        cameras: names of those that are calibrated.

    Attributes:
        offsets: s to add to each camera's clock, of those that share people with others.
    """

    def __init__(self, cameras: Sequence[str]) -> None:
        self.offsets: dict[str, float] = {}
        self._seen: dict[str, deque[tuple[float, Ints, Doubles]]] = {c: deque() for c in cameras}
        self._next = ROUND
        self._turn: list[tuple[str, str]] = []  # pairs that are still to be looked at
        self._apart: dict[tuple[str, str], float] = {}  # what was found in this round
        self._warned: set[str] = set()

    def join(self, camera: str) -> None:
        """Look at one more."""
        self._seen[camera] = deque()

    def see(self, camera: str, time: float, tracks: Ints, places: Doubles) -> None:
        """Take in where a camera saw people.

        Args:
            camera: its name; one that is not calibrated tells nothing.
            time: s.
            tracks: ``(N,)`` whom,
            places: and where, ``(N, 2)`` m.
        """
        seen = self._seen.get(camera)
        if seen is None or (seen and time - seen[-1][0] < TICK / 2):
            return
        seen.append((time, tracks, places))
        while seen[0][0] < time - WINDOW:
            seen.popleft()
        if time >= self._next and len(self._seen) > 1:
            pairs = len(self._seen) * (len(self._seen) - 1) // 2
            self._next = time + max(ROUND / pairs, LEAST)
            self._look()

    def _look(self) -> None:
        """At the next two cameras."""
        self._turn = self._turn or list(combinations(self._seen, 2))
        a, b = self._turn.pop()
        if self._seen[a] and self._seen[b]:
            seconds = offset(*(_tracks(self._seen[c]).longest(TRACKS) for c in (a, b)))
            if seconds is not None:
                self._apart[a, b] = seconds
        if not self._turn:
            self._settle()

    def _settle(self) -> None:
        before, self.offsets, self._apart = self.offsets, settled(self._apart), {}
        for camera, seconds in self.offsets.items():
            sure = abs(seconds - before.get(camera, np.inf)) <= SAME
            if sure and abs(seconds) > ALARM and camera not in self._warned:
                self._warned.add(camera)
                log.warning(
                    "camera %s: its clock is %.1f s %s the others', by people whom both see; "
                    "'offset: %+.1f' in cameras.yaml puts it right",
                    camera,
                    abs(seconds),
                    "behind" if seconds > 0 else "ahead of",
                    seconds,
                )


def _tracks(seen: Sequence[tuple[float, Ints, Doubles]]) -> FloorTracks:
    times = np.concatenate([np.full(len(tracks), time) for time, tracks, _ in seen])
    tracks = np.concatenate([tracks for _, tracks, _ in seen])
    places = np.concatenate([places for *_, places in seen])
    order = np.lexsort((times, tracks))
    points = places[order, 0] + 1j * places[order, 1]
    return FloorTracks.make(times[order], tracks[order], points)


def offset(a: FloorTracks, b: FloorTracks) -> float | None:
    """Seconds to add to the clock of ``b`` for people to be where ``a`` sees them.

    None where too few are seen by both, or none of them walks.
    """
    most = round(FARTHEST / TICK)
    ticks = range(-most - BESIDE, most + BESIDE + 1)
    scores = np.array([judge(a, b, 1, 0, t) for t in ticks] if len(a.points) else [0.0])
    best = int(scores.argmax())
    if scores[best] < ENOUGH or not BESIDE <= best < len(scores) - BESIDE:
        return None
    if max(scores[best - BESIDE], scores[best + BESIDE]) > CLEAR * scores[best]:
        return None
    before, top, after = scores[best - 1 : best + 2]
    between = (before - after) / 2 / min(before - 2 * top + after, -1e-9)  # of a parabola
    return TICK * (ticks[best] + float(between))


def settled(pairs: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """How far each camera's clock is off most of the others'.

    Args:
        pairs: s to add to the clock of the second to be that of the first.
    """
    left = sorted({camera for pair in pairs for camera in pair})
    result: dict[str, float] = {}
    while left:
        group, grown = [left[0]], True
        while grown:
            more = {c for pair in pairs if set(pair) & set(group) for c in pair} - set(group)
            group, grown = group + sorted(more), bool(more)
        inside = [(pair, seconds) for pair, seconds in pairs.items() if pair[0] in group]
        design = np.zeros((len(inside), len(group)))
        for row, ((a, b), _) in enumerate(inside):
            design[row, group.index(b)], design[row, group.index(a)] = 1, -1
        values = np.linalg.lstsq(design, np.array([s for _, s in inside]), rcond=None)[0]
        middle = np.sort(values)[(len(values) - 1) // 2]
        result |= {c: round(float(v), 2) + 0.0 for c, v in zip(group, values - middle, strict=True)}
        left = [camera for camera in left if camera not in group]
    return result
