"""Where everybody goes: errands, ways around furniture, and around each other.

Each person has errands (go there, stand, sit, leave, come back). Ways around what stands still
come from a distance field on a grid; people step aside for each other by the closest approach they
expect. The steps are 1/20 s whatever the frame rate, and positions are rounded to a micrometre at
each, so that a last-bit difference between machines cannot grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mtmc.simulate.body import Floats
from mtmc.simulate.motion import Path
from mtmc.simulate.ways import RADIUS, Floor, Ways, ways_of

STEP = 0.05  # s


@dataclass(frozen=True)
class Errand:
    """Go to `target`, then stay `wait` seconds (on a seat if `seat` is its index)."""

    target: tuple[float, float]
    wait: float = 0.0
    seat: int = -1
    leave: bool = False


@dataclass
class _Walker:
    errands: list[Errand]
    pace: float
    start: float
    position: Floats
    heading: float
    speed: float = 0.0
    waited: float = -1.0
    sit: float = 0.0
    present: bool = False
    done: bool = False
    log: list[tuple[float, float, float, float, float, bool]] = field(default_factory=list)


def plan(floor: Floor, people: int, seconds: float, rng: np.random.Generator) -> list[list[Errand]]:
    """Draw everybody's errands."""
    ways = ways_of(floor)
    seats_left = list(range(len(floor.seats)))
    rng.shuffle(seats_left)
    plans = []
    for _ in range(people):
        errands: list[Errand] = []
        busy = 0.0
        while busy < seconds * 1.5 + 5:
            door = _one_of(floor.doors, rng)
            if floor.through:
                if rng.random() < 0.25:
                    errands.append(Errand(_spot(floor, ways, rng), float(rng.uniform(2, 10))))
                errands.append(Errand(door, float(rng.uniform(1, 12)), leave=True))
                busy += 15
                continue
            for _ in range(int(rng.integers(1, 4))):
                if seats_left and rng.random() < 0.35:
                    seat = floor.seats[seats_left[-1]]
                    errands.append(
                        Errand(seat.position, float(rng.uniform(8, 20)), seat=seats_left.pop())
                    )
                else:
                    errands.append(Errand(_spot(floor, ways, rng), float(rng.uniform(1, 7))))
                busy += 10
            if rng.random() < 0.6:
                errands.append(Errand(door, float(rng.uniform(2, 9)), leave=True))
                busy += 8
        plans.append(errands)
    return plans


def _one_of(points: Sequence[tuple[float, float]], rng: np.random.Generator) -> tuple[float, float]:
    return points[int(rng.integers(len(points)))]


def _spot(floor: Floor, ways: Ways, rng: np.random.Generator) -> tuple[float, float]:
    if len(floor.stops) and rng.random() < 0.5:
        x, y = _one_of(floor.stops, rng)
        return x + float(rng.normal(0, 0.2)), y + float(rng.normal(0, 0.2))
    x0, y0, x1, y1 = floor.bounds
    for _ in range(200):
        x, y = float(rng.uniform(x0, x1)), float(rng.uniform(y0, y1))
        if ways.is_free(np.array([x, y])):
            return round(x, 1), round(y, 1)
    return 0.5 * (x0 + x1), 0.5 * (y0 + y1)


def walk(
    floor: Floor,
    plans: Sequence[Sequence[Errand]],
    seconds: float,
    fps: float,
    rng: np.random.Generator,
) -> list[Path]:
    """Let everybody run their errands.

    Args:
        floor: where they walk.
        plans: each person's errands.
        seconds: length of the paths returned.
        fps: their steps per second.
        rng: the source of chance.

    Returns:
        One path per person with ``round(seconds * fps) + 1`` steps.
    """
    ways = ways_of(floor)
    walkers = [
        _start(floor, ways, list(errands), i, len(plans), rng) for i, errands in enumerate(plans)
    ]
    warm_up = 0.0 if not walkers else 4.0
    for step in range(int(np.ceil((seconds + warm_up) / STEP)) + 3):
        now = step * STEP - warm_up
        _advance_all(walkers, floor, ways, now)
    return [_resample(w, floor, seconds, fps, warm_up) for w in walkers]


def _start(
    floor: Floor,
    ways: Ways,
    errands: list[Errand],
    index: int,
    people: int,
    rng: np.random.Generator,
) -> _Walker:
    """Some begin inside; the others come in during the first part, in turn."""
    inside = rng.random() < floor.inside
    if floor.crowd and index >= floor.crowd:
        inside = False
    position = np.array(_spot(floor, ways, rng) if inside else _one_of(floor.doors, rng))
    start = -4.0 if inside else float(rng.uniform(-3, 4 + 1.5 * min(people, 12)))
    return _Walker(
        errands, pace=float(np.clip(rng.normal(1.28, 0.17), 0.8, 1.75)), start=start,
        position=position, heading=float(rng.uniform(-np.pi, np.pi)),
    )  # fmt: skip


def _advance_all(walkers: Sequence[_Walker], floor: Floor, ways: Ways, now: float) -> None:
    present = [w for w in walkers if w.present]
    places = np.array([w.position for w in present]).reshape(-1, 2)
    velocity = np.array(
        [[w.speed * np.cos(w.heading), w.speed * np.sin(w.heading)] for w in present]
    ).reshape(-1, 2)
    for w in walkers:
        if not w.present and not w.done and now >= w.start:
            full = floor.crowd and sum(x.present for x in walkers) >= floor.crowd
            near = [np.hypot(*(x.position - w.position)) for x in walkers if x.present]
            if not full and (not near or min(near) > 0.7):
                w.present = True
        if w.present:
            _advance(w, floor, ways, places, velocity)
        x, y = w.position
        w.log.append((float(x), float(y), w.heading, w.speed, w.sit, w.present))


def _turn(w: _Walker, toward: float, rate: float) -> None:
    off = (toward - w.heading + np.pi) % (2 * np.pi) - np.pi
    w.heading = float(np.round(w.heading + np.clip(off, -rate * STEP, rate * STEP), 6))


def _advance(w: _Walker, floor: Floor, ways: Ways, places: Floats, velocity: Floats) -> None:
    if not w.errands:
        w.errands.append(Errand(floor.doors[0], 5.0, leave=True))
    errand = w.errands[0]
    if w.waited >= 0:
        _wait(w, errand, floor)
        return
    to = np.array(errand.target) - w.position
    left = float(np.hypot(*to))
    near = 0.08 if errand.seat >= 0 else 0.35
    if left < near:
        w.waited = 0.0
        return
    direction = ways.toward(w.position, np.array(errand.target))
    direction, crowding = _make_way(w, direction, places, velocity, left)
    wanted = float(np.arctan2(direction[1], direction[0]))
    off = abs((wanted - w.heading + np.pi) % (2 * np.pi) - np.pi)
    target_speed = w.pace * max(0.0, np.cos(min(off, 1.5))) * min(1.0, left / 0.7 + 0.15) * crowding
    w.speed += float(np.clip(target_speed - w.speed, -2.0 * STEP, 1.2 * STEP))
    _turn(w, wanted, 3.2)
    ahead = np.array([np.cos(w.heading), np.sin(w.heading)])
    moved = w.position + ahead * w.speed * STEP
    if not ways.is_free(moved) and ways.is_free(w.position):
        w.speed *= 0.5
        moved = w.position + direction * min(w.speed, 0.3) * STEP
    w.position = np.round(moved, 6)


def _make_way(
    w: _Walker, direction: Floats, places: Floats, velocity: Floats, left: float
) -> tuple[Floats, float]:
    """Step aside for whom one would meet within two seconds; slow down in a crowd."""
    offset = places - w.position
    distance = np.hypot(offset[:, 0], offset[:, 1])
    others = (distance > 1e-6) & (distance < 3.5)
    if not others.any():
        return direction, 1.0
    offset, distance = offset[others], distance[others]
    relative = velocity[others] - direction * max(w.speed, 0.5)
    closing = -(offset * relative).sum(1)
    meet = np.clip(closing / np.maximum((relative**2).sum(1), 1e-6), 0, 2.0)
    miss = offset + relative * meet[:, None]
    gap = np.hypot(miss[:, 0], miss[:, 1])
    side = np.stack([-direction[1], direction[0]])
    lateral = miss @ side
    # Everybody prefers the right when it is head on.
    away = np.where(lateral < 0.05, 1.0, -1.0)
    urge = np.clip(1 - gap / (3.0 * RADIUS), 0, 1) * (closing > 0) / (0.4 + meet)
    push = float((away * urge).sum())
    direction = direction + side * np.clip(push, -1.5, 1.5)
    touching = np.clip(1 - distance / (2.2 * RADIUS), 0, 1)
    direction = direction - ((offset / distance[:, None]) * (2.5 * touching)[:, None]).sum(0)
    norm = float(np.hypot(*direction))
    in_front = (offset @ direction / max(norm, 1e-9)) > 0.3 * distance
    blocked = float((np.clip(1 - (distance - 0.5) / 0.5, 0, 1) * in_front).max())
    return direction / max(norm, 1e-9), 1.0 - 0.8 * blocked * min(left, 1.0)


def _wait(w: _Walker, errand: Errand, floor: Floor) -> None:
    """Stand, sit or be away; then take up the next errand."""
    w.speed = max(0.0, w.speed - 2.5 * STEP)
    w.waited += STEP
    if errand.leave:
        w.present = False
        w.waited = -1.0
        w.errands.pop(0)
        w.start = w.start + 1e9 if not w.errands else len(w.log) * STEP - 4.0 + errand.wait
        w.position = np.array(floor.doors[len(w.errands) % len(floor.doors)], float)
        return
    if errand.seat >= 0:
        seat = floor.seats[errand.seat]
        _turn(w, seat.heading, 2.5)
        facing = abs((seat.heading - w.heading + np.pi) % (2 * np.pi) - np.pi) < 0.05
        rising = w.waited > errand.wait
        pull = np.array(seat.position) - w.position
        w.position = np.round(w.position + pull * 0.1, 6)
        if rising:
            w.sit = max(0.0, w.sit - STEP / 1.5)
        elif facing:
            w.sit = min(1.0, w.sit + STEP / 1.6)
        if rising and w.sit == 0:
            w.waited = -1.0
            w.errands.pop(0)
        return
    if w.waited > errand.wait:
        w.waited = -1.0
        w.errands.pop(0)


def _resample(w: _Walker, floor: Floor, seconds: float, fps: float, warm_up: float) -> Path:
    log = np.array(w.log, dtype=float)
    at = np.arange(len(log)) * STEP - warm_up
    when = np.arange(round(seconds * fps) + 1) / fps
    x, y, heading, speed, sit, present = log.T
    # A jump to another door happens out of sight: do not slide between.
    row = np.clip(np.round((when + warm_up) / STEP).astype(int), 0, len(log) - 1)
    there = present[row] > 0.5
    smooth = sit * sit * (3 - 2 * sit)
    position = np.stack([np.interp(when, at, x), np.interp(when, at, y)], 1)
    position = np.where(there[:, None], position, np.stack([x[row], y[row]], 1))
    seat = floor.seats[0].height if floor.seats else 0.45
    return Path(
        position=position,
        heading=np.interp(when, at, np.unwrap(heading)),
        speed=np.interp(when, at, speed),
        sit=np.interp(when, at, smooth),
        present=there,
        dt=1 / fps,
        seat=seat,
    )
