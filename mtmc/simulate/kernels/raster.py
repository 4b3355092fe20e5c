"""Which triangle each sample of a pixel shows."""

import warp as wp

from mtmc.simulate.kernels.samples import (
    NOTHING,
    OFFSET_X,
    OFFSET_Y,
    SAMPLES,
    area,
    barycentric,
    sample_key,
    sample_triangle,
)

wp.set_module_options({"enable_backward": False})


@wp.func
def behind(f: wp.vec3i, points: wp.array(dtype=wp.vec3)) -> bool:
    """Whether a corner is not before the camera."""
    return wp.min(points[f[0]][2], wp.min(points[f[1]][2], points[f[2]][2])) <= 0.0


@wp.func
def spanned(
    a: wp.vec3, b: wp.vec3, c: wp.vec3, ox: float, oy: float, width: int, height: int
) -> wp.vec4i:
    """First and last column, first and last row whose samples may lie in the triangle."""
    x0 = wp.max(0, int(wp.ceil(wp.min(a[0], wp.min(b[0], c[0])) - ox)))
    x1 = wp.min(width - 1, int(wp.floor(wp.max(a[0], wp.max(b[0], c[0])) - ox)))
    y0 = wp.max(0, int(wp.ceil(wp.min(a[1], wp.min(b[1], c[1])) - oy)))
    y1 = wp.min(height - 1, int(wp.floor(wp.max(a[1], wp.max(b[1], c[1])) - oy)))
    if x0 > x1 or area(a, b, c) == 0.0:
        y1 = y0 - 1
    return wp.vec4i(x0, x1, y0, y1)


@wp.kernel
def raster_kernel(
    faces: wp.array(dtype=wp.vec3i),
    first: int,
    start: wp.array(dtype=wp.vec3),
    end: wp.array(dtype=wp.vec3),
    width: int,
    height: int,
    samples: int,
    closed: wp.array(dtype=wp.uint8),
    keys: wp.array2d(dtype=wp.uint64),
):
    """Keep, per sample, the nearest triangle."""
    t = first + wp.tid()
    f = faces[t]
    if behind(f, start) or behind(f, end):
        return
    if closed[t] != wp.uint8(0) and area(start[f[0]], start[f[1]], start[f[2]]) >= 0.0:
        return
    for s in range(samples):
        time = 0.0
        ox = 0.5
        oy = 0.5
        if samples > 1:
            time = (float(s) + 0.5) / float(samples)
            ox = OFFSET_X[s]
            oy = OFFSET_Y[s]
        a = start[f[0]] + time * (end[f[0]] - start[f[0]])
        b = start[f[1]] + time * (end[f[1]] - start[f[1]])
        c = start[f[2]] + time * (end[f[2]] - start[f[2]])
        span = spanned(a, b, c, ox, oy, width, height)
        inverse = 1.0 / area(a, b, c)
        for y in range(span[2], span[3] + 1):
            for x in range(span[0], span[1] + 1):
                bc = barycentric(a, b, c, inverse, float(x) + ox, float(y) + oy)
                if bc[0] >= 0.0 and bc[1] >= 0.0 and bc[0] + bc[1] <= 1.0:
                    depth = a[2] + bc[0] * (b[2] - a[2]) + bc[1] * (c[2] - a[2])
                    wp.atomic_min(keys, s, y * width + x, sample_key(depth, wp.uint32(t)))


@wp.kernel
def count_kernel(
    keys: wp.array2d(dtype=wp.uint64), owner: wp.array(dtype=int), counts: wp.array(dtype=int)
):
    """Count the samples each person owns."""
    s, i = wp.tid()
    triangle = sample_triangle(keys[s, i])
    if triangle != NOTHING:
        wp.atomic_add(counts, owner[int(triangle)], 1)


@wp.kernel
def cover_kernel(
    faces: wp.array(dtype=wp.vec3i),
    first: int,
    start: wp.array(dtype=wp.vec3),
    end: wp.array(dtype=wp.vec3),
    left: float,
    top: float,
    width: int,
    height: int,
    stamp: int,
    stamps: wp.array2d(dtype=int),
    total: wp.array(dtype=int),
):
    """Count the samples one person covers on a canvas whose corner is at (left, top)."""
    f = faces[first + wp.tid()]
    if behind(f, start) or behind(f, end):
        return
    for s in range(SAMPLES):
        time = (float(s) + 0.5) / float(SAMPLES)
        a = start[f[0]] + time * (end[f[0]] - start[f[0]])
        b = start[f[1]] + time * (end[f[1]] - start[f[1]])
        c = start[f[2]] + time * (end[f[2]] - start[f[2]])
        ox = OFFSET_X[s] + left
        oy = OFFSET_Y[s] + top
        span = spanned(a, b, c, ox, oy, width, height)
        inverse = 1.0 / area(a, b, c)
        for y in range(span[2], span[3] + 1):
            for x in range(span[0], span[1] + 1):
                bc = barycentric(a, b, c, inverse, float(x) + ox, float(y) + oy)
                if bc[0] >= 0.0 and bc[1] >= 0.0 and bc[0] + bc[1] <= 1.0:
                    # Each sample counts once, whatever number of triangles lies over it.
                    if wp.atomic_max(stamps, s, y * width + x, stamp) != stamp:
                        wp.atomic_add(total, 0, 1)
