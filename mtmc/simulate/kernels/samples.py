"""The samples of a pixel, and triangles on the image at their moments."""

import warp as wp

wp.set_module_options({"enable_backward": False})

SAMPLES = 4
# Where the four samples lie in the pixel: a rotated grid.
OFFSET_X = wp.constant(wp.vec4(0.375, 0.875, 0.125, 0.625))
OFFSET_Y = wp.constant(wp.vec4(0.125, 0.375, 0.625, 0.875))
# A sample's key is depth << 32 | triangle, so that the nearest wins an atomic minimum.
DEPTH_UNIT = wp.constant(1.0e5)  # depth is kept in units of 10 micrometres
NOTHING = wp.constant(wp.uint32(0xFFFFFFFF))  # the triangle of a sample that shows no person


@wp.func
def sample_key(depth: float, triangle: wp.uint32) -> wp.uint64:
    return (wp.uint64(wp.uint32(depth * DEPTH_UNIT)) << wp.uint64(32)) | wp.uint64(triangle)


@wp.func
def sample_triangle(key: wp.uint64) -> wp.uint32:
    return wp.uint32(key & wp.uint64(0xFFFFFFFF))


@wp.func
def sample_depth(key: wp.uint64) -> float:
    return float(wp.uint32(key >> wp.uint64(32))) / DEPTH_UNIT


@wp.func
def area(a: wp.vec3, b: wp.vec3, c: wp.vec3) -> float:
    """Twice the signed area on the image."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


@wp.func
def barycentric(a: wp.vec3, b: wp.vec3, c: wp.vec3, inverse: float, x: float, y: float) -> wp.vec2:
    """Weights of b and c at an image point; ``inverse`` is that of `area`."""
    l1 = (x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])
    l2 = (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])
    return wp.vec2(l1 * inverse, l2 * inverse)
