"""What every simulated place is made of: surfaces, cameras and how their pictures come out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtmc.simulate.body import Floats
from mtmc.simulate.camera import Camera, Picture, look_at
from mtmc.simulate.geometry import Rectangle
from mtmc.simulate.stage import Stage, Surface
from mtmc.simulate.ways import Floor

# What `Surface.kind` means in the kernels.
PLAIN, TILES, PLANKS, SPECKLED, BRICKS, PATCHES, LEAVES, WRITING = range(8)


@dataclass(frozen=True)
class Place:
    """A place: what is drawn, where one can walk, and who watches."""

    stage: Stage
    floor: Floor
    cameras: list[Camera]
    fps: float


class Palette:
    """Surfaces by name, in the order they are added."""

    def __init__(self) -> None:
        self.surfaces: list[Surface] = []

    def add(self, kind: int, color: tuple[float, float, float], **other: object) -> int:
        """The number of a new surface; see ``Surface``."""
        self.surfaces.append(
            Surface(kind, color, **{"seed": len(self.surfaces) * 7 + 1} | other)  # type: ignore[arg-type]
        )
        return len(self.surfaces) - 1


def tint(
    rng: np.random.Generator, color: tuple[float, float, float], by: float = 0.05
) -> tuple[float, float, float]:
    """A colour much like the given one."""
    c = np.clip(np.array(color) * rng.normal(1, by) + rng.normal(0, by * 0.4, 3), 0.02, 0.97)
    return float(c[0]), float(c[1]), float(c[2])


def draw_picture(rng: np.random.Generator, outdoors: bool) -> Picture:
    """How one camera's pictures come out: no two cameras agree on colours."""
    warm = rng.normal(0, 0.055)
    green = rng.normal(0, 0.025)
    return Picture(
        exposure=float(np.exp(rng.normal(0.0, 0.22))),
        gamma=float(np.exp(rng.normal(0, 0.07))),
        white=(float(1 + warm), float(1 + green), float(1 - warm)),
        contrast=float(rng.normal(1.0, 0.07)),
        saturation=float(np.clip(rng.normal(0.88, 0.14), 0.5, 1.2)),
        noise=float(rng.uniform(1.0, 2.5) if outdoors else rng.uniform(1.5, 4.0)),
        blur=float(rng.uniform(0.35, 0.85)),
        vignette=float(rng.uniform(0.05, 0.3)),
        shutter=float(1 / rng.choice([100, 200, 400] if outdoors else [30, 50, 60, 100])),
    )


def around(
    rng: np.random.Generator, count: int, box: Rectangle, height: float, aim: Floats,
    size: tuple[int, int], view: float, outdoors: bool,
) -> list[Camera]:  # fmt: skip
    """Cameras around a rectangle: the corners first, then between them."""
    x0, y0, x1, y1 = box
    corners = [(x0, y0), (x1, y1), (x1, y0), (x0, y1)]
    cameras = []
    for i in range(count):
        if i < 4:
            x, y = corners[i]
        else:
            # Golden-ratio steps around the border spread any number evenly.
            along = (0.5 + 0.618034 * i) % 1 * 2 * (x1 - x0 + y1 - y0)
            width, depth = x1 - x0, y1 - y0
            if along < width:
                x, y = x0 + along, y0
            elif along < width + depth:
                x, y = x1, y0 + along - width
            elif along < 2 * width + depth:
                x, y = x1 - (along - width - depth), y1
            else:
                x, y = x0, y1 - (along - 2 * width - depth)
        eye = np.array([x, y, height]) + rng.normal(0, 0.04, 3)
        target = aim + np.append(rng.normal(0, 0.25, 2), 0)
        cameras.append(
            look_at(
                f"cam{i}",
                eye,
                target,
                *size,
                view + float(rng.normal(0, 2)),
                draw_picture(rng, outdoors),
                k1=float(rng.uniform(-0.26, -0.12)),
                roll=float(rng.normal(0, 0.012)),
            )
        )
    return cameras
