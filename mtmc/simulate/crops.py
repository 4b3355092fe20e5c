"""ReID sets in the layout of Market-1501: crops of many people, each by several cameras.

    OUT/bounding_box_train/0001_c1s1_000004_01.jpg   person, camera, session, frame, box
    OUT/query/, OUT/bounding_box_test/               the other half of the people

The cameras hang in the three places and stay; people come by in groups and are met at several
moments per camera, walking or standing, partly hidden by each other and by furniture. Boxes are as
untidy as a detector's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mtmc.simulate.body import Floats, Rest
from mtmc.simulate.camera import Camera
from mtmc.simulate.cast import Pose
from mtmc.simulate.choreography import Floor, ways_of
from mtmc.simulate.dress import dress
from mtmc.simulate.extra import require_sim
from mtmc.simulate.moments import DT, draw_moment
from mtmc.simulate.motion import Manner, draw_manner
from mtmc.simulate.output import writing
from mtmc.simulate.places import PLACES
from mtmc.simulate.render import Renderer, Seen
from mtmc.simulate.sensor import Sensor
from mtmc.simulate.wardrobe import draw_looks
from mtmc.simulate.workers import each

GROUP = 8  # people rendered together
TALLEST = 256  # px, crops are made no larger


@dataclass(frozen=True)
class CropsConfig:
    """What to make.

    Attributes:
        people: identities; the first half are for training.
        images: about how many images of each, over all cameras.
        cameras: how many cameras.
        seed: everything random follows from it.
    """

    people: int = 1500
    images: int = 20
    cameras: int = 6
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (("people", 2, 9999), ("images", 2, 1000), ("cameras", 2, 60)):
            value = getattr(self, name)
            if not low <= value <= high:
                option = {"people": "ids", "cameras": "crop-cameras"}.get(name, name)
                raise ValueError(f"{option} must be between {low} and {high}, got {value}")
        if self.seed < 0:
            raise ValueError(f"seed must be 0 or more, got {self.seed}")


@dataclass(frozen=True)
class _Crop:
    person: int  # within the group
    camera: int  # 1-based
    session: int
    frame: int
    image: np.ndarray


class Studio:
    """The cameras of a set, ready to photograph groups of people.

    Args:
        config: what to make.
    """

    def __init__(self, config: CropsConfig) -> None:
        self.config = config
        names = list(PLACES)
        counts = [len(range(i, config.cameras, len(names))) for i in range(len(names))]
        self.sets = []
        for index, (name, count) in enumerate(zip(names, counts, strict=True)):
            if not count:
                continue
            rng = np.random.default_rng([config.seed, 1000 + index])
            place = PLACES[name](rng, count)
            renderer = Renderer(place.stage, place.cameras)
            sensors = [
                Sensor(c.picture, renderer.draw(i), np.random.default_rng([config.seed, index, i]))
                for i, c in enumerate(place.cameras)
            ]
            numbers = [index + 1 + i * len(names) for i in range(count)]
            self.sets.append((place, renderer, sensors, numbers))

    def photograph(self, group: int) -> list[_Crop]:
        """All crops of one group of people; the group's number decides everything random."""
        config = self.config
        rng = np.random.default_rng([config.seed, 2000, group])
        size = min(GROUP, config.people - group * GROUP)
        looks = draw_looks(size, rng)
        meshes = [dress(look) for look in looks]
        manners = [draw_manner(rng, look.bag) for look in looks]
        moments = int(np.ceil(1.25 * config.images / config.cameras))
        crops: list[_Crop] = []
        for place, renderer, sensors, numbers in self.sets:
            renderer.load(meshes, [m.hands == "phone" for m in manners])
            for index, (sensor, number) in enumerate(zip(sensors, numbers, strict=True)):
                sensor.reseed(np.random.default_rng([config.seed, 3000, group, number]))
                camera = place.cameras[index]
                for moment in range(moments):
                    crowd = rng.permutation(size)
                    # Two halves: enough together to hide each other now and then.
                    for part, members in enumerate(np.array_split(crowd, 2 if size > 3 else 1)):
                        poses = [
                            p
                            for person in members
                            if (p := _place(int(person), meshes[person].rest, manners[person],
                                            camera, place.floor, rng))
                        ]  # fmt: skip
                        renderer.pose(poses)
                        # The light of the day changes between moments.
                        light = renderer.draw(index, min(camera.picture.shutter / DT, 1.0))
                        light = light * np.float32(np.exp(rng.normal(0, 0.13)))
                        seen = renderer.seen(index)
                        image = sensor.expose(light)
                        frame = group * 100 + moment * 2 + part
                        for person in seen:
                            cut = _cut(image, person, camera, rng)
                            if cut is not None:
                                crops.append(
                                    _Crop(person.person, number, 1 + moment % 3, frame, cut)
                                )
        return crops


def _place(
    person: int,
    rest: Rest,
    manner: Manner,
    camera: Camera,
    floor: Floor,
    rng: np.random.Generator,
) -> Pose | None:
    """Somebody in view of a camera, in the middle of a walk or standing."""
    spot = _spot_in_view(camera, floor, rng)
    if spot is None:
        return None
    return draw_moment(person, rest, manner, spot, rng)


def _spot_in_view(camera: Camera, floor: Floor, rng: np.random.Generator) -> Floats | None:
    ways = ways_of(floor)
    x0, y0, x1, y1 = floor.bounds
    eye = camera.origin[:2]
    for _ in range(300):
        spot = rng.uniform([x0, y0], [x1, y1])
        if np.hypot(*(spot - eye)) > 14 or not ways.is_free(spot):
            continue
        ends = np.array([[*spot, 0.0], [*spot, 1.75]])
        pixels, depth = camera.project(ends)
        inside = (pixels > [-20, -30]) & (pixels < [camera.width + 20, camera.height + 40])
        if (depth > 0.5).all() and inside.all() and pixels[0, 1] - pixels[1, 1] > 70:
            return np.asarray(spot)
    return None


def _cut(
    image: np.ndarray, seen: Seen, camera: Camera, rng: np.random.Generator
) -> np.ndarray | None:
    """Crop as a detector would: a little off, sometimes only a part; None if hardly seen."""
    if seen.visible < 0.35 * seen.whole:
        return None
    x1, y1, x2, y2 = seen.box
    width, height = x2 - x1, y2 - y1
    if rng.random() < 0.06:  # a detector now and then finds only the upper part
        y2 = y1 + height * rng.uniform(0.6, 0.85)
    x1, x2 = np.array([x1, x2]) + rng.normal(0, 0.06, 2) * width + [-0.02 * width, 0.02 * width]
    y1, y2 = np.array([y1, y2]) + rng.normal(0, 0.03, 2) * height
    x1, x2 = np.clip(np.round([x1, x2]), 0, camera.width).astype(int)
    y1, y2 = np.clip(np.round([y1, y2]), 0, camera.height).astype(int)
    if x2 - x1 < 20 or y2 - y1 < 55:
        return None
    crop = image[y1:y2, x1:x2]
    if crop.shape[0] > TALLEST:
        scale = TALLEST / crop.shape[0]
        crop = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return crop


def write_crops(
    config: CropsConfig, out: Path, workers: int = 0, progress: Callable[[int], None] | None = None
) -> None:
    """Make a ReID set.

    Args:
        config: what to make.
        out: the folder to write, made if missing.
        workers: processes; 0 takes one per processor. The set does not depend on it.
        progress: told how many images were written since the last call.

    Raises:
        UserError: the extra `sim` is missing or `out` cannot be written.
    """
    require_sim()
    with writing(out):
        for name in ("bounding_box_train", "bounding_box_test", "query"):
            (out / name).mkdir(parents=True, exist_ok=True)
    groups = -(-config.people // GROUP)
    report = progress or (lambda _: None)
    for _, written in each(_write_group, config, out, count=groups, workers=workers):
        report(written)


_studio: dict[CropsConfig, Studio] = {}  # each process sets up its cameras once


def _write_group(config: CropsConfig, out: Path, group: int) -> int:
    if config not in _studio:
        _studio.clear()
        _studio[config] = Studio(config)
    crops = _studio[config].photograph(group)
    kept = _keep(crops, config, np.random.default_rng([config.seed, 4000, group]))
    with writing(out):
        for folder, name, crop, quality in kept:
            _, data = cv2.imencode(".jpg", crop.image, [cv2.IMWRITE_JPEG_QUALITY, quality])
            (out / folder).joinpath(name.format(pid=group * GROUP + crop.person + 1)).write_bytes(
                data.tobytes()
            )
    return len(kept)


def _keep(
    crops: Sequence[_Crop], config: CropsConfig, rng: np.random.Generator
) -> list[tuple[str, str, _Crop, int]]:
    """Take `images` of each person and share them out: one query per test person and camera."""
    kept = []
    for person in sorted({c.person for c in crops}):
        mine = [c for c in crops if c.person == person]
        mine = [mine[i] for i in rng.permutation(len(mine))[: config.images]]
        asked: set[int] = set()
        for box, crop in enumerate(sorted(mine, key=lambda c: (c.camera, c.frame))):
            group = crop.frame // 100
            training = group * GROUP + person < config.people // 2
            query = not training and crop.camera not in asked
            asked.add(crop.camera)
            folder = "bounding_box_train" if training else "query" if query else "bounding_box_test"
            name = f"{{pid:04d}}_c{crop.camera}s{crop.session}_{crop.frame:06d}_{box:02d}.jpg"
            kept.append((folder, name, crop, int(rng.integers(70, 96))))
    return kept
