"""The colours of clothes, skin and hair."""

import warp as wp

from mtmc.simulate.kernels.noise import fractal, smooth_noise, wrap
from mtmc.simulate.kernels.structs import Material

wp.set_module_options({"enable_backward": False})


@wp.func
def cloth_color(m: Material, vertex_color: wp.vec3, uv: wp.vec2, rest: wp.vec3) -> wp.vec3:
    """The colour of a person's surface; patterns as numbered in `wardrobe.PATTERNS`."""
    u = uv[0] / m.scale + m.phase
    v = uv[1] / m.scale + m.phase
    seed = int(m.phase * 1000.0)
    color = m.color
    if m.pattern == 0:  # as modelled: skin, eyes
        color = wp.cw_mul(vertex_color, m.color)
        color = color * (0.93 + 0.14 * smooth_noise(uv[0] * 60.0, uv[1] * 60.0, seed))
    elif m.pattern == 2:  # horizontal stripes
        if wrap(v) < 0.5:
            color = m.second
    elif m.pattern == 3:  # vertical stripes
        if wrap(u) < 0.3:
            color = m.second
    elif m.pattern == 4:  # checks
        warp = 0.0
        if wrap(u) < 0.45:
            warp = warp + 0.5
        if wrap(v) < 0.45:
            warp = warp + 0.5
        color = wp.lerp(m.color, m.second, warp)
        if wrap(u + 0.22) < 0.08 or wrap(v + 0.22) < 0.08:
            color = m.third
    elif m.pattern == 5:  # print on the chest
        x = (uv[0] - 0.02) / (0.09 + 0.05 * m.scale)
        y = (uv[1] - 0.40) / (0.07 + 0.10 * m.scale)
        if rest[1] < -0.02 and x * x < 1.0 and y * y < 1.0:
            n = fractal(uv[0] * 22.0 + 9.0, uv[1] * 30.0, seed)
            if n > 0.5:
                color = m.second
            elif n < 0.36:
                color = m.third
    elif m.pattern == 6:  # colour block
        if uv[1] > 0.40 + 0.15 * wrap(m.phase):
            color = m.second
    elif m.pattern == 7:  # all-over print
        n = fractal(u * 3.0, v * 3.0, seed)
        if n > 0.57:
            color = m.second
        elif n < 0.40:
            color = m.third
    elif m.pattern == 8:  # denim, faded on the thigh
        weave = smooth_noise(uv[0] * 420.0, uv[1] * 140.0, seed)
        fade = smooth_noise(uv[0] * 7.0, uv[1] * 3.0, seed + 5)
        color = wp.lerp(m.color, m.second, 0.28 * weave + 0.5 * fade * fade)
    elif m.pattern == 9:  # hair: strands
        strand = smooth_noise(uv[0] * 190.0, uv[1] * 22.0, seed)
        color = wp.lerp(m.color, m.second, strand * strand)
        color = wp.cw_mul(color, wp.vec3(0.55, 0.55, 0.55) + 0.9 * vertex_color)
    elif m.pattern == 10:  # shoe: sole below
        if rest[2] < m.scale:
            color = m.second
    elif m.pattern == 11:  # sleeves of another colour, and the collar
        if wp.abs(rest[0]) > 0.20 or uv[1] > 0.53:
            color = m.second
    elif m.pattern == 12:  # a band round the chest
        band = wp.abs(uv[1] - 0.22 - 0.2 * wrap(m.phase)) / (0.02 + 0.1 * m.scale)
        if band < 1.0:
            color = m.second
        elif band < 1.35:
            color = m.third
    elif m.pattern == 13:  # a zip, pockets, and a lining at the neck
        if rest[1] < 0.0:
            if wp.abs(rest[0]) < 0.012:
                color = m.second
            side = wp.abs(wp.abs(rest[0]) - 0.09)
            if side < 0.055 and wp.abs(uv[1] - 0.08) < 0.008:
                color = m.third
        if uv[1] > 0.55:
            color = m.second
    elif m.pattern == 14:  # a large print on chest or back
        front = m.phase < 0.6
        x = (uv[0] - 0.04 * (wrap(m.phase * 7.0) - 0.5)) / (0.06 + 0.12 * m.scale)
        y = (uv[1] - 0.34 - 0.1 * wrap(m.phase * 3.0)) / (0.04 + 0.14 * m.scale)
        if (rest[1] < -0.02) == front and x * x < 1.0 and y * y < 1.0:
            kind = wrap(m.phase * 11.0)
            n = fractal(uv[0] * 30.0 + 4.0, uv[1] * 24.0, seed)
            if kind < 0.3:  # lettering
                color = m.color
                if wrap(y * 1.5) < 0.6 and n > 0.42:
                    color = m.second
            elif kind < 0.6:  # an emblem
                if x * x + y * y < 1.0:
                    color = wp.lerp(m.second, m.third, wp.step(0.5 - n))
            elif n > 0.47:
                color = m.second
            elif n < 0.37:
                color = m.third
    elif m.pattern == 15:  # dots
        x = wrap(u) - 0.5
        y = wrap(v + 0.5 * wp.floor(u)) - 0.5
        if x * x + y * y < 0.09:
            color = m.second
    if m.strap == 1 and wp.abs(wp.abs(rest[0]) - 0.095) < 0.022 and rest[1] < 0.04:
        if rest[2] > 0.28:
            color = m.third
    if m.strap == 2 and wp.abs(rest[0] * 1.25 + 0.34 - rest[2]) < 0.026:
        color = m.third
    if m.fuzz > 0.0:
        color = color * (1.0 + m.fuzz * (smooth_noise(uv[0] * 90.0, uv[1] * 90.0, seed) - 0.5))
    return color
