"""Warp kernels of the renderer: skinning, projection, rasterising, ray casting and shading.

One source runs on the processor and on a GPU. People are rasterised (they move and their triangles
are tiny); the place around them is ray cast once per camera. A pixel has four samples, spread over
the pixel *and* over the exposure, so anti-aliasing and motion blur are the same thing.

Shading is Lambertian with a soft gloss term, light through shadow maps, and ambient light darkened
by what stands near. Colours are linear.
"""

import warp as wp

wp.set_module_options({"enable_backward": False})

SAMPLES = 4
# Where the four samples lie in the pixel: a rotated grid.
OFFSET_X = wp.constant(wp.vec4(0.375, 0.875, 0.125, 0.625))
OFFSET_Y = wp.constant(wp.vec4(0.125, 0.375, 0.625, 0.875))
# Six points spread over the unit disc (a sunflower).
_SIX = wp.types.vector(length=6, dtype=float)
DISC_X = wp.constant(_SIX(0.289, -0.369, 0.056, 0.465, -0.853, 0.808))
DISC_Y = wp.constant(_SIX(0.0, 0.338, -0.643, 0.607, -0.151, -0.515))
DEPTH_UNIT = wp.constant(1.0e5)  # depth is kept in units of 10 micrometres
NOTHING = wp.constant(wp.uint32(0xFFFFFFFF))
FOLD_TILE = 0.8  # m covered by the fold texture


@wp.struct
class Lens:
    """A pinhole with radial distortion (OpenCV's k1, k2) and its pose, world → camera."""

    rotation: wp.mat33
    translation: wp.vec3
    fx: float
    fy: float
    cx: float
    cy: float
    k1: float
    k2: float
    width: int
    height: int
    orthographic: int


@wp.struct
class Light:
    """A light with the lens of its shadow map; `position` is a direction for the sun."""

    lens: Lens
    position: wp.vec3
    color: wp.vec3
    is_sun: int
    softness: float


@wp.struct
class Vertices:
    """Per-vertex data of all people: fixed (rest) and posed."""

    rest: wp.array(dtype=wp.vec3)
    rest_normal: wp.array(dtype=wp.vec3)
    bones: wp.array(dtype=wp.vec4i)
    weights: wp.array(dtype=wp.vec4)
    color: wp.array(dtype=wp.vec3)
    uv: wp.array(dtype=wp.vec2)
    occlusion: wp.array(dtype=float)
    position: wp.array(dtype=wp.vec3)
    next_position: wp.array(dtype=wp.vec3)
    normal: wp.array(dtype=wp.vec3)


@wp.struct
class Material:
    """One cloth, skin, hair or leather; see `materials.py` for the meaning of the fields."""

    pattern: int
    color: wp.vec3
    second: wp.vec3
    third: wp.vec3
    scale: float
    phase: float
    folds: float
    gloss: float
    fuzz: float
    strap: int


@wp.struct
class Pixels:
    """What a camera sees of the empty place, one value per pixel."""

    albedo: wp.array(dtype=wp.vec3)
    position: wp.array(dtype=wp.vec3)
    normal: wp.array(dtype=wp.vec3)
    ambient: wp.array(dtype=wp.vec3)
    direct: wp.array2d(dtype=wp.vec3)  # (lights, pixels), without people


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


@wp.kernel
def skin_kernel(
    mesh: Vertices,
    first: int,
    rotations: wp.array(dtype=wp.mat33),
    offsets: wp.array(dtype=wp.vec3),
    next_rotations: wp.array(dtype=wp.mat33),
    next_offsets: wp.array(dtype=wp.vec3),
):
    """Linear blend skinning of one person at this frame and the next."""
    i = first + wp.tid()
    r = mesh.rest[i]
    n = mesh.rest_normal[i]
    b = mesh.bones[i]
    w = mesh.weights[i]
    p = wp.vec3(0.0, 0.0, 0.0)
    q = wp.vec3(0.0, 0.0, 0.0)
    m = wp.vec3(0.0, 0.0, 0.0)
    for k in range(4):
        if w[k] > 0.0:
            p += w[k] * (rotations[b[k]] * r + offsets[b[k]])
            q += w[k] * (next_rotations[b[k]] * r + next_offsets[b[k]])
            m += w[k] * (rotations[b[k]] * n)
    mesh.position[i] = p
    mesh.next_position[i] = q
    mesh.normal[i] = wp.normalize(m)


@wp.kernel
def project_kernel(
    mesh: Vertices,
    lens: Lens,
    first: int,
    share: float,
    start: wp.array(dtype=wp.vec3),
    end: wp.array(dtype=wp.vec3),
):
    """Project one person's vertices at both ends of the exposure, a share of the frame's time."""
    i = first + wp.tid()
    p = mesh.position[i]
    start[i] = project(lens, p)
    if share > 0.0:
        end[i] = project(lens, p + share * (mesh.next_position[i] - p))
    else:
        end[i] = start[i]


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
    """Keep, per sample, the nearest triangle: key = depth << 32 | triangle."""
    t = first + wp.tid()
    f = faces[t]
    a0 = start[f[0]]
    b0 = start[f[1]]
    c0 = start[f[2]]
    if a0[2] <= 0.0 or b0[2] <= 0.0 or c0[2] <= 0.0:
        return
    facing = (b0[0] - a0[0]) * (c0[1] - a0[1]) - (b0[1] - a0[1]) * (c0[0] - a0[0])
    if closed[t] != wp.uint8(0) and facing >= 0.0:
        return
    a1 = end[f[0]]
    b1 = end[f[1]]
    c1 = end[f[2]]
    if a1[2] <= 0.0 or b1[2] <= 0.0 or c1[2] <= 0.0:
        return
    for s in range(samples):
        time = 0.0
        ox = 0.5
        oy = 0.5
        if samples > 1:
            time = (float(s) + 0.5) / float(samples)
            ox = OFFSET_X[s]
            oy = OFFSET_Y[s]
        a = a0 + time * (a1 - a0)
        b = b0 + time * (b1 - b0)
        c = c0 + time * (c1 - c0)
        x0 = wp.max(0, int(wp.ceil(wp.min(a[0], wp.min(b[0], c[0])) - ox)))
        x1 = wp.min(width - 1, int(wp.floor(wp.max(a[0], wp.max(b[0], c[0])) - ox)))
        y0 = wp.max(0, int(wp.ceil(wp.min(a[1], wp.min(b[1], c[1])) - oy)))
        y1 = wp.min(height - 1, int(wp.floor(wp.max(a[1], wp.max(b[1], c[1])) - oy)))
        if x0 <= x1 and y0 <= y1:
            area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
            if area != 0.0:
                inverse = 1.0 / area
                for y in range(y0, y1 + 1):
                    py = float(y) + oy
                    for x in range(x0, x1 + 1):
                        px = float(x) + ox
                        l1 = (px - a[0]) * (c[1] - a[1]) - (py - a[1]) * (c[0] - a[0])
                        l2 = (b[0] - a[0]) * (py - a[1]) - (b[1] - a[1]) * (px - a[0])
                        l1 = l1 * inverse
                        l2 = l2 * inverse
                        if l1 >= 0.0 and l2 >= 0.0 and l1 + l2 <= 1.0:
                            depth = a[2] + l1 * (b[2] - a[2]) + l2 * (c[2] - a[2])
                            key = (wp.uint64(wp.uint32(depth * DEPTH_UNIT)) << wp.uint64(32)) | (
                                wp.uint64(t)
                            )
                            wp.atomic_min(keys, s, y * width + x, key)


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
    if m.strap == 1 and wp.abs(wp.abs(rest[0]) - 0.095) < 0.022 and rest[1] < 0.04:
        if rest[2] > 0.28:
            color = m.third
    if m.strap == 2 and wp.abs(rest[0] * 1.25 + 0.34 - rest[2]) < 0.026:
        color = m.third
    if m.fuzz > 0.0:
        color = color * (1.0 + m.fuzz * (smooth_noise(uv[0] * 90.0, uv[1] * 90.0, seed) - 0.5))
    return color


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
        else:
            key = maps[index, y * light.lens.width + x]
            depth = float(wp.uint32(key >> wp.uint64(32))) / DEPTH_UNIT
            if s[2] - 0.03 < depth:
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
    for s in range(4):
        key = keys[s, i]
        triangle = wp.uint32(key & wp.uint64(0xFFFFFFFF))
        if triangle == NOTHING:
            empty = empty + 1
        elif face_material[int(triangle)] == shaded:
            total = total + last  # one material is shaded once per pixel
        else:
            f = faces[int(triangle)]
            time = (float(s) + 0.5) / 4.0
            a = start[f[0]] + time * (end[f[0]] - start[f[0]])
            b = start[f[1]] + time * (end[f[1]] - start[f[1]])
            c = start[f[2]] + time * (end[f[2]] - start[f[2]])
            px = float(x) + OFFSET_X[s]
            py = float(y) + OFFSET_Y[s]
            inverse = 1.0 / ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
            l1 = ((px - a[0]) * (c[1] - a[1]) - (py - a[1]) * (c[0] - a[0])) * inverse
            l2 = ((b[0] - a[0]) * (py - a[1]) - (b[1] - a[1]) * (px - a[0])) * inverse
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
            albedo = cloth_color(m, tint, uv, rest)
            if m.folds > 0.0:
                size = fold_map.shape[0]
                fu = int(wrap(uv[0] / FOLD_TILE + m.phase) * float(size)) % size
                fv = int(wrap(uv[1] / FOLD_TILE + m.phase * 1.7) * float(size)) % size
                fold = fold_map[fv, fu]
                side = wp.normalize(wp.cross(wp.vec3(0.0, 0.0, 1.0), n) + wp.vec3(1.0e-4, 0.0, 0.0))
                up = wp.cross(n, side)
                n = wp.normalize(n + m.folds * (fold[0] * side + fold[1] * up))
                occlusion = occlusion * (1.0 - 0.35 * m.folds * fold[2])
            light_in = wp.lerp(ground, sky, 0.5 + 0.5 * n[2]) * occlusion
            shine = wp.vec3(0.0, 0.0, 0.0)
            for k in range(lights.shape[0]):
                light = lights[k]
                d = arriving(light, p)
                to = wp.vec3(d[0], d[1], d[2])
                cosine = (wp.dot(n, to) + 0.12) / 1.12
                if cosine > 0.0 and d[3] > 0.004:
                    arrived = d[3] * shadow(light, maps, k, p, n, i * 4 + s)
                    light_in = light_in + light.color * (cosine * arrived)
                    halfway = wp.max(wp.dot(n, wp.normalize(to + view)), 0.0)
                    shine = shine + light.color * (arrived * m.gloss * wp.pow(halfway, 24.0))
            rim = 1.0 - wp.max(wp.dot(n, view), 0.0)
            albedo = albedo * (1.0 + 0.35 * rim * rim)  # fibres at grazing angles
            last = wp.cw_mul(albedo, light_in) + shine
            shaded = face_material[int(triangle)]
            total = total + last
    if empty > 0:
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
        for k in range(lights.shape[0]):
            light_in = light_in + pixels.direct[k, i]
        light_in = wp.cw_mul(light_in, kept)
        total = total + float(empty) * wp.cw_mul(pixels.albedo[i], light_in)
    out[i] = total / 4.0


@wp.struct
class Surface:
    """One surface of the place; kinds as numbered in `places.SURFACES`."""

    kind: int
    color: wp.vec3
    second: wp.vec3
    scale: float
    seed: int
    glow: float


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


@wp.kernel
def place_kernel(
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
    keys: wp.array2d(dtype=wp.uint64),
):
    """Ray cast the empty place: colour, depth, and the light at every pixel."""
    i = wp.tid()
    x = i % lens.width
    y = i // lens.width
    eye = lens_origin(lens)
    albedo = wp.vec3(0.0, 0.0, 0.0)
    for s in range(4):
        ray = pixel_ray(lens, float(x) + OFFSET_X[s], float(y) + OFFSET_Y[s])
        hit = wp.mesh_query_ray(mesh, eye, ray, 1.0e4)
        keys[s, i] = wp.uint64(0xFFFFFFFFFFFFFFFF)
        if hit.result:
            p = eye + ray * hit.t
            c = lens.rotation * p + lens.translation
            depth = wp.min(c[2], 40000.0)
            keys[s, i] = (wp.uint64(wp.uint32(depth * DEPTH_UNIT)) << wp.uint64(32)) | wp.uint64(
                NOTHING
            )
            n = hit_normal(mesh, hit.face, ray)
            surface = surfaces[face_surface[hit.face]]
            albedo = albedo + surface_color(surface, p, n)
        else:
            haze = wp.pow(1.0 - wp.max(ray[2], 0.0), 4.0)
            cloud = fractal(ray[0] * 3.0 / (ray[2] + 0.2), ray[1] * 3.0 / (ray[2] + 0.2), 5)
            blue = wp.vec3(0.45, 0.62, 0.95)
            albedo = albedo + wp.lerp(
                blue, wp.vec3(0.9, 0.9, 0.92), wp.clamp(haze + cloud - 0.3, 0.0, 1.0)
            )
    pixels.albedo[i] = albedo / 4.0
    ray = pixel_ray(lens, float(x) + 0.5, float(y) + 0.5)
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
        depth = wp.uint64(wp.uint32(wp.min(c[2], 40000.0) * DEPTH_UNIT))
        maps[index, i] = (depth << wp.uint64(32)) | wp.uint64(NOTHING)


@wp.kernel
def vertex_occlusion_kernel(
    mesh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    normals: wp.array(dtype=wp.vec3),
    rays: int,
    out: wp.array(dtype=float),
):
    """Share of the hemisphere a body's own surface leaves open, at rest."""
    i = wp.tid()
    n = normals[i]
    p = points[i] + n * 0.012
    state = wp.rand_init(777, i)
    open_rays = float(0.0)
    for _ in range(rays):
        d = wp.normalize(n + wp.sample_unit_sphere_surface(state))
        hit = wp.mesh_query_ray(mesh, p, d, 0.35)
        if not hit.result:
            open_rays = open_rays + 1.0
    out[i] = 0.35 + 0.65 * open_rays / float(rays)


@wp.kernel
def count_kernel(
    keys: wp.array2d(dtype=wp.uint64), owner: wp.array(dtype=int), counts: wp.array(dtype=int)
):
    """Count the samples each person owns."""
    s, i = wp.tid()
    triangle = wp.uint32(keys[s, i] & wp.uint64(0xFFFFFFFF))
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
    a0 = start[f[0]]
    b0 = start[f[1]]
    c0 = start[f[2]]
    a1 = end[f[0]]
    b1 = end[f[1]]
    c1 = end[f[2]]
    if wp.min(wp.min(a0[2], b0[2]), wp.min(c0[2], wp.min(a1[2], wp.min(b1[2], c1[2])))) <= 0.0:
        return
    for s in range(SAMPLES):
        time = (float(s) + 0.5) / float(SAMPLES)
        a = a0 + time * (a1 - a0)
        b = b0 + time * (b1 - b0)
        c = c0 + time * (c1 - c0)
        ox = OFFSET_X[s] + left
        oy = OFFSET_Y[s] + top
        x0 = wp.max(0, int(wp.ceil(wp.min(a[0], wp.min(b[0], c[0])) - ox)))
        x1 = wp.min(width - 1, int(wp.floor(wp.max(a[0], wp.max(b[0], c[0])) - ox)))
        y0 = wp.max(0, int(wp.ceil(wp.min(a[1], wp.min(b[1], c[1])) - oy)))
        y1 = wp.min(height - 1, int(wp.floor(wp.max(a[1], wp.max(b[1], c[1])) - oy)))
        if x0 <= x1 and y0 <= y1:
            area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
            if area != 0.0:
                inverse = 1.0 / area
                for y in range(y0, y1 + 1):
                    py = float(y) + oy
                    for x in range(x0, x1 + 1):
                        px = float(x) + ox
                        l1 = (px - a[0]) * (c[1] - a[1]) - (py - a[1]) * (c[0] - a[0])
                        l2 = (b[0] - a[0]) * (py - a[1]) - (b[1] - a[1]) * (px - a[0])
                        l1 = l1 * inverse
                        l2 = l2 * inverse
                        if l1 >= 0.0 and l2 >= 0.0 and l1 + l2 <= 1.0:
                            if wp.atomic_max(stamps, s, y * width + x, stamp) != stamp:
                                wp.atomic_add(total, 0, 1)
