"""Cameras: a pinhole with radial distortion, where it hangs, and how its pictures come out.

The calibration file is JSON in the layout of lab4: `intrinsic` (3x3), `distortion` (OpenCV's k1,
k2, p1, p2, k3), `extrinsic` (4x4, world → camera, metres, floor z = 0) and `resolution`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mtmc.simulate.body import Floats


@dataclass(frozen=True)
class Picture:
    """What makes one camera's pictures its own.

    Attributes:
        exposure: factor on the light; gamma: of the tone curve on top of sRGB's.
        white: gains of blue, green, red; contrast, saturation: 1 is neutral.
        noise: deviation in grey levels at mid grey; blur: Gaussian sigma in px.
        vignette: darkening of the corners, 0 to 1; shutter: s the shutter is open.
    """

    exposure: float = 1.0
    gamma: float = 1.0
    white: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    saturation: float = 1.0
    noise: float = 2.0
    blur: float = 0.5
    vignette: float = 0.15
    shutter: float = 1 / 60


@dataclass(frozen=True)
class Camera:
    """One camera.

    Attributes:
        name: also the stem of its video.
        rotation: ``(3, 3)``, translation: ``(3,)`` m; world → camera, x right, y down, z ahead.
        focal: px; k1, k2: radial distortion.
        width, height: px.
    """

    name: str
    rotation: Floats
    translation: Floats
    focal: float
    width: int
    height: int
    k1: float = 0.0
    k2: float = 0.0
    picture: Picture = field(default_factory=Picture)

    @property
    def matrix(self) -> Floats:
        """Intrinsic matrix, ``(3, 3)``."""
        return np.array(
            [[self.focal, 0, self.width / 2], [0, self.focal, self.height / 2], [0, 0, 1.0]]
        )

    @property
    def origin(self) -> Floats:
        """Where the camera is, ``(3,)`` m."""
        return np.asarray(-self.rotation.T @ self.translation)

    def project(self, points: Floats) -> tuple[Floats, Floats]:
        """Project world points.

        Args:
            points: ``(N, 3)`` m.

        Returns:
            Pixels ``(N, 2)`` and depths ``(N,)`` m; pixels mean nothing where depth < 0.05.
        """
        c = points @ self.rotation.T + self.translation
        z = np.maximum(c[:, 2], 0.05)
        x = c[:, :2] / z[:, None]
        r2 = np.minimum((x**2).sum(1), 2.5)
        d = 1 + r2 * (self.k1 + r2 * self.k2)
        centre = np.array([self.width / 2, self.height / 2])
        return self.focal * x * d[:, None] + centre, c[:, 2]

    def calibration(self) -> dict[str, Any]:
        """The calibration file's content."""
        extrinsic = np.eye(4)
        extrinsic[:3, :3], extrinsic[:3, 3] = self.rotation, self.translation

        def matrix(values: Floats) -> dict[str, Any]:
            names = ("rows", "cols")
            dims = [{"size": s, "name": n} for s, n in zip(values.shape, names, strict=True)]
            return {
                "shape": {"dims": dims},
                "type": "DOUBLE_TYPE",
                "doubles": [round(float(v), 9) for v in values.ravel()],
            }

        return {
            "resolution": {"height": self.height, "width": self.width},
            "intrinsic": matrix(self.matrix),
            "distortion": matrix(np.array([[self.k1, self.k2, 0.0, 0.0, 0.0]])),
            "extrinsic": [{"from": "world", "tf": matrix(extrinsic)}],
        }


def look_at(
    name: str, eye: Floats, target: Floats, width: int, height: int, field_of_view: float,
    picture: Picture | None = None, k1: float = -0.18, roll: float = 0.0,
) -> Camera:  # fmt: skip
    """A camera at `eye` looking at `target`; `field_of_view` is horizontal, in degrees."""
    ahead = np.asarray(target, float) - eye
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(ahead, right)
    right, down = (
        right * np.cos(roll) + down * np.sin(roll),
        down * np.cos(roll) - right * np.sin(roll),
    )
    rotation = np.stack([right, down, ahead])
    # k2 keeps the polynomial monotone, so nothing outside the view folds back into it.
    k2 = 0.6 * k1**2
    half = np.tan(np.radians(field_of_view) / 2)
    edge = half * (1 + k1 * half**2 + k2 * half**4)
    focal = width / 2 / edge
    return Camera(
        name, rotation, -rotation @ eye, float(focal), width, height, k1, k2, picture or Picture()
    )
