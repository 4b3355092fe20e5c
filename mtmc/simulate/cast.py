"""The people on the device: their meshes, dressed, posed and projected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import warp as wp
from scipy import ndimage

from mtmc.simulate.backdrop import device, upload
from mtmc.simulate.body import Floats, Ints
from mtmc.simulate.dress import PHONE, SKIN, PersonMesh, linear
from mtmc.simulate.kernels import structs
from mtmc.simulate.kernels.body import project_kernel, skin_kernel, vertex_occlusion_kernel
from mtmc.simulate.kernels.raster import raster_kernel
from mtmc.simulate.wardrobe import PATTERNS

_SLOTS = 10  # materials of a person


@dataclass(frozen=True)
class Pose:
    """One person at one moment: transforms at this frame and the next (see `motion.Poses`)."""

    person: int
    rotations: Floats
    offsets: Floats
    next_rotations: Floats
    next_offsets: Floats
    joints: Floats


class Cast:
    """These people and no others.

    Args:
        meshes: the people.
        show_phone: who holds a phone.
        rays: per vertex, to find what of the person shades it.

    Attributes:
        vertex_start: ``(P + 1,)`` first vertex of each person; face_start: likewise.
        start: projected vertices as the shutter opens; end: as it closes (see `project`).
    """

    def __init__(
        self, meshes: Sequence[PersonMesh], show_phone: Sequence[bool] = (), rays: int = 12
    ) -> None:
        self.count = len(meshes)
        self.vertex_start = [int(n) for n in np.cumsum([0] + [len(m.vertices) for m in meshes])]
        total = max(self.vertex_start[-1], 1)
        self.vertices = _vertices(meshes, total)
        self.start, self.end, self.scratch = (
            wp.zeros(total, dtype=wp.vec3, device=device()) for _ in range(3)
        )
        self._load_faces(meshes, show_phone, rays)
        materials = [
            _material(c, s) for m in meshes for c, s in zip(m.materials, m.strap, strict=True)
        ]
        self.materials = wp.array(
            materials or [structs.Material()], dtype=structs.Material, device=device()
        )

    def _load_faces(
        self, meshes: Sequence[PersonMesh], show_phone: Sequence[bool], rays: int
    ) -> None:
        faces, slots = [], []
        for index, (mesh, first) in enumerate(zip(meshes, self.vertex_start, strict=False)):
            phone = index < len(show_phone) and show_phone[index]
            shown = np.ones(len(mesh.faces), bool) if phone else mesh.slot != PHONE
            faces.append((mesh.faces + first)[shown])
            slots.append(mesh.slot[shown] + _SLOTS * index)
        self.face_start = [int(n) for n in np.cumsum([0] + [len(f) for f in faces])]
        self.faces = upload(_stack(faces, 3).astype(np.int32), wp.vec3i)
        joined = np.concatenate(slots) if slots else np.zeros(1)
        self.face_material = upload(joined.astype(np.int32), int)
        self.face_owner = upload((joined // _SLOTS).astype(np.int32), int)
        self.closed = upload((joined % _SLOTS == SKIN).astype(np.uint8), wp.uint8)
        for index, own in enumerate(faces):
            self._bake_occlusion(index, own, rays)

    def _bake_occlusion(self, index: int, faces: Ints, rays: int) -> None:
        first, last = self.vertex_start[index], self.vertex_start[index + 1]
        points = self.vertices.rest[first:last]
        body = wp.Mesh(wp.clone(points), upload((faces - first).astype(np.int32).ravel(), int))
        wp.launch(
            vertex_occlusion_kernel, last - first, device=device(),
            inputs=[body.id, points, self.vertices.rest_normal[first:last], rays,
                    self.vertices.occlusion[first:last]],
        )  # fmt: skip

    def skin(self, pose: Pose) -> None:
        """Bring a person into a pose."""
        first, last = self.vertex_start[pose.person : pose.person + 2]
        wp.launch(
            skin_kernel, last - first, device=device(),
            inputs=[self.vertices, first, upload(pose.rotations, wp.mat33),
                    upload(pose.offsets, wp.vec3), upload(pose.next_rotations, wp.mat33),
                    upload(pose.next_offsets, wp.vec3)],
        )  # fmt: skip

    def project(self, pose: Pose, lens: Any, share: float, start: Any, end: Any) -> None:
        """Project a person, as posed and as posed that share of a frame's time later."""
        first, last = self.vertex_start[pose.person : pose.person + 2]
        wp.launch(
            project_kernel, last - first, device=device(),
            inputs=[self.vertices, lens, first, share, start, end],
        )  # fmt: skip

    def raster(self, pose: Pose, start: Any, end: Any, lens: Any, samples: int, keys: Any) -> None:
        """Enter a projected person into the samples' keys."""
        first, last = self.face_start[pose.person : pose.person + 2]
        wp.launch(
            raster_kernel, last - first, device=device(),
            inputs=[self.faces, first, start, end, lens.width, lens.height, samples, self.closed,
                    keys],
        )  # fmt: skip


def _stack(values: Sequence[Any], width: int) -> Any:
    return np.concatenate(values) if values else np.zeros((1, width))


def _vertices(meshes: Sequence[PersonMesh], total: int) -> Any:
    data = structs.Vertices()
    data.rest = upload(_stack([m.vertices for m in meshes], 3), wp.vec3)
    data.rest_normal = upload(_stack([m.normals for m in meshes], 3), wp.vec3)
    data.bones = upload(_stack([m.bones for m in meshes], 4).astype(np.int32), wp.vec4i)
    data.weights = upload(_stack([m.weights for m in meshes], 4), wp.vec4)
    data.color = upload(_stack([m.color for m in meshes], 3), wp.vec3)
    data.uv = upload(_stack([m.uv for m in meshes], 2), wp.vec2)
    data.occlusion = wp.full(total, 1.0, dtype=float, device=device())
    for name in ("position", "next_position", "normal"):
        setattr(data, name, wp.zeros(total, dtype=wp.vec3, device=device()))
    return data


def _material(cloth: Any, strap: int) -> Any:
    m = structs.Material()
    m.pattern = PATTERNS[cloth.pattern]
    m.color = wp.vec3(*linear(cloth.color).tolist())
    m.second = wp.vec3(*linear(cloth.second).tolist())
    m.third = wp.vec3(*linear(cloth.third).tolist())
    m.scale, m.phase = cloth.scale, cloth.phase
    m.folds, m.gloss, m.fuzz, m.strap = cloth.folds, cloth.gloss, cloth.fuzz, strap
    return m


def fold_texture(size: int = 256) -> Floats:
    """A tileable map of cloth folds: slopes along u and v, and depth, ``(size, size, 3)``."""
    rng = np.random.default_rng(4)
    fx, fy = np.meshgrid(np.fft.fftfreq(size) * size, np.fft.fftfreq(size) * size)
    height = np.zeros((size, size))
    for angle, amount in ((0.35, 1.0), (-0.7, 0.8), (1.3, 0.6)):
        # Folds are long along one direction and a few centimetres across.
        across = fx * np.cos(angle) + fy * np.sin(angle)
        along = -fx * np.sin(angle) + fy * np.cos(angle)
        band = np.exp(-(((np.abs(across) - 3.5) / 2.5) ** 2) - (along / 2.0) ** 2)
        band = band + 0.45 * np.exp(-(((np.abs(across) - 9) / 4) ** 2) - (along / 4.0) ** 2)
        noise = np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) * band).real
        height += amount * -np.abs(noise / noise.std())  # ridges: creases are sharper than folds
    height = ndimage.gaussian_filter(height, 1.2, mode="wrap")
    du = np.roll(height, -1, 1) - np.roll(height, 1, 1)
    dv = np.roll(height, -1, 0) - np.roll(height, 1, 0)
    slope = np.sqrt((du**2 + dv**2).mean())
    depth = (height.max() - height) / (height.max() - height.min())
    return np.stack([-0.33 * du / slope, -0.33 * dv / slope, depth], -1)
