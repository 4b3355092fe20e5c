"""What stands still in a simulated place: geometry, surfaces and light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mtmc.simulate.body import Floats, Ints


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
    """A kind of surface of the place (see `place.PLAIN` and its like); colours are sRGB."""

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
