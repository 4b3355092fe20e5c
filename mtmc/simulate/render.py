"""The renderer: places and people to linear pictures and exact visibility."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import warp as wp

from mtmc.simulate.backdrop import Backdrop, View, device, upload
from mtmc.simulate.body import JOINT_INDEX, Floats
from mtmc.simulate.camera import Camera
from mtmc.simulate.cast import Cast, Pose, fold_texture
from mtmc.simulate.dress import PersonMesh
from mtmc.simulate.kernels.compose import compose_kernel
from mtmc.simulate.kernels.light import place_light_kernel
from mtmc.simulate.kernels.raster import count_kernel, cover_kernel
from mtmc.simulate.kernels.samples import SAMPLES
from mtmc.simulate.stage import Stage

# The balls that stand for a person when ambient light is blocked: joint and radius in m.
_BALLS = [
    ("pelvis", 0.17), ("foot.L", 0.09), ("foot.R", 0.09), ("shin.L", 0.09), ("shin.R", 0.09),
    ("chest", 0.19), ("head", 0.11),
]  # fmt: skip
_LAMP_REACH = 6.0  # m from a lamp within which people throw shadows
_CANVAS = 2  # a person is counted, alone, on a canvas this many times the picture's size


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
        self.backdrop = Backdrop(stage, shadow_size)
        self.maps = wp.clone(self.backdrop.maps)
        self.folds = upload(fold_texture(), wp.vec3)
        self.stamp = wp.zeros((1, 1), dtype=int, device=self.device)
        self.stamps = 0
        self.views = [self.backdrop.view(camera, rays) for camera in cameras]
        self.load([])

    def load(self, meshes: Sequence[PersonMesh], show_phone: Sequence[bool] = ()) -> None:
        """Take these people, instead of those before; `show_phone` says who holds a phone."""
        self.cast = Cast(meshes, show_phone)
        self.counts = wp.zeros(max(len(meshes), 1), dtype=int, device=self.device)
        self.pose([])

    def pose(self, poses: Sequence[Pose]) -> None:
        """Skin the people present and draw their shadow maps; call before `draw` and `seen`."""
        self.poses = list(poses)
        for pose in self.poses:
            self.cast.skin(pose)
        balls = np.zeros((max(len(self.poses), 1), len(_BALLS), 4))
        for row, pose in zip(balls, self.poses, strict=False):
            row[:, :3] = pose.joints[[JOINT_INDEX[name] for name, _ in _BALLS]]
            row[:, 3] = [radius for _, radius in _BALLS]
        self.balls = upload(balls.reshape(-1, 4), wp.vec4)
        wp.copy(self.maps, self.backdrop.maps)
        cast, scratch = self.cast, self.cast.scratch
        for index, lamp in enumerate(self.backdrop.stage.lamps):
            lens = self.backdrop.lights[index].lens
            for pose in self.poses:
                if not lamp.sun and np.hypot(*(pose.joints[0] - lamp.position)[:2]) > _LAMP_REACH:
                    continue
                cast.project(pose, lens, 0.0, scratch, scratch)
                cast.raster(pose, scratch, scratch, lens, 1, self.maps[index : index + 1])

    def draw(self, index: int, share: float = 0.0) -> Floats:
        """Draw one camera's picture.

        Args:
            index: of the camera.
            share: of the time to the next frame during which the shutter is open.

        Returns:
            Linear light, ``(H, W, 3)`` RGB float32.
        """
        view, cast = self.views[index], self.cast
        wp.copy(view.keys, view.empty)
        for pose in self._in_view(view):
            cast.project(pose, view.lens, share, cast.start, cast.end)
            cast.raster(pose, cast.start, cast.end, view.lens, SAMPLES, view.keys)
        wp.launch(
            place_light_kernel, len(view.light), device=self.device,
            inputs=[view.lens, view.pixels, self.backdrop.light_array, self.maps, self.balls,
                    len(self.poses), len(_BALLS), view.light],
        )  # fmt: skip
        (sky, ground) = self.backdrop.stage.ambient
        wp.launch(
            compose_kernel, view.camera.width * view.camera.height, device=self.device,
            inputs=[view.keys, cast.faces, cast.face_material, cast.materials, cast.vertices,
                    cast.start, cast.end, view.lens, view.pixels, self.backdrop.light_array,
                    self.maps, wp.vec3(*sky), wp.vec3(*ground), self.folds, view.light, view.out],
        )  # fmt: skip
        return np.array(view.out.numpy()).reshape(view.camera.height, view.camera.width, 3)

    def _in_view(self, view: View) -> list[Pose]:
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
            inputs=[view.keys, self.cast.face_owner, self.counts],
        )  # fmt: skip
        visible = self.counts.numpy()
        result = []
        for pose in self._in_view(view):
            if visible[pose.person] == 0:
                continue
            first, last = self.cast.vertex_start[pose.person : pose.person + 2]
            ends = np.concatenate(
                [points[first:last].numpy() for points in (self.cast.start, self.cast.end)]
            )
            x, y = (np.ascontiguousarray(ends[ends[:, 2] > 0, axis]) for axis in (0, 1))
            box = np.array([x.min(), y.min(), x.max(), y.max()], dtype=np.float64)
            result.append(
                Seen(pose.person, box, int(visible[pose.person]), self._alone(view, pose, box))
            )
        return result

    def _alone(self, view: View, pose: Pose, box: Floats) -> int:
        """Samples a person covers with nobody and nothing else there."""
        width, height = _CANVAS * view.camera.width, _CANVAS * view.camera.height
        if self.stamp.shape != (SAMPLES, width * height):
            self.stamp = wp.zeros((SAMPLES, width * height), dtype=int, device=self.device)
        self.stamps += 1
        total = wp.zeros(1, dtype=int, device=self.device)
        cast = self.cast
        first, last = cast.face_start[pose.person : pose.person + 2]
        shift = np.floor(box[:2])
        wp.launch(
            cover_kernel, last - first, device=self.device,
            inputs=[cast.faces, first, cast.start, cast.end, float(shift[0]), float(shift[1]),
                    width, height, self.stamps, self.stamp, total],
        )  # fmt: skip
        return int(total.numpy()[0])
