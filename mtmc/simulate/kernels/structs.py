"""What the kernels are given."""

import warp as wp

wp.set_module_options({"enable_backward": False})


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
class Surface:
    """One surface of the place; kinds as numbered in `place`."""

    kind: int
    color: wp.vec3
    second: wp.vec3
    scale: float
    seed: int
    glow: float


@wp.struct
class Pixels:
    """What a camera sees of the empty place, one value per pixel."""

    albedo: wp.array(dtype=wp.vec3)
    position: wp.array(dtype=wp.vec3)
    normal: wp.array(dtype=wp.vec3)
    ambient: wp.array(dtype=wp.vec3)
    direct: wp.array2d(dtype=wp.vec3)  # (lights, pixels), without people
