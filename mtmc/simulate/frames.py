"""Still frames with the boxes of everybody in them, in COCO's layout: to train detectors on.

    OUT/images/000123_07.jpg                 scene, frame of the scene
    OUT/annotations/instances_train.json     COCO; each annotation also has its `visibility`
    OUT/annotations/instances_val.json       every eighth scene, so other places and people

Few frames of many scenes teach more than a video: each scene is a place, a handful of people and
cameras that hang, stand and look anywhere in it; each frame puts the people elsewhere. Rooms are
furnished anew, and in two scenes of five there is little light and most people wear dark. With
panoramas every second scene is photographed places instead, another in each frame (`views`).
What a run that was cut off has finished is kept (`OUT/.scenes`) and not drawn again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mtmc.files import explained
from mtmc.simulate.body import Floats
from mtmc.simulate.camera import Camera, look_at
from mtmc.simulate.cast import Pose
from mtmc.simulate.dress import PersonMesh, dress
from mtmc.simulate.extra import require_sim
from mtmc.simulate.moments import DT, draw_moment, draw_seated
from mtmc.simulate.motion import Manner, draw_manner
from mtmc.simulate.panorama import Panorama, Pixels, read_panoramas
from mtmc.simulate.place import Place, draw_picture
from mtmc.simulate.places import PLACES
from mtmc.simulate.props import Prop, draw_props, furnish
from mtmc.simulate.render import Renderer
from mtmc.simulate.sensor import Sensor
from mtmc.simulate.views import draw_company, draw_view
from mtmc.simulate.wardrobe import Cloth, Look, draw_looks
from mtmc.simulate.ways import free_spots, ways_of
from mtmc.simulate.workers import each

CAMERAS, MOMENTS = 3, 14  # of a scene
SCENE = CAMERAS * MOMENTS  # frames
VALIDATION = 8  # one scene in so many
SIZES = [(512, 384), (512, 288)]  # px
RAYS = 4  # per pixel for the empty place: small pictures need fewer than a video
PERSON = 1  # COCO's category
ROOMS = 2  # with panoramas, one scene in so many is a simulated place
ORDER = ("lab", "corridor", "lab", "plaza")  # of the simulated places
THINGS = 135  # that stand about in photographed places
COMPANY = 9  # people of a scene there
DARK = 0.4  # share of the simulated places with little light
OWN = 0.35  # share of the cameras that hang where a place's own do
SEATED = 0.35  # share of the people on a seat, where there are some


@dataclass(frozen=True)
class FramesConfig:
    """What to make.

    Attributes:
        frames: how many, training and validation together.
        seed: everything random follows from it.
        panoramas: folder of places photographed all around; without one, all places are simulated.
    """

    frames: int = 4000
    seed: int = 0
    panoramas: Path | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.frames <= 1_000_000:
            raise ValueError(f"frames must be between 1 and 1000000, got {self.frames}")
        if self.seed < 0:
            raise ValueError(f"seed must be 0 or more, got {self.seed}")

    @property
    def places(self) -> list[str] | None:
        """Names of the panoramas, None without."""
        return None if self.panoramas is None else sorted(p.name for p in self.panoramas.iterdir())

    @property
    def scenes(self) -> int:
        """How many scenes it takes."""
        return -(-self.frames // SCENE)


@dataclass(frozen=True)
class _Actors:
    """The people of a scene."""

    meshes: list[PersonMesh]
    manners: list[Manner]


def write_frames(
    config: FramesConfig, out: Path, workers: int = 0, progress: Callable[[int], None] | None = None
) -> None:
    """Make a detection set.

    Args:
        config: what to make.
        out: the folder to write, made if missing.
        workers: processes; 0 takes one per processor. The set does not depend on it.
        progress: told how many frames were written since the last call.

    Raises:
        UserError: the extra `sim` is missing, a panorama cannot be read or `out` cannot be written.
    """
    require_sim()
    if config.panoramas is not None:
        read_panoramas(config.panoramas)  # what is wrong with them is said before the work begins
    with explained(out):
        for name in ("images", "annotations", ".scenes"):
            (out / name).mkdir(parents=True, exist_ok=True)
    report = progress or (lambda _: None)
    records: dict[int, list[dict[str, Any]]] = {}
    for scene, drawn in each(_scene, config, out, count=config.scenes, workers=workers):
        records[scene] = drawn
        report(len(drawn))
    for split in ("train", "val"):
        chosen = [
            s for s in sorted(records) if (s % VALIDATION == VALIDATION - 1) == (split == "val")
        ]
        path = out / "annotations" / f"instances_{split}.json"
        with explained(path):
            path.write_text(json.dumps(_coco([r for s in chosen for r in records[s]], config)))


def _coco(records: list[dict[str, Any]], config: FramesConfig) -> dict[str, Any]:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, record in enumerate(records, start=1):
        images.append({"id": number, **{k: record[k] for k in ("file_name", "width", "height")}})
        for x1, y1, x2, y2, visibility in record["people"]:
            w, h = round(x2 - x1, 2), round(y2 - y1, 2)
            annotations.append(
                {
                    "id": len(annotations) + 1, "image_id": number, "category_id": PERSON,
                    "bbox": [x1, y1, w, h], "area": round(w * h, 2), "iscrowd": 0,
                    "visibility": visibility,
                }
            )  # fmt: skip
    return {
        "info": {"description": f"mtmc simulate --frames {config.frames} --seed {config.seed}"},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": PERSON, "name": "person"}],
    }


def _scene(config: FramesConfig, out: Path, scene: int) -> list[dict[str, Any]]:
    """The frames of a scene, drawn unless an earlier run has done it."""
    done = out / ".scenes" / f"{scene:06d}.json"
    asked = min(SCENE, config.frames - scene * SCENE)
    with suppress(OSError, ValueError, KeyError):
        kept = json.loads(done.read_text(encoding="utf-8"))
        same = kept["seed"] == config.seed and kept.get("panoramas") == config.places
        if same and len(kept["frames"]) == asked:
            return list(kept["frames"])
    if config.panoramas is None or scene % ROOMS == 0:
        frames = _write_scene(config, out, scene)
    else:
        frames = _write_views(config, config.panoramas, out, scene)
    content = {"seed": config.seed, "panoramas": config.places, "frames": frames}
    with explained(done):
        done.write_text(json.dumps(content), encoding="utf-8")
    return frames


_photographed: dict[tuple[Path, int], tuple[list[Panorama], list[Prop]]] = {}  # by each process


def _write_views(
    config: FramesConfig, panoramas: Path, out: Path, scene: int
) -> list[dict[str, Any]]:
    """Draw and write one scene's people in photographed places."""
    key = (panoramas, config.seed)
    if key not in _photographed:
        things = draw_props(THINGS, np.random.default_rng([config.seed, 5001]))
        _photographed[key] = (read_panoramas(panoramas), things)
    places, things = _photographed[key]
    rng = np.random.default_rng([config.seed, 5002, scene])
    company = draw_company(COMPANY, rng)
    records = []
    for frame in range(min(SCENE, config.frames - scene * SCENE)):
        place = places[int(rng.integers(len(places)))]
        image, people = draw_view(company, things, place, places, rng)
        records.append(_write(out, scene, frame, image, people, int(rng.integers(40, 96))))
    return records


def _write(
    out: Path, scene: int, frame: int, image: Pixels, people: list[list[float]], quality: int
) -> dict[str, Any]:
    """Write a picture; gives what the annotations need."""
    file_name = f"{scene:06d}_{frame:02d}.jpg"
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    with explained(out):
        (out / "images" / file_name).write_bytes(data.tobytes())
    height, width = image.shape[:2]
    return {"file_name": file_name, "width": width, "height": height, "people": people}


def _write_scene(config: FramesConfig, out: Path, scene: int) -> list[dict[str, Any]]:
    """Draw and write one scene's frames; its number decides everything random."""
    rng = np.random.default_rng([config.seed, 5000, scene])
    number = scene if config.panoramas is None else scene // ROOMS
    name = ORDER[number % len(ORDER)]
    outdoors = name == "plaza"
    place = PLACES[name](rng, 2 if name == "corridor" else 4)
    if not outdoors:
        place = furnish(place, rng)
    cameras = [_draw_camera(f"cam{i}", place, outdoors, rng) for i in range(CAMERAS)]
    looks = draw_looks(int(rng.integers(6, 15 if outdoors else 11)), rng)
    if rng.random() < DARK:
        place, cameras, looks = _darkened(place, cameras, looks, rng)
    renderer = Renderer(place.stage, cameras, RAYS, 1024 if outdoors else 512)
    sensors = [Sensor(c.picture, renderer.draw(i), rng) for i, c in enumerate(cameras)]
    cast = _Actors([dress(k) for k in looks], [draw_manner(rng, k.bag) for k in looks])
    renderer.load(cast.meshes, [m.hands == "phone" for m in cast.manners])
    records = []
    for frame in range(min(SCENE, config.frames - scene * SCENE)):
        index = frame % CAMERAS
        camera = cameras[index]
        renderer.pose(_crowd(cast, camera, place, rng))
        light = renderer.draw(index, min(camera.picture.shutter / DT, 1.0))
        people = _people(renderer, index, camera)
        image = sensors[index].expose(light * np.float32(np.exp(rng.normal(0, 0.25))))
        records.append(_write(out, scene, frame, image, people, int(rng.integers(55, 96))))
    return records


def _darkened(
    place: Place, cameras: list[Camera], looks: list[Look], rng: np.random.Generator
) -> tuple[Place, list[Camera], list[Look]]:
    """Little light, dark corners, and most people in dark clothes."""
    stage = place.stage
    lamps = list(stage.lamps)
    if len(lamps) == 2:  # one of a room's two is off
        del lamps[rng.integers(2)]
    less = float(rng.uniform(0.3, 0.9))
    sky, inside, above, below = (
        (x * less, y * less, z * less) for x, y, z in (stage.sky, stage.inside, *stage.ambient)
    )
    stage = replace(stage, lamps=lamps, sky=sky, inside=inside, ambient=(above, below))
    dim = [
        replace(
            c.picture,
            exposure=c.picture.exposure * float(rng.uniform(0.35, 0.9)),
            gamma=c.picture.gamma * float(rng.uniform(1.0, 1.4)),
            vignette=float(rng.uniform(0.2, 0.8)),
        )
        for c in cameras
    ]
    cameras = [replace(c, picture=p) for c, p in zip(cameras, dim, strict=True)]
    return replace(place, stage=stage), cameras, [_in_dark(k, rng) for k in looks]


def _in_dark(look: Look, rng: np.random.Generator) -> Look:
    def dyed(cloth: Cloth) -> Cloth:
        if rng.random() < 0.35:
            return cloth
        red, green, blue = (float(v) for v in rng.uniform(0.03, 0.12) * rng.uniform(0.8, 1.2, 3))
        return replace(cloth, color=(red, green, blue))

    outer = None if look.outer is None else dyed(look.outer)
    return replace(look, top=dyed(look.top), bottom=dyed(look.bottom), outer=outer)


def _people(renderer: Renderer, index: int, camera: Camera) -> list[list[float]]:
    """Boxes cut at the border with their visibility, in whole hundredths."""
    limit = np.array([camera.width, camera.height] * 2)
    people = []
    for seen in renderer.seen(index):
        box = np.clip(seen.box, 0, limit)
        if (box[2:] - box[:2]).min() >= 1:
            visibility = min(seen.visible / max(seen.whole, 1), 1.0)
            people.append([round(float(v), 2) for v in (*box, visibility)])
    return people


def _draw_camera(name: str, place: Place, outdoors: bool, rng: np.random.Generator) -> Camera:
    """One of the place's own cameras, or one anywhere in it, from eye level to the ceiling."""
    if rng.random() < OWN:
        camera = place.cameras[rng.integers(len(place.cameras))]
        share = SIZES[0][0] / camera.width
        return replace(
            camera, name=name, focal=camera.focal * share, width=SIZES[0][0],
            height=round(camera.height * share),
        )  # fmt: skip
    spots = free_spots(place.floor, 60, rng)
    height = float(rng.uniform(1.2, 6.5) if outdoors else rng.uniform(1.1, 2.5))
    best, most = (spots[0], spots[1]), -1
    for eye, target in zip(spots[:12], spots[12:24], strict=True):
        ahead = (target - eye) / max(float(np.hypot(*(target - eye))), 1e-9)
        clear = sum(
            bool(
                1.0 < (s - eye) @ ahead < 14
                and (s - eye) @ ahead > 0.8 * np.hypot(*(s - eye))
                and _in_sight(eye, s, place)
            )
            for s in spots
        )
        if clear > most:
            best, most = (eye, target), clear
    eye, target = best
    return look_at(
        name,
        np.append(eye, height),
        np.append(target, rng.uniform(0.2, 1.2)),
        *SIZES[rng.integers(len(SIZES))],
        float(rng.uniform(40, 75) if outdoors else rng.uniform(55, 95)),
        draw_picture(rng, outdoors),
        k1=float(rng.uniform(-0.26, 0.0)),
        roll=float(rng.normal(0, 0.03)),
    )


def _in_sight(eye: Floats, spot: Floats, place: Place) -> bool:
    """Whether nothing stands between the two on the floor plan, or only something small."""
    ways = ways_of(place.floor)
    between = [ways.is_free(eye + share * (spot - eye)) for share in np.linspace(0.1, 1.0, 12)]
    return sum(between) >= 11


def _crowd(cast: _Actors, camera: Camera, place: Place, rng: np.random.Generator) -> list[Pose]:
    """Nobody, somebody or many in view of a camera, often close together."""
    everybody = rng.permutation(len(cast.meshes))
    count = 0 if rng.random() < 0.05 else int(rng.integers(1, len(everybody) + 1))
    seats = list(rng.permutation(len(place.floor.seats)))
    spots: list[Floats] = []
    poses = []
    for person in (int(p) for p in everybody[:count]):
        rest, manner = cast.meshes[person].rest, cast.manners[person]
        if seats and rng.random() < SEATED:
            seat = place.floor.seats[seats.pop()]
            poses.append(draw_seated(person, rest, manner, seat, rng))
            spots.append(np.array(seat.position))
            continue
        near = spots[rng.integers(len(spots))] if spots and rng.random() < 0.35 else None
        spot = _spot_in_view(camera, place, spots, near, rng)
        if spot is not None:
            poses.append(draw_moment(person, rest, manner, spot, rng))
            spots.append(spot)
    return poses


def _spot_in_view(
    camera: Camera,
    place: Place,
    taken: list[Floats],
    near: Floats | None,
    rng: np.random.Generator,
) -> Floats | None:
    """A free spot where a standing person would show, whole or cut; None if none is found."""
    size = np.array([camera.width, camera.height])
    ways = ways_of(place.floor)
    x0, y0, x1, y1 = place.floor.bounds
    for _ in range(60):
        spot = rng.uniform([x0, y0], [x1, y1]) if near is None else near + rng.normal(0, 0.6, 2)
        if any(np.hypot(*(spot - other)) < 0.45 for other in taken) or not ways.is_free(spot):
            continue
        if rng.random() < 0.8 and not _in_sight(camera.origin[:2], spot, place):
            continue
        ends = np.array([[*spot, 0.0], [*spot, 1.75]])
        pixels, depth = camera.project(ends)
        height = pixels[0, 1] - pixels[1, 1]
        middle = pixels.mean(0)
        if depth.min() > 0.7 and height > 16 and (middle > 0).all() and (middle < size).all():
            return np.asarray(spot)
    return None
