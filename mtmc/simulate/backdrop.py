"""The place on the device: light and depth of what stands still, computed once per camera."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import warp as wp

from mtmc.simulate.body import Floats
from mtmc.simulate.camera import Camera
from mtmc.simulate.dress import linear
from mtmc.simulate.kernels import structs
from mtmc.simulate.kernels.place import (
    place_color_kernel,
    place_lighting_kernel,
    place_shadow_kernel,
)
from mtmc.simulate.kernels.samples import SAMPLES
from mtmc.simulate.stage import Lamp, Stage, Surface


def device() -> str:
    """``cuda:0`` where there is a GPU, else ``cpu``."""
    return "cuda:0" if wp.is_cuda_available() else "cpu"


def upload(values: Any, dtype: Any) -> Any:
    """A Warp array on the device."""
    return wp.array(np.ascontiguousarray(values), dtype=dtype, device=device())


class View:
    """One camera's fixed data and buffers."""

    def __init__(self, camera: Camera, lights: int) -> None:
        dev = device()
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


class Backdrop:
    """A stage on the device.

    Args:
        stage: what stands still.
        shadow_size: pixels of a shadow map's side.

    Attributes:
        lights: the lamps, as the kernels take them.
        maps: ``(lights, shadow_size**2)`` shadow maps of the empty place.
    """

    def __init__(self, stage: Stage, shadow_size: int) -> None:
        self.stage = stage
        self.lights = [light_of(lamp, shadow_size) for lamp in stage.lamps]
        self.light_array = wp.array(self.lights, dtype=structs.Light, device=device())
        self.maps = wp.zeros(
            (max(len(self.lights), 1), shadow_size**2), dtype=wp.uint64, device=device()
        )
        self._mesh = wp.Mesh(
            upload(stage.vertices, wp.vec3), upload(stage.faces.astype(np.int32).ravel(), int)
        )
        self._face_surface = upload(stage.surface.astype(np.int32), int)
        surfaces = [_surface(surface) for surface in stage.surfaces]
        self._surfaces = wp.array(surfaces, dtype=structs.Surface, device=device())
        for index, light in enumerate(self.lights):
            wp.launch(
                place_shadow_kernel, shadow_size**2, device=device(),
                inputs=[self._mesh.id, light, index, self.maps],
            )  # fmt: skip

    def view(self, camera: Camera, rays: int) -> View:
        """What a camera sees of the empty place, with that many ambient rays per pixel."""
        view = View(camera, len(self.lights))
        radius = self.stage.lamps[0].radius if self.stage.lamps else 0.3
        wp.launch(
            place_color_kernel, camera.width * camera.height, device=device(),
            inputs=[self._mesh.id, self._face_surface, self._surfaces, view.lens, view.pixels,
                    view.empty],
        )  # fmt: skip
        wp.launch(
            place_lighting_kernel, camera.width * camera.height, device=device(),
            inputs=[self._mesh.id, self._face_surface, self._surfaces, view.lens,
                    self.light_array, radius, wp.vec3(*self.stage.sky),
                    wp.vec3(*self.stage.inside), rays, view.pixels],
        )  # fmt: skip
        _denoise(view)
        return view


def _denoise(view: View) -> None:
    """Smooth the sampled light over neighbours of the same plane (a joint bilateral filter)."""
    h, w = view.camera.height, view.camera.width
    normal = view.pixels.normal.numpy().reshape(h, w, 3)
    place = view.pixels.position.numpy().reshape(h, w, 3)
    plane = (normal * place).sum(-1)
    tolerance = 0.02 + 0.005 * np.linalg.norm(place - view.camera.origin, axis=-1)

    def smooth(layer: Floats, radius: int) -> Floats:
        total, weight = layer.copy(), np.ones((h, w, 1), np.float32)
        for shift in _neighbours(radius):
            same = ((normal * np.roll(normal, shift, (0, 1))).sum(-1) > 0.95) & (
                np.abs(plane - np.roll(plane, shift, (0, 1))) < tolerance
            )
            total += np.roll(layer, shift, (0, 1)) * same[..., None]
            weight += same[..., None]
        smoothed: Floats = total / weight
        return smoothed.reshape(-1, 3)

    view.pixels.ambient.assign(smooth(view.pixels.ambient.numpy().reshape(h, w, 3), 3))
    direct = view.pixels.direct.numpy()
    if len(direct):
        view.pixels.direct.assign(np.stack([smooth(d.reshape(h, w, 3), 1) for d in direct]))


def _neighbours(radius: int) -> Iterator[tuple[int, int]]:
    around = range(-radius, radius + 1)
    return ((dy, dx) for dy in around for dx in around if dx or dy)


def _surface(s: Surface) -> Any:
    surface = structs.Surface()
    surface.kind, surface.scale, surface.seed, surface.glow = s.kind, s.scale, s.seed, s.glow
    surface.color = wp.vec3(*linear(s.color).tolist())
    surface.second = wp.vec3(*linear(s.second).tolist())
    return surface


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


def light_of(lamp: Lamp, size: int) -> Any:
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
