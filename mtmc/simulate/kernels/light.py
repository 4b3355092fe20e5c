"""Light that arrives, and what stands in its way."""

import warp as wp

from mtmc.simulate.kernels.noise import hash01
from mtmc.simulate.kernels.optics import project
from mtmc.simulate.kernels.samples import sample_depth
from mtmc.simulate.kernels.structs import Lens, Light, Pixels

wp.set_module_options({"enable_backward": False})

# Six points spread over the unit disc (a sunflower).
_SIX = wp.types.vector(length=6, dtype=float)
DISC_X = wp.constant(_SIX(0.289, -0.369, 0.056, 0.465, -0.853, 0.808))
DISC_Y = wp.constant(_SIX(0.0, 0.338, -0.643, 0.607, -0.151, -0.515))


@wp.func
def shadow(
    light: Light, maps: wp.array2d(dtype=wp.uint64), index: int, p: wp.vec3, n: wp.vec3, seed: int
) -> float:
    """Share of a light that arrives: percentage-closer filtering over a disc.

    Source: Reeves, Salesin and Cook, Rendering Antialiased Shadows with Depth Maps, 1987.
    """
    s = project(light.lens, p + n * 0.025)
    if s[2] <= 0.0:
        return 1.0
    turn = hash01(seed, index, 7) * 6.2831853
    cosine = light.softness * wp.cos(turn)
    sine = light.softness * wp.sin(turn)
    lit = float(0.0)
    for k in range(6):
        x = int(s[0] + DISC_X[k] * cosine - DISC_Y[k] * sine)
        y = int(s[1] + DISC_X[k] * sine + DISC_Y[k] * cosine)
        if x < 0 or y < 0 or x >= light.lens.width or y >= light.lens.height:
            lit = lit + 1.0
        elif s[2] - 0.03 < sample_depth(maps[index, y * light.lens.width + x]):
            lit = lit + 1.0
    return lit / 6.0


@wp.func
def arriving(light: Light, p: wp.vec3) -> wp.vec4:
    """Direction to the light and how much of it arrives (inverse square for lamps)."""
    if light.is_sun == 1:
        return wp.vec4(light.position[0], light.position[1], light.position[2], 1.0)
    to = light.position - p
    d2 = wp.max(wp.dot(to, to), 0.25)
    to = to / wp.sqrt(d2)
    return wp.vec4(to[0], to[1], to[2], wp.max(to[2], 0.0) / d2)


@wp.func
def nearby_occlusion(
    balls: wp.array(dtype=wp.vec4), count: int, per_person: int, p: wp.vec3, n: wp.vec3
) -> float:
    """Ambient light kept where people stand near, each a set of balls (x, y, z, radius)."""
    kept = float(1.0)
    for person in range(count):
        first = person * per_person
        dx = balls[first][0] - p[0]
        dy = balls[first][1] - p[1]
        if dx * dx + dy * dy < 2.5:
            for k in range(per_person):
                b = balls[first + k]
                to = wp.vec3(b[0] - p[0], b[1] - p[1], b[2] - p[2])
                d2 = wp.dot(to, to)
                c = wp.dot(to, n) / wp.sqrt(d2 + 1.0e-6)
                share = wp.max(c, 0.0) * b[3] * b[3] / wp.max(d2, b[3] * b[3])
                kept = kept * (1.0 - 0.75 * wp.min(share, 1.0))
    return kept


@wp.kernel
def place_light_kernel(
    lens: Lens,
    pixels: Pixels,
    lights: wp.array(dtype=Light),
    maps: wp.array2d(dtype=wp.uint64),
    balls: wp.array(dtype=wp.vec4),
    people: int,
    per_person: int,
    out: wp.array(dtype=wp.vec3),
):
    """Light on the place with people in it, for every second pixel of every second row."""
    j = wp.tid()
    half = (lens.width + 1) // 2
    i = wp.min((j // half) * 2, lens.height - 1) * lens.width + wp.min(
        (j % half) * 2, lens.width - 1
    )
    p = pixels.position[i]
    n = pixels.normal[i]
    light_in = pixels.ambient[i]
    empty = pixels.ambient[i]
    if people > 0:
        light_in = light_in * nearby_occlusion(balls, people, per_person, p, n)
    for k in range(lights.shape[0]):
        direct = pixels.direct[k, i]
        empty = empty + direct
        if direct[0] > 0.0 and people > 0:
            direct = direct * shadow(lights[k], maps, k, p, n, i * 4)
        light_in = light_in + direct
    out[j] = wp.cw_div(light_in, empty + wp.vec3(1.0e-6, 1.0e-6, 1.0e-6))
