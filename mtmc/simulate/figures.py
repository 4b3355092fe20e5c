"""People drawn alone, without a place: colours, how opaque, and how much of one is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import warp as wp

from mtmc.simulate.backdrop import device, light_of, upload
from mtmc.simulate.body import Floats
from mtmc.simulate.cast import Cast, Pose, fold_texture
from mtmc.simulate.dress import PersonMesh
from mtmc.simulate.kernels import structs
from mtmc.simulate.kernels.compose import compose_kernel
from mtmc.simulate.kernels.samples import SAMPLES
from mtmc.simulate.stage import Lamp

NOTHING = 0xFFFFFFFFFFFFFFFF  # a sample's key where nobody is
SHADOW_SIZE = 192  # px of a shadow map's side
FINE = 160  # px, windows lower than this are drawn at twice the size


@dataclass(frozen=True)
class Shot:
    """A pinhole camera's window on one person.

    Attributes:
        rotation: ``(3, 3)``, translation: ``(3,)`` m; world → camera, x right, y down, z ahead.
        focal: px; centre: ``(2,)`` px, where the optical axis meets the window, often outside.
        width, height: px.
    """

    rotation: Floats
    translation: Floats
    focal: float
    centre: Floats
    width: int
    height: int

    def lens(self) -> Any:
        """As the kernels take it."""
        lens = structs.Lens()
        lens.rotation = wp.mat33(*self.rotation.ravel().tolist())
        lens.translation = wp.vec3(*self.translation.tolist())
        lens.fx = lens.fy = float(self.focal)
        lens.cx, lens.cy = float(self.centre[0]), float(self.centre[1])
        lens.k1 = lens.k2 = 0.0
        lens.width, lens.height, lens.orthographic = self.width, self.height, 0
        return lens

    def finer(self, times: int) -> Shot:
        """The same window with that many times the pixels each way."""
        return replace(
            self, focal=self.focal * times, centre=self.centre * times,
            width=self.width * times, height=self.height * times,
        )  # fmt: skip

    def project(self, points: Floats) -> Floats:
        """World points ``(N, 3)`` → pixels ``(N, 2)``."""
        c = points @ self.rotation.T + self.translation
        return np.asarray(self.focal * c[:, :2] / np.maximum(c[:, 2:], 0.05) + self.centre)

    def rays(self) -> Floats:
        """Unit direction in the world of every pixel, ``(height, width, 3)``."""
        y, x = np.mgrid[: self.height, : self.width] + 0.5
        ahead = np.stack(
            [(x - self.centre[0]) / self.focal, (y - self.centre[1]) / self.focal, np.ones_like(x)],
            -1,
        )
        ahead /= np.linalg.norm(ahead, axis=-1, keepdims=True)
        return np.asarray(ahead @ self.rotation)


@dataclass(frozen=True)
class Cutout:
    """People on nothing.

    Attributes:
        light: ``(h, w, 3)`` linear RGB, already multiplied by `alpha`.
        alpha: ``(h, w)``, 1 where only people are.
        own: ``(h, w)``, share of the first person alone.
        visible: share of the first person that the others do not hide.
    """

    light: Floats
    alpha: Floats
    own: Floats
    visible: float


class Figures:
    """Some people, ready to be drawn.

    Args:
        meshes: the people.
        show_phone: who holds a phone.
    """

    def __init__(self, meshes: Sequence[PersonMesh], show_phone: Sequence[bool]) -> None:
        self.cast = Cast(meshes, show_phone, rays=6)  # small pictures need no more
        self.owner = self.cast.face_owner.numpy()
        self.folds = upload(_folds(), wp.vec3)

    def box(self, pose: Pose, shot: Shot) -> Floats:
        """Pose a person, and say where the person is on the image, ``(4,)`` xyxy px."""
        self.cast.skin(pose)
        self.cast.project(pose, shot.lens(), 0.0, self.cast.start, self.cast.end)
        points = self._own(self.cast.start, pose)
        return np.array([*points[:, :2].min(0), *points[:, :2].max(0)], dtype=np.float64)

    def points(self, pose: Pose, every: int) -> Floats:
        """Some of a posed person's surface, ``(N, 3)`` m."""
        return np.asarray(self._own(self.cast.vertices.position, pose)[::every], np.float64)

    def _own(self, array: Any, pose: Pose) -> Floats:
        first, last = self.cast.vertex_start[pose.person : pose.person + 2]
        return np.asarray(array[first:last].numpy())

    def draw(
        self, poses: Sequence[Pose], shot: Shot, share: float, lamp: Lamp, sky: Floats,
        ground: Floats,
    ) -> Cutout:  # fmt: skip
        """Draw people whom `box` has brought into their poses; the first is the one meant.

        Args:
            poses: who.
            shot: from where.
            share: of the time to the next frame during which the shutter is open.
            lamp: the strongest light.
            sky: ambient light from above.
            ground: ambient light from below.
        """
        # A material is shaded once per pixel: small stripes need more pixels than they end in.
        fine = shot.finer(2 if shot.height < FINE else 1)
        light = light_of(lamp, SHADOW_SIZE)
        maps, keys, alone = self._cover(poses, fine, share, light)
        count = fine.width * fine.height
        out = wp.zeros(count, dtype=wp.vec3, device=device())
        dark = wp.zeros(count, dtype=wp.vec3, device=device())
        cast = self.cast
        wp.launch(
            compose_kernel, count, device=device(),
            inputs=[keys, cast.faces, cast.face_material, cast.materials, cast.vertices,
                    cast.start, cast.end, fine.lens(), _black(count, dark),
                    wp.array([light], dtype=structs.Light, device=device()), maps,
                    wp.vec3(*sky.tolist()), wp.vec3(*ground.tolist()), self.folds, dark, out],
        )  # fmt: skip
        there = keys.numpy() != NOTHING
        triangle = np.where(there, keys.numpy() & np.uint64(0xFFFFFFFF), 0).astype(np.int64)
        own = there & (self.owner[triangle] == poses[0].person)

        def shrunk(pixels: Floats) -> Floats:
            image = pixels.reshape(fine.height, fine.width, *pixels.shape[1:])
            size = (shot.width, shot.height)
            return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))

        return Cutout(
            light=shrunk(np.array(out.numpy())),
            alpha=shrunk(there.mean(0, dtype=np.float32)),
            own=shrunk(own.mean(0, dtype=np.float32)),
            visible=float(own.sum() / max(alone, 1)),
        )

    def _cover(
        self, poses: Sequence[Pose], shot: Shot, share: float, light: Any
    ) -> tuple[Any, Any, int]:
        """The light's shadow map, the samples' keys, and how many the first person has alone."""
        cast, lens = self.cast, shot.lens()
        maps = _empty_keys(1, SHADOW_SIZE**2)
        keys = _empty_keys(SAMPLES, shot.width * shot.height)
        alone = 0
        for number, pose in enumerate(poses):
            cast.project(pose, light.lens, 0.0, cast.scratch, cast.scratch)
            cast.raster(pose, cast.scratch, cast.scratch, light.lens, 1, maps)
            cast.project(pose, lens, share, cast.start, cast.end)
            cast.raster(pose, cast.start, cast.end, lens, SAMPLES, keys)
            if number == 0:
                alone = int(np.count_nonzero(keys.numpy() != NOTHING))
        return maps, keys, alone


@lru_cache(maxsize=1)
def _folds() -> Floats:
    return fold_texture()


def _empty_keys(rows: int, count: int) -> Any:
    return wp.full((rows, count), wp.uint64(NOTHING), dtype=wp.uint64, device=device())


def _black(count: int, dark: Any) -> Any:
    """A place that reflects nothing."""
    pixels = structs.Pixels()
    pixels.albedo = pixels.position = pixels.normal = pixels.ambient = dark
    pixels.direct = wp.zeros((1, count), dtype=wp.vec3, device=device())
    return pixels
