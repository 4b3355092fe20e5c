"""A person's vertices: posed, projected, and how open they lie."""

import warp as wp

from mtmc.simulate.kernels.optics import project
from mtmc.simulate.kernels.structs import Lens, Vertices

wp.set_module_options({"enable_backward": False})


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
