"""The floor from above: cameras, what they see, and the paths of people by global id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mtmc.calibration import Calibration
from mtmc.files import replacing
from mtmc.outputs.drawing import (
    BLACK,
    FONT,
    WHITE,
    Color,
    clock,
    draw_text,
    id_color,
    id_round,
    readable_on,
)
from mtmc.outputs.paths import FloorPaths
from mtmc.outputs.video import VideoWriter
from mtmc.types import Doubles, Image

BACKGROUND: Color = (30, 25, 22)
GRID: Color = (48, 42, 38)
GRID_MAIN: Color = (76, 68, 62)
LETTERS: Color = (170, 162, 156)
CAMERA: Color = (235, 228, 222)
VIEW_SHADE = 0.07  # how much lighter the floor is for each camera that sees it

RINGS = (None, WHITE, BLACK)  # around people, see ``id_round``
MARGIN = 1.0  # m around everything
BORDER = 36  # px for the axes' numbers
FAR = 25.0  # m beyond which a camera's view is not drawn
OUTLIERS = 0.5  # percent of positions on each side that may lie outside the plan
TRAIL = 6.0  # s
FADED = 0.3  # brightness at which a path begins in the picture of all paths
SUBPIXEL = 4  # fractional bits of the coordinates that OpenCV draws


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """A rectangle of the floor.

    Args:
        low: ``(2,)`` m, its corner with the smallest coordinates.
        high: ``(2,)`` m.
    """

    low: Doubles
    high: Doubles

    @classmethod
    def around(cls, paths: FloorPaths, cameras: Mapping[str, Calibration]) -> Extent:
        """What shows all people, but for outliers, and all cameras."""
        walked = [path.points for path in paths.people.values()]
        points = np.concatenate([np.zeros((0, 2)), *walked])
        points = points[np.isfinite(points).all(axis=1)]
        corners = [c.position[:2] for c in cameras.values() if c.position is not None]
        if len(points):
            corners += list(np.percentile(points, [OUTLIERS, 100 - OUTLIERS], axis=0))
        if not corners:
            corners = [np.zeros(2)]
        low, high = np.min(corners, axis=0) - MARGIN, np.max(corners, axis=0) + MARGIN
        return cls(low, high)


class FloorPlan:
    """Draws on the floor as seen from above, y upwards.

    Args:
        extent: what it shows.
        cameras: for images of their size, by name.
        width: greatest width of the picture, px.
        height: greatest height, px.
    """

    def __init__(
        self, extent: Extent, cameras: Mapping[str, Calibration], width: int, height: int
    ) -> None:
        self._extent = extent
        room = np.maximum([width - 2 * BORDER, height - 2 * BORDER], 8)
        reach = extent.high - extent.low
        self._scale = float(np.min(room / reach))  # px/m
        inner = np.ceil(reach * self._scale).astype(int)
        full = np.minimum(inner + 2 * BORDER, [width, height]) // 2 * 2
        self.size = (int(full[0]), int(full[1]))
        self._base = np.full((self.size[1], self.size[0], 3), BACKGROUND, np.uint8)
        self._draw_views(cameras)
        self._draw_grid()
        for name, camera in cameras.items():
            self._draw_camera(name, camera)

    def blank(self) -> Image:
        """The plan without people."""
        return self._base.copy()

    def pixels(self, points: Doubles) -> Doubles:
        """``(N, 2)`` px of floor positions ``(N, 2)`` m."""
        offset = (np.asarray(points, np.float64) - self._extent.low) * self._scale
        result: Doubles = np.column_stack(
            [BORDER + offset[:, 0], self.size[1] - BORDER - offset[:, 1]]
        )
        return result

    def draw_path(self, image: Image, points: Doubles, color: Color, brightness: Doubles) -> None:
        """Draw a path, in pieces where positions are NaN.

        Args:
            image: to draw on.
            points: ``(N, 2)`` m.
            color: of the path.
            brightness: ``(N,)`` of each position, 0 = the floor beneath .. 1.
        """
        if len(points) < 2:
            return
        at = self.pixels(points)
        known = np.isfinite(at[:, 0] + at[:, 1])
        at = np.where(known[:, None], at, 0)
        inside = np.clip(at, 0, np.array(self.size) - 1).astype(int)
        below = self._base[inside[:, 1], inside[:, 0]]
        mixed = np.outer(brightness, color) + (1 - brightness)[:, None] * below
        fixed = _fixed(at)
        for index in np.flatnonzero(known[1:] & known[:-1]):
            line = tuple(float(value) for value in mixed[index])
            cv2.line(image, fixed[index], fixed[index + 1], line, 3, cv2.LINE_AA, SUBPIXEL)

    def draw_person(self, image: Image, point: Doubles, identity: int) -> None:
        """Draw a disc with a number where somebody is, ``(2,)`` m."""
        at = self.pixels(point[None])
        (center,) = _fixed(at)
        text = str(identity)
        size = 0.5 if len(text) < 3 else 0.4
        (width, height), _ = cv2.getTextSize(text, FONT, size, 1)
        radius = max(11, width // 2 + 3)
        cv2.circle(image, center, (radius + 2) << SUBPIXEL, BACKGROUND, -1, cv2.LINE_AA, SUBPIXEL)
        color = id_color(identity)
        cv2.circle(image, center, radius << SUBPIXEL, color, -1, cv2.LINE_AA, SUBPIXEL)
        x, y = at[0].round().astype(int).tolist()
        corner = (x - width // 2, y + height // 2)
        if around := RINGS[id_round(identity)]:
            cv2.circle(image, center, radius << SUBPIXEL, around, 2, cv2.LINE_AA, SUBPIXEL)
        cv2.putText(image, text, corner, FONT, size, readable_on(color), 1, cv2.LINE_AA)

    def draw_start(self, image: Image, point: Doubles, identity: int) -> None:
        """Draw a ring where a path begins, ``(2,)`` m."""
        (center,) = _fixed(self.pixels(point[None]))
        cv2.circle(image, center, 5 << SUBPIXEL, BACKGROUND, -1, cv2.LINE_AA, SUBPIXEL)
        cv2.circle(image, center, 5 << SUBPIXEL, id_color(identity), 2, cv2.LINE_AA, SUBPIXEL)

    def _draw_grid(self) -> None:
        """A line per metre, or per 5 or 10 in a large place; numbers at the main ones."""
        step = next((s for s in (1, 5, 10, 50, 100) if s * self._scale >= 12), 500)
        main = next((s for s in (1, 2, 5, 10, 20, 50, 100) if s * self._scale >= 60), 500)
        low, high = self._extent.low, self._extent.high
        for axis in (0, 1):
            first, last = np.ceil(low[axis] / step), np.floor(high[axis] / step)
            for value in np.arange(first, last + 1) * step:
                ends = np.array([low, high])
                ends[:, axis] = value
                a, b = _fixed(self.pixels(ends))
                numbered = bool(value % main == 0)
                color = GRID_MAIN if numbered else GRID
                cv2.line(self._base, a, b, color, 1, cv2.LINE_AA, SUBPIXEL)
                if numbered:
                    self._draw_number(axis, value, ends[0])
        _write(self._base, "m", (BORDER // 2, self.size[1] - BORDER // 2), LETTERS)

    def _draw_number(self, axis: int, value: float, at: Doubles) -> None:
        x, y = self.pixels(at[None])[0]
        place = (x, self.size[1] - BORDER / 2) if axis == 0 else (BORDER / 2, y)
        _write(self._base, f"{value + 0.0:g}", place, LETTERS)  # no -0

    def _draw_views(self, cameras: Mapping[str, Calibration]) -> None:
        """Lighten what the cameras see of the floor, more where several do."""
        seen = np.zeros(self._base.shape[:2], np.float32)
        outlines = [
            _fixed(self.pixels(view))
            for camera in cameras.values()
            if len(view := floor_view(camera)) > 2
        ]
        for outline in outlines:
            layer = np.zeros_like(seen)
            cv2.fillPoly(layer, [np.array(outline)], 1.0, cv2.LINE_AA, SUBPIXEL)
            seen += layer
        share = (1 - (1 - VIEW_SHADE) ** seen)[..., None]
        self._base[:] = (self._base * (1 - share) + np.array(CAMERA) * share).astype(np.uint8)
        # Nothing outside the plan itself.
        self._base[: BORDER - 1], self._base[self.size[1] - BORDER + 1 :] = BACKGROUND, BACKGROUND
        self._base[:, : BORDER - 1] = BACKGROUND
        self._base[:, self.size[0] - BORDER + 1 :] = BACKGROUND

    def _draw_camera(self, name: str, camera: Calibration) -> None:
        """A disc where it stands with an arrowhead where it looks, and its name."""
        line = _axis(camera)
        if line is None:
            return
        start, ahead = self.pixels(line)
        direction = (ahead - start) / max(float(np.linalg.norm(ahead - start)), 1e-9)
        side = np.array([-direction[1], direction[0]])
        head = [start + 20 * direction, start + 8 * side, start - 8 * side]
        cv2.fillPoly(self._base, [np.array(_fixed(np.array(head)))], CAMERA, cv2.LINE_AA, SUBPIXEL)
        (center,) = _fixed(start[None])
        cv2.circle(self._base, center, 8 << SUBPIXEL, CAMERA, -1, cv2.LINE_AA, SUBPIXEL)
        _write(self._base, name, tuple(start - 24 * direction), CAMERA)


def _fixed(points: Doubles) -> list[tuple[int, int]]:
    """Pixels as whole numbers with ``SUBPIXEL`` fractional bits."""
    limit = 1 << 24  # far outside any picture
    whole = np.clip(np.round(np.asarray(points) * (1 << SUBPIXEL)), -limit, limit).astype(np.int32)
    return [(int(x), int(y)) for x, y in whole]


def _write(image: Image, text: str, middle: tuple[float, ...], color: Color) -> None:
    """Write around a middle, px, moved to be inside the image."""
    (width, height), _ = cv2.getTextSize(text, FONT, 0.45, 1)
    x = min(max(middle[0] - width / 2, 2), image.shape[1] - width - 2)
    y = min(max(middle[1] + height / 2, height + 2), image.shape[0] - 4)
    cv2.putText(image, text, (round(x), round(y)), FONT, 0.45, color, 1, cv2.LINE_AA)


def floor_view(camera: Calibration, columns: int = 64) -> Doubles:
    """Outline ``(K, 2)`` m of the floor in the image, at most ``FAR`` away.

    Seen from the lower image border; each image column is followed up to its horizon.
    """
    if camera.size is None:
        return np.zeros((0, 2))
    width, height = camera.size
    x, y = np.meshgrid(np.linspace(0, width - 1, columns), np.arange(height - 1, -1, -1))
    floor = camera.to_floor(np.column_stack([x.ravel(), y.ravel()]))
    floor = floor.reshape(height, columns, 2)
    origin = camera.position[:2] if camera.position is not None else floor[0, columns // 2]
    near = np.linalg.norm(floor - origin, axis=2) < FAR  # False for NaN
    # Of each column, what is connected with the image's lower border.
    last = np.where(near.all(axis=0), height, near.argmin(axis=0)) - 1
    some = np.flatnonzero(last >= 0)
    return np.concatenate([floor[0, some], floor[last[some], some][::-1]])


def _axis(camera: Calibration) -> Doubles | None:
    """Two points ``(2, 2)`` m: where the camera stands and one that it looks at.

    Of a camera whose position is unknown, the first is the nearest floor that it sees.
    """
    if camera.size is None:
        return None
    width, height = camera.size
    rows = np.linspace(height - 1, height / 2, 16)
    floor = camera.to_floor(np.column_stack([np.full(len(rows), width / 2), rows]))
    floor = floor[np.isfinite(floor).all(axis=1)]
    if camera.position is not None:
        floor = np.concatenate([camera.position[None, :2], floor])
    return floor[[0, -1]] if len(floor) > 1 else None


def draw_all_paths(plan: FloorPlan, paths: FloorPaths) -> Image:
    """Everybody's whole path, brighter towards its end, where the number is."""
    image = plan.blank()
    ends = []
    for identity, path in paths.people.items():
        count = len(path.points)
        plan.draw_path(image, path.points, id_color(identity), np.linspace(FADED, 1, count))
        known = path.points[np.isfinite(path.points).all(axis=1)]
        if len(known):
            plan.draw_start(image, known[0], identity)
            ends.append((identity, known[-1]))
    for identity, point in ends:
        plan.draw_person(image, point, identity)
    return image


def draw_moments(plan: FloorPlan, paths: FloorPaths) -> Iterator[tuple[float, Image]]:
    """Each tick's time in s and picture: where people are, and where they have just been."""
    length = int(TRAIL * paths.rate)
    for tick in range(paths.count):
        image = plan.blank()
        now = []
        for identity, path in paths.people.items():
            trail = path.between(tick - length, tick)
            if path.first + len(path.points) <= tick - length or len(trail) == 0:
                continue
            newest = min(tick, path.first + len(path.points) - 1)
            age = newest - np.arange(len(trail))[::-1]
            brightness = np.clip(1 - (tick - age) / length, 0, 1)
            plan.draw_path(image, trail, id_color(identity), brightness)
            if newest == tick and np.isfinite(trail[-1]).all():
                now.append((identity, trail[-1]))
        for identity, point in now:
            plan.draw_person(image, point, identity)
        time = paths.start + tick / paths.rate
        draw_text(image, clock(time), (8, 8), LETTERS, BACKGROUND)
        yield time, image


def write_picture(path: Path, plan: FloorPlan, paths: FloorPaths) -> None:
    """Write all paths as a PNG."""
    with replacing(path) as partial:
        cv2.imwrite(str(partial), draw_all_paths(plan, paths))


def write_video(path: Path, plan: FloorPlan, paths: FloorPaths) -> None:
    """Write the whole run as a video; there is none when nobody was on the floor."""
    if not paths.count:
        return
    with (
        replacing(path) as partial,
        closing(VideoWriter(partial, plan.size, paths.rate)) as writer,
    ):
        for time, image in draw_moments(plan, paths):
            writer.write(image, time)
