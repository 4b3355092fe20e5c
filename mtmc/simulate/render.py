"""The renderer: places and people to linear pictures and exact visibility."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import warp as wp
from scipy import ndimage

from mtmc.simulate.body import JOINT_INDEX, Floats, Ints
from mtmc.simulate.camera import Camera
from mtmc.simulate.dress import PHONE, SKIN, PersonMesh, linear
from mtmc.simulate.kernels import structs
from mtmc.simulate.kernels.body import project_kernel, skin_kernel, vertex_occlusion_kernel
from mtmc.simulate.kernels.compose import compose_kernel
from mtmc.simulate.kernels.light import place_light_kernel
from mtmc.simulate.kernels.place import (
    place_color_kernel,
    place_lighting_kernel,
    place_shadow_kernel,
)
from mtmc.simulate.kernels.raster import count_kernel, cover_kernel, raster_kernel
from mtmc.simulate.kernels.samples import SAMPLES
from mtmc.simulate.wardrobe import PATTERNS

# The balls that stand for a person when ambient light is blocked: joint and radius in m.
_BALLS = [
    ("pelvis", 0.17), ("foot.L", 0.09), ("foot.R", 0.09), ("shin.L", 0.09), ("shin.R", 0.09),
    ("chest", 0.19), ("head", 0.11),
]  # fmt: skip
_LAMP_REACH = 6.0  # m from a lamp within which people throw shadows
_CANVAS = 2  # a person is counted, alone, on a canvas this many times the picture's size


@dataclass(frozen=True)
class Lamp:
    """A light. For the sun `position` is the direction to it and `radius` is unused.

    Attributes:
        color: linear irradiance (sun) or intensity (lamp: irradiance at 1 m).
        radius: of the lamp, m: how soft its shadows are.
        focus: point the shadow map is aimed at; extent: half width of it, m.
    """

    position: tuple[float, float, float]
    color: tuple[float, float, float]
    sun: bool = False
    radius: float = 0.3
    focus: tuple[float, float, float] = (0.0, 0.0, 0.0)
    extent: float = 8.0


@dataclass(frozen=True)
class Surface:
    """A kind of surface of the place (see `places.SURFACES`); colours are sRGB."""

    kind: int
    color: tuple[float, float, float]
    second: tuple[float, float, float] = (0.2, 0.2, 0.2)
    scale: float = 0.5
    seed: int = 0
    glow: float = 0.0


@dataclass(frozen=True)
class Stage:
    """What stands still: geometry, surfaces and light.

    Attributes:
        vertices: ``(V, 3)`` m; faces: ``(F, 3)``; surface: ``(F,)`` index into `surfaces`.
        sky: linear ambient light from above; inside: mean light on surfaces, for one bounce.
        ambient: ambient light on people from above and from below.
    """

    vertices: Floats
    faces: Ints
    surface: Ints
    surfaces: Sequence[Surface]
    lamps: Sequence[Lamp]
    sky: tuple[float, float, float]
    inside: tuple[float, float, float]
    ambient: tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True)
class Pose:
    """One person at one moment: transforms at this frame and the next (see `motion.Poses`)."""

    person: int
    rotations: Floats
    offsets: Floats
    next_rotations: Floats
    next_offsets: Floats
    joints: Floats


@dataclass(frozen=True)
class Seen:
    """How much of one person a camera sees.

    Attributes:
        box: ``(4,)`` xyxy px of the full body, not cut at the border.
        visible: samples seen; whole: samples the person would cover alone, border included.
    """

    person: int
    box: Floats
    visible: int
    whole: int


def device() -> str:
    """``cuda:0`` where there is a GPU, else ``cpu``."""
    return "cuda:0" if wp.is_cuda_available() else "cpu"


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


def _lens(camera: Camera) -> Any:
    lens = structs.Lens()
    lens.rotation = wp.mat33(*camera.rotation.ravel().tolist())
    lens.translation = wp.vec3(*camera.translation.tolist())
    lens.fx = lens.fy = camera.focal
    lens.cx, lens.cy = camera.width / 2, camera.height / 2
    lens.k1, lens.k2 = camera.k1, camera.k2
    lens.width, lens.height = camera.width, camera.height
    lens.orthographic = 0
    return lens


def _light(lamp: Lamp, size: int) -> Any:
    """A light with the lens of its shadow map: from the sun parallel, from a lamp downwards."""
    light = structs.Light()
    position = np.array(lamp.position, float)
    focus = np.array(lamp.focus, float)
    if lamp.sun:
        position /= np.linalg.norm(position)
        eye = focus + position * 60
    else:
        eye = position
    ahead = (focus - eye) / np.linalg.norm(focus - eye)
    right = np.cross(ahead, [0.0, 1.0, 0.001])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(ahead, right), ahead])
    lens = structs.Lens()
    lens.rotation = wp.mat33(*rotation.ravel().tolist())
    lens.translation = wp.vec3(*(-rotation @ eye).tolist())
    lens.orthographic = int(lamp.sun)
    if lamp.sun:
        focal = size / (2 * lamp.extent)
        light.softness = 0.02 * focal + 0.7
    else:
        focal = size / 2 / 2.2  # a wide funnel: 2.2 m to the side per metre down
        # The penumbra of a lamp of this radius one body length under it.
        light.softness = focal * lamp.radius * 0.45
    lens.fx = lens.fy = focal
    lens.cx = lens.cy = size / 2
    lens.k1 = lens.k2 = 0.0
    lens.width = lens.height = size
    light.lens = lens
    light.position = wp.vec3(*position.tolist())
    light.color = wp.vec3(*lamp.color)
    light.is_sun = int(lamp.sun)
    return light


def _material(cloth: Any, strap: int) -> Any:
    m = structs.Material()
    m.pattern = PATTERNS[cloth.pattern]
    m.color = wp.vec3(*linear(cloth.color).tolist())
    m.second = wp.vec3(*linear(cloth.second).tolist())
    m.third = wp.vec3(*linear(cloth.third).tolist())
    m.scale, m.phase = cloth.scale, cloth.phase
    m.folds, m.gloss, m.fuzz, m.strap = cloth.folds, cloth.gloss, cloth.fuzz, strap
    return m


class _View:
    """One camera's fixed data and buffers."""

    def __init__(self, camera: Camera, lights: int, dev: str) -> None:
        n = camera.width * camera.height
        self.camera, self.lens = camera, _lens(camera)
        self.pixels = structs.Pixels()
        for name in ("albedo", "position", "normal", "ambient"):
            setattr(self.pixels, name, wp.zeros(n, dtype=wp.vec3, device=dev))
        self.pixels.direct = wp.zeros((lights, n), dtype=wp.vec3, device=dev)
        self.empty = wp.zeros((SAMPLES, n), dtype=wp.uint64, device=dev)
        self.keys = wp.zeros((SAMPLES, n), dtype=wp.uint64, device=dev)
        half = ((camera.width + 1) // 2) * ((camera.height + 1) // 2)
        self.light = wp.zeros(half, dtype=wp.vec3, device=dev)
        self.out = wp.zeros(n, dtype=wp.vec3, device=dev)


class Renderer:
    """Draws a stage with people on it.

    The order of calls: `load` people, then per moment `pose`, and per camera `draw` and `seen`.

    Args:
        stage: what stands still.
        cameras: all with their own size.
        rays: ambient rays per pixel of the empty place.
        shadow_size: pixels of a shadow map's side.
    """

    def __init__(
        self, stage: Stage, cameras: Sequence[Camera], rays: int = 12, shadow_size: int = 512
    ) -> None:
        self.device = device()
        self.stage = stage
        self._shadow_size = shadow_size
        lights = [_light(lamp, shadow_size) for lamp in stage.lamps]
        self._lights_host = lights
        self.lights = wp.array(lights, dtype=structs.Light, device=self.device)
        self.maps_empty = wp.zeros(
            (max(len(lights), 1), shadow_size**2), dtype=wp.uint64, device=self.device
        )
        self.maps = wp.clone(self.maps_empty)
        self.folds = wp.array(fold_texture(), dtype=wp.vec3, device=self.device)
        self.stamp = wp.zeros((1, 1), dtype=int, device=self.device)
        self.stamps = 0
        self._load_stage(rays)
        self.views = [self._view(camera, rays) for camera in cameras]
        self.load([])

    def _array(self, values: Any, dtype: Any) -> Any:
        return wp.array(np.ascontiguousarray(values), dtype=dtype, device=self.device)

    def load(self, meshes: Sequence[PersonMesh], show_phone: Sequence[bool] = ()) -> None:
        """Take these people, instead of those before; `show_phone` says who holds a phone."""
        self.vertex_start = [int(n) for n in np.cumsum([0] + [len(m.vertices) for m in meshes])]
        shown = []
        for index, mesh in enumerate(meshes):
            phone = index < len(show_phone) and show_phone[index]
            shown.append(np.ones(len(mesh.faces), bool) if phone else mesh.slot != PHONE)
        counts = [int(s.sum()) for s in shown]
        self.face_start = [int(n) for n in np.cumsum([0, *counts])]

        def stack(values: list[Any], width: int) -> Any:
            return np.concatenate(values) if values else np.zeros((1, width))

        data = structs.Vertices()
        data.rest = self._array(stack([m.vertices for m in meshes], 3), wp.vec3)
        data.rest_normal = self._array(stack([m.normals for m in meshes], 3), wp.vec3)
        data.bones = self._array(stack([m.bones for m in meshes], 4).astype(np.int32), wp.vec4i)
        data.weights = self._array(stack([m.weights for m in meshes], 4), wp.vec4)
        data.color = self._array(stack([m.color for m in meshes], 3), wp.vec3)
        data.uv = self._array(stack([m.uv for m in meshes], 2), wp.vec2)
        total = max(int(self.vertex_start[-1]), 1)
        data.occlusion = wp.full(total, 1.0, dtype=float, device=self.device)
        for name in ("position", "next_position", "normal"):
            setattr(data, name, wp.zeros(total, dtype=wp.vec3, device=self.device))
        self.mesh = data
        faces = [
            (m.faces + s)[keep]
            for m, s, keep in zip(meshes, self.vertex_start, shown, strict=False)
        ]
        self.faces = self._array(stack(faces, 3).astype(np.int32), wp.vec3i)
        slots = [
            m.slot[keep] + 10 * i for i, (m, keep) in enumerate(zip(meshes, shown, strict=True))
        ]
        joined = np.concatenate(slots) if slots else np.zeros(1)
        self.face_material = self._array(joined.astype(np.int32), int)
        self.closed = self._array((joined % 10 == SKIN).astype(np.uint8), wp.uint8)
        self.face_owner = self._array((joined // 10).astype(np.int32), int)
        materials = [
            _material(c, s) for m in meshes for c, s in zip(m.materials, m.strap, strict=True)
        ]
        self.materials = wp.array(
            materials or [structs.Material()], dtype=structs.Material, device=self.device
        )
        self.counts = wp.zeros(max(len(meshes), 1), dtype=int, device=self.device)
        self.start, self.end, self.scratch = (
            wp.zeros(total, dtype=wp.vec3, device=self.device) for _ in range(3)
        )
        for index in range(len(meshes)):
            self._bake_occlusion(index, faces[index])
        self.pose([])

    def _bake_occlusion(self, index: int, faces: Ints) -> None:
        first, last = self.vertex_start[index], self.vertex_start[index + 1]
        points = self.mesh.rest[first:last]
        body = wp.Mesh(wp.clone(points), self._array((faces - first).astype(np.int32).ravel(), int))
        wp.launch(
            vertex_occlusion_kernel, int(last - first), device=self.device,
            inputs=[body.id, points, self.mesh.rest_normal[first:last], 12,
                    self.mesh.occlusion[first:last]],
        )  # fmt: skip

    def _load_stage(self, rays: int) -> None:
        stage = self.stage
        self.stage_mesh = wp.Mesh(
            self._array(stage.vertices, wp.vec3),
            self._array(stage.faces.astype(np.int32).ravel(), int),
        )
        self.face_surface = self._array(stage.surface.astype(np.int32), int)
        surfaces = []
        for s in stage.surfaces:
            surface = structs.Surface()
            surface.kind, surface.scale, surface.seed, surface.glow = (
                s.kind,
                s.scale,
                s.seed,
                s.glow,
            )
            surface.color = wp.vec3(*linear(s.color).tolist())
            surface.second = wp.vec3(*linear(s.second).tolist())
            surfaces.append(surface)
        self.surfaces = wp.array(surfaces, dtype=structs.Surface, device=self.device)
        for index, light in enumerate(self._lights_host):
            wp.launch(
                place_shadow_kernel, self._shadow_size**2, device=self.device,
                inputs=[self.stage_mesh.id, light, index, self.maps_empty],
            )  # fmt: skip

    def _view(self, camera: Camera, rays: int) -> _View:
        view = _View(camera, len(self._lights_host), self.device)
        radius = self.stage.lamps[0].radius if self.stage.lamps else 0.3
        wp.launch(
            place_color_kernel, camera.width * camera.height, device=self.device,
            inputs=[self.stage_mesh.id, self.face_surface, self.surfaces, view.lens, view.pixels,
                    view.empty],
        )  # fmt: skip
        wp.launch(
            place_lighting_kernel, camera.width * camera.height, device=self.device,
            inputs=[self.stage_mesh.id, self.face_surface, self.surfaces, view.lens, self.lights,
                    radius, wp.vec3(*self.stage.sky), wp.vec3(*self.stage.inside), rays,
                    view.pixels],
        )  # fmt: skip
        self._denoise(view)
        return view

    def _denoise(self, view: _View) -> None:
        """Smooth the sampled light over neighbours of the same plane (a joint bilateral filter)."""
        h, w = view.camera.height, view.camera.width
        normal = view.pixels.normal.numpy().reshape(h, w, 3)
        place = view.pixels.position.numpy().reshape(h, w, 3)
        eye = view.camera.origin
        plane = (normal * place).sum(-1)
        reach = np.linalg.norm(place - eye, axis=-1)
        layers = [view.pixels.ambient.numpy().reshape(h, w, 3)]
        direct = view.pixels.direct.numpy()
        layers += [d.reshape(h, w, 3) for d in direct]
        radii = [3] + [1] * len(direct)
        for index, (layer, radius) in enumerate(zip(layers, radii, strict=True)):
            total, weight = layer.copy(), np.ones((h, w, 1), np.float32)
            for dy in range(-radius, radius + 1):
                for dx in range(-radius, radius + 1):
                    if dx == 0 and dy == 0:
                        continue

                    def moved(a: Any, dy: int = dy, dx: int = dx) -> Any:
                        return np.roll(a, (dy, dx), (0, 1))

                    same = ((normal * moved(normal)).sum(-1) > 0.95) & (
                        np.abs(plane - moved(plane)) < 0.02 + 0.005 * reach
                    )
                    total += moved(layer) * same[..., None]
                    weight += same[..., None]
            layers[index] = total / weight
        view.pixels.ambient.assign(layers[0].reshape(-1, 3))
        if len(direct):
            view.pixels.direct.assign(np.stack([x.reshape(-1, 3) for x in layers[1:]]))

    def pose(self, poses: Sequence[Pose]) -> None:
        """Skin the people present and draw their shadow maps; call before `draw` and `seen`."""
        self.poses = list(poses)
        for pose in self.poses:
            first = int(self.vertex_start[pose.person])
            wp.launch(
                skin_kernel, int(self.vertex_start[pose.person + 1]) - first, device=self.device,
                inputs=[self.mesh, first, self._array(pose.rotations, wp.mat33),
                        self._array(pose.offsets, wp.vec3),
                        self._array(pose.next_rotations, wp.mat33),
                        self._array(pose.next_offsets, wp.vec3)],
            )  # fmt: skip
        balls = np.zeros((max(len(self.poses), 1), len(_BALLS), 4))
        for row, pose in zip(balls, self.poses, strict=False):
            row[:, :3] = pose.joints[[JOINT_INDEX[name] for name, _ in _BALLS]]
            row[:, 3] = [radius for _, radius in _BALLS]
        self.balls = self._array(balls.reshape(-1, 4), wp.vec4)
        wp.copy(self.maps, self.maps_empty)
        for index, light in enumerate(self._lights_host):
            lens = light.lens
            scratch = self.scratch
            lamp = self.stage.lamps[index]
            for pose in self.poses:
                if not lamp.sun and np.hypot(*(pose.joints[0] - lamp.position)[:2]) > _LAMP_REACH:
                    continue
                self._project(pose, lens, 0.0, scratch, scratch)
                self._raster(pose, scratch, scratch, lens, 1, self.maps[index : index + 1])

    def _project(self, pose: Pose, lens: Any, share: float, start: Any, end: Any) -> None:
        first = int(self.vertex_start[pose.person])
        wp.launch(
            project_kernel, int(self.vertex_start[pose.person + 1]) - first, device=self.device,
            inputs=[self.mesh, lens, first, share, start, end],
        )  # fmt: skip

    def _raster(self, pose: Pose, start: Any, end: Any, lens: Any, samples: int, keys: Any) -> None:
        first = int(self.face_start[pose.person])
        wp.launch(
            raster_kernel, int(self.face_start[pose.person + 1]) - first, device=self.device,
            inputs=[self.faces, first, start, end, lens.width, lens.height, samples, self.closed,
                    keys],
        )  # fmt: skip

    def draw(self, index: int, share: float = 0.0) -> Floats:
        """Draw one camera's picture.

        Args:
            index: of the camera.
            share: of the time to the next frame during which the shutter is open.

        Returns:
            Linear light, ``(H, W, 3)`` RGB float32.
        """
        view = self.views[index]
        wp.copy(view.keys, view.empty)
        for pose in self._in_view(view):
            self._project(pose, view.lens, share, self.start, self.end)
            self._raster(pose, self.start, self.end, view.lens, SAMPLES, view.keys)
        wp.launch(
            place_light_kernel, len(view.light), device=self.device,
            inputs=[view.lens, view.pixels, self.lights, self.maps, self.balls, len(self.poses),
                    len(_BALLS), view.light],
        )  # fmt: skip
        (sky, ground) = self.stage.ambient
        wp.launch(
            compose_kernel, view.camera.width * view.camera.height, device=self.device,
            inputs=[view.keys, self.faces, self.face_material, self.materials, self.mesh,
                    self.start, self.end, view.lens, view.pixels, self.lights, self.maps,
                    wp.vec3(*sky), wp.vec3(*ground), self.folds, view.light, view.out],
        )  # fmt: skip
        return np.array(view.out.numpy()).reshape(view.camera.height, view.camera.width, 3)

    def _in_view(self, view: _View) -> list[Pose]:
        camera = view.camera
        shown = []
        for pose in self.poses:
            pixels, depth = camera.project(pose.joints)
            ahead = depth > 0.05
            if not ahead.any():
                continue
            reach = 0.45 * camera.focal / max(float(depth[ahead].min()), 0.3)
            low, high = pixels[ahead].min(0) - reach, pixels[ahead].max(0) + reach
            if (high > 0).all() and (low < [camera.width, camera.height]).all():
                shown.append(pose)
        return shown

    def seen(self, index: int) -> list[Seen]:
        """Who camera `index` sees, exactly; call right after its `draw`."""
        view = self.views[index]
        self.counts.zero_()
        wp.launch(
            count_kernel, view.keys.shape, device=self.device,
            inputs=[view.keys, self.face_owner, self.counts],
        )  # fmt: skip
        visible = self.counts.numpy()
        result = []
        for pose in self._in_view(view):
            if visible[pose.person] == 0:
                continue
            first, last = self.vertex_start[pose.person : pose.person + 2]
            ends = np.concatenate([self.start[first:last].numpy(), self.end[first:last].numpy()])
            x, y = (np.ascontiguousarray(ends[ends[:, 2] > 0, axis]) for axis in (0, 1))
            box = np.array([x.min(), y.min(), x.max(), y.max()], dtype=np.float64)
            result.append(
                Seen(pose.person, box, int(visible[pose.person]), self._alone(view, pose, box))
            )
        return result

    def _alone(self, view: _View, pose: Pose, box: Floats) -> int:
        """Samples a person covers with nobody and nothing else there."""
        width, height = _CANVAS * view.camera.width, _CANVAS * view.camera.height
        if self.stamp.shape != (SAMPLES, width * height):
            self.stamp = wp.zeros((SAMPLES, width * height), dtype=int, device=self.device)
        self.stamps += 1
        total = wp.zeros(1, dtype=int, device=self.device)
        first = int(self.face_start[pose.person])
        shift = np.floor(box[:2])
        wp.launch(
            cover_kernel, int(self.face_start[pose.person + 1]) - first, device=self.device,
            inputs=[self.faces, first, self.start, self.end, float(shift[0]), float(shift[1]),
                    width, height, self.stamps, self.stamp, total],
        )  # fmt: skip
        return int(total.numpy()[0])
