"""The empty place, ray cast once per camera."""

import warp as wp

from mtmc.simulate.kernels.light import arriving
from mtmc.simulate.kernels.noise import fractal, hash01, wrap
from mtmc.simulate.kernels.optics import lens_origin, pixel_ray
from mtmc.simulate.kernels.samples import NOTHING, OFFSET_X, OFFSET_Y, SAMPLES, sample_key
from mtmc.simulate.kernels.structs import Lens, Light, Pixels, Surface

wp.set_module_options({"enable_backward": False})


@wp.func
def surface_color(s: Surface, p: wp.vec3, n: wp.vec3) -> wp.vec3:
    """The colour of the place at a point, from its position alone."""
    u = p[0]
    v = p[1]
    if wp.abs(n[0]) > 0.7:
        u = p[1]
        v = p[2]
    elif wp.abs(n[1]) > 0.7:
        u = p[0]
        v = p[2]
    color = s.color
    if s.kind == 1:  # tiles with joints
        iu = int(wp.floor(u / s.scale))
        iv = int(wp.floor(v / s.scale))
        color = color * (0.9 + 0.2 * hash01(iu, iv, s.seed))
        joint = 0.012 / s.scale
        if wrap(u / s.scale) < joint or wrap(v / s.scale) < joint:
            color = s.second
    elif s.kind == 2:  # planks
        iv = int(wp.floor(v / s.scale))
        shift = hash01(iv, 3, s.seed) * 2.0
        iu = int(wp.floor(u / 1.4 + shift))
        color = wp.lerp(color, s.second, hash01(iu, iv, s.seed) * 0.6)
        color = color * (0.85 + 0.3 * fractal(u * 2.5, v * 60.0, s.seed))
        if wrap(v / s.scale) < 0.03:
            color = color * 0.6
    elif s.kind == 3:  # speckled: terrazzo, carpet, asphalt
        n1 = hash01(int(wp.floor(u / s.scale)), int(wp.floor(v / s.scale)), s.seed)
        color = wp.lerp(color, s.second, n1 * n1)
    elif s.kind == 4:  # bricks
        row = int(wp.floor(v / s.scale))
        shift = 0.5 * float(row % 2)
        column = int(wp.floor(u / (3.0 * s.scale) + shift))
        color = color * (0.75 + 0.5 * hash01(column, row, s.seed))
        if wrap(v / s.scale) < 0.13 or wrap(u / (3.0 * s.scale) + shift) < 0.045:
            color = s.second
    elif s.kind == 5:  # poster or shelf: coloured rectangles
        iu = int(wp.floor(u / s.scale))
        iv = int(wp.floor(v / (s.scale * 0.6)))
        h = hash01(iu, iv, s.seed)
        color = wp.lerp(s.color, s.second, h)
        if hash01(iu, iv, s.seed + 3) > 0.7:
            color = 0.5 * color + 0.5 * wp.vec3(color[2], color[0], color[1])
    elif s.kind == 6:  # foliage
        n1 = fractal(u / s.scale, v / s.scale + p[2], s.seed)
        leaf = hash01(int(u * 9.0), int(v * 9.0), int(p[2] * 9.0))
        color = wp.lerp(color, s.second, n1) * (0.7 + 0.5 * leaf)
    elif s.kind == 7:  # lines of writing on a board
        line = wrap(v / s.scale)
        ink = fractal(u * 30.0, wp.floor(v / s.scale) * 7.0, s.seed)
        if (
            line < 0.45
            and ink > 0.55
            and fractal(u * 2.0, wp.floor(v / s.scale), s.seed + 9) > 0.45
        ):
            color = s.second
    stain = fractal(u * 1.3, v * 1.3, s.seed + 20)
    grain = hash01(int(wp.floor(u * 160.0)), int(wp.floor(v * 160.0)), s.seed)
    return color * (0.86 + 0.2 * stain + 0.08 * grain)


@wp.func
def hit_normal(mesh: wp.uint64, face: int, ray: wp.vec3) -> wp.vec3:
    n = wp.mesh_eval_face_normal(mesh, face)
    if wp.dot(n, ray) > 0.0:
        n = -n
    return n


@wp.func
def sky_color(ray: wp.vec3) -> wp.vec3:
    """Blue above, haze near the horizon, clouds."""
    haze = wp.pow(1.0 - wp.max(ray[2], 0.0), 4.0)
    cloud = fractal(ray[0] * 3.0 / (ray[2] + 0.2), ray[1] * 3.0 / (ray[2] + 0.2), 5)
    blue = wp.vec3(0.45, 0.62, 0.95)
    return wp.lerp(blue, wp.vec3(0.9, 0.9, 0.92), wp.clamp(haze + cloud - 0.3, 0.0, 1.0))


@wp.kernel
def place_color_kernel(
    mesh: wp.uint64,
    face_surface: wp.array(dtype=int),
    surfaces: wp.array(dtype=Surface),
    lens: Lens,
    pixels: Pixels,
    keys: wp.array2d(dtype=wp.uint64),
):
    """Ray cast the colours and the depth of the empty place."""
    i = wp.tid()
    x = i % lens.width
    y = i // lens.width
    eye = lens_origin(lens)
    albedo = wp.vec3(0.0, 0.0, 0.0)
    for s in range(SAMPLES):
        ray = pixel_ray(lens, float(x) + OFFSET_X[s], float(y) + OFFSET_Y[s])
        hit = wp.mesh_query_ray(mesh, eye, ray, 1.0e4)
        keys[s, i] = wp.uint64(0xFFFFFFFFFFFFFFFF)
        if hit.result:
            p = eye + ray * hit.t
            c = lens.rotation * p + lens.translation
            keys[s, i] = sample_key(wp.min(c[2], 40000.0), NOTHING)
            n = hit_normal(mesh, hit.face, ray)
            surface = surfaces[face_surface[hit.face]]
            albedo = albedo + surface_color(surface, p, n)
        else:
            albedo = albedo + sky_color(ray)
    pixels.albedo[i] = albedo / float(SAMPLES)


@wp.kernel
def place_lighting_kernel(
    mesh: wp.uint64,
    face_surface: wp.array(dtype=int),
    surfaces: wp.array(dtype=Surface),
    lens: Lens,
    lights: wp.array(dtype=Light),
    light_radius: float,
    sky: wp.vec3,
    inside: wp.vec3,
    rays: int,
    pixels: Pixels,
):
    """Ray cast where each pixel of the empty place lies, and the light there."""
    i = wp.tid()
    eye = lens_origin(lens)
    ray = pixel_ray(lens, float(i % lens.width) + 0.5, float(i // lens.width) + 0.5)
    hit = wp.mesh_query_ray(mesh, eye, ray, 1.0e4)
    if not hit.result:
        pixels.position[i] = eye + ray * 1.0e4
        pixels.normal[i] = -ray
        pixels.ambient[i] = sky * 1.3
        for k in range(lights.shape[0]):
            pixels.direct[k, i] = wp.vec3(0.0, 0.0, 0.0)
        return
    n = hit_normal(mesh, hit.face, ray)
    p = eye + ray * hit.t + n * 0.002
    surface = surfaces[face_surface[hit.face]]
    state = wp.rand_init(12345, i)
    ambient = wp.vec3(0.0, 0.0, 0.0)
    for _ in range(rays):
        d = wp.normalize(n + wp.sample_unit_sphere_surface(state))
        other = wp.mesh_query_ray(mesh, p, d, 30.0)
        if other.result:
            o = surfaces[face_surface[other.face]]
            near = wp.min(1.0, 0.35 + other.t * 0.5)
            ambient = ambient + wp.cw_mul(o.color, inside) * near
            ambient = ambient + wp.vec3(1.0, 1.0, 1.0) * o.glow
        else:
            ambient = ambient + sky * (0.4 + 0.6 * wp.max(d[2], 0.0))
    ambient = ambient / float(rays) + wp.vec3(1.0, 1.0, 1.0) * surface.glow
    pixels.position[i] = p
    pixels.normal[i] = n
    pixels.ambient[i] = ambient
    for k in range(lights.shape[0]):
        light = lights[k]
        direct = float(0.0)
        tries = rays // 2
        toward = arriving(light, p)
        bright = toward[3] * wp.max(light.color[0], light.color[1])
        if bright < 0.004:
            tries = 0  # too far to matter
        for _ in range(tries):
            target = light.position + wp.sample_unit_sphere(state) * light_radius
            reach = float(200.0)
            to = wp.normalize(light.position + wp.sample_unit_sphere(state) * 0.012)
            if light.is_sun == 0:
                reach = wp.length(target - p) - 0.1
                to = wp.normalize(target - p)
            cosine = wp.dot(n, to)
            if cosine > 0.0:
                block = wp.mesh_query_ray(mesh, p, to, reach)
                if not block.result:
                    direct = direct + cosine * toward[3]
        pixels.direct[k, i] = light.color * (direct / float(wp.max(tries, 1)))


@wp.kernel
def place_shadow_kernel(
    mesh: wp.uint64, light: Light, index: int, maps: wp.array2d(dtype=wp.uint64)
):
    """Depth of the empty place as a light sees it."""
    i = wp.tid()
    lens = light.lens
    u = float(i % lens.width) + 0.5
    v = float(i // lens.width) + 0.5
    origin = lens_origin(lens)
    ray = wp.vec3(0.0, 0.0, 0.0)
    back = wp.transpose(lens.rotation)
    if lens.orthographic == 1:
        origin = origin + back * wp.vec3((u - lens.cx) / lens.fx, (v - lens.cy) / lens.fy, 0.0)
        ray = back * wp.vec3(0.0, 0.0, 1.0)
    else:
        ray = pixel_ray(lens, u, v)
    maps[index, i] = wp.uint64(0xFFFFFFFFFFFFFFFF)
    hit = wp.mesh_query_ray(mesh, origin, ray, 1.0e4)
    if hit.result:
        c = lens.rotation * (origin + ray * hit.t) + lens.translation
        maps[index, i] = sample_key(wp.min(c[2], 40000.0), NOTHING)
