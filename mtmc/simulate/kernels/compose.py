"""The picture: the place with the people in it."""

import warp as wp

from mtmc.simulate.kernels.cloth import cloth_color
from mtmc.simulate.kernels.light import arriving, shadow
from mtmc.simulate.kernels.noise import wrap
from mtmc.simulate.kernels.optics import lens_origin
from mtmc.simulate.kernels.samples import (
    NOTHING,
    OFFSET_X,
    OFFSET_Y,
    SAMPLES,
    area,
    barycentric,
    sample_triangle,
)
from mtmc.simulate.kernels.structs import Lens, Light, Material, Pixels, Vertices

wp.set_module_options({"enable_backward": False})

FOLD_TILE = 0.8  # m covered by the fold texture


@wp.func
def fold_at(m: Material, uv: wp.vec2, fold_map: wp.array2d(dtype=wp.vec3)) -> wp.vec3:
    """Slope sideways, slope upwards and depth of the cloth's folds."""
    size = fold_map.shape[0]
    fu = int(wrap(uv[0] / FOLD_TILE + m.phase) * float(size)) % size
    fv = int(wrap(uv[1] / FOLD_TILE + m.phase * 1.7) * float(size)) % size
    return fold_map[fv, fu]


@wp.func
def lit(
    m: Material,
    color: wp.vec3,
    p: wp.vec3,
    n: wp.vec3,
    view: wp.vec3,
    ambient: wp.vec3,
    lights: wp.array(dtype=Light),
    maps: wp.array2d(dtype=wp.uint64),
    seed: int,
) -> wp.vec3:
    """A surface of that colour in ambient light and the lights, with gloss and fuzz."""
    light_in = ambient
    shine = wp.vec3(0.0, 0.0, 0.0)
    for k in range(lights.shape[0]):
        light = lights[k]
        d = arriving(light, p)
        to = wp.vec3(d[0], d[1], d[2])
        cosine = (wp.dot(n, to) + 0.12) / 1.12
        if cosine > 0.0 and d[3] > 0.004:
            arrived = d[3] * shadow(light, maps, k, p, n, seed)
            light_in = light_in + light.color * (cosine * arrived)
            halfway = wp.max(wp.dot(n, wp.normalize(to + view)), 0.0)
            shine = shine + light.color * (arrived * m.gloss * wp.pow(halfway, 24.0))
    rim = 1.0 - wp.max(wp.dot(n, view), 0.0)
    albedo = color * (1.0 + 0.35 * rim * rim)  # fibres at grazing angles
    return wp.cw_mul(albedo, light_in) + shine


@wp.func
def backdrop(
    lens: Lens,
    pixels: Pixels,
    lights: int,
    place_light: wp.array(dtype=wp.vec3),
    x: int,
    y: int,
) -> wp.vec3:
    """The place at a pixel, in the light that people leave."""
    i = y * lens.width + x
    # Bilinear in the half-size light: shadows of people are soft.
    half = (lens.width + 1) // 2
    rows = (lens.height + 1) // 2
    hx = x // 2
    hy = y // 2
    gx = wp.min(hx + x % 2, half - 1)
    gy = wp.min(hy + y % 2, rows - 1)
    kept = place_light[hy * half + hx] + place_light[hy * half + gx]
    kept = (kept + place_light[gy * half + hx] + place_light[gy * half + gx]) * 0.25
    light_in = pixels.ambient[i]
    for k in range(lights):
        light_in = light_in + pixels.direct[k, i]
    light_in = wp.cw_mul(light_in, kept)
    return wp.cw_mul(pixels.albedo[i], light_in)


@wp.kernel
def compose_kernel(
    keys: wp.array2d(dtype=wp.uint64),
    faces: wp.array(dtype=wp.vec3i),
    face_material: wp.array(dtype=int),
    materials: wp.array(dtype=Material),
    mesh: Vertices,
    start: wp.array(dtype=wp.vec3),
    end: wp.array(dtype=wp.vec3),
    lens: Lens,
    pixels: Pixels,
    lights: wp.array(dtype=Light),
    maps: wp.array2d(dtype=wp.uint64),
    sky: wp.vec3,
    ground: wp.vec3,
    fold_map: wp.array2d(dtype=wp.vec3),
    place_light: wp.array(dtype=wp.vec3),
    out: wp.array(dtype=wp.vec3),
):
    """Shade every pixel: the place with people's shadows on it, and the people."""
    i = wp.tid()
    x = i % lens.width
    y = i // lens.width
    eye = lens_origin(lens)
    total = wp.vec3(0.0, 0.0, 0.0)
    empty = int(0)
    shaded = int(-1)
    last = wp.vec3(0.0, 0.0, 0.0)
    for s in range(SAMPLES):
        triangle = sample_triangle(keys[s, i])
        if triangle == NOTHING:
            empty = empty + 1
        elif face_material[int(triangle)] == shaded:
            total = total + last  # one material is shaded once per pixel
        else:
            f = faces[int(triangle)]
            time = (float(s) + 0.5) / float(SAMPLES)
            a = start[f[0]] + time * (end[f[0]] - start[f[0]])
            b = start[f[1]] + time * (end[f[1]] - start[f[1]])
            c = start[f[2]] + time * (end[f[2]] - start[f[2]])
            px = float(x) + OFFSET_X[s]
            py = float(y) + OFFSET_Y[s]
            bc = barycentric(a, b, c, 1.0 / area(a, b, c), px, py)
            l1 = bc[0]
            l2 = bc[1]
            l0 = 1.0 - l1 - l2
            p = l0 * mesh.position[f[0]] + l1 * mesh.position[f[1]] + l2 * mesh.position[f[2]]
            n = l0 * mesh.normal[f[0]] + l1 * mesh.normal[f[1]] + l2 * mesh.normal[f[2]]
            n = wp.normalize(n)
            uv = l0 * mesh.uv[f[0]] + l1 * mesh.uv[f[1]] + l2 * mesh.uv[f[2]]
            rest = l0 * mesh.rest[f[0]] + l1 * mesh.rest[f[1]] + l2 * mesh.rest[f[2]]
            tint = l0 * mesh.color[f[0]] + l1 * mesh.color[f[1]] + l2 * mesh.color[f[2]]
            occlusion = (
                l0 * mesh.occlusion[f[0]] + l1 * mesh.occlusion[f[1]] + l2 * mesh.occlusion[f[2]]
            )
            m = materials[face_material[int(triangle)]]
            view = wp.normalize(eye - p)
            if wp.dot(n, view) < 0.0:  # the inside of an open jacket or a skirt
                n = -n
                occlusion = occlusion * 0.6
            if m.folds > 0.0:
                fold = fold_at(m, uv, fold_map)
                side = wp.normalize(wp.cross(wp.vec3(0.0, 0.0, 1.0), n) + wp.vec3(1.0e-4, 0.0, 0.0))
                up = wp.cross(n, side)
                n = wp.normalize(n + m.folds * (fold[0] * side + fold[1] * up))
                occlusion = occlusion * (1.0 - 0.35 * m.folds * fold[2])
            ambient = wp.lerp(ground, sky, 0.5 + 0.5 * n[2]) * occlusion
            color = cloth_color(m, tint, uv, rest)
            last = lit(m, color, p, n, view, ambient, lights, maps, i * 4 + s)
            shaded = face_material[int(triangle)]
            total = total + last
    if empty > 0:
        place = backdrop(lens, pixels, lights.shape[0], place_light, x, y)
        total = total + float(empty) * place
    out[i] = total / float(SAMPLES)
