"""ReID sets in the layout of Market-1501: crops of many people, each by several cameras.

    OUT/bounding_box_train/0001_c1s1_000004_01.jpg   person, camera, session, frame, box
    OUT/query/, OUT/bounding_box_test/               every tenth person

A run that was cut off goes on where it stopped (`OUT/.groups`), and more people of the same
settings add to those there.

People come in groups. Each group meets cameras of its own, so that a set has hundreds of ways to
see colours; and every picture has a background of its own, so that backgrounds tell nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mtmc.errors import UserError
from mtmc.files import explained
from mtmc.simulate.dress import dress
from mtmc.simulate.extra import require_sim
from mtmc.simulate.figures import Figures
from mtmc.simulate.motion import draw_manner
from mtmc.simulate.outfits import draw_outfits
from mtmc.simulate.panorama import Panorama, made_up_panoramas, read_panoramas
from mtmc.simulate.photo import develop, draw_eye
from mtmc.simulate.portrait import portrait
from mtmc.simulate.workers import each

GROUP = 8  # people who meet the same cameras
TEST = 10  # one person in so many is for testing
TRIES = 4  # per picture, until enough of the person is seen
DONE = ".groups"  # what is finished, and the settings
AT_HOME = 0.5  # share of a camera's pictures that show its own place


@dataclass(frozen=True)
class CropsConfig:
    """What to make.

    Attributes:
        people: identities; every tenth is for testing.
        images: how many of each, over all cameras.
        cameras: how many cameras see each person.
        seed: everything random follows from it.
        panoramas: folder of places photographed all around, for backgrounds and light; without
            one, places are made up.
    """

    people: int = 1500
    images: int = 20
    cameras: int = 6
    seed: int = 0
    panoramas: Path | None = None

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
    number: int  # of the person's pictures
    data: bytes  # a JPEG file


def _photograph(config: CropsConfig, places: Sequence[Panorama], group: int) -> list[_Crop]:
    """All crops of one group of people; the group's number decides everything random."""
    rng = np.random.default_rng([config.seed, 2000, group])
    looks = draw_outfits(GROUP, rng)
    meshes = [dress(look) for look in looks]
    manners = [draw_manner(rng, look.bag) for look in looks]
    figures = Figures(meshes, [m.hands == "phone" for m in manners])
    eyes = [draw_eye(rng) for _ in range(config.cameras)]
    homes = [places[int(n)] for n in rng.integers(0, len(places), config.cameras)]
    crops = []
    for person in range(min(GROUP, config.people - group * GROUP)):
        first = int(rng.integers(config.cameras))
        for number in range(config.images):
            camera = (first + number) % config.cameras
            at_home = rng.random() < AT_HOME
            place = homes[camera] if at_home else places[int(rng.integers(len(places)))]
            for _ in range(TRIES):
                image = portrait(person, figures, meshes, manners, eyes[camera], place, places, rng)
                if image is not None:
                    data = develop(image, eyes[camera], rng)
                    crops.append(_Crop(person, camera + 1, number, data))
                    break
    return crops


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
        UserError: the extra `sim` is missing, a panorama cannot be read, `out` cannot be written or
            holds a set of other settings.
    """
    require_sim()
    if config.panoramas is not None:
        read_panoramas(config.panoramas)  # what is wrong with them is said before the work begins
    with explained(out):
        for name in ("bounding_box_train", "bounding_box_test", "query", DONE):
            (out / name).mkdir(parents=True, exist_ok=True)
    _check_settings(config, out)
    groups = -(-config.people // GROUP)
    report = progress or (lambda _: None)
    for _, written in each(_write_group, config, out, count=groups, workers=workers):
        report(written)


def _check_settings(config: CropsConfig, out: Path) -> None:
    """Refuse to add people to a set that was made otherwise."""
    kept = out / DONE / "settings.json"
    names = sorted(p.name for p in config.panoramas.iterdir()) if config.panoramas else None
    settings = {"images": config.images, "cameras": config.cameras, "seed": config.seed,
                "panoramas": names}  # fmt: skip
    if kept.exists():
        was = json.loads(kept.read_text(encoding="utf-8"))
        for name, value in settings.items():
            if was.get(name) != value:
                raise UserError(
                    f"{out}: holds crops made with other {name} ({was.get(name)}, not {value}); "
                    "choose an empty folder, or the same settings to add people"
                )
    with explained(kept):
        kept.write_text(json.dumps(settings), encoding="utf-8")


_places: dict[tuple[Path | None, int], list[Panorama]] = {}  # read once by each process


def _write_group(config: CropsConfig, out: Path, group: int) -> int:
    people = min(GROUP, config.people - group * GROUP)
    done = out / DONE / f"{group:06d}.json"
    with suppress(OSError, ValueError, KeyError):
        kept = json.loads(done.read_text(encoding="utf-8"))
        if kept["people"] == people:
            return int(kept["images"])
    key = (config.panoramas, config.seed)
    if key not in _places:
        folder = config.panoramas
        _places[key] = read_panoramas(folder) if folder else made_up_panoramas(config.seed)
    crops = _photograph(config, _places[key], group)
    asked: set[tuple[int, int]] = set()  # people and cameras that have their query
    with explained(out):
        for crop in crops:
            person = group * GROUP + crop.person
            # Half of a person's pictures at most: something must be left to find.
            query = (crop.person, crop.camera) not in asked and crop.number < config.images // 2
            asked.add((crop.person, crop.camera))
            part = _part(person, query)
            name = f"{person + 1:04d}_c{crop.camera}s1_{crop.number + 1:06d}_00.jpg"
            (out / part / name).write_bytes(crop.data)
        done.write_text(json.dumps({"people": people, "images": len(crops)}), encoding="utf-8")
    return len(crops)


def _part(person: int, query: bool) -> str:
    if person % TEST != TEST - 1:
        return "bounding_box_train"
    return "query" if query else "bounding_box_test"
