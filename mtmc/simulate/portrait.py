"""One person before a camera somewhere: the crop that a detector would cut out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from mtmc.simulate.body import Floats
from mtmc.simulate.cast import Pose
from mtmc.simulate.clutter import background, obstacle, patch
from mtmc.simulate.dress import PersonMesh
from mtmc.simulate.figures import Cutout, Figures, Shot
from mtmc.simulate.moments import draw_moment
from mtmc.simulate.motion import Manner
from mtmc.simulate.panorama import Panorama
from mtmc.simulate.photo import Eye, expose
from mtmc.simulate.stage import Lamp

WINDOW = 1000.0  # px, focal length of the first look at a person
LEAST = 0.45  # share of a person that must be seen
MOST = 360  # px, side of a crop


def portrait(
    person: int, figures: Figures, meshes: Sequence[PersonMesh], manners: Sequence[Manner],
    eye: Eye, place: Panorama, places: Sequence[Panorama], rng: np.random.Generator,
) -> np.ndarray | None:  # fmt: skip
    """A picture of one person.

    Args:
        person: index among `meshes`.
        figures: the same people, ready to be drawn.
        meshes: the people.
        manners: how each moves.
        eye: the camera.
        place: where it hangs.
        places: others, for things that stand about.
        rng: everything else.

    Returns:
        ``(h, w, 3) uint8`` BGR, or None where too little of the person is seen.
    """
    pose = draw_moment(person, meshes[person].rest, manners[person], np.zeros(2), rng)
    shot = _aim(figures, pose, eye, rng)
    if shot is None:
        return None
    poses = [pose]
    for other in _companions(person, len(meshes), rng):
        beside = shot.rotation[0, :2] * rng.choice([-1, 1]) * rng.uniform(0.35, 1.1)
        spot = beside + shot.rotation[2, :2] * rng.uniform(-1.2, 2.5)
        poses.append(draw_moment(other, meshes[other].rest, manners[other], spot, rng))
        figures.box(poses[-1], shot)
    lamp, sky, ground, direct = light_in(place, rng)
    share = float(min(rng.exponential(0.25), 1.2))
    cutout = figures.draw(poses, shot, share, lamp, sky, ground)
    zoom = float(np.exp(rng.uniform(np.log(1.2), np.log(7.0))))
    behind = background(shot.rays(), place, turn_of(lamp, place), zoom, places, rng)
    level = float(np.exp(np.log(behind.mean(-1) + 1e-3).mean()))
    behind = behind * grounded(figures, poses, shot, lamp, direct)[..., None]
    light = cutout.light + (1 - cutout.alpha[..., None]) * behind
    light, seen = _hidden(light, cutout, places, rng)
    if seen < LEAST:
        return None
    # Half of what a camera settles on is the place, half the people in it.
    own = cutout.light[cutout.alpha > 0.9]
    if len(own):
        level = float(np.sqrt(level * (own.mean() + 1e-3)))
    return np.asarray(expose(light, eye, level, rng))


def _companions(person: int, count: int, rng: np.random.Generator) -> list[int]:
    wanted = int(rng.choice([0, 1, 2], p=[0.62, 0.28, 0.10]))
    others = [n for n in rng.permutation(count) if n != person]
    return [int(n) for n in others[:wanted]]


def _aim(figures: Figures, pose: Pose, eye: Eye, rng: np.random.Generator) -> Shot | None:
    """Point a camera somewhere near the person and cut a window round the person."""
    height = max(eye.height + rng.normal(0, 0.15), 1.0)
    far = float(np.exp(rng.uniform(np.log(max(3.0, 0.9 * height)), np.log(25))))
    azimuth = rng.uniform(-np.pi, np.pi)
    origin = np.array([far * np.cos(azimuth), far * np.sin(azimuth), height])
    rotation = facing(np.array([0, 0, 0.9]) - origin, rng)
    shot = Shot(rotation, -rotation @ origin, WINDOW, np.zeros(2), 8, 8)
    x0, y0, x1, y1 = figures.box(pose, shot)
    tall = float(np.exp(rng.uniform(*np.log(eye.tall))))
    scale = tall / (y1 - y0)
    x0, y0, x1, y1 = np.array([x0, y0, x1, y1]) * scale
    top, left, bottom, right = _window(x0, y0, x1, y1, eye, rng)
    width, height_px = round(right - left), round(bottom - top)
    if not (12 <= width <= MOST and 24 <= height_px <= MOST):
        return None
    return replace(
        shot, focal=WINDOW * scale, centre=-np.array([left, top]), width=width, height=height_px
    )


def facing(
    ahead: Floats, rng: np.random.Generator, across: float = 0.45, along: float = 0.25
) -> Floats:
    """A camera's rotation that has a direction in view, not always in the middle.

    Args:
        ahead: the direction.
        rng: where in the view it is.
        across: how far to the side at most, as a tangent.
        along: likewise up and down.
    """
    ahead = ahead / np.linalg.norm(ahead)
    right = np.cross(ahead, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(ahead, right)
    ahead = ahead + right * rng.uniform(-across, across) + down * rng.uniform(-along, along)
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    roll = rng.normal(0, 0.03)
    down = np.cross(ahead, right)
    right, down = (
        right * np.cos(roll) + down * np.sin(roll),
        down * np.cos(roll) - right * np.sin(roll),
    )
    return np.stack([right, down, ahead])


def _window(
    x0: float, y0: float, x1: float, y1: float, eye: Eye, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Top, left, bottom, right of a box as detectors draw them, from a person's exact one."""
    width, height = x1 - x0, y1 - y0
    y0 -= height * rng.normal(eye.margin, 0.025)
    y1 += height * rng.normal(eye.margin, 0.03)
    luck = rng.random()
    if luck < 0.07:  # feet not found, or hidden by something
        y1 -= height * rng.uniform(0.08, 0.4)
    elif luck < 0.10:  # the head cut off
        y0 += height * rng.uniform(0.03, 0.1)
    if eye.aspect:
        middle = (x0 + x1) / 2
        half = (y1 - y0) / eye.aspect / 2
        x0, x1 = middle - half, middle + half
    else:
        x0 -= width * rng.normal(0.04, 0.07)
        x1 += width * rng.normal(0.04, 0.07)
    shift = rng.normal(0, 0.05) * width
    return y0, x0 + shift, y1, x1 + shift


def light_in(place: Panorama, rng: np.random.Generator) -> tuple[Lamp, Floats, Floats, float]:
    """The strongest light of a place, the light from above and below, and the first's share."""
    day = place.light
    turn = rng.uniform(-np.pi, np.pi)
    sun = np.array([
        day.sun[0] * np.cos(turn) - day.sun[1] * np.sin(turn),
        day.sun[0] * np.sin(turn) + day.sun[1] * np.cos(turn),
        max(day.sun[2], 0.25) * np.exp(rng.normal(0, 0.3)),
    ])  # fmt: skip
    sun /= np.linalg.norm(sun)
    strength = day.strength * float(rng.uniform(0.0, 0.9))
    color = day.sun_color * day.sky.mean() * strength
    sky, ground = day.sky * np.exp(rng.normal(0, 0.15)), day.ground * np.exp(rng.normal(0, 0.15))
    lamp = Lamp(
        (float(sun[0]), float(sun[1]), float(sun[2])),
        (float(color[0]), float(color[1]), float(color[2])),
        sun=True, focus=(0.0, 0.0, 0.9), extent=1.6,
    )  # fmt: skip
    direct = float(color.mean() * sun[2] / (color.mean() * sun[2] + sky.mean() + 1e-6))
    return lamp, sky, ground, direct


def turn_of(lamp: Lamp, place: Panorama) -> float:
    """By how much the place is turned so that its brightest part is where the light comes from."""
    x, y = place.light.sun[:2]
    return float(np.arctan2(y, x) - np.arctan2(lamp.position[1], lamp.position[0]))


def grounded(
    figures: Figures, poses: Sequence[Pose], shot: Shot, lamp: Lamp, direct: float
) -> Floats:
    """Light that people leave on the floor, ``(h, w)`` in 0..1: their shadows."""
    sun = np.array(lamp.position)
    size = (shot.height, shot.width)
    cast, near = np.zeros(size), np.zeros(size)
    for pose in poses:
        points = figures.points(pose, 5)
        _mark(cast, shot.project(points - sun * (points[:, 2:] / max(sun[2], 0.2))))
        _mark(near, shot.project(points[points[:, 2] < 0.12] * [1, 1, 0]))
    dot = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(shot.height // 35, 1) + 1,) * 2)
    cast = cv2.GaussianBlur(cv2.dilate(cast, dot), (0, 0), 0.01 * shot.height + 0.5)
    near = cv2.GaussianBlur(cv2.dilate(near, dot), (0, 0), 0.02 * shot.height + 0.5)
    return np.asarray((1 - direct * cast) * (1 - 0.5 * near))


def _mark(mask: Floats, pixels: Floats) -> None:
    column, row = np.floor(pixels).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < mask.shape[1]) & (row < mask.shape[0])
    mask[row[inside], column[inside]] = 1.0


def _hidden(
    light: Floats, cutout: Cutout, places: Sequence[Panorama], rng: np.random.Generator
) -> tuple[Floats, float]:
    """Now and then something stands before the person; gives the share that is still seen."""
    if rng.random() > 0.15:
        return light, cutout.visible
    height, width = cutout.alpha.shape
    mask = obstacle(height, width, rng)
    kept = float((cutout.own * (1 - mask)).sum() / max(cutout.own.sum(), 1e-6))
    thing = patch(height, width, places, rng)
    return light + mask[..., None] * (thing - light), cutout.visible * kept
