"""Still frames of people in photographed places: many on a floor, among things that are nobody.

A panorama gives the background and the light. Everybody is drawn alone (see `figures`) and put
where a pinhole camera would see them, far ones first, so that the boxes and what is seen of each
person are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mtmc.simulate.body import Floats
from mtmc.simulate.cast import Pose
from mtmc.simulate.clutter import grain, patch, set_about
from mtmc.simulate.dress import OUTER, TOP, PersonMesh, dress
from mtmc.simulate.figures import Figures, Shot
from mtmc.simulate.moments import draw_moment, draw_seated
from mtmc.simulate.motion import Manner, draw_manner
from mtmc.simulate.outfits import draw_outfits
from mtmc.simulate.panorama import Panorama, Pixels
from mtmc.simulate.photo import Eye, compressed, draw_eye, expose
from mtmc.simulate.portrait import facing, grounded, light_in, turn_of
from mtmc.simulate.props import Prop
from mtmc.simulate.stage import Lamp
from mtmc.simulate.ways import Seat

SIZES = [(512, 384), (512, 288), (512, 320), (384, 448)]  # px
TALL = 1.7  # m, somebody
# Heights of the crowd in shares of the picture's: half of the pictures are taken from near by.
SMALL, LARGE = (0.08, 0.45), (0.4, 1.05)
NEAR = 0.9  # m, nobody is nearer to the camera
SPACE = 0.35  # m between two people
COATS = 2  # empty clothes of a scene


@dataclass(frozen=True)
class Company:
    """The people of a scene, and after them clothes without anybody in them."""

    meshes: list[PersonMesh]
    manners: list[Manner]
    figures: Figures
    people: int


@dataclass(frozen=True)
class _Layer:
    """Somebody or something in the picture.

    Attributes:
        light: ``(h, w, 3)``, already multiplied by `alpha`; alpha: ``(h, w)``.
        left, top: px; depth: m.
        box: ``(4,)`` xyxy px of a person, uncut; None where it is nobody.
    """

    light: Floats
    alpha: Floats
    left: int
    top: int
    depth: float
    box: Floats | None = None


def draw_company(count: int, rng: np.random.Generator) -> Company:
    """Draw and dress people."""
    looks = draw_outfits(count, rng)
    meshes = [dress(look) for look in looks]
    manners = [draw_manner(rng, look.bag) for look in looks]
    for mesh, manner in list(zip(meshes, manners, strict=True))[:COATS]:
        worn = np.isin(mesh.slot, [OUTER if (mesh.slot == OUTER).any() else TOP])
        meshes.append(replace(mesh, faces=mesh.faces[worn], slot=mesh.slot[worn]))
        manners.append(manner)
    return Company(meshes, manners, Figures(meshes, [m.hands == "phone" for m in manners]), count)


def draw_view(
    company: Company, props: Sequence[Prop], place: Panorama, places: Sequence[Panorama],
    rng: np.random.Generator,
) -> tuple[Pixels, list[list[float]]]:  # fmt: skip
    """A picture and who is in it.

    Args:
        company: who may be in it.
        props: what may stand about.
        place: where.
        places: others, for things that stand about.
        rng: everything else.

    Returns:
        ``(h, w, 3) uint8`` BGR, and per person x1, y1, x2, y2 (cut at the border) and visibility.
    """
    shot, far = _aim(rng)
    lamp, sky, ground, direct = light_in(place, rng)
    spots = _spots(shot, far, rng)
    poses, layers = [], []
    order = rng.permutation(company.people)
    for person, spot in zip(order, spots, strict=False):
        pose = _pose(company, int(person), spot, rng)
        layer = _figure(company, pose, shot, lamp, sky, ground, rng)
        if layer is not None:
            poses.append(pose)
            layers.append(layer)
            if len(props) and rng.random() < 0.06:  # a stand-in beside: the same size and place
                layers.append(_standing(props, shot, spot + rng.normal(0, 0.5, 2), sky, rng))
    for coat in range(company.people, len(company.meshes)):
        if rng.random() < 0.12:
            spot = _somewhere(shot, far, rng)
            mesh, manner = company.meshes[coat], replace(company.manners[coat], hands="swing")
            pose = draw_moment(coat, mesh.rest, manner, spot, rng)
            layer = _figure(company, pose, shot, lamp, sky, ground, rng)
            if layer is not None:
                layers.append(replace(layer, box=None))
    for _ in range(int(rng.choice([0, 2, 5, 10], p=[0.2, 0.3, 0.3, 0.2]))):
        layers.append(_standing(props, shot, _somewhere(shot, far, rng), sky, rng))
    behind = _behind(shot, place, turn_of(lamp, place), places, rng)
    level = float(np.exp(np.log(behind.mean(-1) + 1e-3).mean()))
    behind = behind * grounded(company.figures, poses, shot, lamp, direct)[..., None]
    light, people = _put_together(behind, layers)
    image = _photograph(light, level, rng)
    return image, people


def _aim(rng: np.random.Generator) -> tuple[Shot, float]:
    """A camera, and how far from it people are."""
    width, height = SIZES[rng.integers(len(SIZES))]
    up = float(rng.uniform(1.0, 2.0) if rng.random() < 0.45 else rng.uniform(1.8, 6.0))
    view = np.radians(rng.uniform(35, 95))
    focal = width / 2 / np.tan(view / 2)
    share = rng.uniform(*LARGE) if rng.random() < 0.5 else np.exp(rng.uniform(*np.log(SMALL)))
    tall = float(share) * height
    far = max(focal * TALL / tall, 1.3 * up - 0.5, 2.0)
    focal = far * tall / TALL
    low = np.array([far, 0, rng.uniform(0.5, 1.2)]) - np.array([0, 0, up])
    room = np.array([width, height]) / focal / 2
    rotation = facing(low, rng, *(np.minimum(room * [0.5, 0.35], [0.45, 0.25])))
    origin = np.array([0, 0, up])
    centre = np.array([width, height]) / 2
    return Shot(rotation, -rotation @ origin, focal, centre, width, height), far


def _somewhere(shot: Shot, far: float, rng: np.random.Generator) -> Floats:
    """A spot on the floor in view, about as far away as the people are."""
    distance = max(far * float(np.exp(rng.normal(0.15, 0.5))), NEAR)
    column = rng.uniform(-0.05, 1.05) * shot.width
    ray = shot.rotation.T @ [(column - shot.centre[0]) / shot.focal, 0, 1]
    return np.asarray(ray[:2] / np.hypot(*ray[:2]) * distance)


def _spots(shot: Shot, far: float, rng: np.random.Generator) -> list[Floats]:
    """Where people stand: nobody, few or many, often close together."""
    count = int(rng.choice([0, 1, 2, 3, 5, 8], p=[0.07, 0.13, 0.2, 0.2, 0.2, 0.2]))
    spots: list[Floats] = []
    for _ in range(3 * count):
        if spots and rng.random() < 0.4:
            spot = spots[rng.integers(len(spots))] + rng.normal(0, 0.6, 2)
        else:
            spot = _somewhere(shot, far, rng)
        if np.hypot(*spot) > NEAR and all(np.hypot(*(spot - s)) > SPACE for s in spots):
            spots.append(spot)
        if len(spots) == count:
            break
    return spots


def _pose(company: Company, person: int, spot: Floats, rng: np.random.Generator) -> Pose:
    rest, manner = company.meshes[person].rest, company.manners[person]
    if rng.random() < 0.1:
        seat = Seat((float(spot[0]), float(spot[1])), float(rng.uniform(-np.pi, np.pi)), 0.46)
        return draw_seated(person, rest, manner, seat, rng)
    return draw_moment(person, rest, manner, spot, rng)


def _figure(
    company: Company, pose: Pose, shot: Shot, lamp: Lamp, sky: Floats, ground: Floats,
    rng: np.random.Generator,
) -> _Layer | None:  # fmt: skip
    """Draw one person; None where nothing of the person is in the picture."""
    depth = float((shot.rotation @ pose.joints[0] + shot.translation)[2])
    if depth < 0.6 * NEAR:
        return None
    box = company.figures.box(pose, shot)
    left, top = np.floor(np.maximum(box[:2] - 2, 0)).astype(int)
    right, bottom = np.ceil(np.minimum(box[2:] + 2, [shot.width, shot.height])).astype(int)
    if right - left < 5 or bottom - top < 8 or box[3] - box[1] < 8:
        return None
    window = replace(
        shot, centre=shot.centre - [left, top], width=int(right - left), height=int(bottom - top)
    )
    here = replace(lamp, focus=(float(pose.joints[0][0]), float(pose.joints[0][1]), 0.9))
    share = float(min(rng.exponential(0.2), 1.0))
    cutout = company.figures.draw([pose], window, share, here, sky, ground)
    light, alpha = cutout.light, cutout.alpha
    if rng.random() < 0.4:  # neither a place's nor a person's sharpness may tell them apart
        sigma = float(rng.uniform(0.3, 1.0))
        light, alpha = (cv2.GaussianBlur(a, (0, 0), sigma) for a in (light, alpha))
    return _Layer(light, np.asarray(alpha), int(left), int(top), depth, box)


def _standing(
    props: Sequence[Prop], shot: Shot, spot: Floats, sky: Floats, rng: np.random.Generator
) -> _Layer:
    """Something on the floor, seen from about where the camera is."""
    foot = np.array([*spot, 0.0])
    depth = max(float((shot.rotation @ foot + shot.translation)[2]), NEAR)
    away = np.arctan2(float(-(shot.rotation.T @ shot.translation)[2]), np.hypot(*spot))
    best = sorted(rng.permutation(len(props))[:6], key=lambda n: abs(props[n].pitch - away))
    prop = props[int(best[0])]
    tall = float(np.clip(shot.focal * prop.height / depth * rng.uniform(0.8, 1.25), 6, 500))
    height, width = prop.alpha.shape
    size = (max(int(tall * width / height), 2), max(int(tall), 4))
    how = cv2.INTER_AREA if tall < height else cv2.INTER_CUBIC
    light = cv2.resize(prop.light, size, interpolation=how)
    alpha = np.clip(cv2.resize(prop.alpha, size, interpolation=how), 0, 1)
    if rng.random() < 0.5:
        light, alpha = light[:, ::-1], alpha[:, ::-1]
    gain = sky * np.exp(rng.normal(0, 0.4)) * np.exp(rng.normal(0, 0.1, 3))
    x, y = shot.project(foot[None])[0]
    return _Layer(np.clip(light, 0, None) * gain.astype(np.float32), alpha,
                  round(float(x) - size[0] / 2), round(float(y) - size[1]), depth)  # fmt: skip


def _behind(
    shot: Shot, place: Panorama, azimuth: float, places: Sequence[Panorama],
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """What is behind everybody, linear RGB; in some pictures pieces of many places."""
    rays = shot.rays()
    height, width = rays.shape[:2]
    if rng.random() < 0.15:
        light = _pieces(height, width, places, rng)
    else:
        # A view shows few degrees, of which a small panorama knows only few pixels: show more.
        fine = shot.focal / (place.width / (2 * np.pi))
        zoom = float(np.exp(rng.uniform(0, np.log(max(fine, 1.1)))))
        around = np.arctan2(rays[..., 1], rays[..., 0])
        up = np.arcsin(np.clip(rays[..., 2], -1, 1))
        down = float(up[height // 2, width // 2])
        # The horizon stays where it is, unless that shows nothing but the ground underfoot.
        level = max(zoom * down, -0.9) if down < 0 else zoom * down
        light = place.look(zoom * around + azimuth, level + zoom * (up - down))
    light = np.array(light, np.float32)
    set_about(light, places, int(rng.choice([0, 1, 3, 6], p=[0.4, 0.25, 0.2, 0.15])), rng)
    if rng.random() < 0.25:
        light = cv2.GaussianBlur(light, (0, 0), float(rng.uniform(0.4, 2.0)))
    if rng.random() < 0.35:
        light *= (grain(height, width, rng) ** np.float32(rng.uniform(0.1, 0.8)))[..., None]
    return light


def _pieces(
    height: int, width: int, places: Sequence[Panorama], rng: np.random.Generator
) -> Floats:
    rows, columns = (int(n) for n in rng.integers(1, 4, 2))
    light: Floats = np.empty((height, width, 3))
    for ys in np.array_split(np.arange(height), rows):
        for xs in np.array_split(np.arange(width), columns):
            light[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1] = patch(len(ys), len(xs), places, rng)
    return light


def _put_together(light: Floats, layers: Sequence[_Layer]) -> tuple[Floats, list[list[float]]]:
    """Everything over everything behind it, and what is left to see of each person."""
    height, width = light.shape[:2]
    light = np.array(light, np.float32)
    people: list[tuple[_Layer, Floats]] = []  # and what is seen of them so far
    for layer in sorted(layers, key=lambda one: -one.depth):
        x0, y0 = max(layer.left, 0), max(layer.top, 0)
        x1 = min(layer.left + layer.alpha.shape[1], width)
        y1 = min(layer.top + layer.alpha.shape[0], height)
        if x1 <= x0 or y1 <= y0:
            continue
        part = (slice(y0 - layer.top, y1 - layer.top), slice(x0 - layer.left, x1 - layer.left))
        alpha = layer.alpha[part]
        here = (slice(y0, y1), slice(x0, x1))
        light[here] = light[here] * (1 - alpha[..., None]) + layer.light[part]
        for _, seen in people:
            seen[here] *= 1 - alpha
        if layer.box is not None:
            seen = np.zeros((height, width), np.float32)
            seen[here] = alpha
            people.append((layer, seen))
    rows = []
    for layer, seen in people:
        assert layer.box is not None
        box = np.clip(layer.box, 0, [width, height] * 2)
        if (box[2:] - box[:2]).min() < 1:
            continue
        inside = (box[2:] - box[:2]).prod() / (layer.box[2:] - layer.box[:2]).prod()
        visible = float(seen.sum() / max(layer.alpha.sum(), 1e-6) * inside)
        rows.append([round(float(v), 2) for v in (*box, min(visible, 1.0))])
    return light, rows


def _photograph(light: Floats, level: float, rng: np.random.Generator) -> Pixels:
    eye = draw_eye(rng)
    height, width = light.shape[:2]
    # `expose` takes the blur of a person's height; in a whole picture it does not grow with it.
    blur = float(rng.uniform(0.1, 0.9)) / max(height / 150, 0.35)
    image = expose(light, _calmer(replace(eye, blur=blur)), level, rng)
    if rng.random() < 0.4:  # a smaller picture made larger, or a video
        share = float(rng.uniform(0.5, 1.0))
        image = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        image = compressed(np.asarray(image), int(rng.uniform(25, 70)))
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(image)


def _calmer(eye: Eye) -> Eye:
    """Fewer whole pictures than crops are too dark or too bright: exposure is made for them."""
    return replace(eye, exposure=float(eye.exposure**0.6))
