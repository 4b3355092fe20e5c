"""A scene: a place, people, their walks; and its frames with their truth, camera by camera."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mtmc.simulate.body import Floats
from mtmc.simulate.cast import Pose
from mtmc.simulate.choreography import plan, walk
from mtmc.simulate.dress import PersonMesh, dress
from mtmc.simulate.motion import Manner, Path, Poses, draw_manner, solve
from mtmc.simulate.place import Place
from mtmc.simulate.places import PLACES
from mtmc.simulate.render import Renderer
from mtmc.simulate.sensor import Sensor
from mtmc.simulate.wardrobe import Look, draw_looks


@dataclass(frozen=True)
class SceneConfig:
    """What to simulate.

    Attributes:
        place: ``lab``, ``corridor`` or ``plaza``.
        cameras, people: how many.
        seconds, fps: length and frame rate.
        seed: everything random follows from it.
    """

    place: str = "lab"
    cameras: int = 4
    people: int = 6
    seconds: float = 60.0
    fps: float = 15.0
    seed: int = 0

    def __post_init__(self) -> None:
        checks = {
            "place": (self.place in PLACES, f"one of {', '.join(PLACES)}"),
            "cameras": (1 <= self.cameras <= 64, "between 1 and 64"),
            "people": (0 <= self.people <= 1000, "between 0 and 1000"),
            "seconds": (0 < self.seconds <= 36000, "above 0 and at most 36000"),
            "fps": (1 <= self.fps <= 120, "between 1 and 120"),
            "seed": (self.seed >= 0, "0 or more"),
        }
        for name, (holds, expected) in checks.items():
            if not holds:
                raise ValueError(f"{name} must be {expected}, got {getattr(self, name)}")

    @property
    def frames(self) -> int:
        """Frames per camera, at least one."""
        return max(round(self.seconds * self.fps), 1)


@dataclass(frozen=True)
class Truth:
    """One person in one frame of one camera.

    Attributes:
        person: global id, 1-based.
        box: ``(4,)`` xyxy px of the full body, cut at the image border.
        visibility: share of the body's pixels seen, parts outside the image counting as unseen.
    """

    person: int
    box: Floats
    visibility: float


@dataclass(frozen=True)
class Actor:
    """One person of the scene."""

    look: Look
    manner: Manner
    mesh: PersonMesh
    path: Path
    poses: Poses


class Scene:
    """A place with people in it.

    Args:
        config: what to simulate.
        cameras: render only these camera indices (all when None).
    """

    def __init__(self, config: SceneConfig, cameras: Sequence[int] | None = None) -> None:
        self.config = config
        # Independent streams, so that one camera more changes nobody's clothes.
        streams = np.random.SeedSequence(config.seed).spawn(6)
        place_rng, look_rng, plan_rng, manner_rng, _, walk_rng = (
            np.random.default_rng(s) for s in streams
        )
        self.place: Place = PLACES[config.place](place_rng, config.cameras)
        looks = draw_looks(config.people, look_rng)
        manners = [draw_manner(manner_rng, look.bag) for look in looks]
        plans = plan(self.place.floor, config.people, config.seconds, plan_rng)
        seconds = config.frames / config.fps
        paths = walk(self.place.floor, plans, seconds, config.fps, walk_rng)
        self.actors = []
        for look, manner, path in zip(looks, manners, paths, strict=True):
            mesh = dress(look)
            self.actors.append(Actor(look, manner, mesh, path, solve(path, mesh.rest, manner)))
        self.indices = list(range(config.cameras)) if cameras is None else list(cameras)
        self.cameras = [self.place.cameras[i] for i in self.indices]
        seeds = np.random.SeedSequence([config.seed, 77]).spawn(config.cameras)
        self.renderer = Renderer(
            self.place.stage, self.cameras, shadow_size=1024 if config.place == "plaza" else 512
        )
        self.sensors = [
            Sensor(camera.picture, self.renderer.draw(i), np.random.default_rng(seeds[index]))
            for i, (index, camera) in enumerate(zip(self.indices, self.cameras, strict=True))
        ]
        self.renderer.load(
            [a.mesh for a in self.actors], [a.manner.hands == "phone" for a in self.actors]
        )

    def pose(self, frame: int) -> None:
        """Bring everybody to frame `frame` (0-based)."""
        poses = []
        for person, actor in enumerate(self.actors):
            if actor.path.present[frame] and actor.path.present[frame + 1]:
                r, o = actor.poses.rotations, actor.poses.offsets
                poses.append(
                    Pose(
                        person,
                        r[frame],
                        o[frame],
                        r[frame + 1],
                        o[frame + 1],
                        actor.poses.joints[frame],
                    )
                )
        self.renderer.pose(poses)

    def frame(self, index: int) -> tuple[np.ndarray, list[Truth]]:
        """Picture and truth of the `index`-th rendered camera; call after `pose`.

        Returns:
            ``(H, W, 3)`` uint8 BGR, and who is seen.
        """
        camera = self.cameras[index]
        share = min(camera.picture.shutter * self.config.fps, 1.0)
        light = self.renderer.draw(index, share)
        truths = []
        for seen in self.renderer.seen(index):
            limit = np.array([camera.width, camera.height, camera.width, camera.height])
            box = np.clip(seen.box, 0, limit)
            if (box[2:] - box[:2]).min() >= 1:
                visibility = min(seen.visible / max(seen.whole, 1), 1.0)
                truths.append(Truth(seen.person + 1, box, visibility))
        return self.sensors[index].expose(light), truths

    def floor_positions(self, frame: int) -> list[tuple[int, float, float]]:
        """Global id and floor position (m) of everybody present at frame `frame` (0-based)."""
        return [
            (i + 1, float(a.path.position[frame, 0]), float(a.path.position[frame, 1]))
            for i, a in enumerate(self.actors)
            if a.path.present[frame]
        ]

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.config.frames))
