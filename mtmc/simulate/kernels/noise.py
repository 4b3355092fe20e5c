"""Repeatable noise over the plane."""

import warp as wp

wp.set_module_options({"enable_backward": False})


@wp.func
def hash01(x: int, y: int, z: int) -> float:
    """A repeatable number in [0, 1) per lattice point."""
    h = wp.uint32(x) * wp.uint32(374761393) + wp.uint32(y) * wp.uint32(668265263)
    h = h + wp.uint32(z) * wp.uint32(2147483647)
    h = (h ^ (h >> wp.uint32(13))) * wp.uint32(1274126177)
    h = h ^ (h >> wp.uint32(16))
    return float(h & wp.uint32(0xFFFFFF)) / 16777216.0


@wp.func
def smooth_noise(x: float, y: float, seed: int) -> float:
    """Value noise in [0, 1] with unit wavelength."""
    xi = int(wp.floor(x))
    yi = int(wp.floor(y))
    fx = x - float(xi)
    fy = y - float(yi)
    fx = fx * fx * (3.0 - 2.0 * fx)
    fy = fy * fy * (3.0 - 2.0 * fy)
    top = wp.lerp(hash01(xi, yi, seed), hash01(xi + 1, yi, seed), fx)
    bottom = wp.lerp(hash01(xi, yi + 1, seed), hash01(xi + 1, yi + 1, seed), fx)
    return wp.lerp(top, bottom, fy)


@wp.func
def fractal(x: float, y: float, seed: int) -> float:
    """Three octaves of value noise in [0, 1]."""
    n = 0.55 * smooth_noise(x, y, seed) + 0.3 * smooth_noise(2.1 * x, 2.1 * y, seed + 1)
    return n + 0.15 * smooth_noise(4.3 * x, 4.3 * y, seed + 2)


@wp.func
def wrap(x: float) -> float:
    return x - wp.floor(x)
