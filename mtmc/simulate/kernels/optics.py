"""Between the world and the image."""

import warp as wp

from mtmc.simulate.kernels.structs import Lens

wp.set_module_options({"enable_backward": False})


@wp.func
def project(lens: Lens, p: wp.vec3) -> wp.vec3:
    """World point → pixel column, row and depth (m); depth <= 0 is behind the camera."""
    c = lens.rotation * p + lens.translation
    if lens.orthographic == 1:
        return wp.vec3(lens.fx * c[0] + lens.cx, lens.fy * c[1] + lens.cy, c[2])
    if c[2] < 0.05:
        return wp.vec3(0.0, 0.0, -1.0)
    x = c[0] / c[2]
    y = c[1] / c[2]
    r2 = wp.min(x * x + y * y, 2.5)
    d = 1.0 + r2 * (lens.k1 + r2 * lens.k2)
    return wp.vec3(lens.fx * x * d + lens.cx, lens.fy * y * d + lens.cy, c[2])


@wp.func
def pixel_ray(lens: Lens, u: float, v: float) -> wp.vec3:
    """Pixel → direction in the world, distortion removed by fixed-point iteration."""
    xd = (u - lens.cx) / lens.fx
    yd = (v - lens.cy) / lens.fy
    x = xd
    y = yd
    for _ in range(8):
        r2 = x * x + y * y
        d = 1.0 + r2 * (lens.k1 + r2 * lens.k2)
        x = xd / d
        y = yd / d
    return wp.normalize(wp.transpose(lens.rotation) * wp.vec3(x, y, 1.0))


@wp.func
def lens_origin(lens: Lens) -> wp.vec3:
    return -(wp.transpose(lens.rotation) * lens.translation)
