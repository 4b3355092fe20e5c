"""A camera above the floor by a few numbers, and the people it sees by feet and head."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mtmc.calibration import CameraModel
from mtmc.calibration.camera import PERSON_HEIGHT
from mtmc.calibration.entry import Lens
from mtmc.types import Doubles

Points = NDArray[np.complex128]  # floor positions, x + iy, m


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a camera stands and looks.

    Args:
        focal: focal length, in units of the image coordinates.
        tilt: below the horizon, rad.
        roll: about the viewing direction, rad, clockwise.
        height: above the floor, m.
        yaw: of the viewing direction, rad, counter-clockwise from +y.
        x: of the place on the floor, m.
        y: likewise.
        offset: s to add to the camera's clock.
    """

    focal: float
    tilt: float
    roll: float
    height: float
    yaw: float = 0.0
    x: float = 0.0
    y: float = 0.0
    offset: float = 0.0

    @property
    def level(self) -> Doubles:
        """``(3, 3)`` rotation from a world that is turned to the viewing direction."""
        sin, cos = np.sin(self.tilt), np.cos(self.tilt)
        upright = np.array([[1, 0, 0], [0, -sin, -cos], [0, cos, -sin]])
        sin, cos = np.sin(self.roll), np.cos(self.roll)
        result: Doubles = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]) @ upright
        return result

    def own_floor(self, feet: Doubles) -> Points:
        """Floor positions ``(N,)`` of image points ``(N, 2)`` as if it stood at the origin, yaw 0.

        NaN above the horizon.
        """
        rays = np.column_stack([feet / self.focal, np.ones(len(feet))]) @ self.level
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(rays[:, 2] < -1e-6, -self.height / rays[:, 2], np.nan)
        result: Points = (rays[:, 0] + 1j * rays[:, 1]) * reach
        return result

    def floor(self, feet: Doubles) -> Points:
        """Floor positions ``(N,)`` of image points ``(N, 2)``."""
        result: Points = self.own_floor(feet) * np.exp(1j * self.yaw) + self.x + 1j * self.y
        return result

    def heads(self, feet: Doubles) -> Doubles:
        """Where the heads ``(N, 2)`` of people with feet there are in the image."""
        own = self.own_floor(feet)
        above = np.full(len(own), PERSON_HEIGHT - self.height)
        seen = np.column_stack([own.real, own.imag, above]) @ self.level.T
        with np.errstate(divide="ignore", invalid="ignore"):
            result: Doubles = (
                self.focal * seen[:, :2] / np.where(seen[:, 2:] > 0, seen[:, 2:], np.nan)
            )
        return result

    def moved(self, factor: complex, shift: complex) -> Pose:
        """The pose after its floor was turned and scaled by ``factor`` and then shifted."""
        place = (self.x + 1j * self.y) * factor + shift
        return replace(
            self,
            height=self.height * abs(factor),
            yaw=self.yaw + float(np.angle(factor)),
            x=float(place.real),
            y=float(place.imag),
        )


@dataclass(frozen=True, slots=True, eq=False)
class PixelMap:
    """How a camera's pixels become the image coordinates of a ``Pose``.

    With a lens these are undistorted and have focal length 1; without one, they are centred and in
    units of the image width, and the focal length is to be found.

    Args:
        size: ``(width, height)`` px.
        lens: the intrinsics for images of that size, None where unknown.
    """

    size: tuple[int, int]
    lens: CameraModel | None = None

    @classmethod
    def of(cls, size: tuple[int, int], lens: Lens | None) -> PixelMap:
        """For images of a size, whatever size the lens was calibrated with."""
        if lens is None:
            return cls(size)
        return cls(size, lens.at(np.eye(4)).resized(size))

    def coordinates(self, pixels: Doubles) -> Doubles:
        """``(N, 2)`` image coordinates."""
        if self.lens is not None:
            return self.lens.undistorted(pixels)
        result: Doubles = (pixels - np.array(self.size) / 2) / self.size[0]
        return result

    def model(self, pose: Pose) -> CameraModel:
        """The camera of a pose."""
        turn = np.array(
            [
                [np.cos(pose.yaw), np.sin(pose.yaw), 0],
                [-np.sin(pose.yaw), np.cos(pose.yaw), 0],
                [0, 0, 1],
            ]
        )
        extrinsic = np.eye(4)
        extrinsic[:3, :3] = pose.level @ turn
        extrinsic[:3, 3] = -extrinsic[:3, :3] @ [pose.x, pose.y, pose.height]
        if self.lens is not None:
            return replace(self.lens, extrinsic=extrinsic, size=self.size)
        width, height = self.size
        focal = pose.focal * width
        matrix = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
        return CameraModel(matrix, np.zeros(5), extrinsic, self.size)
